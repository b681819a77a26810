"""The bill of materials names what the image has, with its archives, and nothing that only tests need."""

from __future__ import annotations

import json
import subprocess

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from files import REPOSITORY


def bill(*arguments: str) -> str:
    """What the script prints."""
    done = subprocess.run([REPOSITORY / "scripts" / "sbom", *arguments], check=True, capture_output=True, text=True)
    return done.stdout


@pytest.mark.parametrize("features", ["isal", "isal,rusoto"])
def test_the_bill_of_materials_fits_cyclonedxs_own_schema(features):
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    printed = bill("--features", features)
    assert validator.validate_str(printed) is None
    broken = json.loads(printed)
    broken["components"][0]["licences"] = []
    assert validator.validate_str(json.dumps(broken)) is not None


def test_the_bill_of_materials_is_of_the_programs_and_whole():
    told = json.loads(bill())
    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.6")
    components = {component["bom-ref"]: component for component in told["components"]}
    assert len(components) == len(told["components"]) > 200
    names = {component["name"] for component in components.values()}
    assert {"digesterd", "digesterd-api", "digesterd-worker", "object_store", "isal-sys"} <= names
    assert not names & {"proptest", "s3s", "divan", "rusoto_core", "openssl-sys"}
    for component in components.values():
        assert component["licenses"], component
        assert "hashes" in component or component["name"].startswith("digest"), component
    for line in told["dependencies"]:
        assert line["ref"] in components or line["ref"] == "vpcflow-digesterd"
        assert set(line["dependsOn"]) <= set(components)
