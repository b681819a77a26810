"""Fixtures: one moto server for the run, stacks of api and worker over it, the logs of failed tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from collector import Collector
from front import Front
from processes import Process, free_port
from stack import DirectoryBackend, MotoBackend, Stack

MOTO = Path(__file__).parent.parent / "moto_server.py"


def start_moto(directory: Path) -> int:
    """Starts a moto server and returns its port."""
    port = free_port()
    environment = {"MOTO_S3_CUSTOM_ENDPOINTS": "", "AWS_EC2_METADATA_DISABLED": "true"}
    process = Process([sys.executable, str(MOTO), str(port)], environment, directory / "moto.log")
    process.wait_until_it_answers(f"http://127.0.0.1:{port}/moto-api/", 60)
    return port


@pytest.fixture(scope="session")
def moto(tmp_path_factory) -> int:
    """Port of the run's moto server."""
    return start_moto(tmp_path_factory.mktemp("moto"))


@pytest.fixture(scope="module", params=["s3", "file"])
def stack(request, tmp_path_factory):
    """Api and worker over S3 and, once more, over local directories: shared by a module's tests."""
    directory = tmp_path_factory.mktemp(f"stack-{request.param}")
    if request.param == "s3":
        port = request.getfixturevalue("moto")
        backend = MotoBackend(f"http://127.0.0.1:{port}")
    else:
        backend = DirectoryBackend(directory)
    running = Stack(backend, directory)
    try:
        yield running.start_api().start_worker()
    finally:
        running.close()


@pytest.fixture
def own(tmp_path):
    """A stack of its own over directories, not started."""
    made = Stack(DirectoryBackend(tmp_path), tmp_path)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def fronted(moto, tmp_path):
    """A stack of its own, not started, with a door before the S3 server in which tests can interfere."""
    front = Front(moto)
    made = Stack(MotoBackend(front.endpoint, f"http://127.0.0.1:{moto}"), tmp_path, front)
    try:
        yield made
    finally:
        made.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Shows what the running processes wrote last beside a failure."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for process in Process.alive:
            if process.log.name != "moto.log":
                report.sections.append((process.log.name, process.output()[-1500:]))


def pytest_sessionfinish(session, exitstatus):
    """Stops whatever is left, by its pid."""
    for process in list(Process.alive):
        process.stop()


@pytest.fixture
def collector():
    """A collector of spans."""
    made = Collector()
    try:
        yield made
    finally:
        made.close()
