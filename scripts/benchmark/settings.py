"""What was asked for on the command line, with what had to be made for it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from .corpus import Corpora
from .digest_text import Reader
from .program import Program


class Settings(NamedTuple):
    """What every kind of run needs."""

    programs: list[Program]
    corpora: Corpora
    python: Path
    scratch: Path
    reader: Reader
    threads: int
    rounds: int
    only: list[str]
    quick: bool
    worker: Path | None = None
    s3_server: Path | None = None

    @property
    def steps(self) -> list[int]:
        """The numbers of threads to measure, the one that matters first."""
        return [self.threads, 1] if self.threads > 1 else [1]
