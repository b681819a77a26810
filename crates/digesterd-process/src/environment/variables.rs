//! Every variable there is, in one table: the reader takes no other, and `docs/configuration.md`
//! lists the same names with the same defaults.

/// One environment variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// Its default as the documentation prints it; `required` where there is none and one is needed.
    pub default: &'static str,
    /// Whether its value, or a part of it, may be a secret: never shown.
    pub sensitive: bool,
}

/// All variables, in the order of the documentation.
pub const VARIABLES: &[Variable] = &[
    // the service
    open("PORT", "8080"),
    open("METRICS_PORT", "that of PORT"),
    open("LISTEN_ADDRESS", "0.0.0.0"),
    open("DIGEST_SHUTDOWN_GRACE", "25s"),
    open("RUST_LOG", "info"),
    // who may come in
    open("DIGEST_TOKENS_FILE", "none"),
    open("TOKENLESS_PORT", "none"),
    open("TOKENLESS_LISTEN_ADDRESS", "127.0.0.1"),
    secret("DIGEST_INTAKE_SECRET", "none"),
    open("TLS_CERTIFICATE_FILE", "none"),
    open("TLS_KEY_FILE", "none"),
    // what a caller may take
    open("DIGEST_MAX_BODY", "64KiB"),
    open("DIGEST_MAX_HEADERS", "16KiB"),
    open("DIGEST_MAX_QUERY", "48KiB"),
    open("DIGEST_MAX_CONNECTIONS", "10000"),
    open("DIGEST_REQUEST_TIMEOUT", "15s"),
    open("DIGEST_STALL_TIMEOUT", "60s"),
    // flow logs
    open("VPC_FLOW_LOGS_BUCKET", "required"),
    open("VPC_FLOW_LOGS_BUCKET_REGION", "REGION"),
    open("VPC_FLOW_LOGS_BUCKET_ROLE", "none"),
    secret("VPC_FLOW_LOGS_BUCKET_ROLE_EXTERNAL_ID", "none"),
    open("VPC_FLOW_LOGS_SCAN_ACCOUNTS", "all"),
    open("VPC_FLOW_LOGS_SCAN_REGIONS", "all"),
    open("VPC_FLOW_LOGS_SCAN_CACHE", "0s"),
    open("VPC_FLOW_LOGS_LATE_ARRIVAL", "30m"),
    open("VPC_FLOW_LOGS_FORMAT", "the default format"),
    open("VPC_MAX_BYTES_PREFETCH", "required"),
    open("VPC_MAX_CONCURRENT_PREFETCH", "required"),
    // digests
    open("DIGEST_STORAGE_BUCKET", "required"),
    open("DIGEST_STORAGE_BUCKET_REGION", "REGION"),
    open("DIGEST_STORAGE_BUCKET_ROLE", "none"),
    secret("DIGEST_STORAGE_BUCKET_ROLE_EXTERNAL_ID", "none"),
    open("DIGEST_STORAGE_SSE_KMS_KEY_ID", "none"),
    open("DIGEST_MAX_WINDOW", "31d"),
    open("DIGEST_MAX_ROW", "64KiB"),
    open("DIGEST_MAX_COLUMNS", "512"),
    open("DIGEST_MAX_RATIO", "1000"),
    open("DIGEST_BAD_ROWS", "fail"),
    open("DIGEST_EDGES", "on"),
    open("DIGEST_OVERLAP", "report"),
    open("DIGEST_MAX_MEMORY", "half of what there is"),
    open("DIGEST_TEMP_DIR", "the system's"),
    open("DIGEST_MAX_TEMP", "256GiB"),
    open("DIGEST_MAX_EDGES", "1000000000"),
    open("DIGEST_MAX_OUTPUT", "64GiB"),
    open("WORKER_CONCURRENCY", "1"),
    // progress
    open("DIGEST_PROGRESS_BUCKET", "required"),
    open("DIGEST_PROGRESS_BUCKET_REGION", "REGION"),
    open("DIGEST_PROGRESS_BUCKET_ROLE", "none"),
    secret("DIGEST_PROGRESS_BUCKET_ROLE_EXTERNAL_ID", "none"),
    open("DIGEST_PROGRESS_TIMEOUT", "300000"),
    open("DIGEST_CLAIM_TIMEOUT", "60s"),
    open("DIGEST_QUEUE_TIMEOUT", "6h"),
    open("DIGEST_RECORD_RETENTION", "7d"),
    open("DIGEST_SWEEP_INTERVAL", "30s"),
    open("DIGEST_MAX_ATTEMPTS", "5"),
    open("DIGEST_MAX_LOST_LEASES", "20"),
    open("SQSD_PATIENCE", "150s"),
    // the queue
    secret("STREAM_APPLIANCE_ENDPOINT", "required"),
    open("STREAM_APPLIANCE_TOPIC", "none"),
    open("SQS_QUEUE_URL", "none"),
    // AWS
    open("REGION", "required for S3"),
    open("USE_IAM", "false"),
    open("AWS_CREDENTIALS_FILE", "~/.aws/credentials"),
    open("AWS_CREDENTIALS_PROFILE", "default"),
    open("AWS_ACCESS_KEY_ID", "none"),
    secret("AWS_SECRET_ACCESS_KEY", "none"),
    secret("AWS_SESSION_TOKEN", "none"),
    secret("AWS_ENDPOINT_URL", "AWS's"),
    secret("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
    secret("AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL"),
    secret("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"),
    open("AWS_CA_BUNDLE", "none"),
    secret("HTTPS_PROXY", "none"),
    open("S3_CLIENT", "object_store"),
    // traces
    secret("OTEL_EXPORTER_OTLP_ENDPOINT", "none"),
    secret(
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
    ),
    open("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
    open(
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
        "OTEL_EXPORTER_OTLP_PROTOCOL",
    ),
    secret("OTEL_EXPORTER_OTLP_HEADERS", "none"),
    secret("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"),
    open("OTEL_EXPORTER_OTLP_TIMEOUT", "5000"),
    open("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"),
    open("OTEL_EXPORTER_OTLP_CERTIFICATE", "the system's"),
    open(
        "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
        "OTEL_EXPORTER_OTLP_CERTIFICATE",
    ),
    open("OTEL_RESOURCE_ATTRIBUTES", "none"),
    open("OTEL_SERVICE_NAME", "the program's"),
    // the command line
    secret("DIGESTERD_API", "http://localhost:8080"),
    secret("DIGESTERD_TOKEN", "none"),
    open("INTERNAL_CIDRS", "private networks"),
];

/// The variable of that name.
pub(crate) fn find(name: &str) -> Option<&'static Variable> {
    VARIABLES.iter().find(|variable| variable.name == name)
}

const fn open(name: &'static str, default: &'static str) -> Variable {
    Variable {
        name,
        default,
        sensitive: false,
    }
}

/// Keys, tokens, and addresses: a URL may carry a password.
const fn secret(name: &'static str, default: &'static str) -> Variable {
    Variable {
        name,
        default,
        sensitive: true,
    }
}
