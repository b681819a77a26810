//! Examples that the help shows.

pub(super) const EXAMPLES: &str = "\
Examples:
  digesterd demo
  digesterd digest --logs flow-log.log.gz | head
  digesterd digest --logs s3://my-flow-logs --start 2026-11-22T10:00:00Z --stop 2026-11-22T11:00:00Z -o digest.log.gz
  digesterd inspect s3://my-flow-logs
  digesterd sample-logs /tmp/logs && digesterd digest --logs /tmp/logs/AWSLogs --start … --stop …
  digesterd serve --data /var/lib/digesterd
  digesterd check worker
  digesterd create --api http://digests:8080 --start 2026-11-22T10:00:00Z --stop 2026-11-22T11:00:00Z --wait

Exit codes: 0 done, 1 failed, 2 arguments or settings that cannot be used.
Settings are environment variables: docs/configuration.md. RUST_LOG=info shows what goes on inside.";

pub(super) const HOST_EXAMPLES: &str = "\
Examples:
  digesterd host 10.0.3.17 --since 27h
  digesterd host eni-0a1b2c3d4e5f60718 --start 2026-11-22T00:00:00Z --stop 2026-11-23T00:00:00Z --group-by internet
  digesterd host 10.0.3.17 monday.parquet tuesday.parquet interfaces.parquet --json";

pub(super) const UNUSUAL_EXAMPLES: &str = "\
Examples:
  digesterd unusual --since 1h --baseline-last 24
  digesterd unusual 2026-11-22T14:00:00Z..2026-11-22T15:00:00Z --stored
  digesterd unusual 14.edges.parquet --baseline 11.edges.parquet 12.edges.parquet 13.edges.parquet";

pub(super) const GRAPH_EXAMPLES: &str = "\
Examples:
  digesterd graph digest.log.gz --group-by internet --format svg -o graph.svg
  digesterd graph --since 27h --group-by vpc --format svg -o vpcs.svg
  digesterd graph monday.edges.parquet --services --filter cidr=10.0.3.0/24 | dot -Tsvg > subnet.svg";

pub(super) const POLICY_EXAMPLE: &str = "\
A policy, in TOML; what any rule allows is expected, and a rule allows what all of it says:
  [[allow]]
  service = [\"https\", \"ssh\"]     # by IANA's names
  from = \"10.0.0.0/8\"             # whoever opens; any, if left out
  to = [\"10.1.0.0/16\"]            # whoever serves
  [[allow]]
  port = [9100, \"8000-8099\"]
  protocol = \"tcp\"";
