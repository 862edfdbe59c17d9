"""What a trusted template asks: found by its own `pre_prompt` hook, rendered by its own Jinja extensions.

Run as a program this is the child: `python -m scaffold.render.prepared` answers one line for each line it reads.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Any

from scaffold.errors import TO_MEND, ScaffoldError
from scaffold.questions import Renderer, read_questions
from scaffold.render.hooked import (
    end_all,
    hook_failed,
    scrubbed_environment,
    template_job,
    write_template,
)
from scaffold.trust.limits import Limits
from scaffold.trust.text import escape
from scaffold.values import replace

if TYPE_CHECKING:
    from scaffold.template import Template


@contextmanager
def prepared(
    template: Template, seed: str, *, trusted: bool
) -> Iterator[tuple[Template, Renderer | None]]:
    """Yield `template` with the questions that its own code asks, and what renders their defaults.

    A template that is not trusted, or whose code has no part in its questions, is yielded as it is, with nothing.

    Raises:
        ScaffoldError: Its code failed.
    """
    if not (trusted and asks_with_code(template)):
        yield template, None
        return
    scratch = Path(tempfile.mkdtemp(prefix="scaffold-ask-"))
    try:
        job = template_job(template, {}, (), scratch)
        write_template(template, Path(job["repository"]))
        child = _Child(seed, scratch)
        try:
            document = child.ask({"repository": job["repository"]})
            yield replace(template, questions=read_questions(document)), child.render
        finally:
            child.end()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def asks_with_code(template: Template) -> bool:
    """Return whether code of the template's can change what it asks."""
    changes_questions = any(path.startswith("hooks/pre_prompt") for path in template.hooks)
    return changes_questions or bool(template.foreign_extensions)


class _Child:
    """A process that holds the template's Jinja for as long as questions are asked."""

    def __init__(self, seed: str, scratch: Path) -> None:
        self._log = scratch / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "scaffold.render.prepared"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=scratch,
                env=scrubbed_environment(seed, scratch),
                start_new_session=True,
            )

    def ask(self, request: Mapping[str, Any]) -> str:
        """Return what the child makes of `request`."""
        limit = Timer(Limits.from_environment().hook_seconds, end_all, [self._process])
        limit.start()
        try:
            answer = self._exchange(json.dumps(request).encode())
        finally:
            limit.cancel()
        if not answer:
            said = self._log.read_bytes().decode("utf-8", "replace").strip().splitlines()
            raise hook_failed(said, self._process.wait())
        result = json.loads(answer)
        if "error" in result:
            raise ScaffoldError(
                f"cookiecutter.json of the template does not render: {escape(result['error'])}",
                hint=TO_MEND,
                code="render-failed",
            )
        return str(result["text"])

    def render(self, text: str, values: Mapping[str, Any]) -> str:
        """Return the template `text` rendered with the answers `values`."""
        return self.ask({"text": text, "values": dict(values)})

    def end(self) -> None:
        """End the process and all that it started."""
        end_all(self._process)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _exchange(self, line: bytes) -> bytes:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            return b""
        try:
            stdin.write(line + b"\n")
            stdin.flush()
        except BrokenPipeError:
            return b""
        return stdout.readline()


def main() -> int:
    """Answer requests: first the template's questions, then its texts, rendered."""
    # The template's code has no part in the conversation: it reads nothing, and what it prints is kept for errors.
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)

    from cookiecutter.exceptions import FailedHookException  # type: ignore[import-untyped]  # noqa: PLC0415
    from cookiecutter.hooks import run_pre_prompt_hook  # type: ignore[import-untyped]  # noqa: PLC0415
    from cookiecutter.utils import create_env_with_context  # type: ignore[import-untyped]  # noqa: PLC0415

    try:
        repository = str(run_pre_prompt_hook(json.loads(requests.readline())["repository"]))
    except FailedHookException:  # the hook itself said why
        return 1
    sys.path.append(repository)
    document = (Path(repository) / "cookiecutter.json").read_text("utf-8")
    environment = create_env_with_context({"cookiecutter": dict(read_questions(document).raw)})
    answers.write(json.dumps({"text": document}) + "\n")
    for line in requests:
        request = json.loads(line)
        try:
            found = environment.from_string(request["text"]).render(cookiecutter=request["values"])
            answers.write(json.dumps({"text": found}) + "\n")
        except Exception as error:  # noqa: BLE001 - the template's code can raise anything
            answers.write(json.dumps({"error": str(error).partition("\n")[0]}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
