"""`make deploy`, `undo` and `restore` on a real registry: which image does an environment run?

On Kubernetes the cluster is a script that keeps what it is given; kustomize is the real one.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

INDEX = "application/vnd.oci.image.index.v1+json"
# What the targets use of `docker buildx imagetools`, over the registry's own interface: there is no Docker here.
DOCKER = f"""#!{sys.executable}
import json, sys, urllib.error, urllib.request
def manifest(reference):
    host, _, rest = reference.partition("/")
    name, _, version = rest.partition("@") if "@" in rest else rest.rpartition(":")
    return f"http://{{host}}/v2/{{name}}/manifests/{{version}}"
def send(reference, content=None):
    headers = {{"Accept": "{INDEX}", "Content-Type": "{INDEX}"}}
    method = "PUT" if content else "GET"
    return urllib.request.urlopen(urllib.request.Request(manifest(reference), content, headers, method=method))
def build(words):
    tag = words[words.index("--tag") + 1]
    digest = send(tag, json.dumps({{"schemaVersion": 2, "mediaType": "{INDEX}", "manifests": [],
        "annotations": {{"n": " ".join(words)}}}}).encode()).headers["Docker-Content-Digest"]
    if "--metadata-file" in words:
        with open(words[words.index("--metadata-file") + 1], "w") as file:
            json.dump({{"containerimage.digest": digest}}, file)
verb, *rest = sys.argv[3:]
try:
    if sys.argv[2] == "build":
        build(sys.argv)
    elif verb == "inspect":
        reference, _, form = rest
        print(form.replace("{{{{.Manifest.Digest}}}}", send(reference).headers["Docker-Content-Digest"]))
    else:
        _, tag, reference = rest
        send(tag, send(reference).read())
except urllib.error.HTTPError as error:
    sys.exit(f"ERROR: {{reference}}: not found" if error.code == 404 else f"ERROR: {{error}}")
"""

# Docker while the registry refuses to be asked that often.
BUSY = """#!/bin/sh
case "$*" in
*inspect*)
  echo 'ERROR: unexpected status from HEAD request to https://registry/v2: 429 Too Many Requests' >&2
  exit 1
  ;;
