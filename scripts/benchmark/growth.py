"""Whether a larger window costs more for each gigabyte of its text."""

from __future__ import annotations

from .contestant import HISTORY, digesterd, floors
from .race import floor_of, race
from .settings import Settings
from .table import table

# Gigabytes of text, with the records and objects that make them in main's proportions.
SIZES = {0.1: (850_000, 3), 0.5: (4_250_000, 16), 2.0: (None, None), 8.0: (68_000_000, 256)}
# The size that the others are held against.
BASE = 0.5
HEAD = ["GB of text", "records", "edges", "wall s", "CPU s", "CPU s/GB", f"of {BASE} GB's", "CPU / floor", "peak MB"]


def growth(settings: Settings) -> None:
    """Measures main in several sizes."""
    print("\n## Growth")
    program, threads = settings.programs[-1], settings.threads
    contestants = []
    for records, objects in SIZES.values():
        corpus = settings.corpora.get("main", records, objects)
        contestants += floors(corpus, threads, settings.scratch)
        contestants.append(digesterd(program, corpus, threads, settings.scratch, HISTORY))
    results = race(contestants, settings.rounds, settings.reader)
    ours = [each for each in results if not each.contestant.is_floor]
    base = ours[list(SIZES).index(BASE)]
    rows = []
    for result in ours:
        corpus = result.contestant.corpus
        processor = result.middle(lambda usage: usage.processor)
        more = base.contestant.corpus.text / corpus.text
        floor = floor_of(results, result.contestant)
        rows.append(
            [
                f"{corpus.text / 1e9:.2f}",
                f"{corpus.records:,}",
                f"{result.digest.edges:,}",
                f"{result.wall:.2f}",
                f"{processor:.2f}",
                f"{processor / corpus.text * 1e9:.2f}",
                f"{result.over(base, lambda usage: usage.processor) * more:.2f}",
                f"{result.over(floor, lambda usage: usage.processor):.2f}",
                f"{result.resident / 1e6:.0f}",
            ]
        )
    print(table(HEAD, rows))
