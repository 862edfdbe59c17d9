"""`new` and `upgrade` beside cookiecutter, cruft and copier on the same templates; `make bench`.

CPU time of the whole process tree, not wall time; medians of alternating runs; every tool renders the same files with
the same Jinja from a git repository on this disk, and is run from the same environment.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from processes import Contender, compare, write_section

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
ENVIRONMENT = {
    **{k: v for k, v in os.environ.items() if k in {"PATH", "LANG", "TMPDIR"}},
    "GIT_AUTHOR_NAME": "Bench",
    "GIT_AUTHOR_EMAIL": "bench@example.org",
    "GIT_COMMITTER_NAME": "Bench",
    "GIT_COMMITTER_EMAIL": "bench@example.org",
}


def body(number: int, version: int) -> str:
    """Return a file as templates have them: 40 lines, four of which are Jinja's business."""
    lines = [f'"""Module {number} of {{{{ NAMESPACE.project_name }}}}."""', ""]
    lines += [f"value_{line} = {line * number}" for line in range(30)]
    lines += ["{% if NAMESPACE.license == 'MIT' %}", "LICENSE = 'MIT'", "{% endif %}"]
    lines += ["AUTHOR = '{{ NAMESPACE.author }}'  # of {{ NAMESPACE.project_slug }}"]
    if version > 1 and number % 10 == 0:  # a release touches one file in ten
        lines[10] = "value_8 = 'changed by the template'"
    return "\n".join(lines) + "\n"


def paths(count: int) -> Iterator[str]:
    """Yield file names, one in five with a name that is rendered."""
    for number in range(count):
        package = "{{ NAMESPACE.project_slug }}" if number % 5 == 0 else "src"
        yield f"{package}/part_{number // 50}/module_{number}.py"


LARGE = 1000
ANSWERS = {"project_name": "Demo", "project_slug": "demo", "author": "Bench", "license": "MIT"}


def make_template(folder: Path, count: int, kind: str) -> Path:
    """Write a template of `count` files with the releases v1.0.0 and v2.0.0 as a git repository."""
    namespace = "cookiecutter." if kind == "cookiecutter" else ""
    top = "{{ cookiecutter.project_slug }}/" if kind == "cookiecutter" else "project/"
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    if kind == "cookiecutter":
        (folder / "cookiecutter.json").write_text(json.dumps(ANSWERS))
    else:
        settings = ["_subdirectory: project", "_templates_suffix: ''"]
        settings += [f"{name}: {{type: str, default: {value}}}" for name, value in ANSWERS.items()]
        (folder / "copier.yml").write_text("\n".join(settings) + "\n")
        write(
            folder / "project/{{ _copier_conf.answers_file }}", "{{ _copier_answers|to_nice_yaml }}"
        )
    for version in (1, 2):
        for number, path in enumerate(paths(count)):
            text = body(number, version).replace("NAMESPACE.", namespace)
            write(folder / top / path.replace("NAMESPACE.", namespace), text)
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", f"Release {version}")
        git(folder, "tag", f"v{version}.0.0")
    return folder


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", *arguments], cwd=folder, check=True, env=ENVIRONMENT, capture_output=True
    )


