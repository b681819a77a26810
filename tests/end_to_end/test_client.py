"""The client's commands as a person at a terminal sees them."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading
from concurrent.futures import ThreadPoolExecutor

from test_crashes import HASTE

import flow_logs
from flow_logs import Window
from front import Gate
from processes import binary, wait_for
from web import call


class Terminal:
    """A terminal that somebody looks at, 120 columns wide."""

    def __init__(self):
        self.ours, self.theirs = pty.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
        self.seen = ""
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        try:
            while read := os.read(self.ours, 4096):
                self.seen += read.decode(errors="replace")
        except OSError:
            pass  # Nobody has the other end any more.


def test_create_waits_with_a_bar_that_shows_how_far_the_build_is(fronted):
    fronted.start_api(**HASTE).start_worker(**HASTE)
    window, gate = Window.fresh(), Gate(fronted.logs.name)
    flow_logs.write(fronted.logs, window, objects=2)
    fronted.front.rules.append(gate)
    terminal = Terminal()
    start, stop = window.texts
    command = [binary("digesterd"), "create", "--wait", "--start", start, "--stop", stop]
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm", "DIGESTERD_API": fronted.api_url}
    client = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=terminal.theirs
    )
    os.close(terminal.theirs)
    with ThreadPoolExecutor(1) as pool:
        wait_for(lambda: fronted.relay.for_id(window.id()))
        delivered = pool.submit(fronted.relay.release, window.id())
        assert gate.reached.wait(30)
        wait_for(lambda: "0 of 2 objects" in terminal.seen)
        status = call("GET", f"{fronted.api_url}/v1/digests/{window.id()}").json()
        assert (status["state"], status["progress"]["objects_total"]) == ("building", 2)
        assert status["worker"] and status["started_at"]
        gate.opened.set()
        assert delivered.result(60).status == 200
    told, _ = client.communicate(timeout=60)
    assert (client.returncode, told.decode()) == (0, f"{window.id()}\n")
    wait_for(lambda: "stored: complete" in terminal.seen)
