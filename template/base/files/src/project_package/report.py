"""Write what a change does to the model as Markdown.

`python -m project_package.report BASE FILE`

DVC compares the metrics and parameters of this folder with those of the revision
`BASE`, and draws both revisions' plots into one page beside `FILE`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from project_package.errors import PipelineError
from project_package.git import ask_git

SECTIONS = {
    "Metrics": ("metrics", "diff", "--all", "--md"),
    "Parameters that differ": ("params", "diff", "--md"),
}


def report(base: str, plots: Path) -> str:
    """Return the report against `base`; the page of plots is written into the folder `plots`.

    Raises:
        PipelineError: There is no revision `base`, or DVC fails.
    """
    if not ask_git(Path.cwd(), "rev-parse", "--verify", "--quiet", f"{base}^{{commit}}"):
        raise PipelineError(
            f"there is no revision {base} to compare with",
            "name another one: make report BASE=HEAD~1",
        )
    text = [f"## The model of this change, beside that of `{base}`"]
    for title, command in SECTIONS.items():
        text += [f"### {title}", _dvc(*command, base).strip() or "None."]
    _dvc("plots", "diff", base, "--out", str(plots))
    if (plots / "index.html").exists():
        text.append(f"The plots of both are in `{plots}/index.html` of this job's artifacts.")
    return "\n\n".join(text) + "\n"


def _dvc(*arguments: str) -> str:
    command = ["dvc", *arguments]
    done = subprocess.run(command, check=False, text=True, stdout=subprocess.PIPE)  # noqa: S603
    if done.returncode:
        raise PipelineError(f"{' '.join(command)} fails", "DVC says above what is wrong")
    return done.stdout


def main(arguments: list[str]) -> int:
    """Write the report to the file that was named."""
    base, target = arguments
    file = Path(target)
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        text = report(base, file.parent / "plots-against-base")
    except PipelineError as error:
        sys.exit(error.told)
    file.write_text(text, encoding="utf-8")
    sys.stdout.write(f"wrote {file}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
