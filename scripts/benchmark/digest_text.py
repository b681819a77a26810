"""Whether digests are the same: by their lines, since engines sort addresses as text and the product as numbers."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

COMMANDS = {".gz": ["gzip", "-dc"], ".zst": ["zstd", "-dc"]}
PIECE = 1 << 20


class DigestText(NamedTuple):
    """The edges of a digest, and the SHA-256 of its lines in the order of bytes."""

    edges: int
    sha256: str


class Reader:
    """Reads digests, and sorts each text once however many made it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.known: dict[str, DigestText] = {}

    def read(self, file: Path) -> DigestText:
        """The digest in a compressed file."""
        inflate = [*COMMANDS[file.suffix], str(file)]
        unsorted = _hashed([inflate])
        if unsorted.sha256 not in self.known:
            sort = ["sort", "--buffer-size=2G", "--temporary-directory", str(self.directory)]
            self.known[unsorted.sha256] = _hashed([inflate, sort])
        return self.known[unsorted.sha256]


def _hashed(commands: list[list[str]]) -> DigestText:
    """The output of a pipeline."""
    children: list[subprocess.Popen] = []
    for command in commands:
        source = children[-1].stdout if children else subprocess.DEVNULL
        environment = {**os.environ, "LC_ALL": "C"}
        children.append(subprocess.Popen(command, stdin=source, stdout=subprocess.PIPE, env=environment))
    checksum, edges = hashlib.sha256(), 0
    while piece := os.read(children[-1].stdout.fileno(), PIECE):
        checksum.update(piece)
        edges += piece.count(b"\n")
    for child, command in zip(children, commands, strict=True):
        child.stdout.close()
        if child.wait() != 0:
            raise SystemExit(f"{' '.join(command)} ended with {child.returncode}")
    return DigestText(edges, checksum.hexdigest())
