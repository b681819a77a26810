"""The flow logs that are read: written by `digesterd sample-logs`, kept for the next run."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from .program import Program

# The window that sample logs fill, in Unix seconds.
START, STOP = 1767603600, 1767607200
# What is measured on a part only reads about one record in so many.
PART = 32


class Corpus(NamedTuple):
    """Flow logs in a directory, and how much they are."""

    name: str
    directory: Path
    records: int
    objects: int
    text: int
    gzip: int

    def files(self) -> list[Path]:
        """The objects, largest first, so that none is left over at the end."""
        found = self.directory.rglob("*.log.gz")
        return sorted(found, key=lambda file: (-file.stat().st_size, file.name))

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.records:,} records in {self.objects} objects, {self.text / 1e9:.3f} GB of text, "
            f"{self.gzip / 1e6:.1f} MB of gzip"
        )


class Corpora:
    """A directory of corpora, each made when it is first asked for."""

    def __init__(self, directory: Path, program: Program) -> None:
        self.directory = directory
        self.program = program

    def get(self, profile: str, records: int | None = None, objects: int | None = None) -> Corpus:
        """A profile's corpus: its own size, or the given one."""
        name = profile if records is None else f"{profile}-{records}"
        directory = self.directory / name
        if not directory.exists():
            print(f"writing {directory}", flush=True)
            unfinished = _anew(directory)
            command = [self.program.path, "sample-logs", unfinished, "--profile", profile]
            if records is not None:
                command += ["--records", str(records), "--objects", str(objects)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            unfinished.rename(directory)
        return _measured(name, directory)

    def part(self, whole: Corpus) -> Corpus:
        """The smallest objects of a corpus, for those who would take too long over all of it."""
        name = f"{whole.name}-part"
        directory = self.directory / name
        if not directory.exists():
            unfinished = _anew(directory)
            unfinished.mkdir(parents=True)
            taken = 0
            for file in reversed(whole.files()):
                os.link(file, unfinished / file.name)
                taken += file.stat().st_size
                if taken * PART >= whole.gzip:
                    break
            unfinished.rename(directory)
        return _measured(name, directory)

    def parquet(self, whole: Corpus, python: Path, *kind: str) -> Corpus:
        """The same records as Parquet, a file for each object; kind `aws`: as AWS documents its own."""
        directory = self.directory / "-".join([whole.name, *kind, "parquet"])
        if not directory.exists():
            print(f"writing {directory}", flush=True)
            unfinished = _anew(directory)
            unfinished.mkdir(parents=True)
            writer = Path(__file__).with_name("peers") / "to_parquet.py"
            subprocess.run([python, writer, whole.directory, unfinished, str(whole.records), *kind], check=True)
            unfinished.rename(directory)
        return whole._replace(directory=directory)

    def rewritten(self, whole: Corpus, name: str, rewrite: Callable[[Path, Path], None]) -> Corpus:
        """The same records in another layout."""
        directory = self.directory / f"{whole.name}-{name}"
        if not directory.exists():
            print(f"writing {directory}", flush=True)
            unfinished = _anew(directory)
            rewrite(whole.directory, unfinished)
            unfinished.rename(directory)
        return _measured(f"{whole.name}-{name}", directory)


def _anew(directory: Path) -> Path:
    """Where something is written until it is whole."""
    unfinished = directory.with_name(f"{directory.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    return unfinished


def _measured(name: str, directory: Path) -> Corpus:
    facts = directory.with_name(f"{directory.name}.json")
    if not facts.exists():
        facts.write_text(json.dumps(_counted(directory)) + "\n")
    return Corpus(name, directory, **json.loads(facts.read_text()))


def _counted(directory: Path) -> dict[str, int]:
    counts = {"records": 0, "objects": 0, "text": 0, "gzip": 0}
    for file in directory.rglob("*.log.gz"):
        counts["objects"] += 1
        counts["gzip"] += file.stat().st_size
        counts["records"] -= 1  # the header
        with gzip.open(file) as text:
            while piece := text.read(1 << 20):
                counts["text"] += len(piece)
                counts["records"] += piece.count(b"\n")
    return counts