esac
exec "$0-itself" "$@"
"""


class Delivery:
    """A project that delivers into a registry."""

    def __init__(self, folder: Path, makefile: Path, registry: str) -> None:
        self.folder = folder
        self.registry = registry
        self.image = f"team/{folder.name.replace('_', '-')}"
        (folder / "build").mkdir()
        (folder / "Makefile").write_text(makefile.read_text())
        docker = folder / "docker"
        docker.write_text(DOCKER)
        docker.chmod(0o755)

    def make(self, target: str, environment: str = "staging", **variables: object) -> int:
        image = f"{self.registry}/{self.image}".title()  # repositories may be named with capitals
        return subprocess.run(
            [
                *("make", "--silent", target, f"ENVIRONMENT={environment}"),
                *(f"DOCKER={self.folder}/docker", f"IMAGE={image}"),
                *(f"{name}={value}" for name, value in variables.items()),
            ],
            check=False,
            cwd=self.folder,
            capture_output=True,
        ).returncode

    def trained(self, version: str) -> None:
        """Make a champion, as a training that passes the gate does."""
        champion = self.folder / "models/champion"
        champion.mkdir(parents=True, exist_ok=True)
        (champion / "model.json").write_text(json.dumps({"version": version}))

    def built(self, name: str) -> str:
        """Push an image, say so as `make image-push` does, and return its digest."""
        index = {
            "schemaVersion": 2,
            "mediaType": INDEX,
            "manifests": [],
            "annotations": {"n": name},
        }
        with self._ask(name, json.dumps(index).encode()) as answer:
            digest = str(answer.headers["Docker-Content-Digest"])
        (self.folder / "build").mkdir(exist_ok=True)
        (self.folder / "build/image.txt").write_text(f"{self.registry}/{self.image}@{digest}\n")
        return digest

    def runs(self, environment: str = "staging") -> str:
        try:
            with self._ask(environment) as answer:
                return str(answer.headers["Docker-Content-Digest"])
        except urllib.error.HTTPError:
            return ""

    def tags(self) -> set[str]:
        with urllib.request.urlopen(f"http://{self.registry}/v2/{self.image}/tags/list") as answer:
            return set(json.load(answer)["tags"])

    def _ask(self, tag: str, content: bytes | None = None) -> urllib.request._UrlopenRet:
        address = f"http://{self.registry}/v2/{self.image}/manifests/{tag}"
        headers = {"Accept": INDEX, "Content-Type": INDEX}
        method = "PUT" if content else "GET"
        return urllib.request.urlopen(
            urllib.request.Request(address, content, headers, method=method)
        )


@pytest.fixture
def delivery(everywhere: Path, registry: str, tmp_path: Path) -> Delivery:
    return Delivery(tmp_path, everywhere / "make" / "docker.mk", registry)


def test_deploy_moves_the_environment_to_the_built_image(delivery: Delivery) -> None:
    first = delivery.built("one")

    assert delivery.make("deploy") == 0

    assert delivery.runs() == first
    assert delivery.runs("production") == ""


def test_undo_takes_back_this_deployment(delivery: Delivery) -> None:
    first = delivery.built("one")
    delivery.make("deploy")
    delivery.built("two")
    delivery.make("deploy")

    assert delivery.make("undo") == 0

    assert delivery.runs() == first


def test_undo_where_nothing_was_deployed_changes_nothing(delivery: Delivery) -> None:
    assert delivery.make("undo") == 0

    assert delivery.runs() == ""


def test_undo_of_the_first_deployment_has_nothing_to_go_back_to(delivery: Delivery) -> None:
    first = delivery.built("one")
    delivery.make("deploy")

    assert delivery.make("undo") == 0

    assert delivery.runs() == first


def test_restore_brings_back_what_ran_before(delivery: Delivery) -> None:
    first = delivery.built("one")
    delivery.make("deploy", "production")
    delivery.built("two")
    delivery.make("deploy", "production")

    assert delivery.make("restore", "production") == 0

    assert delivery.runs("production") == first


def test_restore_without_a_previous_image_fails(delivery: Delivery) -> None:
    assert delivery.make("restore") != 0


def test_where_no_model_passed_the_gate_nothing_is_built_trained_or_deployed(
    delivery: Delivery,
) -> None:
    first = delivery.built("one")
    delivery.make("deploy")
    delivery.built("two")  # an older build's, of which nobody took build/ away
    (delivery.folder / "models/champion").mkdir(parents=True)  # as a refused training leaves it

    for target in ("image-push", "deploy"):
        assert delivery.make(target) == 0

    assert not (delivery.folder / "build/image.txt").exists()
    assert delivery.runs() == first


def test_an_image_is_named_after_its_commit_and_its_model(delivery: Delivery) -> None:
    for version in ("1", "2"):  # two weeks' trainings of one commit
        delivery.trained(version)
        assert delivery.make("image-push", REVISION="3f2a") == 0

    assert {"3f2a-model-1", "3f2a-model-2"} <= delivery.tags()


def test_what_is_deployed_twice_does_not_become_its_own_predecessor(delivery: Delivery) -> None:
    first = delivery.built("one")
    delivery.make("deploy")
    delivery.built("two")
    for _ in range(2):
        assert delivery.make("deploy") == 0

    assert delivery.make("restore") == 0

    assert delivery.runs() == first


def test_undo_goes_back_to_before_the_last_deployment_alone(delivery: Delivery) -> None:
    delivery.built("one")
    delivery.make("deploy")
    second = delivery.built("two")
    delivery.make("deploy")
    shutil.rmtree(delivery.folder / "build")
    delivery.make("deploy")  # nothing was built, so nothing is deployed

    assert delivery.make("undo") == 0

    assert delivery.runs() == second


def test_a_registry_that_fails_a_look_up_is_not_taken_for_an_empty_one(delivery: Delivery) -> None:
    first = delivery.built("one")
    delivery.make("deploy")
    second = delivery.built("two")
    delivery.make("deploy")
    delivery.built("three")
    docker = (delivery.folder / "docker").rename(delivery.folder / "docker-itself")
    docker.with_name("docker").write_text(BUSY)
    docker.with_name("docker").chmod(0o755)
    assert delivery.make("deploy") != 0

    assert delivery.make("undo") == 0
    assert delivery.runs() == second
    assert delivery.make("restore") == 0
    assert delivery.runs() == first


def test_nobody_is_asked_to_approve_an_image_that_was_not_pushed(everywhere: Path) -> None:
    workflow = YAML(typ="safe").load((everywhere / ".github/workflows/train.yml").read_text())
    jobs = workflow["jobs"]

    assert jobs["package"]["outputs"] == {"image": "${{ steps.image.outputs.name }}"}
    assert "needs.package.outputs.image != ''" in jobs["staging"]["if"]
    assert jobs["production"]["needs"] == ["staging"]


# What `kubectl` does of this: it keeps objects, numbers the revisions of Deployments, and goes back to one.
KUBECTL = f"""#!{sys.executable}
import json, os, subprocess, sys
from pathlib import Path
from ruamel.yaml import YAML
words = sys.argv[1:]
place = Path(os.environ["CLUSTER"])
cluster = json.loads(place.read_text()) if place.exists() else dict(calls=[], objects={{}}, history={{}})
cluster["calls"].append(" ".join(words))
after = lambda option: words[words.index(option) + 1]
def revise(name, template):
    history = cluster["history"].setdefault(name, [])
    if not history or history[-1] != template:
        history.append(template)
