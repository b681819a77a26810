"""Flow logs that are broken or odd: a clear reason with object and line, or a digest all the same."""

from __future__ import annotations

import gzip
import json
import tempfile
import zlib
from datetime import timedelta
from pathlib import Path

import pytest

import flow_logs
import oracle
from flow_logs import Window, row
from processes import REPOSITORY
from stack import text_of

GOOD = 5


def line_of(text: str):
    """An object in which one row is replaced."""
    return lambda first: flow_logs.pack([row(first)] * GOOD + [text] + [row(first)] * GOOD)


def changed(**fields):
    """An object in which one row has other fields."""
    return lambda first: line_of(row(first, **fields))(first)


def cut_in_the_middle(first: int) -> bytes:
    whole = flow_logs.pack([row(first + n % 60, srcport=1025 + n * 7 % 60000) for n in range(5000)])
    return whole[: len(whole) // 2]


def bit_flipped(first: int) -> bytes:
    """The checksum in the trailer is off by one bit: everything inflates, and must not be believed."""
    whole = bytearray(flow_logs.pack([row(first)] * 50))
    whole[-6] ^= 0x10
    return bytes(whole)


def bit_flipped_inside(first: int) -> bytes:
    whole = bytearray(flow_logs.pack([row(first + n % 60, srcport=1025 + n * 7 % 60000) for n in range(5000)]))
    whole[len(whole) // 2] ^= 0x10
    return bytes(whole)


def endless_line(_: int) -> bytes:
    """A line of 1 GiB: one gzip member of 16 MiB, 64 times."""
    header = gzip.compress(flow_logs.COLUMNS.encode() + b"\n", mtime=0)
    return header + gzip.compress(b"a" * (16 << 20), 1, mtime=0) * 64


# name, object, words of the reason (None: the line is not asked for), line
BAD = [
    ("cut in the middle", cut_in_the_middle, [], None),
    ("bit flipped in the checksum", bit_flipped, [], None),
    ("bit flipped inside", bit_flipped_inside, [], None),
    ("random bytes", lambda _: bytes(range(256)) * 40, [], None),
    ("a picture", lambda _: b"\x89PNG\r\n\x1a\n" + bytes(500), [], None),
    ("row too short", line_of("2 123456789010 eni-0a1b2c3d 10.0.0.1 10.0.0.2 1 2"), [], 7),
    ("port 65543", changed(srcport=65543), ["65543"], 7),
    ("protocol 8080", changed(protocol=8080), ["8080"], 7),
    ("bytes over i64", changed(bytes=9223372036854775808), ["9223372036854775808"], 7),
    ("packets negative", changed(packets=-5), ["-5"], 7),
    ("start is a word", changed(start="noon"), ["noon"], 7),
    ("address is a word", changed(src="localhost"), ["localhost"], 7),
    ("line of 1 GiB", endless_line, [], 2),
    (
        "columns missing",
        lambda first: flow_logs.pack([f"10.0.0.1 10.0.0.2 {first}"], "srcaddr dstaddr start"),
        ["bytes"],
        None,
    ),
]


@pytest.mark.parametrize(("name", "make", "words", "line"), BAD, ids=[bad[0] for bad in BAD])
def test_a_bad_object_fails_the_digest_with_its_reason(stack, name, make, words, line):
    window = Window.fresh()
    flow_logs.write(stack.logs, window)
    bad = flow_logs.key(window.start + timedelta(minutes=20), hash_="badbadba")
    stack.logs.put(bad, make(window.first))
    assert stack.post(window).status == 202
    done = stack.relay.release(window.id())
    assert done.status == 200, "a job that no delivery can help is recorded, and its message deleted"

    answer = stack.get(window)
    assert answer.status == 404
    reason = answer.message()
    assert bad in reason, reason
    for word in words:
        assert word in reason, reason
    if line is not None:
        assert f"line {line}" in reason, reason
    assert stack.digests.keys(window.id()) == []
    record = stack.record(window.id())
    assert record["state"] == "failed" and record["failure"]["transient"] is False
    assert stack.progress.get(f"{window.id()}_in_progress") is None

    again = stack.post(window)
    assert again.status == 409 and bad in again.message()
    assert stack.worker.child.poll() is None
    assert stack.worker.peak_memory() < 300


def test_sums_beyond_the_counter_fail_and_never_wrap(stack):
    window = Window.fresh()
    flow_logs.write(stack.logs, window, [row(window.first, bytes=9223372036854775807)] * 3)
    assert stack.post(window).status == 202
    assert stack.relay.release(window.id()).status == 200
    answer = stack.get(window)
    assert answer.status == 404 and answer.message()
    assert stack.digests.keys(window.id()) == []


def test_bad_rows_are_skipped_and_counted_on_request(stack):
    worker, url = stack.start("digesterd-worker", DIGEST_BAD_ROWS="skip")
    window = Window.fresh()
    good = flow_logs.write(stack.logs, window)
    bad = flow_logs.key(window.start + timedelta(minutes=20), hash_="badbadba")
    stack.logs.put(bad, flow_logs.pack([row(window.first, srcport=65543), "2 short"]))
    usual, stack.worker_url = stack.worker_url, url
    try:
        assert stack.hand_over(window.job()).status == 200
    finally:
        stack.worker_url = usual
        worker.stop()
    fetched = stack.get(window)
    assert fetched.headers["digest-coverage"] == "partial"
    assert text_of(fetched.body) == oracle.digest_of(window, stack.logs, good)
    manifest = stack.manifest(window.id())
    assert manifest["records"]["bad"] == 2 and manifest["reasons"]


def test_rows_without_header_are_of_the_format_that_is_told_whatever_they_are_delivered_in(stack):
    columns = "interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action".split()
    layout = " ".join(f"${{{column}}}" for column in columns)
    worker, url = stack.start("digesterd-worker", VPC_FLOW_LOGS_FORMAT=layout)
    window = Window.fresh()
    rows = [" ".join(row(window.first + n, srcport=2000 + n).split()[2:13]) for n in range(30)]
    export = "".join(f"2026-01-05T09:00:{n:02}.000Z {text}\n" for n, text in enumerate(rows))
    firehose = "".join(json.dumps({"message": text}) for text in rows)
    events = [{"id": str(n), "timestamp": 1000 * n, "message": text} for n, text in enumerate(rows)]
    subscription = json.dumps({"messageType": "DATA_MESSAGE", "logEvents": events})
    bodies = [export.encode(), gzip.compress(firehose.encode()), gzip.compress(subscription.encode())]
    bodies += [flow_logs.pack(rows, header=None), flow_logs.pack([row(window.first)])]
    keys = [flow_logs.key(window.start + timedelta(minutes=5 * number)) for number in range(len(bodies))]
    for key, body in zip(keys, bodies, strict=True):
        stack.logs.put(key, body)
    usual, stack.worker_url = stack.worker_url, url
    try:
        assert stack.hand_over(window.job()).status == 200
    finally:
        stack.worker_url = usual
        worker.stop()
    fetched = stack.get(window)
    assert fetched.headers["digest-coverage"] == "complete"
    assert text_of(fetched.body) == oracle.digest_of(window, stack.logs, keys, layout)
    manifest = stack.manifest(window.id())
    assert manifest["records"]["counted"] == 4 * 30 + 1
    assert manifest["settings"]["VPC_FLOW_LOGS_FORMAT"] == layout
    assert [covered["account"] for covered in manifest["minutes"]] == [flow_logs.ACCOUNT]


def test_a_dash_where_a_value_is_needed_makes_it_partial(stack):
    window = Window.fresh()
    flow_logs.write(stack.logs, window, [row(window.first), row(window.first, packets="-"), row(window.first, src="-")])
    fetched = stack.build(window)
    assert fetched.headers["digest-coverage"] == "partial"
    assert stack.manifest(window.id())["records"]["unusable"] == 2
    assert len(text_of(fetched.body).splitlines()) == 1


def test_foreign_keys_and_empty_objects_are_skipped_and_counted(stack):
    window = Window.fresh()
    keys = flow_logs.write(stack.logs, window)
    day = keys[0].rsplit("/", 1)[0]
    foreign = [f"{day}/README.txt", f"{day}/copy-of-something.log.gz"]
    if stack.backend.name == "s3":
        foreign += [f"{day}//{keys[0].rsplit('/', 1)[1]}", f"{day}/a/../b.log.gz", f"{day}/ü %20+.log.gz", f"{day}/"]
    for key in foreign:
        stack.logs.put(key, b"not a flow log")
    stack.logs.put(flow_logs.key(window.start, hash_="0000000e"), b"")
    fetched = stack.build(window)
    assert fetched.status == 200
    assert fetched.headers["digest-coverage"] == "complete"
    assert text_of(fetched.body) == oracle.digest_of(window, stack.logs, keys)
    objects = stack.manifest(window.id())["objects"]
    assert objects["read"] == len(keys)
    assert objects["empty"] == 1
    assert objects["foreign"] >= 2


def test_odd_but_healthy_objects_are_read(stack):
    window = Window.fresh()
    rows = flow_logs.rows_of(window, 120)
    # No flow log is written twice; each of these is a spelling that archives and copies leave behind.
    members = flow_logs.pack(rows[:20]) + flow_logs.pack(rows[20:30], None)
    plain = "\n".join([flow_logs.COLUMNS, *rows[30:50]]).encode()
    crlf = gzip.compress("\r\n".join([flow_logs.COLUMNS, "", *rows[50:60], ""]).encode())
    blanks = gzip.compress("\n".join(line.replace(" ", "  ") for line in rows[60:80]).encode())
    repeated = flow_logs.pack(rows[80:90] + [flow_logs.COLUMNS] + rows[90:100])
    columns = flow_logs.COLUMNS.split()
    turned = gzip.compress(
        "\n".join([" ".join(reversed(columns)), *(" ".join(reversed(line.split())) for line in rows[100:])]).encode()
    )
    for number, content in enumerate((members, plain, crlf, blanks, repeated, turned)):
        stack.logs.put(flow_logs.key(window.start, hash_=f"0dd0000{number}"), content)
    usual = flow_logs.pack(rows)
    fetched = stack.build(window)
    assert fetched.status == 200, fetched
    stack.progress.put("compare/usual.log.gz", usual)
    assert text_of(fetched.body) == oracle.digest_of(window, stack.progress, ["compare/usual.log.gz"])
    stack.progress.delete("compare/usual.log.gz")


def test_gzip_and_parquet_objects_side_by_side_are_read(stack):
    """Parquet is known by its first bytes: one object has a name that says so, the other has not."""
    window = Window.of("2019-03-05T00:00:00Z", "2019-03-05T01:00:00Z")
    texts = []
    for number, (case, suffix) in enumerate((("as-aws-documents-it", "parquet"), ("that-duckdb-wrote", "gz"))):
        folder = REPOSITORY / "crates/digest-core/tests/fixtures" / f"parquet-{case}-is-read"
        where = flow_logs.key(window.start, hash_=f"0ee0000{number}").removesuffix("gz") + suffix
        stack.logs.put(where, (folder / "input.parquet").read_bytes())
        texts.append(folder / "input.log")
    packed = flow_logs.pack([row(window.first + 60 * number) for number in range(10)])
    stack.logs.put(flow_logs.key(window.start, hash_="0ee00009"), packed)
    fetched = stack.build(window)
    assert fetched.status == 200, fetched
    with tempfile.TemporaryDirectory() as directory:
        usual = Path(directory) / "usual.log.gz"
        usual.write_bytes(packed)
        assert text_of(fetched.body) == oracle.digest_of_files(window, [*texts, usual])
    manifest = stack.manifest(window.id())
    assert (manifest["coverage"], manifest["objects"]["read"]) == ("partial", 3), manifest["reasons"]
    assert manifest["records"]["unusable"] == 2, "the fixtures have a row each without ports"


def test_records_are_found_in_late_and_early_objects(stack):
    window = Window.fresh()
    keys = []
    for minutes in (-5, 0, 59, 60, 80):
        where = flow_logs.key(window.start + timedelta(minutes=minutes), hash_=f"{minutes & 0xFFFFFFFF:08x}")
        stack.logs.put(where, flow_logs.pack([row(window.first + 1800, src=f"10.0.0.{minutes + 10}")]))
        keys.append(where)
    fetched = stack.build(window)
    assert len(text_of(fetched.body).splitlines()) == len(keys)
    assert text_of(fetched.body) == oracle.digest_of(window, stack.logs, keys)


def test_the_last_member_alone_may_not_be_missing(stack):
    """A second member that is cut is as bad as a first one."""
    window = Window.fresh()
    second = flow_logs.pack([row(window.first, srcport=1025 + n * 11 % 60000) for n in range(2000)], None)
    key = flow_logs.key(window.start)
    stack.logs.put(key, flow_logs.pack([row(window.first)]) + second[: len(second) // 2])
    assert zlib.decompressobj(wbits=31).decompress(second)
    assert stack.post(window).status == 202
    assert stack.relay.release(window.id()).status == 200
    assert key in stack.get(window).message()
