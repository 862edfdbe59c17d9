# ruff: noqa: INP001  # a script, not a package
"""Maintainers: check and bump the actions, images and tools that `template/macros/pins.jinja` pins.

    python tools/pins.py           each tag still is the digest that the table says
    python tools/pins.py --bump    write the newest release's tag and digest into the table

Actions are asked of their git repository, images of their registry, tools of PyPI. A bump stays within an image's major
version, and within 3.12 for the row `python3.12`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

TABLE = Path(__file__).parents[1] / "template" / "macros" / "pins.jinja"
HOST = "https://github.com"
DOCKER_HUB = "registry-1.docker.io"
PYPI = "https://pypi.org/pypi"
# An index lists the manifest of each platform; a digest of one manifest would pin one platform.
INDEXES = "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json"

_ACTION = re.compile(r'"([\w.-]+/[\w.-]+)": \{"tag": "(v[\d.]+)", "digest": "([0-9a-f]{40})"\}')
_IMAGE = re.compile(
    r'"([\w.-]+)": \{"name": "([^"]+)", "tag": "([^"]+)", "digest": "(sha256:[0-9a-f]{64})"\}'
)
_TOOLS = re.compile(r"set tools = \{\n(.*?)\n\}", re.DOTALL)
_TOOL = re.compile(r'"([\w.-]+)": (?:"([^"]+)"|(images\.(\w+)\.tag\.split\("-"\)\[0\]))')
_RELEASE = re.compile(r"v\d+\.\d+\.\d+")
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Action:
    """A row of the table of actions."""

    name: str
    tag: str
    digest: str

    @property
    def row(self) -> str:
        """Return the row as the table writes it."""
        return f'"{self.name}": {{"tag": "{self.tag}", "digest": "{self.digest}"}}'

    def digests(self) -> Mapping[str, str]:
        """Return tag -> commit, as the action's repository has them."""
        command = ["git", "ls-remote", "--tags", "--end-of-options", f"{HOST}/{self.name}"]
        listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found: dict[str, str] = {}
        for line in listing.splitlines():
            commit, ref = line.split("\t")
            # An annotated tag is listed twice; its commit is the line that comes second, with ^{}.
            found[ref.removeprefix("refs/tags/").removesuffix("^{}")] = commit
        return found

    def current(self) -> str:
        """Return what the tag is now, or nothing where it is gone."""
        return self.digests().get(self.tag, "")

    def newest(self) -> Action:
        """Return the row of the newest full release."""
        found = self.digests()
        tag = max(filter(_RELEASE.fullmatch, found), key=_numbers)
        return replace(self, tag=tag, digest=found[tag])


@dataclass(frozen=True, slots=True)
class Image:
    """A row of the table of images."""

    key: str
    name: str
    tag: str
    digest: str

    @property
    def row(self) -> str:
        """Return the row as the table writes it."""
        what = f'"name": "{self.name}", "tag": "{self.tag}", "digest": "{self.digest}"'
        return f'"{self.key}": {{{what}}}'

    @property
    def address(self) -> str:
        """Return where the registry has the image; names without a host are Docker Hub's."""
        host, _, rest = self.name.partition("/")
        if rest and ("." in host or ":" in host):
            scheme = "http" if host.startswith("127.0.0.1") else "https"
            return f"{scheme}://{host}/v2/{rest}"
        name = self.name if rest else f"library/{self.name}"
        return f"https://{DOCKER_HUB}/v2/{name}"

    def current(self) -> str:
        """Return the digest of the tag's index now, or nothing where the tag is gone."""
        try:
            with _opened(f"{self.address}/manifests/{self.tag}", INDEXES) as answer:
                return str(answer.headers["Docker-Content-Digest"])
        except urllib.error.HTTPError as error:
            if error.code == 404:  # noqa: PLR2004 - not found
                return ""
            raise

    def newest(self) -> Image:
        """Return the row of the newest tag of the same shape and major version."""
        fixed = _NUMBER.findall(self.key) or _NUMBER.findall(self.tag)[:1]
        shape = _NUMBER.sub("0", self.tag)
        fitting = [
            tag
            for tag in self._tags()
            if _NUMBER.sub("0", tag) == shape and _NUMBER.findall(tag)[: len(fixed)] == fixed
        ]
        tag = max(fitting, key=_numbers, default=self.tag)
        image = replace(self, tag=tag)
        return replace(image, digest=image.current() or self.digest)

    def _tags(self) -> Iterator[str]:
        address = f"{self.address}/tags/list?n=1000"
        while address:
            with _opened(address) as answer:
                yield from json.load(answer)["tags"]
                further = re.match(r"<([^>]+)>", answer.headers.get("Link", ""))
            address = urljoin(address, further[1]) if further else ""


