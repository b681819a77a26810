"""Columns: Parquet beside text, other orders of columns, wider layouts, all of the same records; other engines on
that Parquet."""

from __future__ import annotations

from .contestant import HISTORY, digesterd, floors, peers_on_parquet
from .corpus import Corpus
from .layouts import permuted, version_5, wider
from .race import Result, best_engine, race
from .settings import Settings
from .table import table

HEAD = [
    "layout",
    "threads",
    "wall s",
    "least",
    "most",
    "user s",
    "bytes of text",
    "records/s of text's",
    "time of text's",
]
HEAD += ["per byte of text's", "bound"]
# The edges of this layout are told apart by more than the text shows, where they have a history.
APART = "version 5, with history"
# What a layout may take, as docs/benchmarking.md says.
MOST_PERMUTED, MOST_PER_BYTE, LEAST_PARQUET, LEAST_OVER_PEERS = 1.3, 1.3, 0.8, 4.0


def columns(settings: Settings, main: Corpus) -> None:
    """Measures all layouts of a corpus in turn."""
    print(f"\n## Columns of {main}")
    program, threads, corpora = settings.programs[0], settings.threads, settings.corpora
    others = {
        "Parquet": corpora.parquet(main, settings.python, "aws"),
        "permuted": corpora.rewritten(main, "permuted", permuted),
        "wider": corpora.rewritten(main, "wider", wider),
        "version 5": corpora.rewritten(main, "version-5", version_5),
    }
    contestants = floors(main, threads, settings.scratch)
    contestants.append(digesterd(program, main, threads, settings.scratch))
    for name, corpus in others.items():
        contestants.append(digesterd(program, corpus, threads, settings.scratch)._replace(name=name))
    contestants.append(digesterd(program, main, threads, settings.scratch, HISTORY))
    apart = digesterd(program, others["version 5"], threads, settings.scratch, HISTORY)
    contestants.append(apart._replace(name=APART))
    contestants += peers_on_parquet(others["Parquet"], settings.python, threads, settings.scratch)
    results = {each.contestant.name: each for each in race(contestants, settings.rounds, settings.reader)}
    text = results[f"{program.name}-no-history"]
    for name in [*others, APART]:
        if results[name].digest != text.digest:
            raise SystemExit(f"{name} and the default layout made different digests")
    as_much = {APART: results[program.name]}
    rows = [_row(each, as_much.get(name, text)) for name, each in results.items() if not each.contestant.is_floor]
    print(table(HEAD, rows))
    for zstd in (False, True):
        best = best_engine(list(results.values()), parquet=True, zstd=zstd)
        ratio = best.over(results["Parquet"], lambda usage: usage.wall)
        name = f"{best.contestant.name}, the best on it to {'zstd' if zstd else 'gzip'}"
        print(f"* Parquet: {ratio:.1f}x as fast as {name}: {_kept(ratio >= LEAST_OVER_PEERS)}")


def _row(result: Result, text: Result) -> list[str]:
    contestant = result.contestant
    time = result.over(text, lambda usage: usage.wall)
    # Of Parquet copies the text is meant that they are copies of.
    per_byte = time * text.contestant.corpus.text / contestant.corpus.text
    bound = {
        "Parquet": 1 / time >= LEAST_PARQUET,
        "permuted": time <= MOST_PERMUTED,
        "wider": per_byte <= MOST_PER_BYTE,
        "version 5": per_byte <= MOST_PER_BYTE,
        APART: per_byte <= MOST_PER_BYTE,
    }
    walls = [usage.wall for usage in result.rounds]
    return [
        contestant.name,
        str(contestant.threads),
        f"{result.wall:.2f}",
        f"{min(walls):.2f}",
        f"{max(walls):.2f}",
        f"{result.middle(lambda usage: usage.user):.2f}",
        f"{contestant.corpus.text:,}",
        f"{1 / time:.2f}",
        f"{time:.2f}",
        f"{per_byte:.2f}",
        _kept(bound[contestant.name]) if contestant.name in bound else "",
    ]


def _kept(is_kept: bool) -> str:
    return "kept" if is_kept else "NOT kept"
