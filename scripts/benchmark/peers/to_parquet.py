"""Copies flow logs to Parquet, a file for each object: to_parquet.py FROM TO RECORDS [aws]. Fails at other numbers.

With DuckDB's own settings; `aws`: as AWS documents its own, GZIP pages, signed numbers, every column optional.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
from question import COLUMNS
from with_duckdb import text_of

source, target, expected = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
as_aws = sys.argv[4:] == ["aws"]
SIGNED = {None: "VARCHAR", 8: "INTEGER", 16: "INTEGER", 32: "BIGINT", 64: "BIGINT"}
signed = ", ".join(
    f'"{name.replace("-", "_")}"::{SIGNED[bits]} AS "{name.replace("-", "_")}"' for name, bits in COLUMNS.items()
)
chosen, options = (signed, "FORMAT parquet, COMPRESSION gzip") if as_aws else ("*", "FORMAT parquet")
connection = duckdb.connect()
for file in sorted(source.rglob("*.log.gz")):
    copy = target / file.name.replace(".log.gz", ".log.parquet" if as_aws else ".parquet")
    connection.execute(f"COPY (SELECT {chosen} FROM {text_of([str(file)])}) TO '{copy}' ({options})")
(copied,) = connection.execute(f"SELECT count(*) FROM read_parquet('{target}/*.parquet')").fetchone() or (0,)
if copied != expected:
    sys.exit(f"{copied} records were copied to Parquet, not {expected}")