def apply():
    text = subprocess.run(["{Path(sys.executable).with_name("kubectl")}", "kustomize", after("--kustomize")],
        check=True, capture_output=True).stdout
    for each in YAML(typ="safe").load_all(text):
        kind, meta = each["kind"], each["metadata"]
        label, _, value = after("--selector").partition("=") if "--selector" in words else ("", "", "")
        if label and meta.get("labels", {{}}).get(label) != value:
            continue
        name = f'{{kind.lower()}}/{{meta["name"]}}'
        cluster["objects"][name] = each
        if kind == "Deployment":
            revise(name, each["spec"]["template"])
code = 0
if "apply" in words:
    apply()
elif "get" in words:
    revision = len(cluster["history"].get(after("get"), []))
    print(end=str(revision or ""))
elif "undo" in words:
    name = after("undo")
    template = cluster["history"][name][int(after("--to-revision")) - 1]
    cluster["objects"][name]["spec"]["template"] = template
    revise(name, template)
elif "status" in words:
    code = 1 if "BROKEN" in os.environ else 0
place.write_text(json.dumps(cluster, default=str))
sys.exit(code)
"""


class OnKubernetes(Delivery):
    """A project that delivers into a cluster as well."""

    def __init__(self, folder: Path, project: Path, registry: str) -> None:
        makefile = folder / "Makefile.kubernetes"
        parts = (project / "make" / name for name in ("docker.mk", "kubernetes.mk"))
        makefile.write_text("".join(part.read_text() for part in parts))
        super().__init__(folder, makefile, registry)
        for part in ("k8s", "monitoring"):
            shutil.copytree(project / part, folder / part)
        kubectl = folder / "kubectl"
        kubectl.write_text(KUBECTL)
        kubectl.chmod(0o755)
        self.kubectl = {"KUBECTL": kubectl, "KUBECONFIG": "some"}
        self.place = folder / "cluster.json"

    def make(self, target: str, environment: str = "staging", **variables: object) -> int:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CLUSTER", str(self.place))
            return super().make(target, environment, **self.kubectl, **variables)

    def release(self, version: str) -> str:
        """Build the image of a model with all that belongs to it, and return its digest."""
        self.trained(version)
        assert self.make("image-push", REVISION="3f2a") == 0
        return (self.folder / "build/image.txt").read_text().strip().rpartition("@")[2]

    @property
    def calls(self) -> list[str]:
        calls: list[str] = json.loads(self.place.read_text())["calls"]
        return calls

    def images(self) -> dict[str, set[str]]:
        """Return which images each object of the cluster runs."""
        objects = json.loads(self.place.read_text())["objects"]
        return {
            name: {container["image"] for container in _containers(each["spec"])}
            for name, each in objects.items()
            if name.startswith(("deployment/", "cronjob/"))
        }


def _containers(spec: dict[str, Any]) -> list[dict[str, Any]]:
    while "containers" not in spec:
        inside = spec.get("jobTemplate") or spec["template"]
        spec = inside["spec"]
    return [*spec.get("initContainers", []), *spec["containers"]]


@pytest.fixture
def cluster(on_kubernetes: Path, registry: str, tmp_path: Path) -> OnKubernetes:
    return OnKubernetes(tmp_path, on_kubernetes, registry)


def test_a_cluster_runs_what_was_built_by_its_digest(cluster: OnKubernetes) -> None:
    digest = cluster.release("1")

    assert cluster.make("deploy") == 0

    name = f"{cluster.registry}/{cluster.image}"
    every = set().union(*cluster.images().values())
    assert {image.partition("@")[0] for image in every} == {
        name,
        f"{name}-training",
        f"{name}-monitor",
    }
    assert f"{name}@{digest}" in every
    assert all("@sha256:" in image for image in every)


def test_alert_rules_are_applied_with_the_release(cluster: OnKubernetes) -> None:
    cluster.release("1")

    cluster.make("deploy")

    objects = json.loads(cluster.place.read_text())["objects"]
    rules = {name for name in objects if name.startswith("prometheusrule/")}
    files = {path.stem for path in (cluster.folder / "monitoring/prometheus/rules").iterdir()}
    assert rules == {f"prometheusrule/{stem}" for stem in files}
    assert all(objects[name]["metadata"]["namespace"] == "flight-delays-staging" for name in rules)


# Production has all that staging lacks.
ABSENT = """
rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - series: service_model_ready{namespace="flight-delays-production", job="service"}
        values: 1x10
      - series: up{namespace="flight-delays-production", job="monitor"}
        values: 1x10
    promql_expr_test:
      - expr: sum by (alertname, job, namespace) (ALERTS{alertstate="firing"})
        eval_time: 9m
        exp_samples:
          - labels: '{alertname="ServiceAbsent", job="service", namespace="flight-delays-staging"}'
            value: 1
          - labels: '{alertname="MonitorDown", job="monitor", namespace="flight-delays-staging"}'
            value: 1
          - labels: '{alertname="Watchdog"}'
            value: 1
