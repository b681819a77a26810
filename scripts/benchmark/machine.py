"""Which machine this is, and whether anybody else is using it."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

# More waiting threads than this for each core, before anything was started, and the figures are not worth keeping.
BUSY = 0.3


def _first(pattern: str, file: str) -> str:
    found = re.search(pattern, Path(file).read_text(), re.MULTILINE)
    return found.group(1).strip() if found else "unknown"


def machine() -> str:
    """Cores, processor with the vector units that matter here, memory, kernel."""
    cores = len(os.sched_getaffinity(0))
    memory = int(_first(r"^MemTotal:\s+(\d+) kB", "/proc/meminfo")) / 2**20
    model = _first(r"^model name\s*:(.*)$", "/proc/cpuinfo")
    family, number = (_first(rf"^{name}\s*:(.*)$", "/proc/cpuinfo") for name in ("cpu family", "model"))
    flags = _first(r"^(?:flags|Features)\s*:(.*)$", "/proc/cpuinfo").split()
    vectors = [flag for flag in ("avx2", "avx512f", "asimd") if flag in flags]
    processor = f"{model} (family {family}, model {number}, {' '.join(vectors)})"
    return f"{cores} cores of {processor}, {memory:.1f} GiB, {platform.system()} {platform.release()}"


def load() -> str:
    """The load of the last minute, and what it means for the figures."""
    average = os.getloadavg()[0]
    busy = average > BUSY * len(os.sched_getaffinity(0))
    return f"load average {average:.2f}{': OTHERS ARE USING THIS MACHINE, figures are not to be kept' if busy else ''}"