@dataclass(frozen=True)
class Bench:
    """Templates of one size and the places that the tools work in."""

    place: Path
    count: int

    @property
    def cookiecutter(self) -> str:
        return str(self.place / "cookiecutter-template")

    @property
    def copier(self) -> str:
        return str(self.place / "copier-template")

    def environment(self, home: str) -> dict[str, str]:
        folder = self.place / "homes" / home
        folder.mkdir(parents=True, exist_ok=True)
        return {**ENVIRONMENT, "HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache")}

    def fresh(self, name: str) -> Path:
        """Return an empty folder in a folder of its own."""
        shutil.rmtree(self.place / name, ignore_errors=True)
        (self.place / name / "work").mkdir(parents=True)
        return self.place / name / "work"

    def new(self, tool: str) -> list[str]:
        """Return the command that makes a project of the first release in `project/`."""
        python = [sys.executable, "-m"]
        source = [self.cookiecutter, "--checkout", "v1.0.0"]
        return {
            "scaffold": [
                *(*python, "scaffold", "new", "project", "--template", self.cookiecutter),
                *("--ref", "v1.0.0", "--yes"),
            ],
            "cookiecutter": [*python, "cookiecutter", "--no-input", "-o", "project", *source],
            "cruft": [*python, "cruft", "create", "--no-input", "--output-dir", "project", *source],
            "copier": [
                *(*python, "copier", "copy", "--defaults", "--quiet", "--vcs-ref", "v1.0.0"),
                *(self.copier, "project"),
            ],
        }[tool]

    def upgrade(self, tool: str) -> list[str]:
        """Return the command that brings the second release to the project in the folder it runs in."""
        python = [sys.executable, "-m"]
        return {
            "scaffold": [*python, "scaffold", "upgrade", "--yes"],
            "cruft": [*python, "cruft", "update", "--skip-apply-ask", "--checkout", "v2.0.0"],
            "copier": [*python, "copier", "update", "--defaults", "--quiet", "--vcs-ref", "v2.0.0"],
        }[tool]

    def news(self, runs: int) -> dict[str, float]:
        """Return CPU seconds of `new` by each tool."""
        tools = self._patient_with("cookiecutter", "cruft", "copier", "scaffold")
        contenders = [Contender(tool, self._preparing_new(tool, tool)) for tool in tools]
        contenders.append(Contender("scaffold, cold", self._preparing_new("scaffold", "")))
        self._warm(self._preparing_new("scaffold", "scaffold"))
        return compare(contenders, runs)

    def upgrades(self, runs: int) -> dict[str, float]:
        """Return CPU seconds of `upgrade` by each tool, in a project whose owner edited three files."""
        tools = self._patient_with("cruft", "copier", "scaffold")
        projects = {tool: self._edited_project(tool) for tool in tools}
        contenders = [
            Contender(tool, self._preparing_upgrade(tool, tool, projects[tool])) for tool in tools
        ]
        cold = self._preparing_upgrade("scaffold", "", projects["scaffold"])
        contenders.append(Contender("scaffold, cold", cold))
        self._warm(self._preparing_upgrade("scaffold", "scaffold", projects["scaffold"]))
        return compare(contenders, runs)

    def _patient_with(self, *tools: str) -> list[str]:
        # copier takes many minutes for 10,000 files.
        return [tool for tool in tools if tool != "copier" or self.count <= LARGE]

    def _preparing_new(
        self, tool: str, home: str
    ) -> Callable[[], tuple[list[str], Path, dict[str, str]]]:
        def prepare() -> tuple[list[str], Path, dict[str, str]]:
            return self.new(tool), self.fresh("run"), self._home(home)

        return prepare

    def _preparing_upgrade(
        self, tool: str, home: str, project: Path
    ) -> Callable[[], tuple[list[str], Path, dict[str, str]]]:
        def prepare() -> tuple[list[str], Path, dict[str, str]]:
            folder = self.fresh("run") / "project"
            shutil.copytree(project, folder, symlinks=True)
            git(folder, "update-index", "--refresh")  # the copy has new times
            return self.upgrade(tool), folder, self._home(home)

        return prepare

    def _home(self, name: str) -> dict[str, str]:
        if not name:  # cold: nothing was ever cached
            shutil.rmtree(self.place / "homes" / "cold", ignore_errors=True)
        return self.environment(name or "cold")

    def _warm(self, prepare: Callable[[], tuple[list[str], Path, dict[str, str]]]) -> None:
        command, folder, environment = prepare()
        done = subprocess.run(
            command, cwd=folder, env=environment, check=False, capture_output=True
        )
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}\n{done.stdout.decode()}{done.stderr.decode()}")

    def _edited_project(self, tool: str) -> Path:
        """Return a committed project of the first release with three edits of its owner."""
        folder = self.fresh(f"project-{tool}")
        env = self.environment(tool)
        subprocess.run(self.new(tool), cwd=folder, env=env, check=True, capture_output=True)
        project = next(path.parent for path in sorted(folder.rglob("src")) if path.is_dir())
        for number in (1, 2, 10):
            [module] = project.rglob(f"module_{number}.py")
            module.write_text(module.read_text() + "\nMINE = True\n")
        if not (project / ".git").exists():
            git(project, "init", "-q", "-b", "main")
        git(project, "add", "-A")
        git(project, "commit", "-q", "-m", "Work")
        return project


