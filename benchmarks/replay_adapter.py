"""Replay real upgrades with scaffold's merge: `replay.py run --adapter benchmarks/replay_adapter.py:ScaffoldAdapter`.

`ScaffoldAdapter` is literal, as the harness counts: every line that either side added must stand as it was, or in a
conflict. `DefaultAdapter` also settles what the default settles and names: the newer of two versions, indentation.

The harness renders both versions with cookiecutter itself, so that what is measured is the merge and the apply alone.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class ScaffoldAdapter:
    """The library, driven as `scaffold upgrade` drives it, with `is_literal`."""

    name = "scaffold"
    mode = "literal"
    cwd_is_subdir = True

    def prepare(self, project_dir: Path, template_dir: Path, case: dict) -> list[str]:
        """Return the command that upgrades the project."""
        description = template_dir.parent / "case.json"
        description.write_text(json.dumps(case))
        harness = sys.modules["replay"].__file__ or ""
        python = ROOT / ".venv" / "bin" / "python"
        return [str(python), __file__, harness, str(description), str(project_dir), self.mode]

    def env(self, case: dict) -> dict[str, str]:
        """Return what the command needs in its environment."""
        del case
        return {"PYTHONPATH": str(ROOT / "src")}


class DefaultAdapter(ScaffoldAdapter):
    """The same with the default policy."""

    name = "scaffold-default"
    mode = "default"


def upgrade(harness: str, description: str, project: str, mode: str) -> int:
    """Upgrade one project and return scaffold's exit code."""
    # The harness, which imports this module, runs in an environment without scaffold.
    from scaffold import apply  # noqa: PLC0415
    from scaffold.git import Git  # noqa: PLC0415
    from scaffold.merge import Labels, Policy, merge  # noqa: PLC0415

    replay = _module(harness)
    case, here = json.loads(Path(description).read_text()), Path(project)
    git = Git(here)
    head = git("rev-parse", "HEAD").text
    prefix = case["project_subdir"].strip("/")
    before = replay.commit_tree(Path(git("rev-parse", "--show-toplevel").text), "HEAD", prefix)
    state = json.loads(before[replay.SELF])
    state["template"] = case["template_url"]
    recorded = {**before, replay.SELF: json.dumps(state).encode()}
    old, new, _ = replay.renders(case, recorded, use_cache=False)
    modes = _modes(git, prefix)
    labels = Labels(base="template before", theirs=f"template {case['template_commit_new'][:7]}")
    outcome = merge(
        git,
        base=_tree(old, modes),
        theirs=_tree(new, modes),
        head=head,
        prefix=prefix,
        policy=Policy(is_literal=mode == "literal"),
        labels=labels,
    )
    apply.apply(git, outcome)
    state = json.loads((here / replay.SELF).read_text())
    state["commit"] = case["template_commit_new"]
    (here / replay.SELF).write_text(json.dumps(state, indent=2) + "\n")
    for change in outcome.told:
        print(change.kind.value, change.code, change.path, change.reason)
    (Path(description).parent / "outcome.json").write_text(json.dumps(outcome.to_json(), indent=1))
    return 1 if outcome.conflicts else 0


def _module(path: str):
    spec = importlib.util.spec_from_file_location("replay", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _modes(git, prefix: str) -> dict[str, str]:
    rows = git("ls-tree", "-r", "-z", f"HEAD:{prefix}", "--full-tree").text.split("\0")
    return {row.split("\t", 1)[1]: row.split(" ", 1)[0] for row in rows if row}


def _tree(files: dict[str, bytes], modes: dict[str, str]) -> dict:
    from scaffold.tree import File  # noqa: PLC0415

    return {
        path: File(content[5:], "120000")
        if content.startswith(b"link:")
        else File(content, "100755" if modes.get(path) == "100755" else "100644")
        for path, content in files.items()
    }


if __name__ == "__main__":
    try:
        sys.exit(upgrade(*sys.argv[1:]))
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error}")
