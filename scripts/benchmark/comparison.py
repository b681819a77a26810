"""The comparison: the floor, the program and the other engines over one corpus after another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from .contestant import HISTORY, chosen, digesterd, floors, is_slow, peers
from .corpus import Corpus
from .race import Result, best_engine, floor_of, race
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
    part = settings.corpora.part(corpus)
    others = peers(corpus, copy, part, settings.python, settings.threads, settings.scratch)
    contestants += [peer for peer in others if not (settings.quick and is_slow(peer))]
    if any(contestant.whole for contestant in contestants):
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
        on_parquet = _find(results, f"{program.name}{ON_PARQUET}", settings.threads)
        for parquet, zstd in product((False, True), repeat=2):
            best = best_engine(results, parquet=parquet, zstd=zstd)
            for own in (many, on_parquet if parquet else None):
                if best and own:
                    ratio = best.over(own, lambda usage: usage.wall)
                    kind = f"from {'Parquet copies' if parquet else 'text'} to {'zstd' if zstd else 'gzip'}"
                    name = f"{best.contestant.name}, the best {kind}"
                    remarks.append(f"{own.contestant.name}: {ratio:.1f}x as fast as {name}")
    return remarks