def starts(place: Path, runs: int) -> dict[str, float]:
    """Return CPU seconds of starting Python, and of starting scaffold."""
    environment = {**ENVIRONMENT, "HOME": str(place), "XDG_CACHE_HOME": str(place / "cache")}
    (place / "start").mkdir()
    commands = {
        "python -c pass": ["-c", "pass"],
        "scaffold --version": ["-m", "scaffold", "--version"],
        "scaffold --help": ["-m", "scaffold", "--help"],
        "scaffold list": ["-m", "scaffold", "list"],
        "cookiecutter --version": ["-m", "cookiecutter", "--version"],
        "copier --version": ["-m", "copier", "--version"],
        "cruft --help": ["-m", "cruft", "--help"],
    }
    return compare(
        [
            Contender(name, lambda c=c: ([sys.executable, *c], place / "start", environment))
            for name, c in commands.items()
        ],
        runs,
    )


def table(title: str, rows: dict[int, dict[str, float]], against: list[str]) -> str:
    """Return a Markdown table of CPU seconds, with scaffold's ratio to the tools in `against`."""
    tools = list(next(iter(rows.values())))
    head = ["files", *tools, *(f"scaffold / {tool}" for tool in against)]
    lines = [f"### {title}", "", "| " + " | ".join(head) + " |", "|" + " ---: |" * len(head)]
    for count, seconds in rows.items():
        cells = [f"{count:,}"]
        cells += [f"{seconds[tool]:.2f} s" if tool in seconds else "" for tool in tools]
        cells += [
            f"**{seconds['scaffold'] / seconds[tool]:.3f}**" if tool in seconds else ""
            for tool in against
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def start_table(seconds: dict[str, float]) -> str:
    """Return a Markdown table of start-up times as multiples of Python's own."""
    python = seconds["python -c pass"]
    lines = ["### Start", "", "| command | CPU | x `python -c pass` |", "| --- | ---: | ---: |"]
    lines += [
        f"| `{name}` | {value * 1000:.0f} ms | {value / python:.2f} |"
        for name, value in seconds.items()
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print the tables, and write them to the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[60, 300, 10_000])
    parser.add_argument("--runs", type=int, default=7, help="fewer for templates over 1,000 files")
    parser.add_argument("--dry-run", action="store_true", help="do not write the page")
    given = parser.parse_args()
    news, upgrades = {}, {}
    with tempfile.TemporaryDirectory() as scratch:
        start = starts(Path(scratch), 3 * given.runs)
        print(start_table(start), flush=True)
        for count in given.sizes:
            bench = Bench(Path(scratch) / str(count), count)
            make_template(Path(bench.cookiecutter), count, "cookiecutter")
            make_template(Path(bench.copier), count, "copier")
            runs = given.runs if count <= LARGE else 1
            news[count] = bench.news(runs)
            upgrades[count] = bench.upgrades(runs)
            print(table("new", {count: news[count]}, ["cookiecutter"]), flush=True)
            print(table("upgrade", {count: upgrades[count]}, ["cruft", "copier"]), flush=True)
    day = datetime.now(tz=UTC).date()
    text = "\n".join(
        [
            f"Measured {day} on Python {sys.version.split()[0]}, {os.cpu_count()} cores.\n",
            table("`new`", news, ["cookiecutter", "copier"]),
            table("`upgrade`", upgrades, ["cruft", "copier"]),
            start_table(start),
        ]
    )
    if not given.dry_run:
        write_section(PAGE, "commands", text)


if __name__ == "__main__":
    main()
