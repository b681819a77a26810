"""Fixtures: one moto server for the run, stacks of api and worker over it, the logs of failed tests."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

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


@pytest.fixture
def authority(tmp_path):
    """A certificate of our own for loopback, its key, and a bundle that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    files = tmp_path / "tls.crt", tmp_path / "tls.key"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return tuple(str(file) for file in files)
