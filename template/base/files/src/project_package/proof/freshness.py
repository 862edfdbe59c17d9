"""Train, export, serve and test with other versions of the packages: `make freshness`.

It needs uv and nothing that is installed: it makes an environment of its own, which goes away, and
leaves `.venv` and `uv.lock` alone.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from project_package.proof.terminal import say

PACKAGE = Path(__file__).parents[1].name
RESOLUTIONS = {"newest": "highest", "oldest": "lowest-direct"}
# By behaviour, since what can be imported may still not work: this trains and exports, tests serve.
PIPELINE = f"{PACKAGE}.rehearsal"


def main() -> None:
    """Try the versions that are named; exit with 1 where something does not work with them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("versions", choices=["locked", *RESOLUTIONS])
    parser.add_argument("tests", nargs="*", help="files and folders of tests, all by default")
    parser.add_argument("--uv", default="uv", help="the program")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = Path(folder) / "environment"
        variables = {
            **{name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"},
            "PATH": f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "UV_PROJECT_ENVIRONMENT": str(environment),
        }
        for command in commands(arguments.versions, arguments.uv, environment, arguments.tests):
            run(command, variables, arguments.versions)
    say(f"the {arguments.versions} versions train, export, serve and pass the tests")


def commands(
    versions: str, uv: str, environment: Path, tests: Iterable[str] = ()
) -> list[list[str]]:
    """Return what is run: make the environment, tell what is in it, then what must work."""
    python = str(environment / "bin" / "python")
    if versions == "locked":
        install = [[uv, "sync", "--quiet", "--locked", "--python", sys.executable]]
    else:
        groups = [part for name in dependency_groups() for part in ("--group", name)]
        resolution = f"--resolution={RESOLUTIONS[versions]}"
        make = [uv, "venv", "--quiet", "--no-project", "--python", sys.executable, str(environment)]
        into = [uv, "pip", "install", "--quiet", "--python", python, "--editable", "."]
        install = [make, [*into, resolution, *groups]]
    # Old packages warn about what the newer ones beneath them will drop.
    warnings = ["-W", "ignore::DeprecationWarning"] if versions == "oldest" else []
    pipeline, suite = [python, "-m", PIPELINE], [python, "-m", "pytest", "-q", *warnings, *tests]
    return [*install, [uv, "pip", "freeze", "--python", python], pipeline, suite]


def dependency_groups() -> list[str]:
    """Return the names of the groups in pyproject.toml."""
    text = Path("pyproject.toml").read_text("utf-8")
    return list(tomllib.loads(text)["dependency-groups"])


def run(command: list[str], variables: Mapping[str, str], versions: str) -> None:
    """Run `command`; where it fails, say so in one line and exit."""
    done = subprocess.run(command, env=dict(variables), check=False)  # noqa: S603
    if done.returncode:
        sys.exit(
            f"error: {' '.join(command)} fails with the {versions} versions\n"
            "hint: put the bound that it needs into pyproject.toml, with the reason beside it"
        )


if __name__ == "__main__":
    main()
