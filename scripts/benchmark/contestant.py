"""Who takes part: those that only inflate, the builds of the program, the other engines."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

from .corpus import START, STOP, Corpus
from .program import Program

PEERS = Path(__file__).with_name("peers")
FLOORS = ("igzip", "libdeflate-gunzip")
# With what tables are made of, whether or not one is asked for; without it as much is kept as the text needs.
HISTORY = {"DIGEST_EDGES": "on"}
ENGINES = ("polars", "duckdb", "clickhouse", "flowlogs_reader")
# How they compress: by gzip, which is what a digest is, and by zstd, which takes them less.
WRITTEN = ("", "-zstd")


class Contestant(NamedTuple):
    """One command over one corpus."""

    name: str
    threads: int
    corpus: Corpus
    command: list[str]
    output: Path | None = None
    environment: Mapping[str, str] = {}
    # The corpus that the figures are told for, where only a part of it was read.
    whole: Corpus | None = None

    @property
    def is_floor(self) -> bool:
        """Whether it only inflates."""
        return self.name in FLOORS

    @property
    def is_engine(self) -> bool:
        """Whether it is another engine."""
        return self.name.split("-")[0] in ENGINES

    @property
    def kinds(self) -> list[str]:
        """What is said behind an engine's name: `parquet` for what it reads, `zstd` for what it writes."""
        return self.name.split("-")[1:]

    @property
    def label(self) -> str:
        """Its name in a table."""
        return f"{self.name}, a part extrapolated" if self.whole else self.name

    @property
    def scale(self) -> float:
        """How many times what was read is meant."""
        return self.whole.records / self.corpus.records if self.whole else 1.0


def is_slow(peer: Contestant) -> bool:
    """Whether quick runs leave an engine out."""
    return peer.name in ("clickhouse", "flowlogs_reader") or "zstd" in peer.kinds


def floors(corpus: Corpus, threads: int, directory: Path) -> list[Contestant]:
    """Inflates every object and throws the text away, in as many processes as there are threads."""
    listed = directory / f"{corpus.name}.files"
    listed.write_bytes(b"".join(os.fsencode(file) + b"\0" for file in corpus.files()))
    each = ["xargs", "--null", f"--arg-file={listed}", f"--max-procs={threads}", "--max-args=1"]
    commands = {"igzip": ["igzip", "-d", "-c"], "libdeflate-gunzip": ["libdeflate-gunzip", "-c"]}
    return [Contestant(name, threads, corpus, each + commands[name]) for name in FLOORS]


def digesterd(
    program: Program, corpus: Corpus, threads: int, directory: Path, environment: Mapping[str, str] | None = None
) -> Contestant:
    """The program's own digest, from directory to file."""
    environment = dict(environment or {})
    history = "" if environment.get("DIGEST_EDGES") == "on" else "-no-history"
    name = f"{program.name}{history}"
    output = directory / f"{name}-{corpus.name}-{threads}.log.gz"
    start, stop = (datetime.fromtimestamp(time, timezone.utc).isoformat() for time in (START, STOP))
    command = [str(program.path), "digest", "--logs", str(corpus.directory), "--start", start, "--stop", stop]
    command += ["--threads", str(threads), "--output", str(output)]
    return Contestant(name, threads, corpus, command, output, environment)


def peers(corpus: Corpus, copy: Corpus, part: Corpus, python: Path, threads: int, directory: Path) -> list[Contestant]:
    """The other engines: over the text, those that can over its Parquet copy, the slowest over a part."""

    def peer(name: str, logs: Corpus, threads: int = threads) -> Contestant:
        return _peer(name, logs, python, threads, directory)

    return [
        *peers_on_parquet(copy, python, threads, directory),
        *(peer(f"{name}{kind}", corpus) for name in ("polars", "duckdb", "clickhouse") for kind in WRITTEN),
        peer("flowlogs_reader", part, 1)._replace(whole=corpus),
    ]


def peers_on_parquet(copy: Corpus, python: Path, threads: int, directory: Path) -> list[Contestant]:
    """The engines that read Parquet, over a copy."""
    names = (f"{name}-parquet{kind}" for name in ("polars", "duckdb") for kind in WRITTEN)
    return [_peer(name, copy, python, threads, directory) for name in names]


def _peer(name: str, logs: Corpus, python: Path, threads: int, directory: Path) -> Contestant:
    engine, *kinds = name.split("-")
    output = directory / f"{name}.csv.{'zst' if 'zstd' in kinds else 'gz'}"
    command = [python, PEERS / f"with_{engine}.py", "--logs", logs.directory]
    command += ["--start", START, "--stop", STOP, "--threads", threads, "--output", output]
    return Contestant(name, threads, logs, [str(word) for word in command], output)


def chosen(contestants: Sequence[Contestant], only: Sequence[str]) -> list[Contestant]:
    """Those of these names, and the floor, without which nothing can be told."""
    unknown = set(only) - {contestant.name for contestant in contestants}
    if unknown:
        names = ", ".join(dict.fromkeys(contestant.name for contestant in contestants))
        raise SystemExit(f"there is no {', '.join(sorted(unknown))} here; there are {names}")
    return [each for each in contestants if not only or each.is_floor or each.name in only]
