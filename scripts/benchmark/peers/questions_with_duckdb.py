"""Questions of a table of edges, by DuckDB in one process that stays: a name a line on stdin, its seconds on stdout.

Each question is asked once before it counts, so that files, statistics and plans are known. A flow that two interfaces
tell of counts twice here: DuckDB is spared what the commands do about that.
"""

from __future__ import annotations

import argparse
import sys
import time

import duckdb

# 10.100.0.0/14, as numbers.
CIDR = (10 << 24 | 100 << 16, 10 << 24 | 103 << 16 | 0xFFFF)
QUERIES = {
    "edges": """
        SELECT account_id, interface_id, srcaddr, dstaddr, srcport, dstport, protocol, action, packets, bytes,
               count(*) OVER ()
        FROM edges
        WHERE srcaddr_v4 BETWEEN {low} AND {high} OR dstaddr_v4 BETWEEN {low} AND {high}
        ORDER BY bytes DESC LIMIT 20
    """,
    "host": """
        SELECT CASE WHEN srcaddr = '{host}' THEN dstaddr ELSE srcaddr END AS peer,
               sum(CASE WHEN srcaddr = '{host}' THEN bytes END), sum(CASE WHEN dstaddr = '{host}' THEN bytes END),
               min(first_seen), max(last_seen), sum(CASE WHEN action = 'REJECT' THEN packets END),
               list(DISTINCT CASE WHEN dstport > 0 THEN dstport ELSE srcport END)
        FROM edges WHERE srcaddr = '{host}' OR dstaddr = '{host}'
        GROUP BY peer ORDER BY 2 DESC LIMIT 20
    """,
    "top": """
        SELECT srcaddr, dstaddr, sum(packets), sum(bytes), count(*), count(*) OVER ()
        FROM edges GROUP BY srcaddr, dstaddr ORDER BY 4 DESC LIMIT 20
    """,
    "services": """
        SELECT CASE WHEN dstport > 0 THEN dstaddr ELSE srcaddr END AS server, greatest(srcport, dstport) AS port,
               protocol, count(DISTINCT CASE WHEN dstport > 0 THEN srcaddr ELSE dstaddr END), sum(bytes),
               sum(syn_records), sum(synack_records), sum(records), count(*) OVER ()
        FROM edges WHERE action <> 'REJECT' AND greatest(srcport, dstport) > 0
        GROUP BY ALL ORDER BY 5 DESC LIMIT 20
    """,
    "rejected": """
        SELECT srcaddr_v4 >> 8, dstaddr_v4 >> 8, greatest(srcport, dstport), protocol, sum(packets), sum(bytes),
               count(*) OVER ()
        FROM edges WHERE action = 'REJECT' GROUP BY ALL ORDER BY 5 DESC LIMIT 20
    """,
}


def serve(table: str, host: str, threads: int) -> None:
    """Answers until stdin ends."""
    connection = duckdb.connect(config={"threads": threads})
    connection.execute(f"CREATE VIEW edges AS SELECT * FROM read_parquet('{table}')")
    queries = {name: query.format(low=CIDR[0], high=CIDR[1], host=host) for name, query in QUERIES.items()}
    for query in queries.values():
        connection.execute(query).fetchall()
    for line in sys.stdin:
        begun = time.perf_counter()
        rows = connection.execute(queries[line.strip()]).fetchall()
        print(time.perf_counter() - begun, len(rows), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--threads", type=int, required=True)
    asked = parser.parse_args()
    serve(asked.table, asked.host, asked.threads)
