"""Train again, or go back: `python -m project_package.retraining --help`."""

import argparse

from project_package import stage
from project_package.notify import Event, notify
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.retraining.run import conclude, fetch_challenger, run
from project_package.training import champion
from project_package.training.registry import CHAMPION, Registry


def roll_back(paths: Paths, parameters: Parameters, why: str) -> None:
    """Make the champion before the present one the champion again, and tell people."""
    champion.roll_back(paths, parameters, why)
    model = parameters.registry.model
    registry = Registry(paths, model)
    version = registry.resolve(CHAMPION)
    words = f"{model}: version {version} is the champion again"
    notify(Event("rolled_back", words, registry.decision(version)))


def main(arguments: list[str] | None = None) -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m project_package.retraining")
    verbs = parser.add_subparsers(dest="verb", required=True)
    again = verbs.add_parser("run", help="train again where there is a reason to")
    again.add_argument("--why", default="", help="train in any case, for this reason")
    back = verbs.add_parser("rollback", help="make the previous champion the champion again")
    back.add_argument("--why", required=True, help="the reason, for the registry")
    verbs.add_parser("challenger", help="fetch the challenger to models/challenger")
    verbs.add_parser("conclude", help="decide about the canary, once it has answered enough")
    given = parser.parse_args(arguments)
    plain = {"challenger": fetch_challenger, "conclude": conclude}
    if act := plain.get(given.verb):
        stage.run(act)
        return
    with_reason = run if given.verb == "run" else roll_back
    stage.run(lambda paths, parameters: with_reason(paths, parameters, given.why))


if __name__ == "__main__":
    main()