@dataclass(frozen=True, slots=True)
class Tool:
    """A row of the table of tools; `image` says, as the table does, whose tag begins with the version."""

    name: str
    tag: str
    image: str = ""

    @property
    def row(self) -> str:
        """Return the row as the table writes it."""
        version = self.image or f'"{self.tag}"'
        return f'"{self.name}": {version}'

    @property
    def digest(self) -> str:
        """Return the version: it is all that pip is told."""
        return self.tag

    def current(self) -> str:
        """Return the version where PyPI has it still, and its authors did not take it back."""
        files = self._answer()["releases"].get(self.tag, [])
        return self.tag if any(not file["yanked"] for file in files) else ""

    def newest(self) -> Tool:
        """Return the row of the newest release; one that is an image's goes with that image."""
        return self if self.image else replace(self, tag=self._answer()["info"]["version"])

    def _answer(self) -> Any:
        with _opened(f"{PYPI}/{self.name}/json") as answer:
            return json.load(answer)


Pin = Action | Image | Tool


def read_pins(text: str) -> list[Pin]:
    """Return the pins in the table's `text`."""
    images = [Image(*match) for match in _IMAGE.findall(text)]
    versions = {image.key: image.tag.partition("-")[0] for image in images}
    listed = _TOOLS.search(text)
    return [
        *(Action(*match) for match in _ACTION.findall(text)),
        *images,
        *(
            Tool(name, version or versions[key], image)
            for name, version, image, key in _TOOL.findall(listed[1] if listed else "")
        ),
    ]


def problems(pins: list[Pin]) -> Iterator[str]:
    """Yield what is wrong with the pins: a tag that is gone or has moved."""
    for pin in pins:
        current = pin.current()
        if current != pin.digest:
            yield f"{pin.name} {pin.tag} is {current or 'gone'}, the table says {pin.digest}"


def _numbers(tag: str) -> list[int]:
    return [int(number) for number in _NUMBER.findall(tag)]


def _opened(address: str, accept: str = "application/json") -> urllib.request._UrlopenRet:
    """Open an address of a registry; where it asks for a token, fetch one as anybody gets it."""
    request = urllib.request.Request(address, headers={"Accept": accept})  # noqa: S310
    try:
        return urllib.request.urlopen(request, timeout=30)  # noqa: S310
    except urllib.error.HTTPError as error:
        challenge = error.headers.get("WWW-Authenticate", "")
        if not challenge.startswith("Bearer "):
            raise
    asked = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    query = urlencode({key: asked[key] for key in ("service", "scope") if key in asked})
    with urllib.request.urlopen(f"{asked['realm']}?{query}", timeout=30) as answer:  # noqa: S310
        token = json.load(answer)["token"]
    request.add_header("Authorization", f"Bearer {token}")
    return urllib.request.urlopen(request, timeout=30)  # noqa: S310


def main(arguments: list[str]) -> int:
    """Check the table, or bump it."""
    text = TABLE.read_text("utf-8")
    pins = read_pins(text)
    if "--bump" in arguments:
        for pin in pins:
            text = text.replace(pin.row, pin.newest().row)
        TABLE.write_text(text, "utf-8")
        return 0
    found = list(problems(pins))
    sys.stdout.writelines(f"{problem}\n" for problem in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
