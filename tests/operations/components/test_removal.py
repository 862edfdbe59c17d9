"""What was added and taken away again leaves nothing behind."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from test_toggles import MANIFESTS, OPTIONAL, chosen
from worked import git, made, scaffold, tree

from scaffold.rules import with_required
from scaffold.sources import read_sources

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("components")]

ROOT = Path(__file__).parents[3]
PRESETS = read_sources(ROOT / "template").presets

# How people name a component, as a pattern.
WORDS = {
    "azure": "azure",
    "compose": r"(?<!de)(?<!\.)compose\b",
    "docker": "docker",
    "github": "github",
    "gitlab": "gitlab",
    "jenkins": "jenkins",
    "kubernetes": r"kubernetes|k8s|kubectl|kustomize",
    "monitoring": r"grafana|alertmanager|prometheus",
    "retraining": r"\bretraining\b",
}
# What says such a word and is not about the component: file -> the reason.
SAYS_IT_ANYWAY = {
    ".github/renovate.json": "a preset of Renovate's is named docker:pinDigests",
    ".gitlab/renovate.json": "a preset of Renovate's is named docker:pinDigests",
    ".pre-commit-config.yaml": "hooks come from repositories on GitHub",
    ".jenkins/comment.sh": "a comment is written as the repository's host wants it",
    ".jenkins/template-sync.sh": "a pull request is opened as the repository's host wants it",
    "Jenkinsfile": "its steps run in containers",
    "docs/jenkins.md": "its steps run in containers",
    "SECURITY.md": "how the signature of an image is verified where there is one",
    "docs/serving.md": "the service has metrics for Prometheus in any case",
    "make/monitoring.mk": "the monitor has an image of its own",
    "pyproject.toml": "the service has metrics for Prometheus in any case",
    "sample/README.md": "where the data come from",
    "src/flight_delays/lineage.py": "who started a run, as each provider calls it",
    "src/flight_delays/proof/faults.py": "a gate is named for what it does",
    "src/flight_delays/proof/gates.py": "a gate is named for what it does",
    "src/flight_delays/proof/score/evidence/infrastructure.py": "a gate is named for what it does",
    "src/flight_delays/service/api.py": "the service has metrics for Prometheus in any case",
    "src/flight_delays/service/metrics.py": "the service has metrics for Prometheus in any case",
    "tests/proof/test_prove.py": "a gate is named for what it does",
    "tests/proof/test_score.py": "a gate is named for what it does",
    "tests/proof/test_why.py": "an address of a repository",
    "tests/unit/test_lineage.py": "who started a run, as each provider calls it",
}
OWN = re.compile(r"scaffold\.(toml|lock)")


@pytest.fixture(scope="module")
def minimal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("minimal") / "p")


@pytest.mark.parametrize("name", OPTIONAL)
def test_added_and_removed_leaves_every_byte_as_it_was(
    name: str, minimal: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(minimal, tmp_path / "p")
    before = tree(folder)
    here = chosen(folder)

    scaffold("add", name, "--commit", at=folder)
    code, said = scaffold("remove", *(chosen(folder) - here), "--commit", at=folder)

    assert code == 0, said
    assert tree(folder) == before


@pytest.mark.parametrize("preset", [name for name in PRESETS if name != "minimal"])
def test_preset_is_added_and_removed_like_its_components(
    preset: str, minimal: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(minimal, tmp_path / "p")
    before = tree(folder)
    here = chosen(folder)

    code, said = scaffold("add", preset, "--commit", at=folder)
    assert code == 0, said
    assert chosen(folder) == set(PRESETS[preset])
    code, said = scaffold("remove", *(chosen(folder) - here), "--commit", at=folder)

    assert code == 0, said
    assert tree(folder) == before


@pytest.mark.parametrize("name", OPTIONAL)
def test_a_project_that_began_with_it_is_as_one_that_never_had_it(
    name: str, minimal: Path, tmp_path: Path
) -> None:
    folder = made(tmp_path / "p", name)
    more = set(with_required(MANIFESTS, [name]))

    code, said = scaffold("remove", *more, "--commit", at=folder)

    assert code == 0, said
    assert files(folder) == files(minimal)


def files(folder: Path) -> dict[str, bytes]:
    """Return path -> content of what is committed, but for scaffold's own."""
    paths = git(folder, "ls-files").splitlines()
    return {path: (folder / path).read_bytes() for path in paths if not OWN.fullmatch(path)}


@pytest.mark.parametrize("name", OPTIONAL)
def test_nobody_speaks_of_a_component_that_is_not_there(name: str, tmp_path: Path) -> None:
    others = [other for other in OPTIONAL if name not in with_required(MANIFESTS, [other])]
    folder = made(tmp_path / "p", ",".join(others))

    speaking = {
        path
        for path, content in files(folder).items()
        if re.search(WORDS[name].encode(), content, re.IGNORECASE)
    }

    assert speaking - SAYS_IT_ANYWAY.keys() == set()
