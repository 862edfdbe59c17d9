"""Train again: `python -m project_package.retraining --help`."""

import argparse

from project_package import stage
from project_package.retraining.run import conclude, fetch_challenger, run


def main(arguments: list[str] | None = None) -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m project_package.retraining")
    verbs = parser.add_subparsers(dest="verb", required=True)
    again = verbs.add_parser("run", help="train again where there is a reason to")
    again.add_argument("--why", default="", help="train in any case, for this reason")
    verbs.add_parser("challenger", help="fetch the challenger to models/challenger")
    verbs.add_parser("conclude", help="decide about the canary, once it has answered enough")
    given = parser.parse_args(arguments)
    plain = {"challenger": fetch_challenger, "conclude": conclude}
    if act := plain.get(given.verb):
        stage.run(act)
        return
    stage.run(lambda paths, parameters: run(paths, parameters, given.why))


if __name__ == "__main__":
    main()
