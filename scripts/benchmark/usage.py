"""What one run of a program took: time, processor time and memory, as the kernel counts them for a process and all that
it waited for.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple


class Usage(NamedTuple):
    """Seconds, and the largest resident memory of any one process, in bytes."""

    wall: float
    user: float
    system: float
    resident: int

    @property
    def processor(self) -> float:
        """Seconds of all processors together."""
        return self.user + self.system


def measured(
    command: Sequence[str],
    cores: int,
    environment: Mapping[str, str],
    meanwhile: Callable[[subprocess.Popen], None] | None = None,
) -> Usage:
    """Runs a command on so many cores, and no more than those: threads of its own beyond them gain nothing. A service
    is asked for its work, and told to end, by `meanwhile`.

    The kernel counts what a child was before it became the program, so this process must stay small itself: whatever
    needs memory runs elsewhere.
    """
    everywhere = os.sched_getaffinity(0)
    with tempfile.TemporaryFile() as told:
        os.sched_setaffinity(0, sorted(everywhere)[-cores:])
        try:
            begun = time.perf_counter()
            child = subprocess.Popen(
                command,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=told,
            )
            if meanwhile:
                meanwhile(child)
            _, status, usage = os.wait4(child.pid, 0)
            wall = time.perf_counter() - begun
        finally:
            os.sched_setaffinity(0, everywhere)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            told.seek(0)
            raise SystemExit(f"{' '.join(command)} ended with {child.returncode}:\n{told.read().decode()[-4000:]}")
    return Usage(wall, usage.ru_utime, usage.ru_stime, usage.ru_maxrss * 1024)
