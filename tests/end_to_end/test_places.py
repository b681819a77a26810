"""Flow logs in several places: one digest of all of them, each opened with its own region and role."""

from __future__ import annotations

import json
import os
import subprocess

import buckets
import flow_logs
import oracle
from flow_logs import Window
from processes import binary
from stack import text_of

OTHER_ACCOUNT = "210987654321"
OTHER_REGION = "eu-central-1"
PREFIX = "team/network"
ROLE = "arn:aws:iam::999999999999:role/read-flow-logs"


class Below:
    """A bucket as it looks from inside a prefix."""

    def __init__(self, bucket, prefix: str):
        self.bucket = bucket
        self.prefix = prefix

    def put(self, key: str, body: bytes) -> None:
        """Writes an object."""
        self.bucket.put(f"{self.prefix}/{key}", body)


def naive(window: Window, directory, *objects: bytes) -> str:
    """What the second implementation makes of these objects."""
    directory.mkdir()
    files = [directory / f"{number}.log.gz" for number in range(len(objects))]
    for file, body in zip(files, objects, strict=True):
        file.write_bytes(body)
    return oracle.digest_of_files(window, files)


def test_two_buckets_are_one_digest_each_with_its_own_region_and_role(fronted, tmp_path):
    window = Window.fresh()
    other = fronted.backend.bucket("more-flow-logs")
    below = Below(other, PREFIX)
    here = flow_logs.write(fronted.logs, window)
    # The same key in both places, with other rows; and another account in another region.
    same = here[0]
    below.put(same, flow_logs.pack([flow_logs.row(window.first + 5, src="10.7.7.7")]))
    elsewhere = flow_logs.write(
        below,
        window,
        [flow_logs.row(window.first + 9, account=OTHER_ACCOUNT, src="10.8.8.8")],
        objects=1,
        account=OTHER_ACCOUNT,
        region=OTHER_REGION,
    )
    # Of the same bucket, but outside the prefix.
    other.put(here[1], flow_logs.pack([flow_logs.row(window.first + 7, src="10.6.6.6")]))
    settings = {
        "VPC_FLOW_LOGS_BUCKET": f"{fronted.logs.name},s3://{other.name}/{PREFIX}",
        "VPC_FLOW_LOGS_BUCKET_REGION": f",{OTHER_REGION}",
        "VPC_FLOW_LOGS_BUCKET_ROLE": f",{ROLE}",
        "VPC_FLOW_LOGS_BUCKET_ROLE_EXTERNAL_ID": ",agreed-42",
    }
    fronted.start_api(**settings).start_worker(**settings)
    built = fronted.build(window)
    assert built.status == 200
    assert built.headers["digest-coverage"] == "complete"
    first = [fronted.logs.get(key) for key in here]
    second = [other.get(f"{PREFIX}/{key}") for key in (same, *elsewhere)]
    text = text_of(built.body)
    assert text == naive(window, tmp_path / "both", *first, *second)
    assert "10.7.7.7" in text and "10.8.8.8" in text and "10.6.6.6" not in text

    listed = fronted.manifest(window.id())["object_list"]
    places = {(entry["place"], entry["key"]) for entry in listed}
    theirs = f"s3://{other.name}/{PREFIX}"
    assert places == {(f"s3://{fronted.logs.name}", key) for key in here} | {(theirs, same), (theirs, *elsewhere)}

    def signed(bucket) -> set[tuple[str, str]]:
        seen = fronted.front.requests(bucket.name)
        scopes = (request.headers["authorization"].split("Credential=")[1].split("/") for request in seen)
        return {(scope[0][:4], scope[2]) for scope in scopes}

    assert signed(fronted.logs) == {(buckets.ACCESS_KEY[:4], buckets.REGION)}
    assert signed(other) == {("ASIA", OTHER_REGION)}

    scoped = fronted.build(window, f"&account={OTHER_ACCOUNT}", f" account={OTHER_ACCOUNT}")
    assert text_of(scoped.body) == naive(window, tmp_path / "scoped", second[1])
    scope = f" account={flow_logs.ACCOUNT} region={flow_logs.REGION}"
    narrow = fronted.build(window, f"&account={flow_logs.ACCOUNT}&region={flow_logs.REGION}", scope)
    assert text_of(narrow.body) == naive(window, tmp_path / "narrow", *first, second[0])

    # The command line makes the same of the same places, and can tell that they are well.
    start, stop = window.texts
    environment = {**fronted.environment(), **settings, "PATH": os.environ["PATH"]}
    command = [
        binary("digesterd"),
        "digest",
        "--logs",
        settings["VPC_FLOW_LOGS_BUCKET"].replace(fronted.logs.name, f"s3://{fronted.logs.name}"),
    ]
    made = subprocess.run(
        [*command, "--start", start, "--stop", stop], env=environment, capture_output=True, timeout=60, check=True
    )
    assert made.stdout.decode() == text
    checked = subprocess.run(
        [binary("digesterd"), "check", "worker"], env=environment, capture_output=True, timeout=60, check=True
    ).stdout.decode()
    of_logs = [line for line in checked.splitlines() if "flow logs" in line]
    assert len(of_logs) == 2 and theirs in of_logs[1], checked


