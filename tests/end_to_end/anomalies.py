"""Anomalies planted into finished sample logs, and what the commands of docs/investigations.md find of them.

What is planted is drawn by seed from the logs' own interfaces: their addresses, ports and volumes. It knows nothing of
how the commands judge. Of each anomaly a command finds it, or not; whatever else a command tells is a false alarm.
"""

from __future__ import annotations

import gzip
import json
import random
import shutil
import subprocess
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

START = datetime(2026, 1, 5, 9, tzinfo=timezone.utc)
EPHEMERAL = range(32768, 61000)
# A server that keeps a conversation in every hour with so many records each is missed when it is gone.
REGULAR = 4
CASES = ("port scan", "new port", "exfiltration", "vanished edge", "newly rejected")


@dataclass
class Rows:
    """An object of flow logs: its header and rows, each as a list of its columns."""

    path: Path
    columns: list[str]
    rows: list[list[str]]

    @staticmethod
    def of(path: Path) -> Rows:
        """Reads an object."""
        lines = gzip.decompress(path.read_bytes()).decode().splitlines()
        return Rows(path, lines[0].split(), [line.split() for line in lines[1:]])

    def write(self) -> None:
        """Writes it back."""
        text = "".join(" ".join(row) + "\n" for row in [self.columns, *self.rows])
        self.path.write_bytes(gzip.compress(text.encode(), 1, mtime=0))


@dataclass
class Interface:
    """What the logs say of an interface."""

    name: str
    sample: list[str]
    ends: set[str]
    folder: Path
    sent: list[int]
    ports: set[int] = field(default_factory=set)

    @property
    def address(self) -> str | None:
        """The address that all of its records have in common."""
        return next(iter(self.ends)) if len(self.ends) == 1 else None


class Logs:
    """Finished logs, hour by hour."""

    def __init__(self, folder: Path, hours: int):
        self.hours = hours
        self.objects = [Rows.of(path) for path in sorted(folder.rglob("*.log.gz"))]
        self.at = {name: index for index, name in enumerate(self.objects[0].columns)}
        self.interfaces: dict[str, Interface] = {}
        # Records by hour of each conversation: client, server, port of the server.
        self.talks: dict[tuple[str, str, int], list[int]] = defaultdict(lambda: [0] * hours)
        for one in self.objects:
            for row in one.rows:
                if self.get(row, "log-status") == "OK" and 0 <= self.hour(row) < hours:
                    self.learn(row, one.path)

    def get(self, row: list[str], column: str) -> str:
        """A column of a row."""
        return row[self.at[column]]

    def hour(self, row: list[str]) -> int:
        """The hour that a row starts in."""
        return (int(self.get(row, "start")) - int(START.timestamp())) // 3600

    def learn(self, row: list[str], path: Path) -> None:
        """Takes a row."""
        source, destination = self.get(row, "srcaddr"), self.get(row, "dstaddr")
        name = self.get(row, "interface-id")
        known = self.interfaces.get(name)
        if known is None:
            known = Interface(name, row, {source, destination}, path.parent, [0] * self.hours)
            self.interfaces[name] = known
        if ":" not in source:
            known.ends &= {source, destination}
        ports = int(self.get(row, "srcport")), int(self.get(row, "dstport"))
        known.ports.update(ports)
        if self.get(row, "action") != "ACCEPT":
            return
        if source in known.ends:
            known.sent[self.hour(row)] += int(self.get(row, "bytes"))
        if self.get(row, "protocol") == "6":
            server, client = (source, destination) if ports[0] < ports[1] else (destination, source)
            self.talks[client, server, min(ports)][self.hour(row)] += 1

    def regular(self) -> list[tuple[str, str, int]]:
        """Conversations of every hour."""
        return sorted(talk for talk, records in self.talks.items() if min(records) >= REGULAR and ":" not in talk[0])

    def of_talk(self, row: list[str], talk: tuple[str, str, int]) -> bool:
        """Whether a row is of a conversation, in the last hour."""
        client, server, port = talk
        if self.get(row, "log-status") != "OK" or self.hour(row) != self.hours - 1:
            return False
        ends = (
            (self.get(row, "srcaddr"), self.get(row, "srcport")),
            (self.get(row, "dstaddr"), self.get(row, "dstport")),
        )
        return {ends[0][0], ends[1][0]} == {client, server} and (server, str(port)) in ends


