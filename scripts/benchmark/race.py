"""Runs contestants in turn, round after round, so that what drifts in the machine drifts for all of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from .contestant import Contestant
from .digest_text import DigestText, Reader
from .usage import Usage, measured

Figure = Callable[[Usage], float]


class Result(NamedTuple):
    """What a contestant took in each round, and the digest that it made."""

    contestant: Contestant
    rounds: list[Usage]
    digest: DigestText | None

    def middle(self, figure: Figure) -> float:
        """The median of a figure, for the whole corpus."""
        return median(map(figure, self.rounds)) * self.contestant.scale

    @property
    def wall(self) -> float:
        """Median of the seconds."""
        return self.middle(lambda usage: usage.wall)

    @property
    def resident(self) -> float:
        """Median of the resident memory in bytes, of what was really read."""
        return median(usage.resident for usage in self.rounds)

    def over(self, other: Result, figure: Figure) -> float:
        """The median of this one's figure over another's of the same round."""
        pairs = zip(self.rounds, other.rounds, strict=True)
        ratio = median(figure(own) / figure(others) for own, others in pairs)
        return ratio * self.contestant.scale / other.contestant.scale


def race(contestants: Sequence[Contestant], rounds: int, reader: Reader) -> list[Result]:
    """A B C A B C …; after the first of these rounds the digests are read."""
    for corpus in {contestant.corpus.directory for contestant in contestants}:
        _warm(corpus)
    took: list[list[Usage]] = [[] for _ in contestants]
    digests: list[DigestText | None] = [None for _ in contestants]
    for number in range(rounds):
        for index, contestant in enumerate(contestants):
            name = f"{contestant.name}, {contestant.corpus.name}, {contestant.threads} threads"
            _tell(f"round {number + 1} of {rounds}: {name}")
            if contestant.output:
                contestant.output.unlink(missing_ok=True)
            environment = contestant.environment
            took[index].append(measured(contestant.command, contestant.threads, environment))
            if contestant.output and number == 0:
                digests[index] = reader.read(contestant.output)
        if number == 0:
            _tell("")
            _hold_together(contestants, digests)
    _tell("")
    for contestant in contestants:
        if contestant.output:
            contestant.output.unlink(missing_ok=True)
    return [Result(*each) for each in zip(contestants, took, digests, strict=True)]


def best_engine(results: Sequence[Result], *, parquet: bool, zstd: bool) -> Result | None:
    """The quickest of the other engines that read Parquet, or text, and write zstd, or gzip."""
    wanted = {"parquet": parquet, "zstd": zstd}
    engines = [each for each in results if each.contestant.is_engine]
    fitting = [each for each in engines if wanted == {kind: kind in each.contestant.kinds for kind in wanted}]
    return min(fitting, key=lambda result: result.wall, default=None)


def floor_of(results: Sequence[Result], like: Contestant) -> Result:
    """The faster of those that only inflate the same corpus on as many threads."""
    corpus = (like.whole or like.corpus).name
    floors = [
        each
        for each in results
        if each.contestant.is_floor
        and each.contestant.corpus.name == corpus
        and each.contestant.threads == like.threads
    ]
    return min(floors, key=lambda result: result.wall)


def _tell(what: str) -> None:
    """Says on a terminal what is running."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{what}", end="", file=sys.stderr, flush=True)


def _warm(directory: Path) -> None:
    """Reads all files once, so that the first to run is not the one that waits for the disk."""
    for path in directory.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                while file.read(1 << 20):
                    pass


def _hold_together(contestants: Sequence[Contestant], digests: Sequence[DigestText | None]) -> None:
    """Whoever reads the same records must make the same digest."""
    made: dict[str, dict[str, DigestText]] = {}
    for contestant, digest in zip(contestants, digests, strict=True):
        if digest is None:
            continue
        same = made.setdefault(contestant.corpus.name, {})
        for maker, other in same.items():
            if other != digest:
                raise SystemExit(
                    f"{maker} and {contestant.name} made different digests of {contestant.corpus.name}: "
                    f"{other} and {digest}"
                )
        same[contestant.name] = digest
    for corpus, same in made.items():
        digest = next(iter(same.values()))
        print(f"{corpus}: {digest.edges:,} edges, sorted text {digest.sha256[:16]}…, the same by {', '.join(same)}")
