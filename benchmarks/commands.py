"""`new` and `upgrade` beside cookiecutter, cruft and copier on the same templates; `make bench`.

CPU time of the whole process tree, not wall time; medians of alternating runs; every tool renders the same files with
the same Jinja from a git repository on this disk, and is run from the same environment.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
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
ASKED = {
    "new": {"cookiecutter": {60: 0.4, 300: 0.2, 10_000: 0.1}},
    "upgrade": {"cruft": {60: 0.25, 300: 0.11}, "copier": {60: 1 / 12, 300: 1 / 40}},
}
"""Command -> tool -> files -> the most that scaffold may cost, as a part of what the tool does."""
ASKED_STARTS = {"scaffold --version": 1.5, "scaffold --help": 7, "scaffold list": 7}
"""Command -> the most that it may cost, in starts of Python."""
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


def program(name: str) -> str:
    """Return a program of the environment that this runs in, as its users start it."""
    return str(Path(sys.executable).with_name(name))


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", *arguments], cwd=folder, check=True, env=ENVIRONMENT, capture_output=True
    )


@dataclass(frozen=True)
class Bench:
    """Templates of one size and the places that the tools work in."""

    place: Path
    count: int
    _numbers: Iterator[int] = field(default_factory=itertools.count)

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
        """Return an empty folder in a folder of its own.

        Nothing is deleted before the end: file systems are slow to make files after many were deleted.
        """
        folder = self.place / f"{name}-{next(self._numbers)}" / "work"
        folder.mkdir(parents=True)
        return folder

    def new(self, tool: str) -> list[str]:
        """Return the command that makes a project of the first release in `project/`."""
        source = [self.cookiecutter, "--checkout", "v1.0.0"]
        return {
            "scaffold": [
                *(program("scaffold"), "new", "project", "--template", self.cookiecutter),
                *("--ref", "v1.0.0", "--yes"),
            ],
            "cookiecutter": [program("cookiecutter"), "--no-input", "-o", "project", *source],
            "cruft": [program("cruft"), "create", "--no-input", "--output-dir", "project", *source],
            "copier": [
                *(program("copier"), "copy", "--defaults", "--quiet", "--vcs-ref", "v1.0.0"),
                *(self.copier, "project"),
            ],
        }[tool]

    def upgrade(self, tool: str) -> list[str]:
        """Return the command that brings the second release to the project in the folder it runs in."""
        return {
            "scaffold": [program("scaffold"), "upgrade", "--yes"],
            "cruft": [program("cruft"), "update", "--skip-apply-ask", "--checkout", "v2.0.0"],
            "copier": [program("copier"), "update", "--defaults", "--quiet", "--vcs-ref", "v2.0.0"],
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
        return self.environment(
            name or f"cold-{next(self._numbers)}"
        )  # where nothing was ever cached

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
        "python -c pass": [sys.executable, "-c", "pass"],
        "scaffold --version": [program("scaffold"), "--version"],
        "scaffold --help": [program("scaffold"), "--help"],
        "scaffold list": [program("scaffold"), "list"],
        "cookiecutter --version": [program("cookiecutter"), "--version"],
        "copier --version": [program("copier"), "--version"],
        "cruft --help": [program("cruft"), "--help"],
    }
    return compare(
        [
            Contender(name, lambda c=c: (c, place / "start", environment))
            for name, c in commands.items()
        ],
        runs,
    )


def table(command: str, rows: dict[int, dict[str, float]]) -> str:
    """Return a Markdown table of CPU seconds, with scaffold's ratio to other tools beside what was asked."""
    tools = list(dict.fromkeys(tool for seconds in rows.values() for tool in seconds))
    against = ASKED[command]
    head = ["files", *tools]
    for tool in against:
        head += [f"scaffold / {tool}", "asked"]
    lines = [f"### `{command}`", "", "| " + " | ".join(head) + " |", "|" + " ---: |" * len(head)]
    for count, seconds in rows.items():
        cells = [f"{count:,}"]
        cells += [f"{seconds[tool]:.2f} s" if tool in seconds else "" for tool in tools]
        for tool, most in against.items():
            is_known = tool in seconds
            cells.append(f"**{seconds['scaffold'] / seconds[tool]:.3f}**" if is_known else "")
            cells.append(f"{most[count]:.3g}" if count in most else "")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def start_table(seconds: dict[str, float]) -> str:
    """Return a Markdown table of start-up times as multiples of Python's own."""
    python = seconds["python -c pass"]
    head = ["command", "CPU", "x `python -c pass`", "asked"]
    lines = ["### Start", "", "| " + " | ".join(head) + " |", "| --- |" + " ---: |" * 3]
    lines += [
        f"| `{name}` | {value * 1000:.0f} ms | {value / python:.2f} | {ASKED_STARTS.get(name, '')} |"
        for name, value in seconds.items()
    ]
    return "\n".join(lines) + "\n"


