"""Chart and plain manifests: sound by Kubernetes' own schemas, alike, confined, and in step with the programs."""

from __future__ import annotations

import kubernetes_validate
import pytest
from helm_python.chart import lint
from helm_python.errors import HelmError

from files import CHART, PLAIN, chart, manifests, named, plain, pods

# The oldest release that the chart claims, and the newest that the schemas know.
RELEASES = ("1.30", "1.37")
VARIANTS = [("plain",), ("plain", "keda"), ("plain", "sqsd")]
# Kinds that Kubernetes has no schema of.
KEDA = ("ScaledObject", "TriggerAuthentication")


def every_manifest() -> list[dict]:
    """What the chart makes of each of its variants, and the plain manifests."""
    return plain() + [document for variants in VARIANTS for document in chart(*variants)]


def test_the_chart_passes_helms_linter():
    said = lint(CHART, strict=False)
    found = [message for message in said["messages"] if message["error"] != "icon is recommended"]
    assert not said["errors"] and not found, said


@pytest.mark.parametrize("release", RELEASES)
def test_every_manifest_fits_kubernetes_schemas(release):
    seen = []
    for document in every_manifest():
        if document["kind"] not in KEDA and document not in seen:
            seen.append(document)
            kubernetes_validate.validate(document, release, strict=True)
    assert {document["kind"] for document in seen} >= {
        "ConfigMap",
        "Deployment",
        "HorizontalPodAutoscaler",
        "Namespace",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "Service",
        "ServiceAccount",
    }


def test_the_schemas_refuse_a_field_that_there_is_not():
    document = manifests(PLAIN / "api.yaml")[0]
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**document, "automountToken": False}, RELEASES[-1], strict=True)


def test_the_plain_manifests_are_what_the_chart_makes():
    of_files = named(manifests(PLAIN / "api.yaml") + manifests(PLAIN / "worker.yaml"))
    assert of_files == named(chart("plain"))


def test_the_variants_are_what_the_chart_makes_of_them():
    base = named(chart("plain"))
    for variant in ("keda", "sqsd"):
        made = named(chart("plain", variant))
        different = {key: document for key, document in made.items() if base.get(key) != document}
        if variant == "keda":
            # The Deployment differs by its replicas alone, which KEDA sets.
            deployment = different.pop(("Deployment", "digesterd-worker"))
            assert "replicas" not in deployment["spec"]
        assert named(manifests(PLAIN / variant / "worker.yaml")) == different, variant


def test_keda_is_asked_for_what_its_scaler_knows():
    (scaled,) = (document for document in plain() if document["kind"] == "ScaledObject")
    (trigger,) = scaled["spec"]["triggers"]
    assert trigger["type"] == "aws-sqs-queue"
    known = {
        "queueURL",
        "queueLength",
        "activationQueueLength",
        "awsRegion",
        "awsEndpoint",
        "scaleOnInFlight",
        "scaleOnDelayed",
    }
    assert set(trigger["metadata"]) <= known
    assert all(isinstance(value, str) for value in trigger["metadata"].values())
    assert scaled["spec"]["minReplicaCount"] >= 1, "the sweeper lives in the workers"
    of_api = next(one for one in plain() if (one["kind"], one["metadata"]["name"]) == ("ConfigMap", "digesterd-api"))
    assert trigger["metadata"]["queueURL"] == of_api["data"]["SQS_QUEUE_URL"]
    with pytest.raises(HelmError, match="minReplicas': minimum"):
        chart("plain", values={"worker": {"keda": {"enabled": True, "minReplicas": 0}}})


def test_no_pod_has_more_than_it_needs():
    found = [(component, spec) for document in (every_manifest(),) for component, spec in pods(document)]
    assert {component for component, _ in found} == {"api", "worker"}
    for component, spec in found:
        assert spec["securityContext"]["runAsNonRoot"] and spec["securityContext"]["runAsUser"] > 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        assert not spec.get("hostNetwork") and not spec.get("hostPID")
        for container in spec["containers"]:
            confined = container["securityContext"]
            assert confined["readOnlyRootFilesystem"] and not confined["allowPrivilegeEscalation"]
            assert confined["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"] and container["resources"]["requests"]["cpu"]
        # Only a worker writes at all, and only to its temporary volume.
        mounted = [
            mount["mountPath"] for container in spec["containers"] for mount in container.get("volumeMounts", [])
        ]
        assert mounted == (["/tmp"] if component == "worker" else [])


def test_probes_ask_what_they_should():
    for _, spec in pods(every_manifest()):
        container = spec["containers"][0]
        assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
        assert container["startupProbe"]["httpGet"]["path"] == "/livez"
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
        # A store is asked for 4 s at most.
        assert container["readinessProbe"]["timeoutSeconds"] > 4


def test_pods_may_take_longer_to_end_than_the_programs_do():
    for component, spec in pods(every_manifest()):
        before = spec["containers"][0].get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        assert spec["terminationGracePeriodSeconds"] >= before + 25 + 5, component


def test_nobody_may_post_to_a_worker():
    for documents in (plain(), chart("plain"), chart("plain", "sqsd")):
        (policy,) = (
            one for one in documents if one["kind"] == "NetworkPolicy" and one["metadata"]["name"].endswith("-worker")
        )
        assert policy["spec"]["ingress"] == [] and "Ingress" in policy["spec"]["policyTypes"]
    assert not [one for one in plain() if one["kind"] == "Service" and "worker" in one["metadata"]["name"]]


def test_a_worker_with_a_daemon_beside_it_does_not_poll_as_well():
    made = named(chart("plain", "sqsd"))
    assert "SQS_QUEUE_URL" in made[("ConfigMap", "digesterd-api")]["data"]
    assert "SQS_QUEUE_URL" not in made[("ConfigMap", "digesterd-worker")]["data"]


def test_a_setting_that_is_no_text_and_a_group_that_there_is_not_are_refused():
    with pytest.raises(HelmError, match="got number, want string"):
        chart("plain", values={"worker": {"settings": {"VPC_MAX_BYTES_PREFETCH": 268435456}}})
    with pytest.raises(HelmError, match="'wroker' not allowed"):
        chart("plain", values={"wroker": {}})


def test_a_change_of_settings_restarts_the_pods():
    def checksum(documents):
        return {
            one["metadata"]["name"]: one["spec"]["template"]["metadata"]["annotations"]["checksum/settings"]
            for one in documents
            if one["kind"] == "Deployment"
        }

    before = checksum(chart("plain"))
    after = checksum(chart("plain", values={"worker": {"settings": {"WORKER_CONCURRENCY": "2"}}}))
    assert before["digesterd-worker"] != after["digesterd-worker"]
    assert before["digesterd-api"] == after["digesterd-api"]
