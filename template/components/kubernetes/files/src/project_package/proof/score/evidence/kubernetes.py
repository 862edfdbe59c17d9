"""What shows tests of the score through the manifests."""

from typing import Any

import yaml

from project_package.proof.score.judge import Evidence
from project_package.proof.score.repository import Lacking, Repository

CANARY = "k8s/components/canary"
MANIFESTS = ("tests/kubernetes/test_manifests.py",)


def canary(repository: Repository) -> str:
    """A second version runs beside the first, and a route gives it a part of the requests."""
    objects = list(_objects(repository))
    deployed = {each["metadata"]["name"] for each in objects if each["kind"] == "Deployment"}
    for route in (each for each in objects if each["kind"] == "HTTPRoute"):
        for rule in route["spec"]["rules"]:
            weights = {each["name"]: each.get("weight", 1) for each in rule["backendRefs"]}
            new = {name: weight for name, weight in weights.items() if name in deployed}
            part, whole = sum(new.values()), sum(weights.values())
            if 0 < part < whole - part:
                return f"{', '.join(new)} gets {part} of {whole} requests"
    raise Lacking(f"no route in {CANARY} gives a new version a smaller part of the requests")


def _objects(repository: Repository) -> list[dict[str, Any]]:
    files = sorted((repository.root / CANARY).glob("*.yaml"))
    try:
        documents = [each for file in files for each in yaml.safe_load_all(file.read_text("utf-8"))]
    except yaml.YAMLError as error:
        raise Lacking(f"a file of {CANARY} cannot be read") from error
    return [each for each in documents if each and each["kind"] in ("Deployment", "HTTPRoute")]


EVIDENCE = (Evidence("canary", "make manifests-check", canary, MANIFESTS),)
