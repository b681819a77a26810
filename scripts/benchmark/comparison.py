"""The comparison: the floor, the program and the other engines over one corpus after another."""

from __future__ import annotations

from collections.abc import Sequence

from .contestant import HISTORY, chosen, digesterd, floors, is_slow, peers
from .corpus import Corpus
from .race import Result, floor_of, race
from .settings import Settings
from .table import table

HEAD = ["", "threads", "wall s", "least", "most", "user s", "sys s", "peak MB"]
HEAD += ["wall / floor", "CPU / floor", "user / floor", "wall / ours", "MB/s", "ns/record"]


# Behind the name of whoever reads the Parquet copy.
ON_PARQUET = "-parquet"


def compare(settings: Settings, corpus: Corpus) -> None:
    """Measures and tells one corpus."""
    print(f"\n## {corpus}")
    contestants = []
    for threads in settings.steps:
        contestants += floors(corpus, threads, settings.scratch)
        for program in settings.programs:
            for environment in (HISTORY, {}):
                contestants.append(digesterd(program, corpus, threads, settings.scratch, environment))
    copy = settings.corpora.parquet(corpus, settings.python)
    for program in settings.programs:
        own = digesterd(program, copy, settings.threads, settings.scratch, HISTORY)
        contestants.append(own._replace(name=f"{program.name}{ON_PARQUET}"))
    others = peers(corpus, settings.corpora, settings.python, settings.threads, settings.scratch)
    contestants += [peer for peer in others if not (settings.quick and is_slow(peer))]
    if any(contestant.whole for contestant in contestants):
        part = settings.corpora.part(corpus)
        # Not told: it shows that the digest of the part is right.
        contestants.append(digesterd(settings.programs[0], part, settings.threads, settings.scratch))
    results = race(chosen(contestants, settings.only), settings.rounds, settings.reader)
    told = [each for each in results if (each.contestant.whole or each.contestant.corpus).name == corpus.name]
    print(table(HEAD, [_row(each, told, settings) for each in told]))
    for line in _remarks(told, settings):
        print(f"* {line}")


def _find(results: Sequence[Result], name: str, threads: int) -> Result | None:
    return next((each for each in results if (each.contestant.name, each.contestant.threads) == (name, threads)), None)


def _row(result: Result, results: Sequence[Result], settings: Settings) -> list[str]:
    contestant, wall = result.contestant, result.wall
    corpus = contestant.whole or contestant.corpus
    floor = floor_of(results, contestant)
    ours = _find(results, settings.programs[0].name, contestant.threads)
    walls = [usage.wall * contestant.scale for usage in result.rounds]
    return [
        contestant.label,
        str(contestant.threads),
        f"{wall:.2f}",
        f"{min(walls):.2f}",
        f"{max(walls):.2f}",
        f"{result.middle(lambda usage: usage.user):.2f}",
        f"{result.middle(lambda usage: usage.system):.2f}",
        f"{result.resident / 1e6:.0f}",
        f"{result.over(floor, lambda usage: usage.wall):.2f}",
        f"{result.over(floor, lambda usage: usage.processor):.2f}",
        f"{result.over(floor, lambda usage: usage.user):.2f}",
        f"{result.over(ours, lambda usage: usage.wall):.2f}" if ours else "",
        f"{corpus.text / wall / 1e6:.0f}",
        f"{wall / corpus.records * 1e9:.0f}",
    ]


def _remarks(results: Sequence[Result], settings: Settings) -> list[str]:
    """What the rows say of one another."""
    remarks = []
    for program in settings.programs:
        many = _find(results, program.name, settings.threads)
        if many is None:
            continue
        one = _find(results, program.name, 1)
        if one and settings.threads > 1:
            gain = one.over(many, lambda usage: usage.wall)
            floor = floor_of(results, many.contestant)
            alone = _find(results, floor.contestant.name, 1)
            of_floor = alone.over(floor, lambda usage: usage.wall)
            remarks.append(
                f"{program.name}: {settings.threads} threads over 1 gain {gain:.2f}x, the floor {of_floor:.2f}x: "
                f"{gain / of_floor:.2f} of it"
            )
        bare = _find(results, f"{program.name}-no-history", settings.threads)
        if bare:
            more = many.over(bare, lambda usage: usage.wall) - 1
            busier = many.over(bare, lambda usage: usage.user) - 1
            remarks.append(f"{program.name}: history costs {more:+.1%} wall, {busier:+.1%} user CPU")
        engines = [each for each in results if each.contestant.command[0] == str(settings.python)]
        on_parquet = _find(results, f"{program.name}{ON_PARQUET}", settings.threads)
        remarks += _engines([each for each in (many, on_parquet) if each], engines)
    return remarks


def _engines(ours: Sequence[Result], engines: Sequence[Result]) -> list[str]:
    """The best from text and from Parquet, to gzip and to zstd; from Parquet beside ours from both."""
    remarks = []
    for parquet, source in ((False, "text"), (True, "Parquet copies")):
        for zstd, target in ((False, "gzip, as a digest is"), (True, "zstd")):
            of_kind = [each for each in engines if _does(each, "parquet", parquet) and _does(each, "zstd", zstd)]
            if not of_kind:
                continue
            best = min(of_kind, key=lambda result: result.wall)
            name = f"{best.contestant.name}, the best from {source} to {target}"
            for own in ours:
                if parquet or not _does(own, "parquet", True):
                    ratio = best.over(own, lambda usage: usage.wall)
                    remarks.append(f"{own.contestant.name}: {ratio:.1f}x as fast as {name}")
    return remarks


def _does(result: Result, kind: str, does: bool) -> bool:
    return (kind in result.contestant.kinds) == does
