"""Copies flow logs to Parquet, a file for each object: to_parquet.py FROM TO RECORDS. Fails if it is not so many."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
from with_duckdb import text_of

source, target, expected = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
connection = duckdb.connect()
for file in sorted(source.rglob("*.log.gz")):
    copy = target / file.name.replace(".log.gz", ".parquet")
    connection.execute(f"COPY (SELECT * FROM {text_of([str(file)])}) TO '{copy}' (FORMAT parquet)")
(copied,) = connection.execute(f"SELECT count(*) FROM read_parquet('{target}/*.parquet')").fetchone() or (0,)
if copied != expected:
    sys.exit(f"{copied} records were copied to Parquet, not {expected}")
