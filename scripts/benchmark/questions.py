"""Questions of the edges of `main`: each a command from its start to its end, beside DuckDB in a process that stays and
has been asked before; and the difference of two digests beside merely inflating both.
"""

from __future__ import annotations

import json
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from statistics import median

from .contestant import START, STOP
from .corpus import Corpus
from .settings import Settings
from .table import table
from .usage import Usage, measured

PEER = Path(__file__).with_name("peers") / "questions_with_duckdb.py"
CIDR = "10.100.0.0/14"
HEAD = ["question", "wall s", "least", "most", "user s", "peak MB", "DuckDB s", "wall / DuckDB", "bound", ""]
# What docs/benchmarking.md says.
MOST_OVER_DUCKDB, MOST_BYTES, MOST_OVER_INFLATING = 1.5, 250e6, 2.0


def questions(settings: Settings, corpus: Corpus) -> None:
    """Makes the tables, and asks all in turn."""
    print(f"\n## Questions of the edges of {corpus}")
    edges, interfaces = settings.scratch / "main.edges.parquet", settings.scratch / "main.interfaces.parquet"
    whole = settings.scratch / "main.log.gz"
    _digest(settings, corpus.directory, whole, "--edges", str(edges), "--interfaces", str(interfaces))
    program = str(settings.programs[0].path)
    host = _busiest(program, edges)
    tables = [str(edges), str(interfaces)]
    commands = {
        "edges": ["edges", *tables, "--filter", f"cidr={CIDR}", "--limit", "20", "--json"],
        "host": ["host", host, *tables, "--json"],
        "top": ["top", *tables, "--limit", "20", "--json"],
        "services": ["services", *tables, "--limit", "20", "--json"],
        "rejected": ["rejected", *tables, "--group-by", "/24", "--limit", "20", "--json"],
    }
    took: dict[str, list[tuple[Usage, float]]] = {name: [] for name in commands}
    peer = [str(settings.python), str(PEER), "--table", str(edges), "--host", host, "--threads", str(settings.threads)]
    with subprocess.Popen(peer, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as duckdb:
        for _ in range(settings.rounds):
            for name, command in commands.items():
                usage = measured([program, *command], settings.threads, {})
                took[name].append((usage, _asked(duckdb, name)))
        duckdb.stdin.close()
    print(table(HEAD, [_row(name, rounds) for name, rounds in took.items()]))
    print(f"* the host is {host}, the one with most bytes; the edges are those with an end in {CIDR}")
    _difference(settings, corpus, whole)


def _row(name: str, rounds: list[tuple[Usage, float]]) -> list[str]:
    walls = [usage.wall for usage, _ in rounds]
    ratio = median(usage.wall / other for usage, other in rounds)
    peak = max(usage.resident for usage, _ in rounds)
    kept = ratio <= MOST_OVER_DUCKDB and peak <= MOST_BYTES
    return [
        name,
        f"{median(walls):.2f}",
        f"{min(walls):.2f}",
        f"{max(walls):.2f}",
        f"{median(usage.user for usage, _ in rounds):.2f}",
        f"{peak / 1e6:.0f}",
        f"{median(other for _, other in rounds):.2f}",
        f"{ratio:.2f}",
        f"{MOST_OVER_DUCKDB}, {MOST_BYTES / 1e6:.0f} MB",
        "kept" if kept else "NOT kept",
    ]


def _asked(duckdb: subprocess.Popen, name: str) -> float:
    print(name, file=duckdb.stdin, flush=True)
    seconds, rows = duckdb.stdout.readline().split()
    if int(rows) == 0:
        raise SystemExit(f"DuckDB found nothing for {name}")
    return float(seconds)


def _busiest(program: str, edges: Path) -> str:
    """The source with most bytes."""
    told = subprocess.run(
        [program, "top", str(edges), "--limit", "1", "--json"], check=True, text=True, capture_output=True
    )
    return json.loads(told.stdout.splitlines()[0])["source"]


def _digest(settings: Settings, logs: Path, output: Path, *further: str) -> None:
    start, stop = (datetime.fromtimestamp(time, timezone.utc).isoformat() for time in (START, STOP))
    command = [str(settings.programs[0].path), "digest", "--logs", str(logs), "--start", start, "--stop", stop]
    command += ["--threads", str(settings.threads), "--output", str(output), *further]
    measured(command, settings.threads, {})


def _difference(settings: Settings, corpus: Corpus, whole: Path) -> None:
    """The whole digest against that of all objects but every eighth: what is gone, what is less, what is the same."""
    part = settings.scratch / "part"
    objects = sorted(path for path in corpus.directory.rglob("*") if path.is_file())
    for at, path in enumerate(objects):
        if at % 8:
            link = part / path.relative_to(corpus.directory)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path.resolve())
    less = settings.scratch / "part.log.gz"
    _digest(settings, part, less)
    diff = [str(settings.programs[0].path), "diff", str(less), str(whole), "--format", "json"]
    inflate = ["sh", "-c", f"igzip -d -c {less} > /dev/null; igzip -d -c {whole} > /dev/null"]
    rounds = [(measured(diff, settings.threads, {}), measured(inflate, 1, {})) for _ in range(settings.rounds)]
    ratio = median(one.wall / other.wall for one, other in rounds)
    head = ["", "wall s", "user s", "peak MB"]
    rows = [
        [
            name,
            f"{median(each[at].wall for each in rounds):.2f}",
            f"{median(each[at].user for each in rounds):.2f}",
            f"{max(each[at].resident for each in rounds) / 1e6:.0f}",
        ]
        for at, name in enumerate(("digesterd diff", "igzip -d, one after the other"))
    ]
    print(table(head, rows))
    kept = "kept" if ratio <= MOST_OVER_INFLATING else "NOT kept"
    print(f"* the difference takes {ratio:.2f} times what inflating both takes; at most {MOST_OVER_INFLATING}: {kept}")
