"""The kept table of edges, read by engines that share no code with what wrote it, and the documented statements."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import duckdb
import polars
import pyarrow.parquet
import pytest

import flow_logs
from flow_logs import Window

ROOT = Path(__file__).parent.parent.parent
FIXTURES = ROOT / "crates" / "digest-tables" / "tests" / "fixtures"
TABLE = FIXTURES / "edges.parquet"
STATEMENTS = re.findall(r"```sql\n(.*?)```", (ROOT / "docs" / "investigations.md").read_text(), re.DOTALL)


def records() -> list[dict[str, str]]:
    """The records of the log that the table was made of."""
    found = []
    for log in (FIXTURES / "edges.log").read_text().split("\n\n"):
        header, *rows = log.strip().splitlines()
        found += [dict(zip(header.split(), row.split(), strict=True)) for row in rows]
    return found


def folder(tmp_path: Path) -> Path:
    """The table where a worker puts it."""
    hour = tmp_path / "digests" / "edges" / "v1" / "span=PT1H" / "day=2018-10-17" / "hour=00" / "scope=all"
    hour.mkdir(parents=True)
    shutil.copy(TABLE, hour / "id-nonce.parquet")
    return tmp_path


def expected(column: str) -> int:
    return sum(int(record[column]) for record in records())


def test_duckdb_polars_and_pyarrow_find_the_logs_sums():
    sums = (expected("packets"), expected("bytes"), len(records()))
    assert duckdb.sql(f"SELECT sum(packets), sum(bytes), sum(records) FROM '{TABLE}'").fetchall() == [sums]
    frame = polars.read_parquet(TABLE)
    assert tuple(frame[name].sum() for name in ("packets", "bytes", "records")) == sums
    table = pyarrow.parquet.read_table(TABLE)
    assert tuple(sum(table[name].to_pylist()) for name in ("packets", "bytes", "records")) == sums


def test_the_engines_find_the_same_rows_with_the_same_nulls():
    by_duckdb = duckdb.sql(f"SELECT * FROM '{TABLE}'").fetchall()
    by_polars = polars.read_parquet(TABLE).rows()
    by_pyarrow = [tuple(row.values()) for row in pyarrow.parquet.read_table(TABLE).to_pylist()]
    assert by_duckdb == by_polars == by_pyarrow
    assert any(None in row for row in by_duckdb)


def test_no_column_is_unsigned():
    types = {str(field.type) for field in pyarrow.parquet.read_schema(TABLE)}
    assert types == {"string", "int32", "int64"}


def test_a_filter_and_a_network_find_what_they_should():
    found = duckdb.sql(f"SELECT DISTINCT dstport FROM '{TABLE}' WHERE srcaddr = '203.0.113.12'").fetchall()
    assert found == [(0,)]
    network = "srcaddr_v4 BETWEEN 886767616 AND 886833151"  # 52.219.0.0/16
    assert duckdb.sql(f"SELECT srcaddr FROM '{TABLE}' WHERE {network}").fetchall() == [("52.219.1.1",)]


def test_there_are_statements_to_try():
    assert len(STATEMENTS) >= 4


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda statement: statement.splitlines()[0][3:])
def test_a_documented_statement_finds_rows(statement, tmp_path, monkeypatch):
    monkeypatch.chdir(folder(tmp_path))
    rows = duckdb.sql(statement).fetchall()
    assert rows
    if "day, hour" in statement:
        assert sum(row[-1] for row in rows) == expected("bytes")
        assert {str(row[0]) for row in rows} == {"2018-10-17"}


def test_each_edge_has_the_region_that_its_interfaces_objects_name(stack, tmp_path):
    """One flow log in each of two regions: no column of their records says where they are from."""
    window = Window.fresh()
    for region, eni in (("us-east-1", "eni-1"), ("eu-west-1", "eni-2")):
        key = flow_logs.key(window.stop, region=region)
        stack.logs.put(key, flow_logs.pack([flow_logs.row(window.first, eni=eni)]))
    assert stack.build(window).status == 200
    table = tmp_path / "edges.parquet"
    table.write_bytes(stack.digests.get(stack.manifest(window.id())["edges_table"]["key"]))
    found = pyarrow.parquet.read_table(table).to_pylist()
    assert [(edge["interface_id"], edge["region"]) for edge in found] == [
        ("eni-1", "us-east-1"),
        ("eni-2", "eu-west-1"),
    ]
