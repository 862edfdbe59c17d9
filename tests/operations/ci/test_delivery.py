"""`make deploy`, `undo` and `restore` on a real registry: which image does an environment run?"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

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
    sys.exit(f"{{error.code}}: {{error.url}}")
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


def test_nobody_is_asked_to_approve_an_image_that_was_not_pushed(everywhere: Path) -> None:
    workflow = YAML(typ="safe").load((everywhere / ".github/workflows/train.yml").read_text())
    jobs = workflow["jobs"]

    assert jobs["package"]["outputs"] == {"image": "${{ steps.image.outputs.name }}"}
    assert "needs.package.outputs.image != ''" in jobs["staging"]["if"]
    assert jobs["production"]["needs"] == ["staging"]
