"""What a repository can show: reports of runs, configuration, and tests that have passed."""

import hashlib
import json
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from project_package.git import ask_git
from project_package.lineage import file_hash
from project_package.parameters import Parameters, read_parameters
from project_package.paths import Paths
from project_package.proof.fingerprint import code_digest, studied_digest


class Lacking(Exception):  # noqa: N818 - nothing failed, something is not there
    """Something that a test of the score asks for is not there, and why."""


@dataclass(frozen=True, slots=True)
class Repository:
    """The repository in `root`, as checks see it."""

    root: Path

    @property
    def paths(self) -> Paths:
        """Where the pipeline's files lie."""
        return Paths(self.root)

    @property
    def parameters(self) -> Parameters:
        """The parameters of the pipeline."""
        return read_parameters(self.paths.parameters)

    def read(self, path: str) -> Any:
        """Return the content of a JSON, TOML or YAML file."""
        file = self.root / path
        readers = {".json": json.loads, ".toml": tomllib.loads}
        try:
            return readers.get(file.suffix, yaml.safe_load)(file.read_text("utf-8"))
        except FileNotFoundError as error:
            raise Lacking(f"there is no {path}") from error
        except (ValueError, yaml.YAMLError) as error:
            raise Lacking(f"{path} cannot be read") from error

    def stage(self, name: str, report: str) -> Any:
        """Return a report of a stage of the pipeline, if it is about what is there now."""
        content = self.read(report)
        lock = self.read("dvc.lock")["stages"].get(name)
        if lock is None:
            raise Lacking(f"dvc.lock does not have the stage {name}: make train")
        for entry in (*lock.get("deps", ()), *lock["outs"]):
            if entry["md5"] != dvc_hash(self.root / entry["path"]):
                raise Lacking(f"{entry['path']} has changed since {name} ran: make train")
        used = lock.get("params", {}).get("params.yaml", {})
        present = self.read("params.yaml")
        for key, value in used.items():
            if present.get(key) != value:
                raise Lacking(f"{key} of params.yaml has changed since {name} ran: make train")
        return content

    def study(self, name: str) -> Any:
        """Return what the study `name` found, if it is about what is there now."""
        content = self.read(f"reports/score/{name}.json")
        if content["studied"] != studied_digest(self.root, name):
            raise Lacking(f"the study of {name} is about other files, rows or model: make score")
        return content["found"]

    def proven(self, *gates: str) -> str:
        """Return in words that each fault of each of `gates` was caught by it."""
        content = self.read("reports/proof.json")
        if content["code"] != code_digest(self.root):
            raise Lacking("reports/proof.json is about other code: make prove")
        for gate in gates:
            faults = [proof for proof in content["proofs"] if proof["gate"] == gate]
            if not faults:
                raise Lacking(f"no fault was injected for the gate {gate}: make prove")
            for proof in faults:
                if not (proof["caught"] and proof["green_without"]):
                    raise Lacking(f"{proof['fault']}: not caught by the gate {gate}")
        count = sum(proof["gate"] in gates for proof in content["proofs"])
        return f"{count} injected {'fault' if count == 1 else 'faults'} caught"

    def passed(self, *paths: str) -> str:
        """Return in words that the tests in the files or folders `paths` have passed."""
        ran = self.study("tests")["files"]
        total = 0
        for path in paths:
            found = {file: each for file, each in ran.items() if file.startswith(path)}
            if not sum(each["passed"] for each in found.values()):
                raise Lacking(f"no test of {path} has passed")
            broken = [file for file, each in found.items() if each["failed"]]
            if broken:
                raise Lacking(f"tests of {', '.join(broken)} fail")
            total += sum(each["passed"] for each in found.values())
        return f"{total} tests passed"

    def champion(self) -> dict[str, Any]:
        """Return what `model.json` says about the champion."""
        described: dict[str, Any] = self.read("models/champion/model.json")
        return described

    def submitted(self) -> str:
        """Return in words that the champion was made from what is committed."""
        champion = self.champion()
        commit = champion["git_commit"]
        if champion["git_dirty"]:
            raise Lacking("the champion was made from code that is not committed")
        if self.git("cat-file", "-t", commit) != "commit":
            raise Lacking(f"the champion's commit {commit[:12]} is not in this repository")
        return f"the champion is of commit {commit[:12]}"

    def about(self) -> dict[str, str]:
        """Return what this is, to stand on a report: the project, its commit, the day."""
        commit = self.git("rev-parse", "HEAD") or "none"
        changed = ", with changes that are not committed" if self.git("status", "--short") else ""
        return {
            "project": self.read("pyproject.toml")["project"]["name"],
            "commit": f"{commit}{changed}",
            "date": datetime.now(UTC).date().isoformat(),
        }

    def git(self, *arguments: str) -> str:
        """Return what git says, "" where it has no answer."""
        return ask_git(self.root, *arguments)


def dvc_hash(path: Path) -> str:
    """Return the hash that dvc.lock has for a file, or for a folder of files."""
    if not path.is_dir():
        return file_hash(path)
    files = sorted(file for file in path.rglob("*") if file.is_file())
    entries = [{"md5": file_hash(f), "relpath": f.relative_to(path).as_posix()} for f in files]
    entries.sort(key=lambda entry: entry["relpath"])
    text = json.dumps(entries, sort_keys=True).encode()
    return hashlib.md5(text, usedforsecurity=False).hexdigest() + ".dir"
