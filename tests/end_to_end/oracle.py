"""What a digest has to be, by the naive digester in Python (scripts/naive_digest.py)."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from flow_logs import Window
from processes import REPOSITORY

SCRIPT = REPOSITORY / "scripts" / "naive_digest.py"


def digest_of_files(window: Window, files: list[Path], layout: str | None = None) -> str:
    """The text of the digest of these files; `layout` is the format of rows without header."""
    options = ["--start", window.texts[0], "--stop", window.texts[1], *(["--format", layout] if layout else [])]
    command = [sys.executable, str(SCRIPT), *options, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def digest_of(window: Window, bucket, keys: list[str] | None = None, layout: str | None = None) -> str:
    """The text of the digest of these objects, or of all whose names lie on the window's days."""
    if keys is None:
        days = {f"/{time:%Y/%m/%d}/" for time in (window.start, window.stop)}
        keys = [key for key in bucket.keys("AWSLogs/") if any(day in key for day in days)]
    with tempfile.TemporaryDirectory() as directory:
        files = []
        for number, key in enumerate(keys):
            path = Path(directory) / f"{number:06d}.log.gz"
            path.write_bytes(bucket.get(key))
            files.append(path)
        return digest_of_files(window, files, layout)
