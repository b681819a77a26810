"""The bill of materials names what the image has, with its archives, and nothing that only tests need."""

from __future__ import annotations

import json
import subprocess

from files import REPOSITORY


def test_the_bill_of_materials_is_of_the_programs_and_whole():
    printed = subprocess.run([REPOSITORY / "scripts" / "sbom"], check=True, capture_output=True).stdout
    bill = json.loads(printed)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    components = {component["bom-ref"]: component for component in bill["components"]}
    assert len(components) == len(bill["components"]) > 200
    names = {component["name"] for component in components.values()}
    assert {"digesterd", "digesterd-api", "digesterd-worker", "object_store", "isal-sys"} <= names
    assert not names & {"proptest", "s3s", "divan", "rusoto_core", "openssl-sys"}
    for component in components.values():
        assert component["licenses"], component
        assert "hashes" in component or component["name"].startswith("digest"), component
    for line in bill["dependencies"]:
        assert line["ref"] in components or line["ref"] == "vpcflow-digesterd"
        assert set(line["dependsOn"]) <= set(components)
