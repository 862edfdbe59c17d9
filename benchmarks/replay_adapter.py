"""Replay real upgrades through the command line: `replay.py run --adapter replay_adapter.py:ScaffoldAdapter`.

scaffold is that of the harness's own environment (`uv pip install --python $REPLAY_VENV/bin/python .`), so that a
template's hooks find what they find when the harness renders the template itself.

Each project is first adopted from its `.cruft.json`, as a team that changes over would do, and then upgraded to the
same commit of the template by `scaffold upgrade`. The harness knows cruft's state alone, so scaffold's two files
are taken away at the end and the new commit is written into `.cruft.json`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

CRUFT, STATE = ".cruft.json", ("scaffold.toml", "scaffold.lock")


class ScaffoldAdapter:
    """`scaffold adopt`, and then `scaffold upgrade` as people run it."""

    name = "scaffold"
    cwd_is_subdir = True
    options: tuple[str, ...] = ()

    def prepare(self, project_dir: Path, template_dir: Path, case: dict) -> list[str]:
        """Return the command that adopts and upgrades the project."""
        del template_dir
        programs = sys.modules["replay"].VENV / "bin"
        arguments = [str(programs / "scaffold"), str(project_dir), case["template_commit_new"]]
        return [str(programs / "python"), __file__, *arguments, *self.options]

    def env(self, case: dict) -> dict[str, str]:
        """Return what the command needs in its environment."""
        del case
        return {}


class SettlingAdapter(ScaffoldAdapter):
    """The same with `--settle`, which leaves some lines out and names them."""

    name = "scaffold --settle"
    options = ("--settle",)


def replay(scaffold: str, project: Path, commit: str, *options: str) -> int:
    """Adopt and upgrade one project and return the exit code of the upgrade."""
    recorded = (project / CRUFT).read_bytes()
    _tell_commit(project, json.loads(recorded))
    here = ("--trust", "--yes", "-C", str(project))
    code = subprocess.run([scaffold, "adopt", "--commit", *here], check=False).returncode
    if code == 0:
        command = [scaffold, "upgrade", "--to", commit, *options, *here]
        code = subprocess.run(command, check=False).returncode
    _give_back(project, recorded, commit if code in {0, 1} else "")
    return code


def _tell_commit(project: Path, state: dict) -> None:
    """Say that templates see their commit, as the cruft does whose renders the harness compares with."""
    context = state["context"]["cookiecutter"]
    if "_commit" in context:
        return
    context["_commit"] = state["commit"]
    (project / CRUFT).write_text(json.dumps(state, indent=2) + "\n")
    git = ["git", "-C", str(project)]
    subprocess.run([*git, "commit", "-q", "--no-verify", "-m", "cruft", "--", CRUFT], check=True)


def _give_back(project: Path, recorded: bytes, commit: str) -> None:
    """Leave the state that the harness knows, in place of scaffold's."""
    for name in STATE:
        (project / name).unlink(missing_ok=True)
    state = json.loads(recorded)
    state["commit"] = commit or state["commit"]
    (project / CRUFT).write_text(json.dumps(state, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(replay(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:]))