def test_a_list_of_the_wrong_length_is_a_setting_that_cannot_be_used(fronted):
    worker, _ = fronted.start(
        "digesterd-worker",
        ready="",
        VPC_FLOW_LOGS_BUCKET="aaa,bbb",
        VPC_FLOW_LOGS_BUCKET_REGION="us-west-2,us-east-1,eu-west-1",
        VPC_FLOW_LOGS_BUCKET_ROLE_EXTERNAL_ID="hush-hush,hush-hush,hush-hush",
    )
    assert worker.wait(20) == 2
    told = worker.output()
    for name in ("REGION", "ROLE_EXTERNAL_ID"):
        assert f"VPC_FLOW_LOGS_BUCKET_{name} has 3 items, and VPC_FLOW_LOGS_BUCKET has 2" in told, told
    assert "hush" not in told


def test_one_place_has_todays_manifest(stack):
    window = Window.fresh()
    flow_logs.write(stack.logs, window)
    assert stack.build(window).status == 200
    listed = json.loads(stack.digests.get(f"{window.id()}.manifest.json"))["object_list"]
    assert listed and all("place" not in entry for entry in listed)


def test_inspect_tells_what_a_digest_of_a_bucket_would_take(fronted):
    window = Window.fresh()
    below = Below(fronted.logs, PREFIX)
    first = flow_logs.write(below, window)
    hour = window.start.strftime("%H")
    for number, key in enumerate(flow_logs.write(below, window, objects=2, account=OTHER_ACCOUNT, flow_log="fl-hours")):
        folder, name = key.rsplit("/", 1)
        fronted.logs.put(f"{PREFIX}/{folder}/{hour}/{name}", flow_logs.pack([flow_logs.row(window.first + number)]))
        fronted.logs.delete(f"{PREFIX}/{key}")
    environment = {**fronted.environment(), "PATH": os.environ["PATH"]}
    start, stop = window.texts
    # The bucket has nothing at its top: the prefix is found.
    command = [binary("digesterd"), "inspect", f"s3://{fronted.logs.name}", "--json", "--start", start, "--stop", stop]
    made = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=True)
    requests = fronted.front.requests(fronted.logs.name)
    found = json.loads(made.stdout)
    assert found["places"] == [f"s3://{fronted.logs.name}/{PREFIX}"]
    assert [entry["account"] for entry in found["found"]] == [flow_logs.ACCOUNT, OTHER_ACCOUNT]
    day = window.start.strftime("%Y-%m-%d")
    assert all(entry["first_day"] == entry["last_day"] == day for entry in found["found"])
    digest = found["digest"]
    assert digest["objects"] == len(first) + 2
    layouts = {entry["id"]: entry["layout"] for entry in digest["flow_logs"]}
    assert layouts == {"fl-00112233": "default", "fl-hours": "hours"}
    assert digest["bytes"] == sum(len(fronted.logs.get(key)) for key in fronted.logs.keys(PREFIX))
    sample = found["sample"]
    assert sample["objects"] == digest["objects"] and sample["versions"] == [2]
    assert sample["records"]["nodata"] == sample["records"]["skipdata"] == 1
    estimate = found["estimate"]
    assert estimate["get_requests"] == digest["objects"]
    assert 0 < estimate["dollars"] < 0.01 and estimate["seconds"] > 0
    assert all(request.method in ("GET", "HEAD") for request in requests)
