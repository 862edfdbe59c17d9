"""Templates that people trust to run code: rendered by cookiecutter itself, in a folder that is thrown away.

Run as a program this is the child: `python -m scaffold.render.hooked` reads a job from standard input.
"""

from __future__ import annotations

import itertools
import json
import os
import posixpath
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any

from scaffold.errors import ScaffoldError
from scaffold.spec import Answers
from scaffold.tree import File, Tree
from scaffold.trust.addresses import strip_userinfo
from scaffold.trust.limits import Limits
from scaffold.trust.paths import check_inside, check_name, is_inside
from scaffold.trust.text import escape

if TYPE_CHECKING:
    from jinja2 import Environment

    from scaffold.template import Template

# What a hook may need of the caller's environment; tokens, keys and `GIT_*` are not among it.
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT", "SSL_CERT_FILE", "SSL_CERT_DIR")
# Where packages come from, for hooks that install some; passwords in it are taken out.
_ADDRESSES = ("HTTPS_PROXY", "NO_PROXY", "PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL")

# Seen by every Python that the render starts: chance repeats, whichever way it is drawn.
_SEEDED_PYTHON = """
import hashlib, os
_seed = os.environ.get("SCAFFOLD_SEED", "")
if _seed:
    _drawn = 0
    def _urandom(size):
        global _drawn
        _drawn += 1
        return hashlib.shake_256(f"{_seed} {_drawn}".encode()).digest(size)
    os.urandom = _urandom
    import random
    random.seed(_seed)
    random._urandom = _urandom
"""

_REFUSED = 77
"""What the child ends with when it is scaffold that says no."""

_CACHE = b"Signature: 8a477f597d28d172789f06886806bc55"
"""How the tag of a cache folder begins."""

_GIT_CONFIG = "[user]\n\tname = scaffold\n\temail = scaffold@localhost\n"


