"""Dashboards are what Grafana's own models read, field for field."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

GRAFANA = Path(__file__).parents[3] / "template/components/monitoring/files/monitoring/grafana"
DASHBOARDS = sorted((GRAFANA / "dashboards").glob("*.json"))

# Reads each file with Grafana's models and writes it again; in an environment of its own.
AGAIN = """
import json, sys
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard
for name in sys.argv[1:]:
    read = Dashboard.from_json(json.load(open(name)))
    print(json.dumps(json.loads(JSONEncoder(sort_keys=True).encode(read))))
"""

# Of annotations by Prometheus; Grafana keeps them beside its model.
BESIDE = {"titleFormat", "textFormat"}


@pytest.mark.slow
@pytest.mark.xdist_group("monitoring")
def test_grafana_understands_every_field_of_the_dashboards() -> None:
    uv = shutil.which("uv") or pytest.skip("uv is not installed")
    done = subprocess.run(
        [
            *(uv, "run", "--quiet", "--no-project", "--with", "grafana-foundation-sdk"),
            *("python", "-c", AGAIN, *map(str, DASHBOARDS)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr

    again = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(again) == len(DASHBOARDS) == 4
    for path, understood in zip(DASHBOARDS, again, strict=True):
        assert list(_lost(json.loads(path.read_text("utf-8")), understood)) == [], path.name


def _lost(given: object, understood: object, place: str = "") -> list[str]:
    """Return where `given` says something that `understood` does not."""
    if isinstance(given, dict) and isinstance(understood, dict):
        return [
            found
            for name, value in given.items()
            if name not in BESIDE
            for found in _lost(value, understood.get(name), f"{place}.{name}")
        ]
    if isinstance(given, list) and isinstance(understood, list) and len(given) == len(understood):
        pairs = zip(given, understood, strict=True)
        return [
            found
            for number, (one, other) in enumerate(pairs)
            for found in _lost(one, other, f"{place}[{number}]")
        ]
    return [] if given == understood else [place]


def test_provisioning_names_a_source_and_a_folder_that_are_there() -> None:
    sources = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text())
    providers = yaml.safe_load((GRAFANA / "provisioning/dashboards/dashboards.yml").read_text())

    used = {
        target["datasource"]["uid"]
        for path in DASHBOARDS
        for panel in json.loads(path.read_text("utf-8"))["panels"]
        for target in [panel, *panel["targets"]]
        if "datasource" in target
    }
    assert used == {source["uid"] for source in sources["datasources"]}
    assert [each["options"]["path"] for each in providers["providers"]] == [
        "/etc/grafana/dashboards"
    ]
