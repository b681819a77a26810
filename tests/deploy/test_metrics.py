"""Dashboard and alerts: every metric they name exists, and every alert fires when its condition is true."""

from __future__ import annotations

import json
import re
import subprocess

import yaml

from files import DEPLOY, REPOSITORY

ALERTS = DEPLOY / "prometheus" / "alerts.yaml"
NAME = re.compile(r"\b(?:digesterd|process)_[a-z_]+\b")


def documented() -> dict[str, str]:
    """The metrics of docs/operations.md with their kinds; a test of the program holds the table against its own."""
    section = (REPOSITORY / "docs" / "operations.md").read_text().split("## Metrics")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `([a-z_]+)` \| (\w+) \|", section, re.MULTILINE))


def series() -> set[str]:
    """Every series that these metrics make."""
    names = set()
    for name, kind in documented().items():
        parts = ["_bucket", "_count", "_sum"] if kind == "histogram" else [""]
        names |= {name + part for part in parts}
    return names


def rules() -> list[dict]:
    """All alerts."""
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def promtool(*arguments: str) -> str:
    """What Prometheus' checker says."""
    done = subprocess.run([REPOSITORY / "scripts" / "promtool", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_metric_that_an_alert_names_exists():
    for rule in rules():
        named = set(NAME.findall(rule["expr"]))
        assert named and named <= series(), rule["alert"]


def test_every_metric_that_the_dashboard_names_exists_and_it_shows_them_all():
    text = (DEPLOY / "grafana" / "digesterd.json").read_text()
    expressions = [target["expr"] for panel in json.loads(text)["panels"] for target in panel["targets"]]
    named = {name for expression in expressions for name in NAME.findall(expression)}
    assert named <= series()
    shown = {re.sub("_(bucket|count|sum)$", "", name) for name in named} | set(NAME.findall(text))
    assert set(documented()) - shown == {"process_start_time_seconds"}


def test_the_dashboards_expressions_are_understood(tmp_path):
    dashboard = json.loads((DEPLOY / "grafana" / "digesterd.json").read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    plain = [text.replace("$__rate_interval", "5m").replace("$job", ".*") for text in expressions]
    recorded = [{"record": f"panel:{at}", "expr": text} for at, text in enumerate(plain)]
    rules = tmp_path / "dashboard.yaml"
    rules.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": recorded}]}))
    assert f"{len(plain)} rules found" in promtool("check", "rules", str(rules))


def test_each_alert_fires_when_its_condition_is_true_and_none_without():
    assert f"{len(rules())} rules found" in promtool("check", "rules", str(ALERTS))
    promtool("test", "rules", str(ALERTS.with_name("alerts_test.yaml")))
    tested = ALERTS.with_name("alerts_test.yaml").read_text()
    for rule in rules():
        # Once where it is silent, once where it fires.
        assert tested.count(rule["alert"]) == 2, rule["alert"]
