"""Who reads a digest by the Go service's rules loses nothing of it, whatever format its flow logs are of."""

from __future__ import annotations

import gzip

import pytest

import flow_logs
from flow_logs import Window
from stack import text_of

# Columns that the default format has and some of these lack; `more` are others.
LAYOUTS = {
    "no log-status, action, account or interface": "srcaddr dstaddr srcport dstport protocol packets bytes start end",
    "no ports": "interface-id log-status srcaddr dstaddr protocol bytes packets start end action",
    "the other way round, with more": "vpc-id log-status action end start bytes packets protocol dstport srcport "
    "dstaddr srcaddr flow-direction pkt-dstaddr interface-id account-id",
    "a transit gateway": "version resource-type account-id tgw-id tgw-attachment-id tgw-pair-attachment-id srcaddr "
    "dstaddr srcport dstport protocol packets bytes start end log-status flow-direction",
}


def as_grapherd_reads(digest: bytes) -> tuple[int, int]:
    """Packets and bytes of the edges that the Go grapher draws: rows of 14 columns whose log-status is OK."""
    sums = [0, 0]
    for line in gzip.decompress(digest).decode().splitlines():
        columns = line.split(" ")
        assert len(columns) == 14
        if columns[13] == "OK":
            sums[0] += int(columns[8])
            sums[1] += int(columns[9])
    return sums[0], sums[1]


def rows_of(window: Window, columns: list[str]) -> tuple[list[str], tuple[int, int]]:
    """Rows of every status, and what those that count add up to."""
    rows, sums = [], [0, 0]
    for number in range(120):
        status = ("NODATA", "SKIPDATA")[number % 2] if number % 10 == 0 and "log-status" in columns else "OK"
        values = {
            "version": 6,
            "resource-type": "TransitGateway",
            "account-id": flow_logs.ACCOUNT,
            "interface-id": f"eni-{number % 3}",
            "tgw-id": "tgw-1",
            "tgw-attachment-id": f"tgw-attach-{number % 3}",
            "tgw-pair-attachment-id": "tgw-attach-9",
            "srcaddr": f"10.0.0.{number % 5}",
            "dstaddr": "2001:db8::1" if number % 7 == 0 else f"10.0.1.{number % 4}",
            "srcport": 30_000 + number,
            "dstport": (443, 22, 53)[number % 3],
            "protocol": 6,
            "packets": number + 1,
            "bytes": (number + 1) << 20,
            "start": window.first + number,
            "end": window.first + number + 59,
            "action": ("ACCEPT", "REJECT", "-")[number % 3],
            "log-status": status,
            "flow-direction": ("ingress", "egress")[number % 2],
            "pkt-dstaddr": f"10.2.0.{number}",
            "vpc-id": "vpc-1",
        }
        if status == "OK":
            sums[0] += values["packets"]
            sums[1] += values["bytes"]
        else:
            kept = ("version", "account-id", "interface-id", "tgw-attachment-id", "start", "end", "log-status")
            values |= {name: "-" for name in values if name not in kept}
        rows.append(" ".join(str(values[name]) for name in columns))
    return rows, (sums[0], sums[1])


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_who_keeps_rows_of_status_ok_alone_loses_nothing_of_a_custom_format(stack, layout):
    window = Window.fresh()
    rows, sums = rows_of(window, layout.split())
    stack.logs.put(flow_logs.key(window.start), flow_logs.pack(rows, layout))
    fetched = stack.build(window)
    assert fetched.status == 200
    assert as_grapherd_reads(fetched.body) == sums
    assert all(line.endswith(" OK") for line in text_of(fetched.body).splitlines())