class Planting:
    """Plants one anomaly of each kind into the last hour."""

    def __init__(self, logs: Logs, seed: int):
        self.logs = logs
        self.dice = random.Random(f"planted {seed}")
        self.known = sorted((one for one in logs.interfaces.values() if one.address), key=lambda one: one.name)
        self.last = int(START.timestamp()) + 3600 * (logs.hours - 1)
        self.new: dict[Path, list[list[str]]] = defaultdict(list)
        self.planted: dict[str, dict] = {}

    def row(self, interface: Interface, **values: object) -> None:
        """A row that an interface tells, in its format."""
        made = list(interface.sample)
        at = self.last + self.dice.randrange(60, 3500)
        every = {"action": "ACCEPT", "log-status": "OK", "protocol": 6, "start": at, "end": at + 59, **values}
        direction = "egress" if every["srcaddr"] == interface.address else "ingress"
        every |= {"pkt-srcaddr": every["srcaddr"], "pkt-dstaddr": every["dstaddr"], "flow-direction": direction}
        every |= {"pkt-src-aws-service": "-", "pkt-dst-aws-service": "-", "type": "IPv4", "traffic-path": "-"}
        for column, value in every.items():
            if column in self.logs.at:
                made[self.logs.at[column]] = str(value)
        self.new[interface.folder].append(made)

    def outside(self) -> str:
        """An address that nobody has."""
        net = self.dice.choice(("198.51.100", "203.0.113", "192.0.2"))
        return f"{net}.{self.dice.randrange(1, 255)}"

    def scan(self) -> None:
        """An address outside tries many ports of one to three interfaces; all is rejected."""
        source, count = self.outside(), self.dice.randrange(100, 400)
        targets = self.dice.sample(self.known, self.dice.randrange(1, 4))
        for port in self.dice.sample(range(1, 30000), count):
            target = self.dice.choice(targets)
            packets = self.dice.randrange(1, 4)
            self.row(
                target, srcaddr=source, dstaddr=target.address, srcport=self.dice.choice(EPHEMERAL), dstport=port,
                packets=packets, bytes=packets * 44, action="REJECT", **{"tcp-flags": 2},
            )  # fmt: skip
        self.planted["port scan"] = {"client": source, "targets": [one.address for one in targets]}

    def port(self) -> None:
        """An interface serves a port that it never did, to an address outside or to a neighbour."""
        server = self.dice.choice(self.known)
        port = self.dice.choice([port for port in range(1024, 32000) if port not in server.ports])
        other = self.dice.choice([one for one in self.known if one is not server])
        is_outside = self.dice.random() < 0.5
        client = self.outside() if is_outside else other.address
        for _ in range(self.dice.randrange(2, 12)):
            ephemeral, packets = self.dice.choice(EPHEMERAL), self.dice.randrange(3, 40)
            there = {"srcaddr": client, "dstaddr": server.address, "srcport": ephemeral, "dstport": port}
            back = {"srcaddr": server.address, "dstaddr": client, "srcport": port, "dstport": ephemeral}
            at = self.last + self.dice.randrange(60, 3500)
            times = {"start": at, "end": at + 59, "packets": packets}
            for observer in [server] if is_outside else [server, other]:
                self.row(observer, **there, **times, bytes=packets * 90, **{"tcp-flags": 3})
                self.row(observer, **back, **times, bytes=packets * 700, **{"tcp-flags": 19})
        self.planted["new port"] = {"client": client, "server": server.address, "port": port}

    def exfiltration(self) -> None:
        """An interface sends 20 to 200 times as much as in its busiest hour, to an address outside."""
        source = self.dice.choice([one for one in self.known if min(one.sent[:-1]) > 0])
        target, port = self.outside(), self.dice.choice((443, 22, 53, 8443, self.dice.randrange(1024, 32000)))
        volume = int(max(source.sent) * self.dice.uniform(20, 200))
        records = self.dice.randrange(3, 20)
        for _ in range(records):
            size = volume // records
            self.row(
                source, srcaddr=source.address, dstaddr=target, srcport=self.dice.choice(EPHEMERAL), dstport=port,
                packets=max(size // 1300, 1), bytes=size, **{"tcp-flags": 2},
            )  # fmt: skip
        self.planted["exfiltration"] = {"client": source.address, "server": target, "port": port, "bytes": volume}

    def vanished(self, talk: tuple[str, str, int]) -> None:
        """A conversation of every hour is not in the last one."""
        for one in self.logs.objects:
            one.rows = [row for row in one.rows if not self.logs.of_talk(row, talk)]
        self.planted["vanished edge"] = dict(zip(("client", "server", "port"), talk, strict=True))

    def rejected(self, talk: tuple[str, str, int]) -> None:
        """A conversation of every hour is rejected in the last one: its requests, with no answer."""
        for one in self.logs.objects:
            kept = []
            for row in one.rows:
                if self.logs.of_talk(row, talk):
                    is_request = self.logs.get(row, "srcaddr") == talk[0]
                    if not is_request:
                        continue
                    row[self.logs.at["action"]] = "REJECT"
                kept.append(row)
            one.rows = kept
        self.planted["newly rejected"] = dict(zip(("client", "server", "port"), talk, strict=True))

    def write(self) -> dict[str, dict]:
        """Plants all, writes the logs and says what was planted."""
        self.scan()
        self.port()
        self.exfiltration()
        gone, refused = self.dice.sample(self.logs.regular(), 2)
        self.vanished(gone)
        self.rejected(refused)
        for one in self.logs.objects:
            one.write()
        for number, (folder, rows) in enumerate(sorted(self.new.items())):
            beside = next(one for one in self.logs.objects if one.path.parent == folder)
            stem = beside.path.name.rsplit("_", 2)[0]
            named = datetime.fromtimestamp(self.last, timezone.utc) + timedelta(minutes=55)
            path = folder / f"{stem}_{named:%Y%m%dT%H%MZ}_{number:08x}.log.gz"
            Rows(path, beside.columns, rows).write()
        return self.planted


@dataclass
class Command:
    """A command that the documentation names for some cases, and how its answer is read."""

    name: str
    arguments: list[str]
    items: callable
    # For each case, whether an item tells of what was planted.
    tells: dict[str, callable]


def _lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def _ends(item: dict, planted: dict, one: str = "source", other: str = "destination") -> bool:
    return {item.get(one), item.get(other)} == {planted["client"], planted["server"]}


def commands(hours: int, suspect: str) -> list[Command]:
    """The commands, for the last of so many hours and a host that somebody suspects."""
    tables = [f"{hour}.edges.parquet" for hour in range(hours)]
    link = lambda item, planted: _ends(item, planted, "client", "server")  # noqa: E731
    return [
        Command(
            "unusual",
            ["unusual", tables[-1], "--json", "--baseline", *tables[:-1]],
            _lines,
            {
                "port scan": lambda item, planted: item["client"] == planted["client"],
                "new port": lambda item, planted: (
                    (item.get("server"), item.get("port")) == (planted["server"], str(planted["port"]))
                ),
                "exfiltration": link,
                "vanished edge": link,
                "newly rejected": link,
            },
        ),
        Command(
            "top --filter action=REJECT --sort edges --limit 3",
            ["top", tables[-1], "--json", "--filter", "action=REJECT", "--sort", "edges", "--limit", "3"],
            _lines,
            {"port scan": lambda item, planted: item["source"] == planted["client"]},
        ),
        Command(
            "unexpected",
            ["unexpected", tables[-1], "--json"],
            _lines,
            {
                "new port": lambda item, planted: (
                    (item["server"], item["port"]) == (planted["server"], str(planted["port"]))
                ),
                "exfiltration": link,
            },
        ),
        Command(
            "host (the suspect's new peers)",
            ["host", suspect, "--json", *tables],
            lambda text: [peer for peer in json.loads(text)["peers"]["items"] if peer["is_new"]],
            {"exfiltration": lambda item, planted: item["peer"] == planted["server"]},
        ),
        Command(
            "diff (gone, newly rejected)",
            ["diff", f"{hours - 2}.log.gz", f"{hours - 1}.log.gz", "--format", "json"],
            lambda text: [
                item | {"kind": kind} for kind in ("gone", "newly_rejected") for item in json.loads(text)[kind]["items"]
            ],
            {
                "vanished edge": lambda item, planted: item["kind"] == "gone" and _ends(item, planted),
                "newly rejected": lambda item, planted: item["kind"] == "newly_rejected" and _ends(item, planted),
            },
        ),
    ]


@dataclass
class Tally:
    """How a command did, over several seeds."""

    found: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    missed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    false_alarms: int = 0
    quiet_alarms: int = 0
    misses: list[str] = field(default_factory=list)


class Trial:
    """One seed: quiet logs of some hours, their digests, and those of a last hour with anomalies."""

    def __init__(self, digesterd: Path, folder: Path, seed: int, hours: int, records: int):
        self.digesterd = digesterd
        self.folder = folder
        self.hours = hours
        logs = folder / "logs"
        self.run(
            "sample-logs", str(logs), "--seed", str(seed), "--hours", str(hours), "--records", str(records),
            "--objects", str(12 * hours), "--format", "v5",
        )  # fmt: skip
        for hour in range(hours):
            self.digest(hour)
        self.quiet = folder / "quiet"
        self.quiet.mkdir()
        for path in folder.glob(f"{hours - 1}.*"):
            shutil.move(path, self.quiet / path.name)
        for path in [path for path in folder.iterdir() if path.is_file()]:
            (self.quiet / path.name).hardlink_to(path)
        self.planted = Planting(Logs(logs, hours), seed).write()
        self.digest(hours - 1)

    def run(self, *arguments: str, folder: Path | None = None) -> str:
        """What the command says on stdout."""
        done = subprocess.run(
            [self.digesterd, *arguments],
            cwd=folder or self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout

    def digest(self, hour: int) -> None:
        """Makes an hour's digest, with its tables and manifest."""
        start, stop = (f"{START + timedelta(hours=at):%Y-%m-%dT%H:%M:%SZ}" for at in (hour, hour + 1))
        self.run(
            "digest", "--logs", "logs", "--start", start, "--stop", stop,
            "-o", f"{hour}.log.gz", "--edges", f"{hour}.edges.parquet", "--interfaces", f"{hour}.interfaces.parquet",
            "--manifest", f"{hour}.manifest.json",
        )  # fmt: skip

    def tally(self, tallies: dict[str, Tally]) -> None:
        """Asks each command of the last hour, as it was and with what was planted."""
        for command in commands(self.hours, self.planted["exfiltration"]["client"]):
            tally = tallies.setdefault(command.name, Tally())
            items = command.items(self.run(*command.arguments))
            alarms = [item for item in items if not self.is_planted(item, command)]
            tally.false_alarms += len(alarms)
            for case, tells in command.tells.items():
                planted = self.planted[case]
                if any(tells(item, planted) for item in items):
                    tally.found[case] += 1
                else:
                    tally.missed[case] += 1
                    tally.misses.append(f"{case}: {planted}")
            tally.quiet_alarms += len(command.items(self.run(*command.arguments, folder=self.quiet)))

    def is_planted(self, item: dict, command: Command) -> bool:
        """Whether an item tells of anything that was planted, asked for or not."""
        return any(tells(item, self.planted[case]) for case, tells in command.tells.items())


def shown(tallies: dict[str, Tally]) -> str:
    """The table."""
    lines = [f"{'command':50} {'case':16} {'found':>5} {'missed':>6}"]
    for name, tally in tallies.items():
        for case in CASES:
            if case in tally.found or case in tally.missed:
                lines.append(f"{name:50} {case:16} {tally.found[case]:5} {tally.missed[case]:6}")
    lines.append("")
    lines.append(f"{'command':50} {'beside what was planted':>24} {'on quiet windows':>17}")
    for name, tally in tallies.items():
        lines.append(f"{name:50} {tally.false_alarms:24} {tally.quiet_alarms:17}")
    return "\n".join(lines)
