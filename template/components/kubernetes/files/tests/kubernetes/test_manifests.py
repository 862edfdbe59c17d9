import importlib.util
import inspect
import os
import re
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath
from subprocess import run
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml
from starlette.testclient import TestClient

from project_package import smoke
from project_package.monitoring.report import Report
from project_package.monitoring.server import Monitor
from project_package.paths import Paths
from project_package.service.app import Service
from project_package.service.logs import standard_output
from project_package.service.settings import Settings, from_environment

ROOT = Path(__file__).parents[2]
OVERLAYS = sorted(path.name for path in (ROOT / "k8s" / "overlays").iterdir())
# Custom resources, whose schemas are not Kubernetes' own.
CUSTOM = {"HTTPRoute", "ServiceMonitor"}

Object = dict[str, Any]


@cache
def build(overlay: str) -> tuple[Object, ...]:
    command = ["kubectl", "kustomize", str(ROOT / "k8s" / "overlays" / overlay)]
    result = run(command, capture_output=True, check=True, text=True)  # noqa: S603
    return tuple(yaml.safe_load_all(result.stdout))


def kinds(overlay: str, kind: str) -> dict[str, Object]:
    return {each["metadata"]["name"]: each for each in build(overlay) if each["kind"] == kind}


def templates(overlay: str) -> Iterator[tuple[str, Object]]:
    """Yield every pod template with the name of what makes the pods."""
    for name, deployment in kinds(overlay, "Deployment").items():
        yield name, deployment["spec"]["template"]
    for name, job in kinds(overlay, "CronJob").items():
        yield name, job["spec"]["jobTemplate"]["spec"]["template"]


def containers(overlay: str) -> Iterator[Object]:
    for _, template in templates(overlay):
        yield from template["spec"].get("initContainers", [])
        yield from template["spec"]["containers"]


def settings(overlay: str) -> Settings:
    data = next(
        config["data"]
        for name, config in kinds(overlay, "ConfigMap").items()
        if name.startswith("service-")
    )
    return from_environment(data)


def selects(selector: Object, labels: Object) -> bool:
    return selector.items() <= labels.items()


pytestmark = pytest.mark.parametrize("overlay", OVERLAYS)


def test_every_object_keeps_the_schema(overlay: str) -> None:
    for each in build(overlay):
        if each["kind"] not in CUSTOM:
            kubernetes_validate.validate(each, "1.33", strict=True)


def test_every_service_selects_pods_and_their_ports(overlay: str) -> None:
    for name, service in kinds(overlay, "Service").items():
        selected = [
            template
            for _, template in templates(overlay)
            if selects(service["spec"]["selector"], template["metadata"]["labels"])
        ]
        assert len(selected) == 1, name
        ports = {
            port["name"]
            for container in selected[0]["spec"]["containers"]
            for port in container["ports"]
        }
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports


def test_every_deployment_selects_its_own_pods_alone(overlay: str) -> None:
    for name, deployment in kinds(overlay, "Deployment").items():
        selector = deployment["spec"]["selector"]["matchLabels"]
        selected = [
            maker
            for maker, template in templates(overlay)
            if selects(selector, template["metadata"]["labels"])
        ]
        assert selected == [name]


def test_the_budget_covers_every_pod_of_the_service(overlay: str) -> None:
    budget = kinds(overlay, "PodDisruptionBudget")["service"]
    selector = budget["spec"]["selector"]["matchLabels"]

    selected = {
        maker
        for maker, template in templates(overlay)
        if selects(selector, template["metadata"]["labels"])
    }

    assert selected == {name for name in kinds(overlay, "Deployment") if "service" in name}


