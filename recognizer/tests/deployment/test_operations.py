"""docs/operations: what its files say is understood by whom it is meant for, and holds here."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.test import Client
from django.utils import timezone

from digitsite.environment import read_database
from recognizer.models import TrainedModel
from recognizer.services import metrics
from recognizer.services.daily_counts import keep_counts
from recognizer.tests.kit.drawings import draw_on
from recognizer.tests.kit.live import PROJECT
from recognizer.tests.kit.units import OPERATIONS, read_environment

UNITS = sorted(path.name for path in OPERATIONS.iterdir() if "@." in path.name)
MANUAL = PROJECT / "docs" / "operations.md"
NEEDS_SYSTEMD = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="only systemd can read its units"
)
EXPOSURE = 2.0
"""Of 10; systemd calls this OK, and a service without any fence has 9.6."""


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """Return the units in a folder, with something to execute at the place that they name."""
    for name in UNITS:
        text = (OPERATIONS / name).read_text()
        (tmp_path / name).write_text(re.sub(r"/srv/digits/%i/\S+/python", "/bin/true", text))
    return tmp_path


@NEEDS_SYSTEMD
@pytest.mark.parametrize("name", UNITS)
def test_systemd_has_nothing_to_say_of_a_unit(units: Path, name: str) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", name.replace("@", "@blue")],
        env={"SYSTEMD_UNIT_PATH": f"{units}:"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@NEEDS_SYSTEMD
@pytest.mark.parametrize("name", [name for name in UNITS if name.endswith(".service")])
def test_a_service_is_fenced_in(units: Path, name: str) -> None:
    limit = f"--threshold={EXPOSURE * 10:.0f}"
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", limit, units / name],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout.splitlines()[-1]


def test_the_proxy_lets_a_body_through_that_the_site_takes() -> None:
    found = re.search(r"client_max_body_size (\d+)m;", (OPERATIONS / "nginx.conf").read_text())
    assert found is not None
    limit = int(found[1]) * 2**20
    assert settings.MAX_BODY_BYTES < limit <= settings.MAX_BODY_BYTES + 2 * 2**20


KUBERNETES = [*yaml.safe_load_all((OPERATIONS / "kubernetes.yaml").read_text())]
PODS = {
    each["metadata"]["name"]: each["spec"]["template"]["spec"]
    for each in KUBERNETES
    if each["kind"] == "Deployment"
}


def test_kubernetes_finds_what_a_part_names() -> None:
    named = {(each["kind"], each["metadata"]["name"]): each for each in KUBERNETES}
    for name, pod in PODS.items():
        labels = named["Deployment", name]["spec"]["template"]["metadata"]["labels"]
        assert named["Deployment", name]["spec"]["selector"]["matchLabels"] == labels
        (container,) = pod["containers"]
        volumes = {each["name"] for each in pod["volumes"]}
        assert {each["name"] for each in container["volumeMounts"]} == volumes
        assert container["envFrom"][0]["configMapRef"]["name"] == "digits"
    serving = {"app": "digits"}
    assert named["Service", "digits"]["spec"]["selector"] == serving
    assert named["PodDisruptionBudget", "digits"]["spec"]["selector"]["matchLabels"] == serving
    assert named["HorizontalPodAutoscaler", "digits"]["spec"]["scaleTargetRef"]["name"] in PODS


def test_a_pod_is_fenced_in_and_limited_as_a_container_of_compose() -> None:
    services = yaml.safe_load((PROJECT / "compose.yaml").read_text())["services"]
    for pod, service in (("digits", "app"), ("digits-worker", "worker")):
        (container,) = PODS[pod]["containers"]
        limit = services[service]["deploy"]["resources"]["limits"]["memory"]
        assert container["resources"]["limits"]["memory"] == f"{limit}i"
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        user = PODS[pod]["securityContext"]
        assert f"{user['runAsUser']}:{user['runAsGroup']}" == services[service]["user"]


def test_a_pod_is_asked_at_addresses_that_the_site_has(client: Client, model: TrainedModel) -> None:
    (container,) = PODS["digits"]["containers"]
    probes = [container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")]
    assert [client.get(probe["path"]).status_code for probe in probes] == [200] * 3


def test_no_secret_is_given() -> None:
    assert read_environment()["SECRET_KEY"] == ""


def test_every_variable_that_is_set_is_one_that_the_site_reads() -> None:
    read = (PROJECT / "digitsite" / "settings.py").read_text()
    lightsail = json.loads((OPERATIONS / "lightsail.json").read_text())
    (kubernetes,) = (each["data"] for each in KUBERNETES if each["kind"] == "ConfigMap")
    given = {*read_environment(), *kubernetes, *lightsail["containers"]["app"]["environment"]}
    assert [name for name in given if f'"{name}"' not in read] == []


def test_every_option_of_the_databases_address_changes_what_it_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def read(query: str) -> str:
        monkeypatch.setenv("DATABASE_URL", f"sqlite:///db.sqlite3{query}")
        database = read_database("DATABASE_URL", default="", folder=PROJECT)
        return json.dumps(database, sort_keys=True, default=str)

    section = MANUAL.read_text().partition("## The address of the database\n")[2].partition("##")[0]
    rows = re.findall(r"^\| `(\?(\w+)=(\w+))` \| `?([\w ]+)`? \|", section, re.MULTILINE)
    assert {name for _, name, _, _ in rows} == {"timeout", "conn_max_age", "synchronous"}
    for query, name, value, default in rows:
        assert value.lower() in read(query).lower()
        assert read(query) != read("")
        if default != "no limit":
            assert read(f"?{name}={default}") == read("")


def test_every_file_that_the_manual_names_is_there_and_every_file_is_named() -> None:
    links = set(re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", MANUAL.read_text()))
    assert [link for link in links if not (MANUAL.parent / link).exists()] == []
    assert {path.name for path in OPERATIONS.iterdir()} <= {Path(link).name for link in links}


NEEDS_PROMTOOL = pytest.mark.skipif(
    not shutil.which("promtool"), reason="only promtool can read Prometheus's expressions"
)
ALERTS = OPERATIONS / "alerts.yml"
# Ten minutes after the counting stopped, when nothing tells of it any more, and after a shift of
# the confidence that lasts an hour.
ALARM = """
rule_files: [%s]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'digits_drift_psi{version="2", of="confidence"}', values: '0.1x60 0.25x120'}
      - {series: 'digits_counted_timestamp_seconds', values: '0x100 _x140'}
    alert_rule_test:
      - {eval_time: 100m, alertname: DigitsOtherThanUsual, exp_alerts: []}
      - eval_time: 130m
        alertname: DigitsOtherThanUsual
        exp_alerts:
          - exp_labels: {version: "2", of: confidence}
            exp_annotations:
              summary: "Model 2: confidence is not as usual (PSI 0.25). See the board."
      - {eval_time: 60m, alertname: DigitsNotCounted, exp_alerts: []}
      - &silent
        eval_time: 80m
        alertname: DigitsNotCounted
        exp_alerts:
          - exp_annotations:
              summary: The worker has not counted for an hour, or never; does it run?
      - {<<: *silent, eval_time: 130m}
