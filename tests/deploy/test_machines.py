"""The image and the systemd units, and the settings that all of deploy/ sets."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from files import DEPLOY, chart, documented_variables, labelled, plain, terraform

DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
# A part of the front end's unit that is put beside it where there are tokens or a certificate.
ACCESS = DEPLOY / "systemd" / "access.conf"


def settings() -> dict[str, set[str]]:
    """Every variable that a file under deploy/ sets for our programs, with the files."""
    found: dict[str, set[str]] = {}

    def note(where: str, names) -> None:
        for name in names:
            found.setdefault(name, set()).add(where)

    note("Dockerfile", re.findall(r"^ENV (\w+)=", DOCKERFILE, re.MULTILINE))
    for unit in UNITS:
        note(unit.name, re.findall(r"^Environment=(\w+)=", unit.read_text(), re.MULTILINE))
    note("access.conf", re.findall(r"^Environment=(\w+)=", ACCESS.read_text(), re.MULTILINE))
    for document in plain() + chart("plain") + chart("plain", "keda") + chart("plain", "sqsd"):
        if document["kind"] == "ConfigMap":
            note(document["metadata"]["name"], document["data"])
        if document["kind"] == "Deployment":
            for container in document["spec"]["template"]["spec"]["containers"]:
                if container["name"] in ("api", "worker"):
                    note(document["metadata"]["name"], [one["name"] for one in container.get("env", [])])
    for output in terraform()["output"]:
        for name, body in output.items():
            if name.endswith("settings"):
                note("terraform", body["value"])
    return found


def test_every_variable_that_is_set_is_one_of_ours():
    found, ours = settings(), documented_variables()
    assert len(ours) > 50 and len(found) > 9
    assert {name: where for name, where in found.items() if name not in ours} == {}


def test_the_image_has_no_root_and_little_else():
    stages = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(stages) == 2 and stages[-1] == "${RUNTIME_IMAGE}"
    runtime = DOCKERFILE.split("FROM ${RUNTIME_IMAGE}")[1]
    assert "\nRUN " not in runtime, "a distroless image has no shell"
    assert re.search(r"^USER 65532:65532$", runtime, re.MULTILINE)
    assert "VOLUME /tmp" in runtime and "DIGEST_TEMP_DIR=/tmp" in runtime
    assert re.search(r"^ARG RUNTIME_IMAGE=\S*distroless/cc-debian12:nonroot$", DOCKERFILE, re.MULTILINE)
    assert re.search(r"^ARG RUST_IMAGE=rust:[\d.]+-bookworm$", DOCKERFILE, re.MULTILINE), "the same Debian as below"
    assert "--features isal" in DOCKERFILE and "--locked" in DOCKERFILE


def test_the_image_runs_as_the_user_that_the_pods_ask_for():
    user = re.search(r"^USER (\d+):(\d+)$", DOCKERFILE, re.MULTILINE)
    for document in plain():
        if document["kind"] == "Deployment":
            context = document["spec"]["template"]["spec"]["securityContext"]
            assert (context["runAsUser"], context["runAsGroup"]) == (int(user.group(1)), int(user.group(2)))


def test_programs_of_two_architectures_are_not_built_in_one_folder():
    caches = re.findall(r"--mount=type=cache,(\S+)", DOCKERFILE)
    targets = [cache for cache in caches if "target=/source/target" in cache]
    assert targets and all("$TARGETARCH" in cache for cache in targets)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd on this machine")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_takes_the_units_and_finds_them_confined(unit, tmp_path):
    there = tmp_path / unit.name
    # The programs need not be installed for the unit to be sound.
    there.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(), flags=re.MULTILINE))
    beside = tmp_path / f"{unit.name}.d"
    beside.mkdir()
    shutil.copy(ACCESS, beside)
    verified = subprocess.run(["systemd-analyze", "verify", "--man=no", there], capture_output=True, text=True)
    assert verified.returncode == 0 and verified.stderr == "", verified.stderr
    exposed = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=25", there], capture_output=True, text=True
    )
    assert exposed.returncode == 0, exposed.stdout[-2000:]


def test_units_outlast_the_grace_of_the_programs():
    assert len(UNITS) == 2
    for unit in UNITS:
        assert int(re.search(r"^TimeoutStopSec=(\d+)$", unit.read_text(), re.MULTILINE).group(1)) >= 30
        assert "RestartPreventExitStatus=2" in unit.read_text()


def test_both_units_run_on_one_machine_and_nobody_else_posts_to_the_worker():
    set_by = {
        unit.stem: dict(re.findall(r"^Environment=(\w+)=(\S+)$", unit.read_text(), re.MULTILINE)) for unit in UNITS
    }
    ports = [settings.get("PORT", "8080") for settings in set_by.values()]
    assert len(set(ports)) == 2
    assert set_by["digesterd-worker"]["LISTEN_ADDRESS"] == "127.0.0.1"


def test_what_is_handed_to_a_unit_is_what_its_settings_name():
    handed = set(re.findall(r"^LoadCredential=([\w.]+):/etc/digesterd/\1$", ACCESS.read_text(), re.MULTILINE))
    assert handed == set(re.findall(r"^Environment=\w+=%d/([\w.]+)$", ACCESS.read_text(), re.MULTILINE))
    assert handed == {"tokens", "tls.crt", "tls.key"}


def test_the_roles_are_those_that_the_manifests_name():
    roles = {
        document["metadata"]["annotations"]["eks.amazonaws.com/role-arn"].rsplit("/", 1)[1]
        for document in plain()
        if document["kind"] == "ServiceAccount"
    }
    (role,) = labelled(terraform(), "resource", "aws_iam_role").values()
    assert role["name"] == "${var.name}-${each.key}"
    assert roles == {"digesterd-api", "digesterd-worker"}
