"""The only place that starts git: scrubbed environment, no hooks, bytes in and out."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import IO

from scaffold.errors import ScaffoldError
from scaffold.trust.addresses import strip_userinfo
from scaffold.trust.text import escape
from scaffold.values import field, frozen

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
_LONGEST_MESSAGES = 1_000_000
# What a system says that neither git nor the repository can help.
_OUTSIDE = ("No space left on device", "Permission denied", "Read-only file system")
_FOREIGN = r"detected dubious ownership in repository at '(.*)'"
_KEPT_GIT_VARIABLES = {"GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO", "GIT_ASKPASS"}


class GitError(ScaffoldError):
    """git ended with an exit code that the caller did not expect."""

    def __init__(self, arguments: Collection[str], returncode: int, stderr: str) -> None:
        detail = stderr.strip().splitlines()[-1] if stderr.strip() else f"exit code {returncode}"
        message = f"git {' '.join(arguments)}: {detail}"
        hint, code = "", "git-failed"
        if any(text in stderr for text in _OUTSIDE):
            hint, code = "try again when that is mended", "unwritable"
        elif foreign := re.search(_FOREIGN, stderr):
            message = f"the repository {foreign[1]} belongs to another user"
            hint, code = f"if you trust it: {detail.strip()}", "foreign-repository"
        super().__init__(escape(strip_userinfo(message)), hint=escape(hint), code=code)
        self.returncode = returncode
        self.stderr = stderr
        self.detail = escape(strip_userinfo(detail.removeprefix("fatal: ")))

    def retold(self, told: str) -> ScaffoldError:
        """Return the same refusal, told by what was to be done instead of by git's command."""
        hint = self.hint or "try again when that is mended"
        return ScaffoldError(f"{told}: {self.detail}", hint=hint, code=self.code)


@frozen
class Result:
    """What a git process said."""

    stdout: bytes
    stderr: str
    returncode: int

    @property
    def text(self) -> str:
        """Return standard output as text without its last newline."""
        return self.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")


@frozen
class Facts:
    """What never changes of a repository with a work tree while a command runs: asked once.

    Args:
        top: The top of the work tree.
        git_dir: git's own folder of that work tree.
        objects: Where its objects are.
        algorithm: Their format.
    """

    top: Path
    git_dir: Path
    objects: Path
    algorithm: str


@frozen
class Git:
    """A git that runs in `folder`.

    Args:
        folder: The working directory of every process.
        git_dir: The repository, where it is not to be discovered from `folder`.
        config: Settings for every call, as `key=value`, on top of the safe ones.
        bind: Binds each process to limits, before it becomes git.
        facts: Of the repository, where they are known.
    """

    folder: Path
    git_dir: Path | None = None
    config: tuple[str, ...] = field(default=())
    bind: Callable[[], None] | None = None
    facts: Facts | None = None

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
        with _in_memory() as messages:  # beside one pipe alone nobody has to look which one speaks
            process = subprocess.run(
                [*self._command(), *arguments],
                cwd=self.folder,
                stdin=None if stdin else subprocess.DEVNULL,
                input=stdin or None,
                stdout=subprocess.PIPE,
                stderr=messages,
                check=False,
                env={**_environment(), **(env or {})},
            )
            stderr = _told(messages)
        if process.returncode not in expect:
            raise GitError(arguments, process.returncode, stderr)
        return Result(process.stdout, stderr, process.returncode)

    def ignored(self, paths: Iterable[str], *, though_tracked: bool = False) -> set[str]:
        """Return which of `paths`, relative to `folder`, git ignores; tracked ones only where told so."""
        answer = self(
            "check-ignore",
            *(("--no-index",) if though_tracked else ()),
            "-z",
            "--stdin",
            stdin=b"".join(b"./%s\0" % os.fsencode(path) for path in paths),  # no pathspec's magic
            expect=(0, 1),
        )
        return {os.fsdecode(path[2:]) for path in answer.stdout.split(b"\0") if path}

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

    def bounded(
        self, *arguments: str, most: int, env: Mapping[str, str] | None = None
    ) -> bytes | None:
        """Return the output of `git arguments`, or nothing if it is more than `most` bytes.

        Raises:
            GitError: git failed.
        """
        with (
            _in_memory() as messages,  # a pipe that nobody reads would stop git
            subprocess.Popen(
                [*self._command(), *arguments],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=messages,
                env={**_environment(), **(env or {})},
                preexec_fn=self.bind,  # noqa: PLW1509 - scaffold has no threads
            ) as process,
        ):
            output = process.stdout.read(most + 1) if process.stdout else b""
            if len(output) > most:
                process.kill()
                return None
            process.wait()
            stderr = _told(messages)
        if process.returncode:
            raise GitError(arguments, process.returncode, stderr)
        return output

    def _command(self) -> list[str]:
        command = [executable()]
        if self.git_dir is not None:
            command.append(f"--git-dir={self.git_dir}")
        for setting in (*_SAFE, *self.config):
            command += ["-c", setting]
        return command


def executable() -> str:
    """Return the git that is run.

    Raises:
        ScaffoldError: There is none.
    """
    found = _found(os.environ.get("PATH", os.defpath), os.getcwd())  # noqa: PTH109 - a key
    if not found:
        raise ScaffoldError("git was not found", hint="install git 2.38 or newer", code="no-git")
    return found


@lru_cache(maxsize=8)
def _found(path: str, _: str) -> str:
    """Return the git that a search path has, but none of the folder that somebody is in, as Windows would."""
    name = "git.exe" if os.name == "nt" else "git"
    folders = [folder for folder in path.split(os.pathsep) if os.path.isabs(folder)]  # noqa: PTH117
    found = (shutil.which(os.path.join(folder, name)) for folder in folders)  # noqa: PTH118
    return next(filter(None, found), "")


def _in_memory() -> IO[bytes]:
    """Return a file without a name; in memory where the system can."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("messages"), "w+b")
    return tempfile.TemporaryFile()


def _told(messages: IO[bytes]) -> str:
    messages.seek(0)
    return messages.read(_LONGEST_MESSAGES).decode("utf-8", "replace")


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
