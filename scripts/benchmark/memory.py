"""What an edge costs in memory, and what it costs when the edges do not fit."""

from __future__ import annotations

from .contestant import HISTORY, digesterd
from .race import Result, race
from .settings import Settings
from .table import table

BUDGET = 256 << 20
# The command line's own default: what may be in flight besides.
PREFETCH = 256 << 20
# What the program and its threads may take besides the budget and the prefetch.
BESIDES = 150_000_000
HEAD = ["corpus", "history", "budget", "edges", "wall s", "user s", "sys s", "resident MB"]


def memory(settings: Settings) -> None:
    """Measures main and high with all the memory there is, and high in a small budget."""
    print("\n## Memory")
    program, corpora = settings.programs[-1], settings.corpora
    roomy = {"DIGEST_MAX_MEMORY": "1024GiB", "DIGEST_TEMP_DIR": str(settings.scratch)}
    tight = {**roomy, "DIGEST_MAX_MEMORY": str(BUDGET), "VPC_MAX_BYTES_PREFETCH": str(PREFETCH)}
    contestants = [
        digesterd(program, corpora.get(profile), settings.threads, settings.scratch, {**environment, **history})
        for history in (HISTORY, {})
        for profile, environment in (("main", roomy), ("high", roomy), ("high", tight))
    ]
    results = race(contestants, settings.rounds, settings.reader)
    print(table(HEAD, [_row(result) for result in results]))
    for history, (main, high, spilled) in (("on", results[:3]), ("off", results[3:])):
        edge = (high.resident - main.resident) / (high.digest.edges - main.digest.edges)
        longer = spilled.over(high, lambda usage: usage.wall)
        most = (BUDGET + PREFETCH + BESIDES) / 1e6
        print(
            f"* history {history}: {edge:.1f} bytes for each further edge; in {BUDGET >> 20} MiB "
            f"{longer:.2f}x the time, {spilled.resident / 1e6:.0f} MB resident, {most:.0f} MB at most with the prefetch"
        )


def _row(result: Result) -> list[str]:
    environment = result.contestant.environment
    return [
        result.contestant.corpus.name,
        environment.get("DIGEST_EDGES", "off"),
        "none" if environment["DIGEST_MAX_MEMORY"].endswith("GiB") else f"{BUDGET >> 20} MiB",
        f"{result.digest.edges:,}",
        f"{result.wall:.2f}",
        f"{result.middle(lambda usage: usage.user):.2f}",
        f"{result.middle(lambda usage: usage.system):.2f}",
        f"{result.resident / 1e6:.0f}",
    ]