"""


def test_what_an_environment_lacks_is_missed_while_another_has_it(cluster: OnKubernetes) -> None:
    promtool = shutil.which("promtool") or pytest.skip("promtool is not installed")
    cluster.release("1")
    cluster.make("deploy")
    objects = json.loads(cluster.place.read_text())["objects"]
    rules = [each for name, each in objects.items() if name.startswith("prometheusrule/")]
    groups = [group for each in rules for group in each["spec"]["groups"]]
    (cluster.folder / "rules.yml").write_text(json.dumps({"groups": groups}))
    (cluster.folder / "tests.yml").write_text(ABSENT)

    command = [promtool, "test", "rules", "tests.yml"]
    outcome = subprocess.run(
        command, cwd=cluster.folder, check=False, capture_output=True, text=True
    )

    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_undo_takes_all_back_that_a_failed_deployment_applied(cluster: OnKubernetes) -> None:
    cluster.release("1")
    cluster.make("deploy")
    before = cluster.images()
    cluster.release("2")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BROKEN", "1")
        assert cluster.make("deploy") != 0
    assert cluster.images() != before

    assert cluster.make("undo") == 0

    assert cluster.images() == before


def test_undo_leaves_a_cluster_alone_to_which_nothing_was_applied(cluster: OnKubernetes) -> None:
    first = cluster.release("1")
    cluster.make("deploy")
    cluster.release("2")
    cluster.make("deploy")
    before, done = cluster.images(), len(cluster.calls)
    cluster.release("3")
    (cluster.folder / "docker").write_text("#!/bin/sh\nexit 1\n")  # the registry is away
    assert cluster.make("deploy") != 0
    (cluster.folder / "docker").write_text(DOCKER)

    assert cluster.make("undo") == 0

    assert (cluster.images(), len(cluster.calls)) == (before, done)
    assert first not in str(before)


def test_restore_brings_back_the_release_before_however_often(cluster: OnKubernetes) -> None:
    cluster.release("1")
    cluster.make("deploy", "production")
    before = cluster.images()
    cluster.release("2")
    cluster.make("deploy", "production")
    shutil.rmtree(cluster.folder / "build")  # as in a job of its own

    for _ in range(2):
        assert cluster.make("restore", "production") == 0

        assert cluster.images() == before


def test_without_a_cluster_only_tags_move(cluster: OnKubernetes) -> None:
    digest = cluster.release("1")
    cluster.kubectl["KUBECONFIG"] = ""

    assert cluster.make("deploy") == 0

    assert cluster.runs() == digest
    assert not cluster.place.exists()


def test_a_canary_joins_what_production_runs_and_leaves_again(cluster: OnKubernetes) -> None:
    cluster.release("1")
    cluster.make("deploy", "production")
    before = cluster.images()
    challenger = cluster.folder / "models/challenger"
    challenger.mkdir()
    (challenger / "model.json").write_text("{}")

    assert cluster.make("canary", "production") == 0

    images = cluster.images()
    (canary,) = images.pop("deployment/service-canary")
    assert canary.startswith(f"{cluster.registry}/{cluster.image}-canary@sha256:")
    assert images == before
    assert cluster.make("canary-end", "production") == 0
    assert "delete deployment/service-canary service/service-canary" in cluster.calls[-1]
