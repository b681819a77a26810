"""The command line: what is asked for, what has to be there for it, and the kinds of runs."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from .columns import columns
from .comparison import compare
from .corpus import Corpora
from .digest_text import Reader
from .growth import growth
from .machine import load, machine
from .memory import memory
from .program import REPOSITORY, Program, build, checkout, has_feature
from .questions import questions
from .settings import Settings
from .shapes import shapes
from .worker import worker

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
# Programs that are not the peers', and Debian's packages that have them.
NEEDED = {"igzip": "isal", "libdeflate-gunzip": "libdeflate-tools", "zstd": "zstd"}
# What building ISA-L takes.
NEEDED_BY_ISAL = {"autoreconf": "autoconf", "aclocal": "automake", "libtoolize": "libtool", "nasm": "nasm"}
# An eighth of main.
QUICK = (17_000_000 // 8, 16)


def run(description: str | None) -> None:
    """Does what the command line asks for."""
    options = _options(description)
    needed = {**NEEDED, **NEEDED_BY_ISAL} if options.isal and has_feature() else NEEDED
    missing = [package for command, package in needed.items() if not shutil.which(command)]
    if missing:
        raise SystemExit(f"Debian's packages are missing: apt-get install {' '.join(missing)}")
    target = REPOSITORY / "target"
    own = target / "bench"
    own.mkdir(parents=True, exist_ok=True)
    programs = _programs(options, own)
    print(f"machine: {machine()}\n{load()}\ncheckout: {checkout()}")
    for program in programs:
        print(f"program: {program.name} is {program.version}, {program.path}")
    with tempfile.TemporaryDirectory(dir=own, prefix="digests-") as scratch:
        settings = Settings(
            programs=programs,
            corpora=Corpora(options.corpora or target / "corpora", programs[0]),
            python=target / "bench-venv" / "bin" / "python",
            scratch=Path(scratch),
            reader=Reader(Path(scratch)),
            threads=options.threads,
            rounds=options.rounds or (3 if options.quick else 5),
            only=options.only,
            quick=options.quick,
            worker=options.worker_program,
            s3_server=options.s3_server,
        )
        _measure(options, settings)
    print(f"\nat the end: {load()}")


def _measure(options: argparse.Namespace, settings: Settings) -> None:
    for asked, kind in ((options.shapes, shapes), (options.memory, memory), (options.growth, growth)):
        if asked:
            kind(settings)
            return
    if options.worker:
        worker(settings, settings.corpora.get("main"))
        return
    _install_peers(settings.python)
    if options.columns:
        columns(settings, settings.corpora.get("main", *(QUICK if options.columns == "quick" else ())))
        return
    if options.questions:
        questions(settings, settings.corpora.get("main"))
        return
    if options.quick:
        compare(settings, settings.corpora.get("main", *QUICK))
        return
    for profile in options.profiles:
        compare(settings, settings.corpora.get(profile))


def _options(description: str | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--quick", action="store_true", help="an eighth of main, 3 rounds, DuckDB and polars only")
    kind.add_argument("--shapes", action="store_true", help="time per record of every profile")
    kind.add_argument("--memory", action="store_true", help="bytes per edge, and high in 256 MiB")
    kind.add_argument("--growth", action="store_true", help="0.1, 0.5, 2 and 8 GB of text")
    kind.add_argument(
        "--columns",
        nargs="?",
        const="main",
        choices=["main", "quick"],
        help="main as Parquet, permuted and wider; quick: an eighth of it",
    )
    kind.add_argument("--questions", action="store_true", help="questions of main's edges beside DuckDB; a difference")
    kind.add_argument("--worker", action="store_true", help="the service's worker beside the command line, over S3")
    parser.add_argument("--profiles", nargs="+", default=["main", "low", "high"], help="corpora of the comparison")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="only these, and the floor")
    parser.add_argument("--rounds", type=int, help="how often each runs [default: 5, quick: 3]")
    parser.add_argument("--threads", type=int, default=min(2, len(os.sched_getaffinity(0))), help="[default: 2]")
    parser.add_argument("--corpora", type=Path, help="where corpora are kept [default: target/corpora]")
    parser.add_argument("--digesterd", type=Path, metavar="PATH", help="measure this program, and build none")
    parser.add_argument("--worker-program", type=Path, metavar="PATH", help="measure this worker, and build none")
    parser.add_argument("--s3-server", type=Path, metavar="PATH", help="take this example s3_server, and build none")
    parser.add_argument("--isal", action="store_true", help="measure the build with the cargo feature isal as well")
    return parser.parse_args()


def _programs(options: argparse.Namespace, into: Path) -> list[Program]:
    programs = [Program("digesterd", options.digesterd.resolve()) if options.digesterd else build(into)]
    if options.isal and not has_feature():
        print("this checkout has no cargo feature isal: the default build only", file=sys.stderr)
    elif options.isal:
        programs.append(build(into, feature=True))
    return programs


def _install_peers(python: Path) -> None:
    """An environment of their own, made anew when other versions are asked for."""
    environment = python.parents[1]
    installed = environment / "installed.txt"
    wanted = REQUIREMENTS.read_text()
    if installed.exists() and installed.read_text() == wanted:
        return
    print(f"installing the other engines in {environment}", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", environment], check=True)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    subprocess.run([*pip, "--requirement", REQUIREMENTS], check=True)
    installed.write_text(wanted)
