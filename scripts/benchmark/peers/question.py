"""What every peer is asked: which records, of which window, by how many threads, and where the digest goes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

# The default flow log format; bits of an unsigned number that hold a column's values, none for text. Narrow, as whoever
# wants speed of an engine would say it.
COLUMNS = {
    "version": 8,
    "account-id": None,
    "interface-id": None,
    "srcaddr": None,
    "dstaddr": None,
    "srcport": 16,
    "dstport": 16,
    "protocol": 8,
    "packets": 64,
    "bytes": 64,
    "start": 32,
    "end": 32,
    "action": None,
    "log-status": None,
}


class Question(NamedTuple):
    """The digest to make."""

    logs: str
    files: list[str]
    start: int
    stop: int
    threads: int
    output: str

    @property
    def parquet(self) -> bool:
        """Whether the records come as Parquet and not as text."""
        return self.files[0].endswith(".parquet")


def asked(description: str | None) -> Question:
    """The question on the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--logs", type=Path, required=True, help="directory of .log.gz or .parquet files")
    parser.add_argument("--start", type=int, required=True, help="first Unix second of the window")
    parser.add_argument("--stop", type=int, required=True, help="first Unix second after the window")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--output", required=True)
    options = parser.parse_args()
    files = sorted(str(path) for path in options.logs.rglob("*") if path.name.endswith((".log.gz", ".parquet")))
    if not files:
        parser.error(f"no .log.gz or .parquet files under {options.logs}")
    return Question(str(options.logs), files, options.start, options.stop, options.threads, options.output)
