"""Time per record of every profile, against main's."""

from __future__ import annotations

from .contestant import HISTORY, digesterd, floors
from .race import floor_of, race
from .settings import Settings
from .table import table

PROFILES = ["main", "low", "high", "giant-eni", "many-enis", "shuffled", "ipv6", "own-times"]
HEAD = ["profile", "history", "records", "edges", "wall s", "ns/record", "of main's", "user ns/record", "of main's"]
HEAD += ["wall / floor", "peak MB"]


def shapes(settings: Settings) -> None:
    """Measures all profiles in turn."""
    print("\n## Every profile")
    program, threads = settings.programs[-1], settings.threads
    contestants = []
    for profile in PROFILES:
        corpus = settings.corpora.get(profile)
        contestants += floors(corpus, threads, settings.scratch)
        for environment in (HISTORY, {}):
            contestants.append(digesterd(program, corpus, threads, settings.scratch, environment))
    results = race(contestants, settings.rounds, settings.reader)
    ours = [each for each in results if not each.contestant.is_floor]
    rows = []
    for result in ours:
        corpus = result.contestant.corpus
        main = next(each for each in ours if each.contestant.name == result.contestant.name)
        more = main.contestant.corpus.records / corpus.records
        rows.append(
            [
                corpus.name,
                "on" if result.contestant.environment else "off",
                f"{corpus.records:,}",
                f"{result.digest.edges:,}",
                f"{result.wall:.2f}",
                f"{result.wall / corpus.records * 1e9:.0f}",
                f"{result.over(main, lambda usage: usage.wall) * more:.2f}",
                f"{result.middle(lambda usage: usage.user) / corpus.records * 1e9:.0f}",
                f"{result.over(main, lambda usage: usage.user) * more:.2f}",
                f"{result.over(floor_of(results, result.contestant), lambda usage: usage.wall):.2f}",
                f"{result.resident / 1e6:.0f}",
            ]
        )
    print(table(HEAD, rows))