def render_hooked(
    template: Template, answers: Answers, components: Collection[str], seed: str
) -> Tree:
    """Return what cookiecutter makes of a trusted template, its hooks and extensions included.

    Raises:
        ScaffoldError: cookiecutter or a hook failed, or left something that is no file.
    """
    scratch = Path(tempfile.mkdtemp(prefix="scaffold-render-"))
    try:
        job = template_job(template, answers, components, scratch)
        write_template(template, Path(job["repository"]))
        folder = _run(job, seed, scratch)
        return _collected(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def template_job(
    template: Template, answers: Answers, components: Collection[str], scratch: Path
) -> dict[str, Any]:
    """Make the folders of a render in `scratch` and return what its child must know."""
    for name in ("home", "site", "temporary", "output"):
        (scratch / name).mkdir()
    (scratch / "site" / "sitecustomize.py").write_text(_SEEDED_PYTHON, "utf-8")
    # Templates ask `git config user.name`; who is at the keyboard must not change a render.
    (scratch / "home" / ".gitconfig").write_text(_GIT_CONFIG, "utf-8")
    return {
        "repository": str(scratch / "template"),
        "output": str(scratch / "output"),
        "answers": dict(answers),
        "components": list(components),
        "address": template.source.address,
        "commit": template.commit if template.source.gives_commit else "",
    }


def write_template(template: Template, folder: Path) -> None:
    """Write the template's files into `folder`.

    Raises:
        ScaffoldError: One would land outside.
    """
    for path, file in template.files.items():
        target = folder / path
        if not target.resolve().is_relative_to(folder.resolve()):
            raise ScaffoldError(
                f"the template has a file {escape(path)} outside of it", code="bad-path"
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.mode == "120000":
            continue  # a link to a folder or outside; cookiecutter would make an empty folder of it
        target.write_bytes(file.content)
        target.chmod(0o755 if file.mode == "100755" else 0o644)


def _run(job: Mapping[str, Any], seed: str, scratch: Path) -> Path:
    limits = Limits.from_environment()
    process = subprocess.Popen(
        [sys.executable, "-m", "scaffold.render.hooked"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=scratch,
        env=scrubbed_environment(seed, scratch),
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(json.dumps(job).encode(), timeout=limits.hook_seconds)
    except subprocess.TimeoutExpired:
        end_all(process)
        raise ScaffoldError(
            f"the template's hooks ran longer than {limits.hook_seconds} s",
            hint="if you know why, raise SCAFFOLD_LIMIT_HOOK_SECONDS",
            code="over-limit",
        ) from None
    except BaseException:
        end_all(process)
        raise
    lines = output.decode("utf-8", "replace").strip().splitlines()
    if process.returncode == _REFUSED and lines and lines[-1].startswith("{"):
        told = json.loads(lines[-1])
        raise ScaffoldError(told["message"], hint=told["hint"], code=told["code"])
    if process.returncode or not lines:
        raise hook_failed(lines, process.returncode)
    return Path(lines[-1])


def hook_failed(lines: list[str], returncode: int) -> ScaffoldError:
    """Return an error that shows the end of what the hook printed, without cookiecutter's own traceback."""
    said = list(itertools.takewhile(lambda line: not line.startswith("Stopping generation"), lines))
    shown = " | ".join(escape(line.strip()) for line in said[-3:] if line.strip())
    return ScaffoldError(
        f"the template's own code failed: {shown or f'exit code {returncode}'}", code="hook-failed"
    )


def end_all(process: subprocess.Popen[bytes]) -> None:
    """End a child and all that it started."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def scrubbed_environment(seed: str, scratch: Path) -> dict[str, str]:
    """Return the environment of the template's code: what it needs of the caller's, and a home of its own."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    kept |= {name: strip_userinfo(os.environ[name]) for name in _ADDRESSES if name in os.environ}
    package = Path(__file__).parents[2]
    return {
        "LANG": "C.UTF-8",
        **kept,
        "HOME": str(scratch / "home"),
        "TMPDIR": str(scratch / "temporary"),
        "PYTHONPATH": os.pathsep.join([str(scratch / "site"), str(package)]),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",  # else what a failed hook said last is not what is shown last
        "SCAFFOLD_SEED": seed,
        "GIT_CONFIG_GLOBAL": str(scratch / "home" / ".gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": "scaffold",
        "GIT_AUTHOR_EMAIL": "scaffold@localhost",
        "GIT_COMMITTER_NAME": "scaffold",
        "GIT_COMMITTER_EMAIL": "scaffold@localhost",
    }


def _collected(folder: Path) -> Tree:
    """Return the files that a render left in `folder`, without a `.git` and caches that a hook made there."""
    files: dict[str, File] = {}
    limits = Limits.from_environment()
    size = 0
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if (name != ".git" or Path(root) != folder) and not _is_cache(Path(root, name))
        )
        links = [name for name in folders if Path(root, name).is_symlink()]
        for name in sorted([*names, *links]):
            path = Path(root, name)
            shown = path.relative_to(folder).as_posix()
            files[shown] = _collected_file(path, folder, shown)
            size += len(files[shown].content)
            limits.check_size(len(files), size)
    return files


def _is_cache(folder: Path) -> bool:
    """Return whether a program says that a folder is its cache, by the Cache Directory Tagging Specification."""
    tag = folder / "CACHEDIR.TAG"
    return tag.is_file() and tag.read_bytes().startswith(_CACHE)


def _collected_file(path: Path, folder: Path, shown: str) -> File:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        target = path.readlink()
        inside = is_inside(path, folder)
        if target.is_absolute() or not inside:
            raise ScaffoldError(
                f"a hook left a link {escape(shown)} that leads outside the project",
                code="bad-link",
            )
        return File(os.fsencode(target), "120000")
    if not stat.S_ISREG(status.st_mode):
        raise ScaffoldError(f"a hook left {escape(shown)}, which is no file", code="bad-path")
    return File(path.read_bytes(), "100755" if status.st_mode & 0o100 else "100644")


def explained(error: Exception) -> str:
    """Return what cookiecutter's `error` says, without the whole context that it would print."""
    cause = getattr(error, "error", None)
    said = [getattr(error, "message", str(error)), getattr(cause, "message", "")]
    return ": ".join(text.rstrip(".") for text in said if text)


def _hooks(repository: Path) -> dict[str, str]:
    """Return path -> text of the hooks that cookiecutter renders before it runs them."""
    found = sorted((repository / "hooks").glob("*_gen_project.*"))
    return {
        f"hooks/{path.name}": path.read_text("utf-8", "replace") for path in found if path.is_file()
    }


def main() -> int:
    """Render the job on standard input and print the folder as the last line."""
    from cookiecutter.exceptions import (  # type: ignore[import-untyped]  # noqa: PLC0415
        CookiecutterException,
        FailedHookException,
    )

    try:
        folder = _rendered_by_cookiecutter(json.load(sys.stdin))
    except ScaffoldError as error:
        told = {"message": error.message, "hint": error.hint, "code": error.code}
        sys.stdout.write(f"\n{json.dumps(told)}\n")
        return _REFUSED
    except FailedHookException:  # the hook itself said why
        return 1
    except CookiecutterException as error:
        sys.stderr.write(f"{explained(error)}\n")
        return 1
    sys.stdout.write(f"\n{folder}\n")
    return 0


def _rendered_by_cookiecutter(job: Mapping[str, Any]) -> str:
    # What hooks print belongs to them: the parent reads one line, the last.
    from cookiecutter.find import find_template  # type: ignore[import-untyped]  # noqa: PLC0415
    from cookiecutter.generate import generate_files  # type: ignore[import-untyped]  # noqa: PLC0415
    from cookiecutter.hooks import run_pre_prompt_hook  # type: ignore[import-untyped]  # noqa: PLC0415
    from cookiecutter.utils import create_env_with_context  # type: ignore[import-untyped]  # noqa: PLC0415

    from scaffold.questions import full_context, read_questions  # noqa: PLC0415
    from scaffold.render.answers_in_code import refuse_code  # noqa: PLC0415

    repository = str(run_pre_prompt_hook(job["repository"]))
    sys.path.append(repository)
    questions = read_questions((Path(repository) / "cookiecutter.json").read_text("utf-8"))
    hooks = _hooks(Path(repository))
    environment = create_env_with_context({"cookiecutter": dict(questions.raw)})

    def rendered(text: str, values: Mapping[str, Any]) -> str:
        return str(environment.from_string(text).render(cookiecutter=values))

    known = {name: value for name, value in job["answers"].items() if name in questions}

    def as_code(hook: str, answers: Answers) -> str:
        return rendered(hook, full_context(questions, answers, job["components"], rendered))

    refuse_code(hooks, known, as_code)
    values = full_context(questions, known, job["components"], rendered)
    offered = {name: value for name, value in values.items() if not name.startswith("_")}
    values |= {
        "_template": job["address"],
        "_output_dir": ".",
        "_repo_dir": job["address"],
        "_checkout": None,
    }
    if job["commit"]:
        values["_commit"] = job["commit"]
    contexts = {"cookiecutter": values, "_cookiecutter": offered}
    _refuse_names(find_template(repository, environment), environment, contexts)
    return str(generate_files(repository, contexts, job["output"]))


def _refuse_names(folder: Path, environment: Environment, contexts: Mapping[str, Any]) -> None:
    """Refuse answers that lead cookiecutter out of the project: it writes wherever a name says.

    It also renders the path of the project with that of each folder in it, once more, outside of the sandbox.
    """
    inside = [path.relative_to(folder).as_posix() for path in folder.rglob("*")]
    project, *names = (
        environment.from_string(name).render(**contexts) for name in (folder.name, *inside)
    )
    marks = (environment.variable_start_string, environment.block_start_string)
    if any(mark in project for mark in (*marks, environment.comment_start_string)):
        raise ScaffoldError(
            f"the project cannot be called {escape(project)!r}: cookiecutter would take it for Jinja",
            code="bad-path",
        )
    for name in (check_name(project), *names):
        plain = posixpath.normpath(name.replace("\\", "/"))
        if plain != ".":  # a name that renders to nothing is left out
            check_inside(f"/{plain}" if PureWindowsPath(name).drive else plain)


if __name__ == "__main__":
    sys.exit(main())
