"""Train again, or go back: `python -m project_package.retraining --help`."""

import argparse

from project_package import stage
from project_package.notify import Event, notify
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.retraining.run import run
from project_package.training import champion


def roll_back(paths: Paths, parameters: Parameters, why: str) -> None:
    """Make the champion before the present one the champion again, and tell people."""
    champion.roll_back(paths, parameters, why)
    notify(Event("rolled_back", f"{parameters.registry.model} was rolled back", {"reason": why}))


def main(arguments: list[str] | None = None) -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m project_package.retraining")
    verbs = parser.add_subparsers(dest="verb", required=True)
    again = verbs.add_parser("run", help="train again where there is a reason to")
    again.add_argument("--why", default="", help="train in any case, for this reason")
    back = verbs.add_parser("rollback", help="make the previous champion the champion again")
    back.add_argument("--why", required=True, help="the reason, for the registry")
    given = parser.parse_args(arguments)
    act = run if given.verb == "run" else roll_back
    stage.run(lambda paths, parameters: act(paths, parameters, given.why))


if __name__ == "__main__":
    main()
