"""The records of a corpus in other layouts: as Parquet as AWS documents it, with its columns permuted, and with more of
them. Made when they are first asked for, and kept."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from pathlib import Path

# Where the default layout has a record's addresses. A packet's are the same, but for one flow in so many, which a
# gateway passed on.
ADDRESSES = (3, 4)
PASSED_ON = 16

# What a further column of a layout holds: of the record's interface (one of ten thousand), or of the record.
Value = Callable[[int, int], str]

WIDER: dict[str, Value] = {
    "vpc-id": lambda interface, _: f"vpc-{interface % 20:017x}",
    "subnet-id": lambda interface, _: f"subnet-{interface % 200:017x}",
    "instance-id": lambda interface, _: f"i-{interface:017x}",
    "tcp-flags": lambda _, record: "3" if record % 3 else "19",
    "type": lambda _, __: "IPv4",
    "region": lambda _, __: "us-east-1",
    "az-id": lambda interface, _: f"use1-az{interface % 6 + 1}",
    "sublocation-type": lambda _, __: "-",
    "sublocation-id": lambda _, __: "-",
}
# By these and the packets' addresses edges with a history are told apart: more work, and not only more columns.
TOLD_APART: dict[str, Value] = {
    "pkt-src-aws-service": lambda _, record: "-" if record % 50 else "S3",
    "pkt-dst-aws-service": lambda _, record: "-" if record % 40 else "DYNAMODB",
    "flow-direction": lambda _, record: "egress" if record % 2 else "ingress",
    "traffic-path": lambda _, record: "1" if record % 2 else "-",
}


def permuted(source: Path, target: Path) -> None:
    """The same columns in another order, which a fixed seed says."""
    order: list[int] = []

    def columns(number: int, words: list[bytes]) -> list[bytes]:
        if number == 0:
            order[:] = random.Random(4).sample(range(len(words)), len(words))
        return [words[column] for column in order]

    _rewrite(source, target, columns)


def wider(source: Path, target: Path) -> None:
    """The layout of version 4 but the packets' addresses."""
    _rewrite(source, target, _with(WIDER))


def version_5(source: Path, target: Path) -> None:
    """Every column of version 5."""
    _rewrite(source, target, _with(WIDER | TOLD_APART, in_packets=True))


def _with(more: dict[str, Value], in_packets: bool = False) -> Callable[[int, list[bytes]], list[bytes]]:
    names = [name.encode() for name in more]
    values = list(more.values())
    if in_packets:
        names += [b"pkt-srcaddr", b"pkt-dstaddr"]

    def columns(number: int, words: list[bytes]) -> list[bytes]:
        if number == 0:
            return words + names
        interface = int(words[2][-4:], 16) % 10_000 if words[2] != b"-" else 0
        added = [value(interface, number).encode() for value in values]
        if in_packets:
            added += [words[at] for at in ADDRESSES]
            if words[ADDRESSES[0]] != b"-" and int(words[5]) % PASSED_ON == 0:
                added[-2] = b"100.64.%d.%d" % (interface // 256 % 256, interface % 256)
        return words + added

    return columns


def _rewrite(source: Path, target: Path, columns: Callable[[int, list[bytes]], list[bytes]]) -> None:
    for file in sorted(source.rglob("*.log.gz")):
        copy = target / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        with gzip.open(file) as rows, gzip.open(copy, "wb", compresslevel=6) as written:
            for number, row in enumerate(rows):
                written.write(b" ".join(columns(number, row.split())) + b"\n")
