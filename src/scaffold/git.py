"""The only place that starts git: scrubbed environment, no hooks, bytes in and out."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scaffold.errors import ScaffoldError
from scaffold.trust.addresses import strip_userinfo
from scaffold.trust.text import escape

# Nothing that a repository or a template brings along may start a process of its own.
_SAFE = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "protocol.allow=never",
    "protocol.https.allow=always",
    "protocol.ssh.allow=always",
    "protocol.file.allow=always",
    "submodule.recurse=false",
    "gc.auto=0",
    "maintenance.auto=false",
)
_KEPT_GIT_VARIABLES = {"GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO", "GIT_ASKPASS"}


class GitError(ScaffoldError):
    """git ended with an exit code that the caller did not expect."""

    def __init__(self, arguments: Collection[str], returncode: int, stderr: str) -> None:
        detail = stderr.strip().splitlines()[-1] if stderr.strip() else f"exit code {returncode}"
        message = f"git {' '.join(arguments)}: {detail}"
        super().__init__(escape(strip_userinfo(message)), code="git-failed")
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

    def bounded(self, *arguments: str, most: int) -> bytes | None:
        """Return the first output of `git arguments`, or nothing if it is more than `most` bytes.

        Raises:
            GitError: git failed.
        """
        with subprocess.Popen(
            [*self._command(), *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
        ) as process:
            output = process.stdout.read(most + 1) if process.stdout else b""
            if len(output) > most:
                process.kill()
                return None
            stderr = process.stderr.read() if process.stderr else b""
        if process.returncode:
            raise GitError(arguments, process.returncode, stderr.decode("utf-8", "replace"))
        return output

    def _command(self) -> list[str]:
        command = [_executable()]
        if self.git_dir is not None:
            command.append(f"--git-dir={self.git_dir}")
        for setting in (*_SAFE, *self.config):
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
    return {
        **kept,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_ALLOW_PROTOCOL": "https:ssh:file",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_HTTP_LOW_SPEED_LIMIT": "1000",
        "GIT_HTTP_LOW_SPEED_TIME": "60",
        "LC_ALL": "C",
    }
