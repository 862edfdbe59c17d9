"""What a cluster runs on a schedule, taken from the built manifests and run on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pairs import program
from project import Project
from ruamel.yaml import YAML


class CronJob:
    """One CronJob; its volumes are folders of `place`."""

    def __init__(self, manifest: Mapping[str, Any], place: Path) -> None:
        self.pod = manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        self.place = place

    def run(self, project: Project, repository: Path) -> str:
        """Run the containers in their order, as the project's environment; return what they printed."""
        environment = {
            "HOME": str(project.home),
            "PATH": f"{project.folder}/.venv/bin:{project.environment['PATH']}",
        }
        told = ""
        for container in (*self.pod["initContainers"], *self.pod["containers"]):
            folders = {
                mount["mountPath"]: self._folder(mount["name"])
                for mount in container["volumeMounts"]
            }
            folders["/app/models"] = project.folder / "models"
            command = [
                part.replace("$(REPOSITORY)", f"file://{repository}")
                for part in container["command"]
            ]
            command = [_moved(part, folders) for part in command]
            work = folders["/work"]
            self._mount(container, work)
            told += project.run(*command, folder=work, minutes=15, **environment)
        return told

    def _folder(self, volume: str) -> Path:
        folder = self.place / volume
        folder.mkdir(exist_ok=True)
        return folder

    def _mount(self, container: Mapping[str, Any], work: Path) -> None:
        """Let what is mounted below /work be seen there; a folder that is missing would be root's."""
        for mount in container["volumeMounts"]:
            below = mount["mountPath"].removeprefix("/work/")
            if below != mount["mountPath"]:
                (work / below).rmdir()
                (work / below).symlink_to(self._folder(mount["name"]))


def _moved(part: str, folders: Mapping[str, Path]) -> str:
    for inside, outside in folders.items():
        if part == inside or part.startswith(f"{inside}/"):
            return f"{outside}{part[len(inside) :]}"
    return part


def cron_jobs(project: Project, overlay: str, place: Path) -> dict[str, CronJob]:
    """Return the CronJobs that run the repository's code; the volumes of each are in a folder of its own."""
    built = project.run(program("kubectl"), "kustomize", f"k8s/overlays/{overlay}")
    found = {}
    for each in YAML(typ="safe").load_all(built):
        if each["kind"] != "CronJob":
            continue
        name = each["metadata"]["name"]
        job = CronJob(each, place / name)
        if "initContainers" in job.pod:
            job.place.mkdir()
            found[name] = job
    return found
