"""The program that is measured: built from this checkout, or one that was named."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = "digesterd"
FEATURE = "isal"


class Program(NamedTuple):
    """A build of the program, by the name that it has in the tables."""

    name: str
    path: Path

    @property
    def version(self) -> str:
        """What it says of itself."""
        return subprocess.run([self.path, "--version"], check=True, text=True, capture_output=True).stdout.strip()


def checkout() -> str:
    """The commit that is checked out."""
    described = subprocess.run(
        ["git", "-C", str(REPOSITORY), "describe", "--always", "--dirty"], text=True, capture_output=True
    )
    return described.stdout.strip() or "no git"


def _metadata() -> dict:
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    told = subprocess.run(command, cwd=REPOSITORY, check=True, text=True, stdout=subprocess.PIPE)
    return json.loads(told.stdout)


def has_feature() -> bool:
    """Whether this checkout can be built with ISA-L."""
    package = next(package for package in _metadata()["packages"] if package["name"] == PACKAGE)
    return FEATURE in package["features"]


def build_release(package: str, what: list[str]) -> Path:
    """Builds a program or an example for release; where it lies."""
    subprocess.run(["cargo", "build", "--release", "--locked", "--package", package, *what], cwd=REPOSITORY, check=True)
    release = Path(_metadata()["target_directory"]) / "release"
    return release / "examples" / what[-1] if "--example" in what else release / what[-1]


def build(into: Path, feature: bool = False) -> Program:
    """Builds for release and puts the program aside, since the next build has the same name."""
    name = f"{PACKAGE}-{FEATURE}" if feature else PACKAGE
    command = ["cargo", "build", "--release", "--locked", "--package", PACKAGE, "--bin", PACKAGE]
    subprocess.run(command + ["--features", FEATURE] * feature, cwd=REPOSITORY, check=True)
    built = Path(_metadata()["target_directory"]) / "release" / PACKAGE
    return Program(name, Path(shutil.copy2(built, into / name)))
