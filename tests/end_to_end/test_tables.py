"""The kept tables, read by engines that share no code with what wrote them, and the documented statements."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import duckdb
import polars
import pyarrow.parquet
import pytest

import flow_logs
from flow_logs import Window
from processes import binary

ROOT = Path(__file__).parent.parent.parent
FIXTURES = ROOT / "crates" / "digest-tables" / "tests" / "fixtures"
TABLE = FIXTURES / "edges.parquet"
INTERFACES = FIXTURES / "interfaces.parquet"
HOUR = range(1_539_734_400, 1_539_738_000)
DOCUMENTED = (ROOT / "docs" / "investigations.md").read_text()
STATEMENTS = re.findall(r"```sql\n(.*?)```", DOCUMENTED, re.DOTALL)
PROGRAMS = re.findall(r"```python\n(.*?)```", DOCUMENTED, re.DOTALL)


def records(name: str = "edges.log") -> list[dict[str, str]]:
    """The records of the log that a table was made of."""
    found = []
    for log in (FIXTURES / name).read_text().split("\n\n"):
        header, *rows = log.strip().splitlines()
        found += [dict(zip(header.split(), row.split(), strict=True)) for row in rows]
    return found


def folder(tmp_path: Path) -> Path:
    """The tables where a worker puts them."""
    for kind, table in (("edges", TABLE), ("interfaces", INTERFACES)):
        hour = tmp_path / "digests" / kind / "v1" / "span=PT1H" / "day=2018-10-17" / "hour=00" / "scope=all"
        hour.mkdir(parents=True)
        shutil.copy(table, hour / "id-nonce.parquet")
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


def test_duckdb_polars_and_pyarrow_find_the_rows_of_each_interface():
    """By status, as the logs have them; only rows of the hour that the table is of."""
    rows = records("edges.log") + records("interfaces.log")
    statuses = [row.get("log-status", "OK") for row in rows if int(row["start"]) in HOUR]
    sums = tuple(statuses.count(status) for status in ("OK", "NODATA", "SKIPDATA"))
    names = ("ok_records", "nodata_records", "skipdata_records")
    assert all(sums)
    assert duckdb.sql(f"SELECT {', '.join(f'sum({name})' for name in names)} FROM '{INTERFACES}'").fetchall() == [sums]
    frame = polars.read_parquet(INTERFACES)
    assert tuple(frame[name].sum() for name in names) == sums
    table = pyarrow.parquet.read_table(INTERFACES)
    assert tuple(sum(table[name].to_pylist()) for name in names) == sums


def test_tags_are_decoded_and_what_changed_is_named():
    found = duckdb.sql(
        "SELECT instance_tag, instance_tag_2, interface_tag, interface_tag_2, ecs_task_id, changed, ipv4_address "
        f"FROM '{INTERFACES}' WHERE interface_id = 'eni-0a'"
    ).fetchall()
    changed = "ecs_task_definition_arn,ecs_task_arn,ecs_task_id"
    assert found == [("front-end", "a b", "été", "100%", "t2", changed, "10.0.0.5")]


@pytest.mark.parametrize("table", [TABLE, INTERFACES], ids=lambda table: table.stem)
def test_the_engines_find_the_same_rows_with_the_same_nulls(table):
    they_agree(table)


def they_agree(table: Path) -> list[tuple]:
    """The rows, of which the engines think alike."""
    by_duckdb = duckdb.sql(f"SELECT * FROM '{table}'").fetchall()
    by_polars = polars.read_parquet(table).rows()
    by_pyarrow = [tuple(row.values()) for row in pyarrow.parquet.read_table(table).to_pylist()]
    assert by_duckdb == by_polars == by_pyarrow
    assert any(None in row for row in by_duckdb)
    return by_duckdb


@pytest.mark.parametrize("profile", ["high", "ipv6"])
def test_the_engines_find_the_same_in_a_table_of_today(profile, tmp_path):
    """The kept tables are of a writer of yesterday. This one has numbers as differences, in several pages if there
    are as many edges; some rows of a page have none, or all."""
    logs, edges, text = tmp_path / "logs", tmp_path / "edges.parquet", tmp_path / "digest.log"
    start, stop = "2026-01-05T09:00:00Z", "2026-01-05T10:00:00Z"
    for command in (
        ["sample-logs", logs, "--profile", profile, "--records", "60000", "--objects", "4", "--start", start],
        ["digest", "--logs", logs, "--start", start, "--stop", stop, "--edges", edges, "-o", text],
    ):
        subprocess.run([binary("digesterd"), *command], capture_output=True, timeout=120, check=True)
    rows = they_agree(edges)
    metadata = pyarrow.parquet.read_metadata(edges)
    columns = [metadata.row_group(0).column(at) for at in range(metadata.num_columns)]
    packed = {column.path_in_schema for column in columns if "DELTA_BINARY_PACKED" in column.encodings}
    assert packed >= {"srcaddr_v4", "packets", "bytes", "first_seen", "folded_port_min"}
    lines = [line.split(" ") for line in text.read_text().splitlines()]
    packets, octets = (pyarrow.parquet.read_schema(edges).get_field_index(name) for name in ("packets", "bytes"))
    assert len(rows) == len(lines)
    assert profile != "high" or len(rows) > 20_000
    assert sum(row[packets] for row in rows) == sum(int(line[8]) for line in lines)
    assert sum(row[octets] for row in rows) == sum(int(line[9]) for line in lines)
    # Where an engine reads some rows of a page alone, too.
    names = ["srcaddr_v4", "dstaddr_v4", "folded_port_min", "first_seen", "bytes"]
    rejected = polars.scan_parquet(edges).filter(polars.col("action") == "REJECT").select(names).collect().rows()
    by_duckdb = duckdb.sql(f"SELECT {', '.join(names)} FROM '{edges}' WHERE action = 'REJECT'").fetchall()
    by_pyarrow = pyarrow.parquet.read_table(edges, columns=names, filters=[("action", "=", "REJECT")]).to_pylist()
    assert rejected == by_duckdb == [tuple(row.values()) for row in by_pyarrow]
    assert len(rejected) > 100


def test_no_column_is_unsigned():
    for table, expected in ((TABLE, {"string", "int32", "int64"}), (INTERFACES, {"string", "int64"})):
        assert {str(field.type) for field in pyarrow.parquet.read_schema(table)} == expected


def test_a_filter_and_a_network_find_what_they_should():
    found = duckdb.sql(f"SELECT DISTINCT dstport FROM '{TABLE}' WHERE srcaddr = '203.0.113.12'").fetchall()
    assert found == [(0,)]
    network = "srcaddr_v4 BETWEEN 886767616 AND 886833151"  # 52.219.0.0/16
    assert duckdb.sql(f"SELECT srcaddr FROM '{TABLE}' WHERE {network}").fetchall() == [("52.219.1.1",)]


def test_there_are_statements_to_try():
    assert len(STATEMENTS) >= 6


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda statement: statement.splitlines()[0][3:])
def test_a_documented_statement_finds_rows(statement, tmp_path, monkeypatch):
    monkeypatch.chdir(folder(tmp_path))
    rows = duckdb.sql(statement).fetchall()
    assert rows
    if "text digest" in statement:
        assert sum(row[-1] for row in rows) == expected("bytes")
        assert {str(row[0]) for row in rows} == {"2018-10-17"}


def test_the_documented_program_for_polars_finds_what_duckdb_does(tmp_path, monkeypatch):
    monkeypatch.chdir(folder(tmp_path))
    [program] = PROGRAMS
    names: dict[str, polars.DataFrame] = {}
    exec(program, names)
    found = names["rejected"].select("dstaddr", "dstport", "sources", "records").rows()
    [statement] = [statement for statement in STATEMENTS if "What was rejected" in statement]
    assert found and sorted(found, key=str) == sorted(duckdb.sql(statement).fetchall(), key=str)


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


def test_each_interface_has_the_flow_logs_and_the_region_that_its_objects_name(stack, tmp_path):
    """Two flow logs in each of two regions; one interface is silent, and no column says where it is."""
    window = Window.fresh()
    silent = f"2 {flow_logs.ACCOUNT} eni-3 - - - - - - - {window.first} {window.first + 60} - NODATA"
    for region, flow_log, rows in (
        ("us-east-1", "fl-0000000000000000a", [flow_logs.row(window.first, eni="eni-1"), silent]),
        ("us-east-1", "fl-0000000000000000b", [flow_logs.row(window.first, eni="eni-1")]),
        ("eu-west-1", "fl-0000000000000000c", [flow_logs.row(window.first, eni="eni-2")]),
    ):
        key = flow_logs.key(window.stop, region=region, flow_log=flow_log)
        stack.logs.put(key, flow_logs.pack(rows))
    assert stack.build(window).status == 200
    manifest = stack.manifest(window.id())
    table = tmp_path / "interfaces.parquet"
    table.write_bytes(stack.digests.get(manifest["interfaces_table"]["key"]))
    found = {row["interface_id"]: row for row in pyarrow.parquet.read_table(table).to_pylist()}
    a, b, c = (f"fl-0000000000000000{end}" for end in "abc")
    assert {name: (row["region"], row["flow_log_ids"]) for name, row in found.items()} == {
        "eni-1": ("us-east-1", f"{a},{b}"),
        "eni-2": ("eu-west-1", c),
        "eni-3": ("us-east-1", a),
    }
    assert (found["eni-3"]["ok_records"], found["eni-3"]["nodata_records"]) == (0, 1)
    # Of what is silent nothing counts twice.
    assert [example["interface"] for example in manifest["overlap"]["examples"]] == ["eni-1"]
