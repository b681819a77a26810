"""Chart and plain manifests: sound by Kubernetes' own schemas, alike, confined, and in step with the programs."""

from __future__ import annotations

import kubernetes_validate
import pytest
from helm_python.chart import lint
from helm_python.errors import HelmError

from files import CHART, PLAIN, chart, manifests, named, plain, pods

# The oldest release that the chart claims, and the newest that the schemas know.
RELEASES = ("1.30", "1.37")
VARIANTS = [
    ("plain",),
    ("plain", "keda"),
    ("plain", "sqsd"),
    ("plain", "secured"),
    ("plain", "secured", "keda"),
    ("plain", "secured", "sqsd"),
]
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
    made = named(chart("plain", "secured"))
    different = {key: document for key, document in made.items() if base.get(key) != document}
    of_files = manifests(PLAIN / "secured" / "api.yaml") + manifests(PLAIN / "secured" / "worker.yaml")
    assert named(of_files) == different


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
            mount["mountPath"]
            for container in spec["containers"]
            for mount in container.get("volumeMounts", [])
            if not mount.get("readOnly")
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
    for documents in (manifests(PLAIN / "worker.yaml"), chart("plain"), chart("plain", "sqsd")):
        (policy,) = (
            one for one in documents if one["kind"] == "NetworkPolicy" and one["metadata"]["name"].endswith("-worker")
        )
        assert policy["spec"]["ingress"] == [] and "Ingress" in policy["spec"]["policyTypes"]
    assert not [one for one in plain() if one["kind"] == "Service" and "worker" in one["metadata"]["name"]]


def variables(deployment: dict, settings: dict) -> dict[str, str]:
    """What a pod's first container is given: its ConfigMap and its own variables, those from Secrets by their names."""
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    own = {one["name"]: one["valueFrom"]["secretKeyRef"]["name"] for one in container.get("env", [])}
    return {**settings["data"], **own}


def files_of(deployment: dict) -> dict[str, str]:
    """Secrets by the directories that they are mounted at."""
    spec = deployment["spec"]["template"]["spec"]
    secrets = {one["name"]: one["secret"]["secretName"] for one in spec.get("volumes", []) if "secret" in one}
    mounts = spec["containers"][0].get("volumeMounts", [])
    return {mount["mountPath"]: secrets[mount["name"]] for mount in mounts if mount["name"] in secrets}


@pytest.mark.parametrize("source", ["chart", "files"])
def test_tokens_tls_and_the_intakes_secret_come_from_secrets(source):
    files = [one for path in sorted((PLAIN / "secured").glob("*.yaml")) for one in manifests(path)]
    made = named(chart("plain", "secured") if source == "chart" else files)
    for component in ("api", "worker"):
        deployment = made[("Deployment", f"digesterd-{component}")]
        given = variables(deployment, made[("ConfigMap", f"digesterd-{component}")])
        mounted = files_of(deployment)
        for name in ("TLS_CERTIFICATE_FILE", "TLS_KEY_FILE"):
            assert mounted[given[name].rsplit("/", 1)[0]] == "digesterd-tls"
        assert given["DIGEST_INTAKE_SECRET"] == "digesterd-intake"
        assert ("DIGEST_TOKENS_FILE" in given) == (component == "api")
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert container[probe]["httpGet"]["scheme"] == "HTTPS", probe
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        assert str(ports["metrics"]) == given["METRICS_PORT"]
    assert mounted == {"/etc/digesterd/tls": "digesterd-tls"}
    assert made[("Service", "digesterd-api")]["spec"]["ports"][0]["appProtocol"] == "https"


def test_no_manifest_holds_a_secret():
    assert not [one for one in every_manifest() if one["kind"] == "Secret"]


def test_who_reads_metrics_of_a_worker_may_post_nothing_to_it():
    for made in (named(chart("plain", "secured")), named(manifests(PLAIN / "secured" / "worker.yaml"))):
        (rule,) = made[("NetworkPolicy", "digesterd-worker")]["spec"]["ingress"]
        assert [port["port"] for port in rule["ports"]] == ["metrics"] and rule["from"]


def test_a_daemon_beside_a_worker_posts_in_plain_http():
    made = named(chart("plain", "secured", "sqsd"))
    worker = made[("Deployment", "digesterd-worker")]
    assert files_of(worker) == {}
    given = variables(worker, made[("ConfigMap", "digesterd-worker")])
    assert "TLS_KEY_FILE" not in given and given["DIGEST_INTAKE_SECRET"] == "digesterd-intake"
    assert "scheme" not in worker["spec"]["template"]["spec"]["containers"][0]["livenessProbe"]["httpGet"]


@pytest.mark.parametrize("source", ["chart", "files"])
def test_a_daemon_presents_the_secret_that_its_worker_asks_for(source):
    made = named(chart("plain", "sqsd") if source == "chart" else manifests(PLAIN / "sqsd" / "worker.yaml"))
    containers = made[("Deployment", "digesterd-worker")]["spec"]["template"]["spec"]["containers"]
    worker, daemon = ({one["name"]: one for one in container["env"]} for container in containers)
    assert worker["DIGEST_INTAKE_SECRET"] == daemon["DIGEST_INTAKE_SECRET"]
    assert list(daemon)[0] == "DIGEST_INTAKE_SECRET", "a variable has to stand before what names it"
    assert "$(DIGEST_INTAKE_SECRET)@127.0.0.1:" in daemon["SQSD_HTTP_URL"]["value"]
    if source == "chart":
        assert "env" not in made[("Deployment", "digesterd-api")]["spec"]["template"]["spec"]["containers"][0]
        with pytest.raises(HelmError, match="access.intakeSecret"):
            chart("plain", "sqsd", values={"access": {"intakeSecret": ""}})


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