def circumstances(runs: int) -> str:
    """Return when and where this was measured."""
    day, python = datetime.now(tz=UTC).date(), sys.version.split()[0]
    load = os.getloadavg()[1]
    return f"""\
Measured {day} on Python {python}, {os.cpu_count()} cores under a load of {load:.0f}; medians of at least {runs} runs
({_few(runs)} of more than {LARGE:,} files, {3 * runs} of a start).
"""


def _few(runs: int) -> int:
    """Return how often a large template is measured."""
    return max(1, runs // 3)


def main() -> None:
    """Measure, print the tables, and write all that is kept to the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[60, 300, 10_000])
    parser.add_argument("--runs", type=int, default=7, help="fewer for templates over 1,000 files")
    parser.add_argument("--dry-run", action="store_true", help="do not write the page")
    parser.add_argument("--keep", type=Path, help="a file with what other runs measured, and this")
    given = parser.parse_args()
    kept = Measured.read(given.keep)
    with tempfile.TemporaryDirectory() as scratch:
        for count in given.sizes:
            bench = Bench(Path(scratch) / str(count), count)
            make_template(Path(bench.cookiecutter), count, "cookiecutter")
            make_template(Path(bench.copier), count, "copier")
            runs = given.runs if count <= LARGE else _few(given.runs)
            kept.news[count] = bench.news(runs)
            print(table("new", {count: kept.news[count]}), flush=True)
            kept.write(given.keep)
            kept.upgrades[count] = bench.upgrades(runs)
            print(table("upgrade", {count: kept.upgrades[count]}), flush=True)
            kept.write(given.keep)
        kept.starts = starts(Path(scratch), 3 * given.runs)
    print(start_table(kept.starts), flush=True)
    kept.write(given.keep)
    if not given.dry_run:
        write_section(PAGE, "commands", kept.page(given.runs))


@dataclass
class Measured:
    """CPU seconds by files and tool, and of starts by command."""

    news: dict[int, dict[str, float]] = field(default_factory=dict)
    upgrades: dict[int, dict[str, float]] = field(default_factory=dict)
    starts: dict[str, float] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path | None) -> Measured:
        """Return what `write` wrote; nothing measured where there is no file."""
        if file is None or not file.exists():
            return cls()
        row = json.loads(file.read_text())
        news, upgrades = ({int(n): each for n, each in row[k].items()} for k in ("new", "upgrade"))
        return cls(news, upgrades, row["starts"])

    def write(self, file: Path | None) -> None:
        """Keep it, where a file is named."""
        if file is not None:
            row = {"new": self.news, "upgrade": self.upgrades, "starts": self.starts}
            file.write_text(json.dumps(row, indent=1))

    def page(self, runs: int) -> str:
        """Return the page's tables."""
        tables = (
            table("new", dict(sorted(self.news.items()))),
            table("upgrade", dict(sorted(self.upgrades.items()))),
            start_table(self.starts),
        )
        return "\n".join([circumstances(runs), *tables])


if __name__ == "__main__":
    main()
