"""The Helm chart against the code, and, where helm is installed, what it renders against the Kubernetes schemas."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import promql_parser
import pytest
import yaml
from pydantic import SecretStr

from streamrec import __version__
from streamrec.kafka.topics import ITEM_SOURCES, USER_SOURCES
from streamrec.settings import PREFIX, Settings, load

CHART = Path(__file__).parent.parent / "deploy/helm/streamrec"
VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())
KUBERNETES = "1.34"
CUSTOM = {"ScaledObject", "ServiceMonitor"}
"""Kinds that Kubernetes itself has no schema for."""
MONITORING = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
ALL_ON = {
    "keda": {"enabled": True, "authentication": "kafka", "prometheus": "http://prometheus:9090"},
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "secrets": {"values": {"web_token": "one of twelve", "sasl_password": "two"}},
    "networkPolicy": {"from": [MONITORING], "egress": [{"to": [MONITORING], "ports": [{"protocol": "TCP", "port": 9092}]}]},
    "image": {"digest": f"sha256:{'a' * 64}"},
    "tls": {"secretName": "certificates"},
    "settings": {
        "ssl_cafile": "/etc/streamrec/tls/ca.crt",
        "coalesce": False,
        "poll_records": 1_000_000,
        "prefix": "shop.",
        "partitions": 12,
    },
    "persistence": {"storageClass": "fast"},
    "podAnnotations": {"a": "b"},
    "nodeSelector": {"kind": "fast"},
    "tolerations": [{"key": "gpu", "operator": "Exists"}],
    "imagePullSecrets": [{"name": "registry"}],
}
HELM = shutil.which("helm")
PODS = [path for path in (CHART / "templates").glob("*.yaml") if "containers:" in path.read_text()]
rendered = pytest.mark.skipif(HELM is None, reason="helm is not installed: the chart's templates are not rendered here")


def template(tmp_path: Path, values: dict[str, Any]) -> list[dict[str, Any]]:
    """What helm makes of the chart with these values."""
    assert HELM is not None
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump(values))
    command = [HELM, "template", "shop", str(CHART), "--values", str(file), "--kube-version", f"{KUBERNETES}.0"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


@pytest.mark.parametrize("path", PODS, ids=lambda path: path.name)
def test_no_pod_is_told_of_the_services_in_its_namespace(path: Path) -> None:
    assert "\n      enableServiceLinks: false\n" in path.read_text()


def one(documents: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    (found,) = [document for document in documents if document["kind"] == kind]
    return found


def container(documents: list[dict[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = one(documents, "StatefulSet")["spec"]["template"]["spec"]["containers"][0]
    return made


def test_the_values_are_those_of_the_schema_and_name_settings() -> None:
    jsonschema.validate(VALUES, SCHEMA)
    assert set(VALUES) == set(SCHEMA["properties"]) - {"global", "nameOverride"}
    load(**VALUES["settings"])


def test_a_wrong_value_is_refused() -> None:
    settings = VALUES["settings"]
    for wrong in (
        {"replica": 2},
        {"settings": settings | {"web_token": "open"}},
        {"settings": settings | {"broker": "me:hush@kafka:9092"}},
        {"settings": settings | {"schema_registry": "http://me:hush@registry"}},
        {"secrets": {"values": {"web_token": ""}}},
        {"secrets": {"values": {"web_token": "eleven sign"}}},
        {"image": VALUES["image"] | {"digest": "latest"}},
        {"replicas": "two"},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(VALUES | wrong, SCHEMA)


def test_every_secret_setting_comes_from_a_secret() -> None:
    kinds = {name: getattr(field.annotation, "__args__", (field.annotation,)) for name, field in Settings.model_fields.items()}
    secret = {name for name, kind in kinds.items() if SecretStr in kind}
    assert set(SCHEMA["properties"]["secrets"]["properties"]["values"]["properties"]) == secret
    text = (CHART / "templates/statefulset.yaml").read_text()
    (listed,) = re.findall(r"range list ((?:\"\w+\" ?)+)", text)
    assert set(listed.replace('"', "").split()) == secret
    assert all(SCHEMA["properties"]["settings"]["properties"][name] is False for name in secret)


def test_scaling_looks_at_every_topic_that_changes_state() -> None:
    text = (CHART / "templates/scaledobject.yaml").read_text()
    (listed,) = re.findall(r"\$topics := list ((?:\"[\w-]+\" ?)+)", text)
    assert listed.replace('"', "").split() == [*USER_SOURCES, *ITEM_SOURCES]
    for setting in ("prefix", "app_id"):
        (default,) = re.findall(rf'default "([^"]*)" \$settings.{setting}', text)
        assert default == Settings.model_fields[setting].default


def test_the_chart_is_of_this_version_and_port() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (__version__, __version__)
    assert VALUES["service"]["port"] == Settings.model_fields["web_port"].default


@rendered
@pytest.mark.parametrize("values", [{}, ALL_ON, {"secrets": {"existing": "mine"}, "podDisruptionBudget": {"enabled": False}}])
def test_what_is_rendered_is_valid_for_kubernetes(tmp_path: Path, values: dict[str, Any]) -> None:
    documents = template(tmp_path, values)
    for document in documents:
        if document["kind"] not in CUSTOM:
            kubernetes_validate.validate(document, KUBERNETES, strict=True)
    assert {"StatefulSet", "Service"} <= {document["kind"] for document in documents}


@rendered
def test_a_worker_is_a_member_by_its_pods_name_and_keeps_its_state(tmp_path: Path) -> None:
    documents = template(tmp_path, ALL_ON)
    made = container(documents)
    variables = {entry["name"]: entry for entry in made["env"]}
    assert variables["STREAMREC_INSTANCE_ID"]["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.name"
    plain = {name.removeprefix(PREFIX).lower(): entry["value"] for name, entry in variables.items() if "value" in entry}
    loaded = load(**plain)
    assert (loaded.coalesce, loaded.poll_records, loaded.prefix, loaded.web_host) == (False, 1_000_000, "shop.", "0.0.0.0")  # noqa: S104
    mounts = {mount["name"]: mount["mountPath"] for mount in made["volumeMounts"]}
    assert str(loaded.data_dir).startswith(mounts["state"])
    assert str(loaded.ssl_cafile).startswith(mounts["tls"])
    claims = one(documents, "StatefulSet")["spec"]["volumeClaimTemplates"]
    assert [claim["metadata"]["name"] for claim in claims] == ["state"]


@rendered
def test_passwords_stand_in_the_secret_only(tmp_path: Path) -> None:
    documents = template(tmp_path, ALL_ON | {"secrets": {"values": {"web_token": "hush-hush-hush"}}})
    assert one(documents, "Secret")["stringData"] == {"web_token": "hush-hush-hush"}
    assert "hush-hush-hush" not in json.dumps([document for document in documents if document["kind"] != "Secret"])
    reference = next(entry for entry in container(documents)["env"] if entry["name"] == "STREAMREC_WEB_TOKEN")["valueFrom"]["secretKeyRef"]
    assert (reference["name"], reference["key"]) == (one(documents, "Secret")["metadata"]["name"], "web_token")


@rendered
def test_the_probes_ask_what_the_worker_answers(tmp_path: Path) -> None:
    made = container(template(tmp_path, {}))
    paths = {kind: made[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness", "liveness")}
    assert paths == {"startup": "/ready", "readiness": "/ready", "liveness": "/live"}
    budget = made["startupProbe"]["failureThreshold"] * made["startupProbe"]["periodSeconds"]
    assert budget >= VALUES["startupSeconds"]


@rendered
def test_a_worker_may_do_little_and_holds_no_credentials_of_the_cluster(tmp_path: Path) -> None:
    documents = template(tmp_path, {})
    pod, made = one(documents, "StatefulSet")["spec"]["template"]["spec"], container(documents)
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert made["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    assert all(made[f"{kind}Probe"]["timeoutSeconds"] >= 1 for kind in ("startup", "readiness", "liveness"))


@rendered
def test_nobody_reaches_a_worker_but_who_is_named(tmp_path: Path) -> None:
    documents = template(tmp_path, {})
    closed = one(documents, "NetworkPolicy")["spec"]
    assert closed["podSelector"]["matchLabels"] == one(documents, "StatefulSet")["spec"]["selector"]["matchLabels"]
    assert (closed["policyTypes"], "ingress" in closed) == (["Ingress"], False)
    opened = one(template(tmp_path, ALL_ON), "NetworkPolicy")["spec"]
    assert opened["ingress"] == [{"from": [MONITORING], "ports": [{"protocol": "TCP", "port": "web"}]}]
    assert opened["policyTypes"] == ["Ingress", "Egress"]
    assert [rule["ports"][0]["port"] for rule in opened["egress"]] == [53, 9092]
    assert not [document for document in template(tmp_path, {"networkPolicy": {"enabled": False}}) if document["kind"] == "NetworkPolicy"]
    with pytest.raises(AssertionError, match=r"networkPolicy\.from"):
        template(tmp_path, {"serviceMonitor": {"enabled": True}})


@rendered
def test_an_image_goes_by_its_digest_where_one_is_given(tmp_path: Path) -> None:
    assert container(template(tmp_path, ALL_ON))["image"] == f"streamrec@sha256:{'a' * 64}"
    assert container(template(tmp_path, {}))["image"] == f"streamrec:{__version__}"


@rendered
def test_there_are_never_more_workers_than_partitions(tmp_path: Path) -> None:
    documents = template(tmp_path, ALL_ON)
    assert "replicas" not in one(documents, "StatefulSet")["spec"], "the scaler's business"
    scaled = one(documents, "ScaledObject")["spec"]
    assert (scaled["minReplicaCount"], scaled["maxReplicaCount"]) == (1, 12)
    told = [trigger["metadata"] for trigger in scaled["triggers"]]
    assert {one["topic"] for one in told if "topic" in one} == {f"shop.{name}" for name in (*USER_SOURCES, *ITEM_SOURCES)}
    (overload,) = [one for one in told if "query" in one]
    assert promql_parser.parse(overload["query"])
    assert "streamrec_overdue_users{" in overload["query"]
    with pytest.raises(AssertionError, match="lower replicas"):
        template(tmp_path, {"replicas": 9})
