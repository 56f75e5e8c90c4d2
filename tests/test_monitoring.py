"""Dashboard and alarms against the code: every metric in them is registered, every expression parses, every alarm has its runbook."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from streamrec.observe.metrics import Metrics

ROOT = Path(__file__).parent.parent
DASHBOARD = json.loads((ROOT / "deploy/grafana/streamrec.json").read_text())
RULES = yaml.safe_load((ROOT / "deploy/prometheus/rules.yaml").read_text())
PROMETHEUS = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yaml").read_text())
PROMETHEUS_OWN = {"up"}


def panels() -> Iterator[tuple[str, str]]:
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def alarms() -> list[dict[str, Any]]:
    return [rule for group in RULES["groups"] for rule in group["rules"]]


EXPRESSIONS = [*panels(), *((rule["alert"], rule["expr"]) for rule in alarms())]


def registered() -> dict[str, set[str]]:
    """Every name that a worker exposes, with its labels."""
    found: dict[str, set[str]] = {}
    for family in Metrics("").registry.collect():
        kind = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"], "info": ["_info"]}.get(family.type, [""])
        for suffix in kind:
            found[family.name + suffix] = {label for sample in family.samples for label in sample.labels}
    return found


def parsed(expression: str) -> Any:
    return promql_parser.parse(expression.replace("$__rate_interval", "5m"))


def selectors(expression: str) -> set[str]:
    """The names of the metrics in an expression."""
    without = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(by|ignoring|on|group_left|without)\s*\([^)]*\)', " ", expression)
    names = set(re.findall(r"\b[a-z_][a-z0-9_]*\b(?!\s*\()", without))
    return names - {"and", "or", "unless", "by", "ignoring", "on", "group_left", "without"}


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS)
def test_every_expression_parses_and_names_metrics_that_a_worker_exposes(where: str, expression: str) -> None:
    assert parsed(expression)
    names = selectors(expression)
    assert names, where
    unknown = names - registered().keys() - PROMETHEUS_OWN
    assert not unknown, f"{where}: {unknown}"


def test_a_metric_that_is_not_there_would_be_found() -> None:
    assert selectors('sum by (le) (rate(no_such_total{outcome=~"x"}[5m])) / up') == {"no_such_total", "up"}


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS)
def test_a_histogram_is_asked_for_its_buckets_by_le(where: str, expression: str) -> None:
    for inner in re.findall(r"histogram_quantile\(([^,]+), sum by \(([^)]*)\) \(rate\((\w+)", expression):
        share, labels, metric = inner
        assert 0 < float(share) < 1
        assert "le" in labels.split(", "), where
        assert metric.endswith("_bucket")


def test_counters_are_only_looked_at_as_rates() -> None:
    for where, expression in EXPRESSIONS:
        for name in re.findall(r"\b(\w+_(?:total|bucket|sum|count))\b(?!\s*\()", re.sub(r'"[^"]*"', "", expression)):
            assert re.search(rf"(rate|increase)\({name}", expression), f"{where}: {name}"


def test_every_panel_has_a_place_a_unit_and_the_chosen_data_source() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_every_alarm_says_what_is_wrong_and_its_runbook_is_there() -> None:
    runbook = (ROOT / "docs/operating.md").read_text()
    names = [rule["alert"] for rule in alarms()]
    assert len(set(names)) == len(names)
    assert set(re.findall(r"^\| `(Streamrec\w+)` \|", runbook, re.MULTILINE)) == set(names)
    for rule in alarms():
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"].endswith(".")
        file, _, anchor = rule["annotations"]["runbook"].partition("#")
        headings = re.findall(r"^#+ (.+)$", (ROOT / file).read_text(), re.MULTILINE)
        assert anchor in {heading.lower().replace(" ", "-") for heading in headings}


def test_prometheus_reads_the_rules_and_names_the_job_as_they_do() -> None:
    assert PROMETHEUS["rule_files"] == ["rules.yaml"]
    jobs = {job["job_name"] for job in PROMETHEUS["scrape_configs"]}
    asked = {name for rule in alarms() for name in re.findall(r'job="(\w+)"', rule["expr"])}
    assert asked == jobs
