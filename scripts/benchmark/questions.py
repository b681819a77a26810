"""Questions of the edges of `main`: each a command from its start to its end, beside DuckDB in a process that stays and
has been asked before; one host over a day of such tables; the difference of two digests beside merely inflating both;
and merging digests beside reading the logs again.
"""

from __future__ import annotations

import json
import os
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
MOST_OVER_DUCKDB, MOST_BYTES, MOST_OVER_INFLATING, MOST_SECONDS_OF_A_DAY = 1.5, 250e6, 2.0, 2.0
HOURS, PARTS = 24, 4


def questions(settings: Settings, corpus: Corpus) -> None:
    """Makes the tables, and asks all in turn."""
    print(f"\n## Questions of the edges of {corpus}")
    edges, interfaces = settings.scratch / "main.edges.parquet", settings.scratch / "main.interfaces.parquet"
    whole = settings.scratch / "main.log.gz"
    _digest(settings, corpus.directory, whole, "--edges", str(edges), "--interfaces", str(interfaces))
    program = str(settings.programs[0].path)
    heaviest = _heaviest(program, edges)
    host, usual = heaviest[0], heaviest[-1]
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
    _day(settings, edges, interfaces, {"the busiest host": host, "a usual host": usual})
    _difference(settings, corpus, whole)
    _merging(settings, corpus, whole)


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


def _heaviest(program: str, edges: Path) -> list[str]:
    """The sources of the thousand pairs with most bytes, the first of them first."""
    told = subprocess.run(
        [program, "top", str(edges), "--limit", "1000", "--json"], check=True, text=True, capture_output=True
    )
    return [source for line in told.stdout.splitlines() if (source := json.loads(line).get("source"))]


def _day(settings: Settings, edges: Path, interfaces: Path, hosts: dict[str, str]) -> None:
    """One host over 24 tables, each as large as an hour of `main`: the same hour under 24 names."""
    tables = [str(interfaces)]
    for hour in range(HOURS):
        name = settings.scratch / f"hour-{hour:02}.edges.parquet"
        name.unlink(missing_ok=True)
        os.link(edges, name)
        tables.append(str(name))
    rows = []
    for what, host in hosts.items():
        command = [str(settings.programs[0].path), "host", host, *tables, "--json"]
        took = [measured(command, settings.threads, {}) for _ in range(settings.rounds)]
        wall = median(usage.wall for usage in took)
        kept = "kept" if wall <= MOST_SECONDS_OF_A_DAY else "NOT kept"
        peak = max(usage.resident for usage in took)
        rows.append([what, f"{wall:.2f}", f"{median(usage.user for usage in took):.2f}", f"{peak / 1e6:.0f}", kept])
    head = [f"host over {HOURS} tables", "wall s", "user s", "peak MB", f"at most {MOST_SECONDS_OF_A_DAY} s"]
    print(table(head, rows))


def _digest(
    settings: Settings, logs: Path, output: Path, *further: str, window: tuple[int, int] = (START, STOP)
) -> Usage:
    start, stop = (datetime.fromtimestamp(time, timezone.utc).isoformat() for time in window)
    command = [str(settings.programs[0].path), "digest", "--logs", str(logs), "--start", start, "--stop", stop]
    command += ["--threads", str(settings.threads), "--output", str(output), *further]
    return measured(command, settings.threads, {})


def _merging(settings: Settings, corpus: Corpus, whole: Path) -> None:
    """The digests of the window's quarters, merged, beside the digest of all of it from the logs."""
    length = (STOP - START) // PARTS
    parts = []
    for part in range(PARTS):
        begin = START + part * length
        parts.append(settings.scratch / f"part-{part}.log.gz")
        _digest(settings, corpus.directory, parts[-1], window=(begin, begin + length))
    merged = settings.scratch / "merged.log.gz"
    merge = [str(settings.programs[0].path), "merge", "--allow-unknown", *map(str, parts), "-o", str(merged)]
    rounds = [
        (measured(merge, settings.threads, {}), _digest(settings, corpus.directory, whole))
        for _ in range(settings.rounds)
    ]
    if merged.read_bytes() != whole.read_bytes():
        raise SystemExit("the merged digest is not that of the whole window")
    ratio = median(one.wall / other.wall for one, other in rounds)
    print(_both((f"digesterd merge of {PARTS} digests", "digesterd digest of the whole"), rounds))
    print(f"* equal byte for byte; merging takes {ratio:.2f} times what reading the logs takes")


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
    print(_both(("digesterd diff", "igzip -d, one after the other"), rounds))
    kept = "kept" if ratio <= MOST_OVER_INFLATING else "NOT kept"
    print(f"* the difference takes {ratio:.2f} times what inflating both takes; at most {MOST_OVER_INFLATING}: {kept}")


def _both(names: tuple[str, str], rounds: list[tuple[Usage, Usage]]) -> str:
    """A table of two that were run in turn."""
    rows = [
        [
            name,
            f"{median(each[at].wall for each in rounds):.2f}",
            f"{median(each[at].user for each in rounds):.2f}",
            f"{max(each[at].resident for each in rounds) / 1e6:.0f}",
        ]
        for at, name in enumerate(names)
    ]
    return table(["", "wall s", "user s", "peak MB"], rows)