def test_what_is_scaled_exists_and_asks_for_cpu(overlay: str) -> None:
    scaler = kinds(overlay, "HorizontalPodAutoscaler")["service"]
    target = kinds(overlay, "Deployment")[scaler["spec"]["scaleTargetRef"]["name"]]

    requests = target["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]

    assert "cpu" in requests
    assert "replicas" not in target["spec"]


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[TestClient]:
    """A service without a model."""
    chosen = Settings(model_dir=tmp_path / "models", log_dir=tmp_path / "logs")
    with standard_output(capacity=1) as output, TestClient(Service(chosen, output).app) as client:
        yield client


def test_a_pod_without_a_model_lives_and_gets_no_requests(overlay: str, empty: TestClient) -> None:
    for name, deployment in kinds(overlay, "Deployment").items():
        if not name.startswith("service"):
            continue
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        answers = {
            kind: empty.get(container[kind]["httpGet"]["path"]).status_code
            for kind in ("startupProbe", "readinessProbe", "livenessProbe")
        }
        assert answers == {"startupProbe": 200, "readinessProbe": 503, "livenessProbe": 200}
        assert {port["containerPort"] for port in container["ports"]} == {settings(overlay).port}


def unused() -> Report:
    raise NotImplementedError


def test_the_monitor_takes_alerts_before_its_first_report(overlay: str) -> None:
    container = kinds(overlay, "Deployment")["monitor"]["spec"]["template"]["spec"]["containers"][0]

    with Monitor(("127.0.0.1", 0), make=unused, seconds=1) as monitor:
        for kind in ("readinessProbe", "livenessProbe"):
            assert container[kind]["httpGet"]["path"] in monitor.pages


def test_whoever_tells_people_has_the_channels_and_may_reach_them(overlay: str) -> None:
    monitor = kinds(overlay, "Deployment")["monitor"]["spec"]["template"]["spec"]
    for pod in (monitor, *scheduled(overlay)):
        assert {"name": "notify", "optional": True} in [
            source["secretRef"] for source in pod["containers"][0]["envFrom"]
        ]

    egress = kinds(overlay, "NetworkPolicy")["monitor"]["spec"]["egress"]
    ports = {port["port"] for rule in egress for port in rule["ports"]}
    assert {443, 465, 587} <= ports


def test_a_pod_has_time_to_finish_its_requests(overlay: str) -> None:
    chosen = settings(overlay)
    for name, deployment in kinds(overlay, "Deployment").items():
        if not name.startswith("service"):
            continue
        pod = deployment["spec"]["template"]["spec"]
        pause = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
        needed = pause + chosen.drain_seconds + chosen.close_seconds
        assert pod["terminationGracePeriodSeconds"] > needed


def test_no_container_has_more_rights_than_it_needs(overlay: str) -> None:
    for _, template in templates(overlay):
        assert template["spec"]["securityContext"]["runAsNonRoot"]
        assert not template["spec"]["automountServiceAccountToken"]
    for container in containers(overlay):
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"]
        assert not context["allowPrivilegeEscalation"]
        assert context["capabilities"] == {"drop": ["ALL"]}


def test_every_container_says_what_it_needs(overlay: str) -> None:
    for container in containers(overlay):
        assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
        assert "memory" in container["resources"]["limits"]


def test_mounted_volumes_and_claims_exist(overlay: str) -> None:
    claims = kinds(overlay, "PersistentVolumeClaim")
    for name, template in templates(overlay):
        volumes = {volume["name"]: volume for volume in template["spec"]["volumes"]}
        every = [*template["spec"].get("initContainers", []), *template["spec"]["containers"]]
        for container in every:
            mounted = {mount["name"] for mount in container["volumeMounts"]}
            assert mounted <= volumes.keys(), name
        for volume in volumes.values():
            if claim := volume.get("persistentVolumeClaim"):
                assert claim["claimName"] in claims


def scheduled(overlay: str) -> Iterator[Object]:
    """Yield the pods that run this repository's code on a schedule."""
    for name, job in kinds(overlay, "CronJob").items():
        if name != "old-logs":
            yield job["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def test_old_logs_go_and_newer_ones_stay(overlay: str, tmp_path: Path) -> None:
    job = kinds(overlay, "CronJob")["old-logs"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    container = job["containers"][0]
    (mount,) = container["volumeMounts"]
    for name, days in {"gone/old": 40, "here/old": 40, "here/new": 1}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
        os.utime(tmp_path / name, times=(time.time() - days * 86_400,) * 2)
    (tmp_path / "empty").mkdir()
    os.utime(tmp_path / "empty", times=(time.time() - 40 * 86_400,) * 2)

    for _ in range(2):
        command = [part.replace(mount["mountPath"], str(tmp_path)) for part in container["command"]]
        run(command, check=True)  # noqa: S603

    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
    assert left == {"gone", "here", "here/new"}


def test_the_logs_of_all_replicas_fit_their_claim(overlay: str) -> None:
    claim = kinds(overlay, "PersistentVolumeClaim")["prediction-log"]
    room = int(claim["spec"]["resources"]["requests"]["storage"].removesuffix("Gi")) * 2**30
    chosen = settings(overlay)
    replicas = kinds(overlay, "HorizontalPodAutoscaler")["service"]["spec"]["maxReplicas"]

    assert replicas * chosen.log_files * chosen.log_file_bytes <= room


def test_scheduled_commands_run_modules_that_exist(overlay: str) -> None:
    for pod in scheduled(overlay):
        command = " ".join(pod["containers"][0]["command"])
        modules = re.findall(r"python -m ([\w.]+)", command)
        assert modules, command
        for module in modules:
            assert importlib.util.find_spec(module), module


def test_scheduled_jobs_have_the_code_and_the_champion_that_serves(overlay: str) -> None:
    service = kinds(overlay, "Deployment")["service"]["spec"]["template"]["spec"]
    for pod in scheduled(overlay):
        clone, *_, champion = pod["initContainers"]
        place = PurePosixPath(pod["containers"][0]["workingDir"])
        *_, source, target = champion["command"]
        assert clone["command"][-1] == str(place)
        assert champion["image"] == service["containers"][0]["image"]
        assert (source, target) == ("/app/models", str(place))
        assert Paths(ROOT).champion == ROOT / "models" / "champion"
        # git clones into an empty folder alone
        assert len([m for m in clone["volumeMounts"] if m["mountPath"].startswith(target)]) == 1


def test_scheduled_jobs_make_the_folders_that_their_mounts_are_in(overlay: str) -> None:
    """The runtime would make them as root, and the job could write nothing beside the mount."""
    for pod in scheduled(overlay):
        commands = [container["command"] for container in pod["initContainers"]]
        made = {place for program, *words in commands if program == "mkdir" for place in words}
        places = [
            PurePosixPath(mount["mountPath"]) for mount in pod["containers"][0]["volumeMounts"]
        ]
        inside = {str(place) for place in places if not set(places).isdisjoint(place.parents)}
        assert inside <= made


def test_what_decides_about_the_models_of_all_runs_in_production_alone(overlay: str) -> None:
    jobs = kinds(overlay, "CronJob")
    alone = {
        name
        for name, job in jobs.items()
        if job["metadata"]["labels"].get("runs-in") == "production"
    }

    suspended = {name for name, job in jobs.items() if job["spec"].get("suspend")}

    assert "deliver" in alone
    assert suspended == (set() if overlay.startswith("production") else alone)


def test_network_policies_name_pods_that_exist(overlay: str) -> None:
    for name, policy in kinds(overlay, "NetworkPolicy").items():
        selector = policy["spec"]["podSelector"].get("matchLabels", {})
        assert any(
            selects(selector, template["metadata"]["labels"]) for _, template in templates(overlay)
        ), name


def test_prometheus_scrapes_the_jobs_that_alerts_ask_for(overlay: str) -> None:
    jobs = {
        relabeling["replacement"]
        for monitor in kinds(overlay, "ServiceMonitor").values()
        for relabeling in monitor["spec"]["endpoints"][0]["relabelings"]
    }

    assert jobs == {"service", "monitor"}


def test_the_weights_of_a_route_are_percent_of_services_that_exist(overlay: str) -> None:
    services = kinds(overlay, "Service")
    for route in kinds(overlay, "HTTPRoute").values():
        for rule in route["spec"]["rules"]:
            backends = rule["backendRefs"]
            assert {backend["name"] for backend in backends} <= services.keys()
            if len(backends) > 1:
                assert sum(backend["weight"] for backend in backends) == 100


def test_a_route_leads_to_what_a_deployment_is_tried_by(overlay: str) -> None:
    """`make smoke` asks these paths, and what tells of the model must tell of the champion."""
    (route,) = kinds(overlay, "HTTPRoute").values()
    leads = {
        match["path"]["value"]: [backend["name"] for backend in rule["backendRefs"]]
        for rule in route["spec"]["rules"]
        for match in rule["matches"]
    }

    asked = set(re.findall(r"\{address\}(/[\w.]+)", inspect.getsource(smoke)))

    assert asked == {"/predict", "/ready", "/model", "/openapi.json"}
    assert asked <= leads.keys()
    assert all(leads[path] == ["service"] for path in asked - {"/predict"})


def test_each_environment_has_a_host_of_its_own(overlay: str) -> None:
    """One gateway serves all of them, and two routes for the same host and path would mix them."""
    (route,) = kinds(overlay, "HTTPRoute").values()
    namespace = route["metadata"]["namespace"]

    for other in OVERLAYS:
        (theirs,) = kinds(other, "HTTPRoute").values()
        if theirs["metadata"]["namespace"] != namespace:
            assert not set(theirs["spec"]["hostnames"]) & set(route["spec"]["hostnames"])


def test_a_canary_is_asked_for(overlay: str) -> None:
    assert ("service-canary" in kinds(overlay, "Deployment")) == overlay.endswith("-canary")


def test_a_canary_is_the_champions_equal_but_for_the_challengers_image(overlay: str) -> None:
    deployments = kinds(overlay, "Deployment")
    if "service-canary" not in deployments:
        pytest.skip("this environment has no canary")
    canary, stable = (
        deployments[name]["spec"]["template"]["spec"] for name in ("service-canary", "service")
    )
    challengers, champions = (
        pod["containers"][0]["image"].rpartition(":")[0] for pod in (canary, stable)
    )
    assert challengers == f"{champions}-canary"

    def same(pod: Object) -> Object:
        containers = [{**container, "name": "", "image": ""} for container in pod["containers"]]
        return {**pod, "containers": containers}

    assert same(canary) == same(stable)
