"""Writes input.parquet beside input.log in the kernel's fixtures that are named for it, by two writers that are at hand
everywhere: pyarrow and DuckDB.

Run it in an environment of its own: pip install pyarrow duckdb; python scripts/parquet-fixtures.py
The files stand in the repository: tests read them and never write them.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
from pyarrow import parquet

FIXTURES = Path(__file__).parents[1] / "crates/digest-core/tests/fixtures"
INT32 = {"version", "srcport", "dstport", "protocol", "tcp-flags"}
LOST = {f"packets-lost-{why}" for why in ("no-route", "blackhole", "mtu-exceeded", "ttl-expired")}
INT64 = {"packets", "bytes", "start", "end"} | LOST


def columns_of(log: Path) -> dict[str, list[str | None]]:
    """The columns of a log with a header, a dash as nothing."""
    header, *rows = (line.split() for line in log.read_text().splitlines())
    columns = zip(*rows, strict=True)
    return {
        name: [None if value == "-" else value for value in column]
        for name, column in zip(header, columns, strict=True)
    }


def as_aws_documents_it(log: Path) -> None:
    """Underscores, INT32, INT64 and text, all optional, GZIP pages, small row groups."""
    arrays, fields = [], []
    for name, values in columns_of(log).items():
        kind = pa.int32() if name in INT32 else pa.int64() if name in INT64 else pa.string()
        if kind == pa.string():
            array = pa.array(values, kind)
        else:
            array = pa.array([None if value is None else int(value) for value in values], kind)
        arrays.append(array)
        fields.append(pa.field(name.replace("-", "_"), kind))
    table = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
    parquet.write_table(table, log.with_suffix(".parquet"), compression="gzip", row_group_size=4)


def as_text_with_accounts_as_numbers(log: Path) -> None:
    """Numbers as text, accounts as numbers, pages of version 2, differences instead of dictionaries, ZSTD."""
    columns = columns_of(log)
    table = pa.table(
        {
            name.replace("-", "_"): pa.array(
                [None if value is None else int(value) for value in values] if name == "account-id" else values,
                pa.int64() if name == "account-id" else pa.string(),
            )
            for name, values in columns.items()
        }
    )
    parquet.write_table(
        table,
        log.with_suffix(".parquet"),
        compression="zstd",
        data_page_version="2.0",
        use_dictionary=False,
        column_encoding={
            name: "DELTA_BINARY_PACKED" if name == "account_id" else "DELTA_BYTE_ARRAY" for name in table.column_names
        },
    )


def as_duckdb_copies_it(log: Path) -> None:
    """DuckDB's own reading of the text, unsigned numbers, Snappy."""
    names = {"version": "UTINYINT", "srcport": "USMALLINT", "dstport": "USMALLINT", "protocol": "UTINYINT"}
    wide = {"packets": "UBIGINT", "bytes": "UBIGINT", "start": "UINTEGER", "end": "UINTEGER"}
    kinds = {
        name.replace("-", "_"): {**names, **wide}.get(name, "VARCHAR")
        for name in log.read_text().splitlines()[0].split()
    }
    rows = f"read_csv('{log}', columns = {kinds}, delim = ' ', header = true, nullstr = '-', auto_detect = false)"
    copy = log.with_suffix(".parquet")
    duckdb.connect().execute(f"COPY (SELECT * FROM {rows}) TO '{copy}' (FORMAT parquet, COMPRESSION snappy)")


for name in (
    "parquet-as-aws-documents-it-is-read",
    "parquet-of-a-transit-gateway-is-read",
    "parquet-with-milliseconds-is-read",
):
    as_aws_documents_it(FIXTURES / name / "input.log")
as_text_with_accounts_as_numbers(
    FIXTURES / "parquet-with-numbers-as-text-and-accounts-as-numbers-is-read" / "input.log"
)
as_duckdb_copies_it(FIXTURES / "parquet-that-duckdb-wrote-is-read" / "input.log")
