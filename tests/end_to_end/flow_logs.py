"""Flow logs by hand: windows and their ids, rows, object keys, objects."""

from __future__ import annotations

import gzip
import itertools
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

COLUMNS = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
)
ACCOUNT = "123456789010"
REGION = "us-west-2"
NAMESPACE = uuid.uuid5(uuid.UUID(int=0), "digest")

_days = itertools.count()


@dataclass(frozen=True)
class Window:
    """A half-open window of time in UTC."""

    start: datetime
    stop: datetime

    @staticmethod
    def of(start: str, stop: str) -> Window:
        """A window from two texts with Z."""
        return Window(*(datetime.fromisoformat(text.replace("Z", "+00:00")) for text in (start, stop)))

    @staticmethod
    def fresh(minutes: int = 60) -> Window:
        """A window on a day that no other test uses."""
        start = datetime(2015, 1, 1, 10, tzinfo=timezone.utc) + timedelta(days=next(_days))
        return Window(start, start + timedelta(minutes=minutes))

    @property
    def first(self) -> int:
        return int(self.start.timestamp())

    @property
    def texts(self) -> tuple[str, str]:
        """Start and stop in RFC 3339."""
        return self.start.strftime("%Y-%m-%dT%H:%M:%SZ"), self.stop.strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def query(self) -> str:
        """The query of a request for this window."""
        return "start={}&stop={}".format(*(quote(text) for text in self.texts))

    def id(self, scope: str = "") -> str:
        """The digest's id, computed apart from the code under test."""
        printed = "".join(time.strftime("%Y-%m-%d %H:%M:%S +0000 UTC") for time in (self.start, self.stop))
        return str(uuid.uuid5(NAMESPACE, printed + scope))

    def job(self, **members) -> dict:
        """The job as the API queues it."""
        start, stop = self.texts
        return {"id": self.id(), "start": start, "stop": stop, **members}


def row(first: int, **fields) -> str:
    """One record of the default format that starts at `first`."""
    values = {
        "version": 2,
        "account": ACCOUNT,
        "eni": "eni-0a1b2c3d",
        "src": "172.31.16.139",
        "dst": "172.31.16.21",
        "srcport": 20641,
        "dstport": 80,
        "protocol": 6,
        "packets": 20,
        "bytes": 1000,
        "start": first,
        "end": first + 59,
        "action": "ACCEPT",
        "status": "OK",
        **fields,
    }
    return " ".join(str(value) for value in values.values())


def rows_of(window: Window, count: int = 200) -> list[str]:
    """Records spread over a window and beyond both its edges, of every status and both kinds of address."""
    length = int((window.stop - window.start).total_seconds())
    made = []
    for number in range(count):
        start = window.first - 120 + (number * (length + 240)) // count
        six = number % 11 == 0
        made.append(
            row(
                start,
                eni=f"eni-0{number % 3:07x}",
                src=f"2001:db8::{number % 5:x}" if six else f"10.0.{number % 2}.{number % 7}",
                dst="2001:db8:1::1" if six else f"10.9.0.{number % 3}",
                srcport=0 if number % 13 == 0 else 30000 + number,
                dstport=0 if number % 13 == 0 else (443, 80, 53)[number % 3],
                protocol=1 if number % 13 == 0 else (6, 6, 17)[number % 3],
                packets=number + 1,
                bytes=(number + 1) * 64,
                action="REJECT" if number % 17 == 0 else "ACCEPT",
            )
        )
    dashes = dict.fromkeys(("src", "dst", "srcport", "dstport", "protocol", "packets", "bytes", "action"), "-")
    made.append(row(window.first + 60, **dashes, status="NODATA"))
    made.append(row(window.first + 90, **dashes, status="SKIPDATA"))
    # The edges: the first second belongs to the window, the last one to the next.
    made.append(row(window.first, src="10.1.1.1"))
    made.append(row(window.first + length, src="10.1.1.2"))
    return made


def key(
    named: datetime,
    account: str = ACCOUNT,
    region: str = REGION,
    flow_log: str = "fl-00112233",
    hash_: str = "fe123456",
) -> str:
    """An object key in AWS's layout; `named` is the time in its name."""
    return (
        f"AWSLogs/{account}/vpcflowlogs/{region}/{named:%Y/%m/%d}/"
        f"{account}_vpcflowlogs_{region}_{flow_log}_{named:%Y%m%dT%H%MZ}_{hash_}.log.gz"
    )


def pack(rows: list[str], header: str | None = COLUMNS) -> bytes:
    """An object of these rows."""
    lines = ([header] if header else []) + rows
    return gzip.compress(("\n".join(lines) + "\n").encode(), 6, mtime=0)


def write_by_time(bucket, rows: list[str]) -> list[str]:
    """Writes rows as AWS does: into objects named by the five minutes that a record starts in; returns their keys."""
    named: dict[int, list[str]] = {}
    for text in rows:
        named.setdefault(int(text.split()[10]) // 300 * 300, []).append(text)
    keys = []
    for time, its in sorted(named.items()):
        keys.append(key(datetime.fromtimestamp(time, timezone.utc)))
        bucket.put(keys[-1], pack(its))
    return keys


def write(bucket, window: Window, rows: list[str] | None = None, objects: int = 3, **place) -> list[str]:
    """Spreads rows over objects named inside the window; returns their keys."""
    rows = rows_of(window) if rows is None else rows
    keys = []
    for number in range(objects):
        where = key(window.start + timedelta(minutes=5 * number), hash_=f"{number:08x}", **place)
        bucket.put(where, pack(rows[number::objects]))
        keys.append(where)
    return keys
