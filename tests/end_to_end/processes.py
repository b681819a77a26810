"""Server processes of the suite: started with exactly the variables given, stopped by their own pid."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

from web import call

REPOSITORY = Path(__file__).resolve().parents[2]
BINARIES = Path(os.environ.get("DIGESTERD_BIN_DIR", REPOSITORY / "target" / "debug")).resolve()


def free_port() -> int:
    """A port on loopback that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, seconds: float = 40):
    """Waits until a condition holds and returns its value."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.05)
    return value


class Process:
    """One process with its output in a file."""

    alive: list[Process] = []

    def __init__(self, command: list[str], environment: dict[str, str], log: Path):
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self.child = subprocess.Popen(
                command,
                env={"PATH": os.environ.get("PATH", ""), **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        Process.alive.append(self)

    def address(self, seconds: float = 30) -> str:
        """Host and port that the process says it listens on."""

        def said():
            assert self.child.poll() is None, f"ended with {self.child.returncode}: {self.output()[-4000:]}"
            return re.search(r'"message":"listening".*?"address":"([^"]+)"', self.output())

        return wait_for(said, seconds).group(1)

    def wait_until_it_answers(self, url: str, seconds: float = 30) -> None:
        """Waits for a 200 under the URL; fails at once when the process ends instead."""
        deadline = time.monotonic() + seconds
        while True:
            assert self.child.poll() is None, f"ended with {self.child.returncode}: {self.output()[-4000:]}"
            try:
                if call("GET", url, timeout=5).status == 200:
                    return
            except OSError:
                pass
            assert time.monotonic() < deadline, f"no 200 from {url}: {self.output()[-4000:]}"
            time.sleep(0.05)

    def wait(self, seconds: float) -> int:
        """The exit code, once the process has ended by itself."""
        code = self.child.wait(timeout=seconds)
        self._forget()
        return code

    def terminate(self) -> None:
        """Asks the process to end (SIGTERM) and does not wait."""
        self.child.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Ends the process with SIGKILL: no chance to tidy up."""
        self.child.kill()
        self.wait(10)

    def stop(self) -> None:
        """Ends the process, gently first."""
        if self.child.poll() is None:
            self.terminate()
            try:
                self.child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait(timeout=10)
        self._forget()

    def _forget(self) -> None:
        if self in Process.alive:
            Process.alive.remove(self)

    def output(self) -> str:
        """All that the process wrote."""
        return self.log.read_text(errors="replace")

    def peak_memory(self) -> int:
        """The greatest resident size so far, in MiB."""
        return self._status("VmHWM")

    def memory(self) -> int:
        """The resident size now, in MiB."""
        return self._status("VmRSS")

    def _status(self, name: str) -> int:
        for line in Path(f"/proc/{self.child.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) // 1024
        raise AssertionError(f"the kernel does not tell {name}")


def binary(name: str) -> str:
    """Path of one of the project's programs."""
    path = BINARIES / name
    assert path.exists(), f"{path} is missing: run `cargo build --workspace` or set DIGESTERD_BIN_DIR"
    return str(path)
