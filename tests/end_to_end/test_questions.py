"""Questions asked of stored digests' tables, as a person asks them, and answered besides by DuckDB on these tables."""

from __future__ import annotations

import gzip
import json
import subprocess
from datetime import timedelta

import duckdb

import flow_logs
from flow_logs import Window
from processes import binary
from web import call

HOST, SERVER, STRANGER = "10.0.0.1", "10.0.0.2", "203.0.113.66"


def ask(stack, *arguments: str, code: int = 0) -> tuple[str, str]:
    """What the command says on stdout and stderr, with the service's settings."""
    done = subprocess.run(
        [binary("digesterd"), *arguments],
        env=stack.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


def hours(stack, count: int = 3) -> list[Window]:
    """Adjacent hours of digests. The host talks to its server in each, and in the last one to a stranger."""
    first = Window.fresh()
    windows = []
    for number in range(count):
        length = timedelta(hours=number)
        window = Window(first.start + length, first.stop + length)
        rows = []
        for minute in range(0, 60, 7):
            start = window.first + 60 * minute
            there = {
                "src": HOST,
                "dst": SERVER,
                "srcport": 40000 + minute,
                "dstport": 443,
                "packets": 3,
                "bytes": 300 + minute,
            }
            back = {"src": SERVER, "dst": HOST, "srcport": 443, "dstport": 40000 + minute, "packets": 5, "bytes": 5000}
            # Both interfaces tell of it.
            rows += [flow_logs.row(start, eni=eni, **fields) for eni in ("eni-a", "eni-b") for fields in (there, back)]
        rows.append(
            flow_logs.row(
                window.first + 5, eni="eni-a", src=HOST, dst="198.51.100.7", srcport=41000, dstport=53, protocol=17
            )
        )
        rows.append(
            flow_logs.row(window.first + 6, eni="eni-b", src="192.0.2.9", dst=SERVER, dstport=22, action="REJECT")
        )
        if number == count - 1:
            rows.append(
                flow_logs.row(
                    window.first + 600,
                    eni="eni-a",
                    src=HOST,
                    dst=STRANGER,
                    srcport=41000,
                    dstport=31338,
                    bytes=7_000_000,
                )
            )
        flow_logs.write(stack.logs, window, rows)
        assert stack.build(window).status == 200
        windows.append(window)
    return windows


def tables(stack, windows: list[Window], tmp_path, kind: str = "edges") -> str:
    """The stored tables in files, for DuckDB."""
    folder = tmp_path / kind
    folder.mkdir()
    for number, window in enumerate(windows):
        key = stack.manifest(window.id())[f"{kind}_table"]["key"]
        (folder / f"{number}.parquet").write_bytes(stack.digests.get(key))
    return f"{folder}/*.parquet"


def test_a_host_over_stored_hours_is_what_duckdb_finds(stack, tmp_path):
    windows = hours(stack)
    period = ("--start", windows[0].texts[0], "--stop", windows[-1].texts[1])
    shown, told = ask(stack, "host", HOST, *period, "--json")
    found = json.loads(shown)
    assert [window["coverage"] for window in found["windows"]] == ["complete"] * 3
    files = tables(stack, windows, tmp_path)
    ((sent, received),) = duckdb.sql(
        f"SELECT sum(bytes) FILTER (srcaddr = '{HOST}'), "
        f"sum(bytes) FILTER (dstaddr = '{HOST}' AND srcaddr = '{SERVER}') "
        f"FROM '{files}' WHERE action = 'ACCEPT' AND interface_id = if(srcaddr = '{SERVER}', 'eni-b', 'eni-a')"
    ).fetchall()
    assert sum(window["sent"]["bytes"] for window in found["windows"]) == sent
    assert sum(window["received"]["bytes"] for window in found["windows"]) == received
    peers = {peer["peer"]: peer for peer in found["peers"]["items"]}
    assert set(peers) == {SERVER, "198.51.100.7", STRANGER}
    assert [peer for peer in peers if peers[peer]["is_new"]] == [STRANGER]
    assert peers[SERVER]["seen_by"] == "both"
    assert peers[STRANGER]["first_seen"] == windows[-1].first + 600
    assert "coverage" not in told
    # The same for people, with more of the time than is stored.
    later = (windows[-1].stop + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    shown, told = ask(stack, "host", "eni-a", "--start", windows[0].texts[0], "--stop", later)
    assert f"host eni-a ({HOST})" in shown
    assert "NEW" in next(line for line in shown.splitlines() if STRANGER in line)
    assert "nothing is stored of" in told


def test_services_and_what_is_unexpected_are_told_of_stored_digests(stack):
    windows = hours(stack)
    period = ("--start", windows[0].texts[0], "--stop", windows[-1].texts[1])
    shown, _ = ask(stack, "services", *period, "--json")
    services = {(one["server"], one["port"]): one for one in map(json.loads, shown.splitlines())}
    assert services[SERVER, "443"]["rule"] == "port-order"
    assert services[SERVER, "443"]["sent"]["bytes"] == 3 * 9 * 5000
    assert (SERVER, "22") not in services
    shown, _ = ask(stack, "unexpected", windows[-1].id(), "--stored", "--json")
    (only,) = map(json.loads, shown.splitlines())
    assert (only["server"], only["port"], only["reasons"]) == (STRANGER, "31338", ["unregistered"])
    assert only["why"] == "tcp/31338 is registered for no service"


def test_what_is_unusual_is_held_against_the_stored_windows_before(stack):
    windows = hours(stack, 4)
    last = windows[-1].id()
    shown, told = ask(stack, "unusual", last, "--stored", "--baseline-last", "3", "--bytes", "1MB", "--json")
    (only,) = map(json.loads, shown.splitlines())
    assert (only["client"], only["server"], only["port"]) == (HOST, STRANGER, "31338")
    assert [fact["fact"] for fact in only["facts"]][:2] == ["host-volume", "new-pair"]
    assert "held against 3 windows of 1h" in told
    answer = call("GET", f"{stack.api_url}/v1/digests/{last}/unusual?baseline_last=3&bytes=1MB").json()
    assert answer["answer"]["items"] == [only]
    assert [window["digests"][0]["coverage"] for window in answer["baseline"]] == ["complete"] * 3
    _, told = ask(stack, "unusual", windows[0].id(), "--stored", "--baseline-last", "3", code=1)
    assert "no digest of the 3 windows before" in told


def test_the_api_answers_what_the_command_does(stack):
    windows = hours(stack)
    start, stop = windows[0].texts[0], windows[-1].texts[1]
    shown, _ = ask(stack, "top", "--start", start, "--stop", stop, "--json")
    query = f"start={start}&stop={stop}"
    answer = call("GET", f"{stack.api_url}/v1/top?{query}").json()
    assert answer["answer"]["items"] == [json.loads(line) for line in shown.splitlines()]
    assert [digest["coverage"] for digest in answer["digests"]] == ["complete"] * 3
    shown, _ = ask(stack, "host", HOST, "--start", start, "--stop", stop, "--json", "--limit", "100")
    assert call("GET", f"{stack.api_url}/v1/host?host={HOST}&{query}").json()["answer"] == json.loads(shown)
    refused = call("GET", f"{stack.api_url}/v1/digests/{windows[0].id()}/edges?filter=port%3D22%20prot%3D6")
    assert (refused.status, "at character 9" in refused.message()) == (400, True)


def test_the_records_behind_an_edge_are_read_again(stack):
    window = hours(stack)[-1]
    stranger = ("records", window.id(), "--stored", "--filter", f"dst={STRANGER}", "--json")
    shown, told = ask(stack, *stranger)
    (only,) = map(json.loads, shown.splitlines())
    assert only["record"].split()[3:8] == [HOST, STRANGER, "41000", "31338", "6"]
    assert only["start"] == window.first + 600
    lines = gzip.decompress(stack.logs.get(only["object"])).decode().splitlines()
    assert lines[only["line"] - 1] == only["record"]
    assert "3 of 3 objects read again" in told
    shown, told = ask(stack, *stranger[:3], "--filter", "port=443", "--limit", "2", "--json")
    assert len(shown.splitlines()) == 2 and "and 34 more" in told
    stack.logs.delete(only["object"])
    shown, told = ask(stack, *stranger)
    assert shown == "" and "2 of 3 objects read again" in told and only["object"] in told


def test_merged_tables_hold_what_all_of_them_hold(stack, tmp_path):
    windows = hours(stack)
    ids = [window.id() for window in windows]
    for kind in ("edges", "interfaces"):
        merged = tmp_path / f"merged-{kind}.parquet"
        ask(stack, "merge", "--stored", "--table", kind, *ids, "-o", str(merged))
        files = tables(stack, windows, tmp_path, kind)
        if kind == "edges":
            keys = "account_id, region, interface_id, srcaddr, dstaddr, srcport, dstport, protocol, action"
            sums = "sum(packets), sum(bytes), sum(records), min(first_seen), max(last_seen), min(folded_port_min)"
        else:
            keys = "account_id, region, interface_id, ipv4_address"
            sums = "sum(ok_records), sum(minutes_reported), min(first_seen), max(last_seen)"
        expected = duckdb.sql(f"SELECT {keys}, {sums} FROM '{files}' GROUP BY ALL ORDER BY ALL").fetchall()
        assert duckdb.sql(f"SELECT {keys}, {sums} FROM '{merged}' GROUP BY ALL ORDER BY ALL").fetchall() == expected
        rows = duckdb.sql(f"SELECT count(*) FROM '{merged}'").fetchall()
        assert rows == [(len(expected),)], "each once"
    _, told = ask(stack, "merge", "--stored", "--table", "edges", ids[0], ids[2], "-o", str(tmp_path / "x"), code=1)
    assert "nothing covers" in told


def test_a_digest_that_is_not_stored_is_told(stack):
    window = Window.fresh()
    start, stop = window.texts
    _, told = ask(stack, "host", HOST, "--start", start, "--stop", stop, code=1)
    assert "has no digest of" in told
    _, told = ask(stack, "top", window.id(), "--stored", code=1)
    assert window.id() in told
    _, told = ask(stack, "host", HOST, "--since", "1h", "--filter", "port=22 prot=6", code=2)
    assert "at character 9" in told
