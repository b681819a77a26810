"""The files under deploy/ as data: manifests, the rendered chart, Terraform, units, the image; and what docs/ says."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path

import hcl2
import yaml
from helm_python.chart import Chart

REPOSITORY = Path(__file__).resolve().parents[2]
DEPLOY = REPOSITORY / "deploy"
CHART = DEPLOY / "helm" / "vpcflow-digesterd"
PLAIN = DEPLOY / "kubernetes"
# What Helm alone writes, and what only a chart has use for.
HELMS_OWN = {"app.kubernetes.io/managed-by", "helm.sh/chart", "checksum/settings"}


def manifests(path: Path) -> list[dict]:
    """The documents of one file."""
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def plain() -> list[dict]:
    """Every plain manifest, whatever the variant."""
    return [document for path in sorted(PLAIN.rglob("*.yaml")) for document in manifests(path)]


def merged(below: dict, above: dict) -> dict:
    """Values as Helm lays one file over another."""
    values = copy.deepcopy(below)
    for name, value in above.items():
        both = isinstance(value, dict) and isinstance(values.get(name), dict)
        values[name] = merged(values[name], value) if both else value
    return values


def chart(*variants: str, values: dict | None = None) -> list[dict]:
    """The chart rendered as `helm template digesterd -n vpcflow-digesterd` does, with the values of ci/."""
    laid: dict = {}
    for variant in variants:
        laid = merged(laid, yaml.safe_load((CHART / "ci" / f"{variant}-values.yaml").read_text()))
    laid = merged(laid, values or {})
    rendered = Chart.load(CHART).render(laid, name="digesterd", namespace="vpcflow-digesterd")
    return [document for text in rendered.values() for document in yaml.safe_load_all(text) if document]


def without_helms_own(document):
    """A manifest less what Helm alone writes."""
    if isinstance(document, dict):
        kept = {name: without_helms_own(value) for name, value in document.items() if name not in HELMS_OWN}
        return {name: value for name, value in kept.items() if not (name == "annotations" and not value)}
    if isinstance(document, list):
        return [without_helms_own(item) for item in document]
    return document


def named(documents: list[dict]) -> dict[tuple[str, str], dict]:
    """Manifests by kind and name; two of one name are an error."""
    found: dict[tuple[str, str], dict] = {}
    for document in documents:
        key = (document["kind"], document["metadata"]["name"])
        assert key not in found, f"{key} stands there twice"
        found[key] = without_helms_own(document)
    return found


def pods(documents: list[dict]) -> list[tuple[str, dict]]:
    """The pod specifications of Deployments, with the component's name."""
    deployments = [document for document in documents if document["kind"] == "Deployment"]
    labels = "app.kubernetes.io/component"
    return [(one["metadata"]["labels"][labels], one["spec"]["template"]["spec"]) for one in deployments]


def terraform() -> dict[str, list]:
    """All of deploy/terraform, its blocks by kind; strings without HCL's quotes."""
    blocks: dict[str, list] = {}
    for path in sorted((DEPLOY / "terraform").glob("*.tf")):
        with path.open() as file:
            for kind, found in unquoted(hcl2.load(file)).items():
                blocks.setdefault(kind, []).extend(found)
    return blocks


def unquoted(value):
    """What python-hcl2 read, less the quotes that it leaves around strings and names."""
    if isinstance(value, dict):
        return {unquoted(name): unquoted(item) for name, item in value.items() if not name.startswith("__")}
    if isinstance(value, list):
        return [unquoted(item) for item in value]
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1]
    return value


def labelled(blocks: dict[str, list], kind: str, label: str) -> dict[str, dict]:
    """Blocks of one resource or data type, by their names."""
    return {
        name: body
        for block in blocks[kind]
        for of, named in block.items()
        if of == label
        for name, body in named.items()
    }


def documented_variables() -> set[str]:
    """Every variable that docs/configuration.md has a row for."""
    page = (REPOSITORY / "docs" / "configuration.md").read_text()
    return set(re.findall(r"^\| `([A-Z][A-Z0-9_]*)` \|", page, re.MULTILINE))


def documented_policies() -> list[dict[str, dict]]:
    """The statements of docs/permissions.md by Sid: the API's, the worker's, then the single ones."""
    page = (REPOSITORY / "docs" / "permissions.md").read_text()
    policies = []
    for text in re.findall(r"```json\n(.*?)```", page, re.DOTALL):
        document = json.loads(text)
        policies.append({one["Sid"]: one for one in document.get("Statement", [document])})
    return policies
