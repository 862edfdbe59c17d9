"""Images without a container engine: buildah builds them, and a namespace of ours runs them locked."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from pairs import program
from project import Project

# What `docker run --read-only --tmpfs /tmp --cap-drop ALL` does: a root that nobody may write to, as its image's user.
LOCKED = """set -e
root=$1 && shift
mount --bind "$root" "$root"
mount -t tmpfs tmpfs "$root/tmp"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
while [ "$1" != -- ]; do
  mkdir -p "$root$2"
  mount --bind "$1" "$root$2"
  shift 2
done
mount -o remount,bind,ro "$root"
shift && exec chroot "$root" /usr/bin/setpriv "$@"
"""


class Images:
    """Images and containers in a folder of the test's own."""

    chroot = ("--isolation", "chroot", "--network", "host")

    def __init__(self, project: Project, place: Path) -> None:
        if os.geteuid() != 0:
            pytest.skip("building images without a container engine needs root")
        self.project = project
        self.place = place
        self.command = (
            *(program("buildah"), "--root", str(place / "storage")),
            *("--runroot", str(place / "run"), "--storage-driver"),
        )
        overlay = project.attempt(*self.command, "overlay", "info").returncode == 0
        self.command += ("overlay" if overlay else "vfs",)
        self._roots: dict[str, str] = {}

    def buildah(self, *arguments: str) -> str:
        return self.project.run(*self.command, *arguments, minutes=20)

    def build(self, tag: str, dockerfile: Path, *options: str, context: str = ".") -> None:
        """Build an image; the bases that the Dockerfile names are ours, as no registry is reached."""
        foreign = set(re.findall(r"^FROM (\S+@\S+)", dockerfile.read_text(), re.MULTILINE))
        base = "container-image://localhost/base"
        contexts = [f"--build-context={name}={base}" for name in sorted(foreign)]
        self.buildah(
            *("build", *self.chroot, "--format", "docker", "--file", str(dockerfile)),
            *(*options, *contexts, "--tag", tag, context),
        )

    def config(self, tag: str) -> dict[str, Any]:
        """Return what the image says of itself, in Docker's words."""
        told = json.loads(self.buildah("inspect", "--type", "image", f"localhost/{tag}"))
        config: dict[str, Any] = told["Docker"]["config"]
        return config

    def root(self, tag: str) -> Path:
        """Return the folder that has the image's files, mounted."""
        if tag not in self._roots:
            container = self.buildah("from", "--pull-never", f"localhost/{tag}").strip()
            self._roots[tag] = self.buildah("mount", container).strip()
        return Path(self._roots[tag])

    def size(self, tag: str) -> int:
        """Return the bytes of all files of the image."""
        return int(self.project.run("du", "--summarize", "--bytes", self.root(tag)).split()[0])

    def locked(
        self,
        tag: str,
        places: Mapping[Path, str] | None = None,
        command: Iterable[str] = (),
        **environment: str,
    ) -> list[str]:
        """Return what runs an image with a read-only root, as its user and without any right.

        `places` are folders of this machine and where they are in the image; the image's own command
        runs where none is given.
        """
        config = self.config(tag)
        user, _, group = config["User"].partition(":")
        settings = [*config["Env"], *(f"{name}={value}" for name, value in environment.items())]
        return [
            *("unshare", "--mount", "sh", "-c", LOCKED, "sh", str(self.root(tag))),
            *(part for place in (places or {}).items() for part in map(str, place)),
            *("--", f"--reuid={user}", f"--regid={group or user}", "--clear-groups"),
            *("--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"),
            *("env", "--ignore-environment", f"--chdir={config['WorkingDir']}", *settings),
            *(command or config["Cmd"]),
        ]

    def make_base(self) -> None:
        """Make the image `base`: Debian's files and this machine's Python in /usr/local."""
        rootfs = self._debian()
        self._add_python(rootfs)
        certificates = "/etc/ssl/certs/ca-certificates.crt"
        if ours := os.environ.get("SSL_CERT_FILE"):
            shutil.copy(ours, f"{rootfs}{certificates}")
        container = self.buildah("from", "scratch").strip()
        self.buildah("add", "--quiet", container, str(rootfs), "/")
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        settings = {"PATH": path, "SSL_CERT_FILE": certificates, "PIP_CERT": certificates}
        env = [part for name, value in settings.items() for part in ("--env", f"{name}={value}")]
        self.buildah("config", *env, container)
        self.buildah("commit", "--quiet", container, "localhost/base")
        shutil.rmtree(rootfs)

    def _debian(self) -> Path:
        rootfs = self.place / "rootfs"
        release = re.search(r"VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text())
        assert release
        packages = "ca-certificates,libbz2-1.0,libffi8,liblzma5,libreadline8,libsqlite3-0,libssl3"
        self.project.run(
            *(program("debootstrap"), "--variant=minbase", f"--include={packages}"),
            *(release[1], rootfs),
            minutes=15,
        )
        for name in ("usr/share/doc", "usr/share/locale", "var/cache/apt", "var/lib/apt/lists"):
            shutil.rmtree(rootfs / name)
        return rootfs

    def _add_python(self, rootfs: Path) -> None:
        shutil.copytree(
            sys.base_prefix,
            rootfs / "usr/local",
            symlinks=True,
            dirs_exist_ok=True,
            ignore=_not_of_python,
        )
        pip = rootfs / "usr/local/bin/pip"  # the copied one names the folder that it came from
        pip.write_text('#!/bin/sh\nexec /usr/local/bin/python3 -m pip "$@"\n')
        pip.chmod(0o755)
        self.project.run("chroot", rootfs, "/sbin/ldconfig")


def _not_of_python(folder: str, names: list[str]) -> set[str]:
    """Return what `python:slim` would not have either: tests, and what is installed here."""
    left_out = shutil.ignore_patterns("__pycache__", "test", "*.a", "config-*")(folder, names)
    if Path(folder).name == "site-packages":
        left_out |= {name for name in names if not name.startswith(("pip", "setuptools"))}
    return left_out
