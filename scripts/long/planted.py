#!/usr/bin/env python3
"""Plants a port scan, a new port, an exfiltration, a vanished edge and a newly rejected one into the last of some hours
of sample logs, twenty times with other seeds, and prints what the commands of docs/investigations.md find of them, what
they miss, and what else they tell: beside what was planted, and of the same hour before anything was.

    .venv/bin/python scripts/long/planted.py [--seeds 20] [--first 1] [--hours 7] [--records 70000] [--verbose]

Takes target/release/digesterd unless DIGESTERD_BIN_DIR says otherwise. Fails where `unusual` finds less than nine in
ten.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "end_to_end"))

from anomalies import Tally, Trial, shown  # noqa: E402

LEAST = 0.9


def main() -> int:
    """The whole run; 1 where too little is found."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--hours", type=int, default=7)
    parser.add_argument("--records", type=int, default=70_000)
    parser.add_argument("--verbose", action="store_true", help="print what was missed")
    options = parser.parse_args()
    digesterd = Path(os.environ.get("DIGESTERD_BIN_DIR", REPOSITORY / "target" / "release")) / "digesterd"
    tallies: dict[str, Tally] = {}
    for seed in range(options.first, options.first + options.seeds):
        with tempfile.TemporaryDirectory() as folder:
            Trial(digesterd.resolve(), Path(folder), seed, options.hours, options.records).tally(tallies)
    print(f"{options.seeds} seeds, {options.records} records in {options.hours} hours each")
    print(shown(tallies))
    if options.verbose:
        for name, tally in tallies.items():
            for miss in tally.misses:
                print(f"{name} missed {miss}")
    unusual = tallies["unusual"]
    found, missed = sum(unusual.found.values()), sum(unusual.missed.values())
    return 0 if found >= LEAST * (found + missed) else 1


if __name__ == "__main__":
    sys.exit(main())
