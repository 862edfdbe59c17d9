"""The only place that starts git: scrubbed environment, no hooks, bytes in and out."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scaffold.errors import ScaffoldError

_KEPT_GIT_VARIABLES = {"GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO", "GIT_ASKPASS"}


class GitError(ScaffoldError):
    """git ended with an exit code that the caller did not expect."""

    def __init__(self, arguments: Collection[str], returncode: int, stderr: str) -> None:
        detail = stderr.strip().splitlines()[-1] if stderr.strip() else f"exit code {returncode}"
        super().__init__(f"git {' '.join(arguments)}: {detail}", code="git-failed")
        self.returncode = returncode
        self.stderr = stderr


@dataclass(frozen=True, slots=True)
class Result:
    """What a git process said."""

    stdout: bytes
    stderr: str
    returncode: int

    @property
    def text(self) -> str:
        """Return standard output as text without its last newline."""
        return self.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")


@dataclass(frozen=True, slots=True)
class Git:
    """A git that runs in `folder`.

    Args:
        folder: The working directory of every process.
        git_dir: The repository, where it is not to be discovered from `folder`.
        config: Settings for every call, as `key=value`, on top of the safe ones.
    """

    folder: Path
    git_dir: Path | None = None
    config: tuple[str, ...] = field(default=())

    def __call__(
        self,
        *arguments: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        expect: Collection[int] = (0,),
    ) -> Result:
        """Run `git arguments` to its end.

        Raises:
            GitError: The exit code is not in `expect`.
            ScaffoldError: There is no git.
        """
        process = subprocess.run(
            [*self._command(), *arguments],
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            check=False,
            env={**_environment(), **(env or {})},
        )
        stderr = process.stderr.decode("utf-8", "replace")
        if process.returncode not in expect:
            raise GitError(arguments, process.returncode, stderr)
        return Result(process.stdout, stderr, process.returncode)

    def start(
        self, *arguments: str, env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start `git arguments` with pipes for input and output; the caller ends it."""
        return subprocess.Popen(
            [*self._command(), *arguments],
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**_environment(), **(env or {})},
        )

    def _command(self) -> list[str]:
        command = [_executable(), "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"]
        if self.git_dir is not None:
            command.append(f"--git-dir={self.git_dir}")
        for setting in self.config:
            command += ["-c", setting]
        return command


def _executable() -> str:
    executable = shutil.which("git")
    if executable is None:
        raise ScaffoldError("git was not found", hint="install git 2.38 or newer", code="no-git")
    return executable


def _environment() -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name in _KEPT_GIT_VARIABLES
    }
    return {**kept, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
