"""What `deploy/` holds is accepted by the tools it is for, and speaks of figures that there are."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes_validate import validate  # pyright: ignore[reportMissingTypeStubs]
from prometheus_client import CollectorRegistry, generate_latest
from support.replicas import DEPLOY, HAPROXY

from k6_cloud_mcp.telemetry.prometheus import PrometheusMeasures

PROMTOOL = shutil.which("promtool")
COMPOSE = shutil.which("docker-compose")
ALERTS = DEPLOY / "prometheus" / "alerts.yaml"
DASHBOARD = DEPLOY / "grafana" / "dashboard.json"
GUIDE = DEPLOY.parent / "docs" / "operators.md"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
KINDS = {"Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy"}
KUBERNETES = "1.30"


def accepted(*command: str, **environment: str) -> None:
    result = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


def read(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text("utf-8"))


@pytest.mark.skipif(HAPROXY is None, reason="needs HAProxy: apt-get install haproxy")
def test_haproxy_accepts_its_configuration():
    replicas = {f"K6_MCP_REPLICA_{number}": f"127.0.0.1:{number}" for number in (1, 2, 3)}
    accepted(str(HAPROXY), "-c", "-f", str(DEPLOY / "haproxy.cfg"), K6_MCP_BIND="127.0.0.1:9", **replicas)


@pytest.mark.skipif(COMPOSE is None, reason="needs docker-compose: apt-get install docker-compose")
def test_compose_accepts_its_file():
    names = re.findall(r"\$\{(\w+):\?\}", (DEPLOY / "compose.yaml").read_text("utf-8"))
    file = str(DEPLOY / "compose.yaml")
    accepted(str(COMPOSE), "-f", file, "config", "--quiet", **dict.fromkeys(names, "given"))


@pytest.mark.skipif(PROMTOOL is None, reason="needs promtool: apt-get install prometheus")
def test_prometheus_accepts_the_alert_rules():
    accepted(str(PROMTOOL), "check", "rules", str(ALERTS))


@pytest.mark.parametrize(
    "path", [one for one in MANIFESTS if one.stem != "kustomization"], ids=lambda one: one.stem
)
def test_a_manifest_is_one_of_kubernetes(path: Path):
    validate(read(path), KUBERNETES, strict=True)


def test_the_manifests_are_all_there_and_all_listed():
    listed = read(DEPLOY / "kubernetes" / "kustomization.yaml")["resources"]
    assert sorted(listed) == [one.name for one in MANIFESTS if one.stem != "kustomization"]
    assert {read(DEPLOY / "kubernetes" / name)["kind"] for name in listed} >= KINDS


def test_no_manifest_holds_a_secret():
    container = read(DEPLOY / "kubernetes" / "deployment.yaml")["spec"]["template"]["spec"]["containers"][0]
    assert container["envFrom"] == [{"secretRef": {"name": "k6-cloud-mcp"}}]
    assert not [one for one in container["env"] if re.search("TOKEN|KEY", one["name"])]


@pytest.mark.parametrize("path", [DASHBOARD, ALERTS, GUIDE], ids=["dashboard", "alerts", "guide"])
def test_it_asks_for_figures_that_the_server_gives(path: Path):
    asked = {*re.findall(r"k6_mcp_\w+", path.read_text("utf-8"))}
    assert asked
    assert {re.sub("_(total|bucket)$", "", name) for name in asked} <= published()


@pytest.mark.parametrize("path", [DASHBOARD, GUIDE], ids=["dashboard", "guide"])
def test_it_leaves_no_figure_out(path: Path):
    shown = re.findall(r"k6_mcp_\w+", path.read_text("utf-8"))
    assert {re.sub("_(total|bucket)$", "", name) for name in shown} == published()


def test_every_panel_shows_something():
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    assert all(panel["title"] and panel["targets"] for panel in panels)
    assert len({panel["id"] for panel in panels}) == len(panels)


def published() -> set[str]:
    """The names of the figures, without what Prometheus adds to them."""
    registry = CollectorRegistry()
    PrometheusMeasures(registry)
    lines = generate_latest(registry).decode().splitlines()
    names = {
        line.split()[2] for line in lines if line.startswith("# TYPE") and not line.endswith("_created gauge")
    }
    return {name.removesuffix("_total") for name in names}
