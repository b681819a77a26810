"""The digest by DuckDB, from text or Parquet to text compressed as the output's name says."""

from __future__ import annotations

import duckdb
from question import COLUMNS, Question, asked

NAMES = {None: "VARCHAR", 8: "UTINYINT", 16: "USMALLINT", 32: "UINTEGER", 64: "UBIGINT"}
TYPES = {column.replace("-", "_"): NAMES[bits] for column, bits in COLUMNS.items()}

DIGEST = """
WITH edges AS MATERIALIZED (
    SELECT account_id, interface_id, srcaddr, dstaddr,
           CASE WHEN srcport < dstport THEN srcport ELSE 0 END AS src,
           CASE WHEN srcport < dstport THEN 0 ELSE dstport END AS dst,
           protocol, action, sum(packets) AS packets, sum(bytes) AS bytes, min(start) AS first, max("end") AS last
    FROM {records}
    WHERE log_status = 'OK' AND start >= {start} AND start < {stop}
    GROUP BY ALL
)
SELECT 2, account_id, interface_id, srcaddr, dstaddr, src, dst, protocol, packets, bytes,
       (SELECT min(first) FROM edges), (SELECT max(last) FROM edges), action, 'OK'
FROM edges
ORDER BY account_id, interface_id, srcaddr, dstaddr, src, dst, protocol, action
"""


def text_of(files: list[str]) -> str:
    """The table that the text files are."""
    return f"read_csv({files}, columns = {TYPES}, delim = ' ', header = true, nullstr = '-', auto_detect = false)"


def digest(question: Question) -> None:
    """Answers the question."""
    connection = duckdb.connect(config={"threads": question.threads, "preserve_insertion_order": False})
    records = f"read_parquet({question.files})" if question.parquet else text_of(question.files)
    made = DIGEST.format(records=records, start=question.start, stop=question.stop)
    compression = "zstd" if question.output.endswith(".zst") else "gzip"
    written = f"(FORMAT csv, DELIMITER ' ', HEADER false, COMPRESSION {compression})"
    connection.execute(f"COPY ({made}) TO '{question.output}' {written}")


if __name__ == "__main__":
    digest(asked(__doc__))