"""


def list_expressions() -> list[str]:
    """Return what the alerts and the dashboard ask Prometheus."""
    rules = yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]
    panels = json.loads((OPERATIONS / "grafana.json").read_text())["panels"]
    asked = [target["expr"] for panel in panels for target in panel["targets"]]
    return [*(rule["expr"] for rule in rules), *asked]


def run_promtool(*arguments: str | Path) -> None:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@NEEDS_PROMTOOL
def test_prometheus_understands_the_alerts_and_the_dashboard(tmp_path: Path) -> None:
    run_promtool("check", "rules", ALERTS)
    asked = [{"record": "asked", "expr": expression} for expression in list_expressions()]
    rules = [{"name": f"{number}", "rules": [rule]} for number, rule in enumerate(asked)]
    (tmp_path / "asked.yml").write_text(yaml.safe_dump({"groups": rules}))
    run_promtool("check", "rules", "--lint=none", tmp_path / "asked.yml")


@NEEDS_PROMTOOL
def test_the_alerts_sound_when_they_should(tmp_path: Path) -> None:
    (tmp_path / "test.yml").write_text(ALARM % ALERTS)
    run_promtool("test", "rules", tmp_path / "test.yml")


def test_the_site_has_every_metric_that_alerts_and_dashboard_ask_for(model: TrainedModel) -> None:
    for days, count in ((60, 1_000), (1, 200)):
        draw_on((timezone.now() - timedelta(days)).date(), count=count, label=7)
    keep_counts(60)
    metrics.count_throttled("everybody", "requests")
    metrics.PREDICTIONS.labels(7, 1)
    Client().get("/")
    had = {
        line.split("{")[0].split(" ")[0] for line in metrics.format_metrics().decode().split("\n")
    }
    asked = {
        name
        for expression in list_expressions()
        for name in re.findall(r"\b(?:digits|django)_\w+", expression)
    }
    assert len(asked) > 8
    assert asked - had == set()


def test_the_panels_of_the_dashboard_do_not_overlap() -> None:
    panels = json.loads((OPERATIONS / "grafana.json").read_text())["panels"]
    taken = [
        (place["x"] + right, place["y"] + down)
        for place in (panel["gridPos"] for panel in panels)
        for right in range(place["w"])
        for down in range(place["h"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) == 23
    assert len({panel["id"] for panel in panels}) == len(panels)
