"""The digest by flowlogs_reader, on one thread: the library reads from S3 only, so its records are made of local text
here, as its own reader makes them.
"""

from __future__ import annotations

import gzip
from calendar import timegm
from collections.abc import Iterator
from csv import DictReader

from flowlogs_reader import FlowRecord, aggregated_records
from question import Question, asked

KEY = ("account_id", "interface_id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "action")


def counted(question: Question) -> Iterator[FlowRecord]:
    """The records that count, their ports folded."""
    for file in question.files:
        with gzip.open(file, "rt") as text:
            rows = DictReader(text, delimiter=" ")
            rows.fieldnames = [name.replace("-", "_") for name in rows.fieldnames or []]
            for record in map(FlowRecord, rows):
                start = timegm(record.start.timetuple())
                if record.log_status == "OK" and question.start <= start < question.stop:
                    if record.srcport < record.dstport:
                        record.dstport = 0
                    else:
                        record.srcport = 0
                    yield record


def digest(question: Question) -> None:
    """Answers the question."""
    edges = sorted(aggregated_records(counted(question), KEY), key=lambda edge: [edge[name] for name in KEY])
    first = timegm(min(edge["start"] for edge in edges).timetuple())
    last = timegm(max(edge["end"] for edge in edges).timetuple())
    with gzip.open(question.output, "wt", compresslevel=1) as digest:
        for edge in edges:
            *key, action = (edge[name] for name in KEY)
            print(2, *key, edge["packets"], edge["bytes"], first, last, action, "OK", file=digest)


if __name__ == "__main__":
    digest(asked(__doc__))
