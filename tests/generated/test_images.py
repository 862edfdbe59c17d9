"""The images of the default preset, built and run: rootless, on a read-only root, without a right."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from images import Images
from project import Project, example, fetch, free_port, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("default-preset")]

PACKAGE = "flight_delays"
USER = 10001
# What a Dockerfile is where nobody thought about it, with the same packages and the same model.
PLAIN = f"""FROM localhost/base
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt .
CMD ["python", "-m", "{PACKAGE}.service"]
"""
INSTALLED = """
import importlib.metadata as m, json
print(json.dumps(sorted({(d.name, d.version) for d in m.distributions()})))
"""


@pytest.fixture(scope="module")
def images(trained: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Images]:
    images = Images(trained, tmp_path_factory.mktemp("images"))
    images.make_base()
    yield images
    images.buildah("umount", "--all")


@pytest.fixture(scope="module")
def service(images: Images, trained: Project) -> str:
    images.build("service", trained.folder / "Dockerfile", "--target", "service")
    return "service"


def own(folder: Path) -> Path:
    """Let the image's user own the folder."""
    folder.mkdir(exist_ok=True)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, USER, USER, follow_symlinks=False)
    return folder


def test_service_answers_on_a_read_only_root_and_logs_to_its_volume(
    images: Images, service: str, trained: Project, tmp_path: Path
) -> None:
    port = str(free_port())
    places = {own(tmp_path / "logs"): "/app/logs"}
    healthy = images.config(service)["Healthcheck"]["Test"]
    check = images.locked(service, places, healthy[1:], SERVICE_PORT=port)

    assert healthy[0] == "CMD"
    assert trained.attempt(*check).returncode != 0
    with trained.serving(*images.locked(service, places, SERVICE_PORT=port)):
        wait_for(f"http://127.0.0.1:{port}/ready")
        row = example(json.loads(fetch(f"http://127.0.0.1:{port}/openapi.json")[1]))
        assert fetch(f"http://127.0.0.1:{port}/predict", row)[0] == 200
        assert "git_commit" in fetch(f"http://127.0.0.1:{port}/model")[1]
        trained.run(*check)

    [logged] = (tmp_path / "logs").rglob("predictions.jsonl")
    assert json.loads(logged.read_text().splitlines()[0])["model_version"] == "1"


def test_nothing_of_the_service_image_can_be_written(
    images: Images, service: str, trained: Project, tmp_path: Path
) -> None:
    places = {own(tmp_path / "logs"): "/app/logs"}

    def write(path: str) -> str:
        return trained.attempt(*images.locked(service, places, ["touch", path])).stdout

    assert (write("/tmp/new"), write("/app/logs/new")) == ("", "")
    for path in ("/app/new", "/app/models/champion/new", "/etc/new"):
        assert "Read-only file system" in write(path)
    assert "cannot touch" in write("/app/models/champion/model.json")


def test_every_module_of_the_service_image_is_compiled(images: Images, service: str) -> None:
    packages = next((images.root(service) / "app/.venv/lib").glob("python*/site-packages"))
    modules = [path for path in packages.rglob("*.py") if path.parent.name != "__pycache__"]

    name = f"{{}}.cpython-{sys.version_info.major}{sys.version_info.minor}.pyc"
    bare = [
        path
        for path in modules
        if not (path.parent / "__pycache__" / name.format(path.stem)).exists()
    ]

    assert len(modules) > 1000
    assert bare == []


def test_the_list_of_packages_in_the_image_is_what_it_holds(
    images: Images, service: str, trained: Project
) -> None:
    asked = images.locked(service, command=["python", "-c", INSTALLED])
    installed = {tuple(each) for each in json.loads(trained.run(*asked))}

    listed = json.loads((images.root(service) / "app/sbom.cdx.json").read_text())

    assert listed["bomFormat"] == "CycloneDX"
    assert {(each["name"], each["version"]) for each in listed["components"]} == installed
    assert {"onnxruntime", "numpy", "flight-delays"} <= {name for name, _ in installed}
    assert all(
        each["purl"].startswith("pkg:pypi/") for each in listed["components"] if "purl" in each
    )


def test_service_image_is_smaller_than_a_plain_one(
    images: Images,
    service: str,
    trained: Project,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _plain_context(trained, tmp_path)
    images.build("plain", tmp_path / "Dockerfile", context=str(tmp_path))

    base, ours, plain = (images.size(tag) for tag in ("base", service, "plain"))
    with capsys.disabled():
        sys.stdout.write(
            f"\nservice image: {(ours - base) / 1e6:.0f} MB on top of its base of {base / 1e6:.0f} MB; "
            f"plain python:slim and pip: {(plain - base) / 1e6:.0f} MB\n"
        )

    assert ours < plain


def _plain_context(trained: Project, folder: Path) -> None:
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(trained.folder / name, folder)
    for name in ("src", "models/champion"):
        shutil.copytree(trained.folder / name, folder / name)
    group = ("--only-group", "service", "--no-emit-project", "--no-hashes")
    (folder / "requirements.txt").write_text(
        trained.run("uv", "export", "--quiet", "--locked", *group)
    )
    (folder / "Dockerfile").write_text(PLAIN)


def test_training_image_runs_the_pipeline(images: Images, trained: Project, tmp_path: Path) -> None:
    images.build("training", trained.folder / "Dockerfile", "--target", "training")
    trained.run("git", "clone", "--quiet", trained.folder, tmp_path / "work")
    work = own(tmp_path / "work")

    output = trained.run(*images.locked("training", {work: "/work"}, HOME="/tmp"))

    assert "version 1 is registered as champion" in output
    made = json.loads((work / "models/champion/model.json").read_text())
    assert made["data_hash"] == trained_facts(trained)["data_hash"]
    assert made["git_commit"] == trained.run("git", "rev-parse", "HEAD").strip()


def trained_facts(trained: Project) -> dict[str, str]:
    facts: dict[str, str] = json.loads((trained.folder / "models/champion/model.json").read_text())
    return facts


def test_monitor_image_tells_what_it_sees(images: Images, trained: Project, tmp_path: Path) -> None:
    images.build("monitor", trained.folder / "monitoring/Dockerfile")
    places = {
        trained.folder / "models/champion": "/app/models/champion",
        own(tmp_path / "logs"): "/app/logs",
        own(tmp_path / "data"): "/app/data",
    }
    port = str(free_port())
    command = [*images.config("monitor")["Cmd"], "--port", port]

    with trained.serving(*images.locked("monitor", places, command)):
        wait_for(f"http://127.0.0.1:{port}/metrics", 90)
        told = fetch(f"http://127.0.0.1:{port}/metrics")[1]

    assert "monitor_" in told
