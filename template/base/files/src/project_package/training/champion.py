"""Bring the registry's champion here, or move it by hand: promote a version, or roll back."""

import argparse
import logging
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from project_package import bundle, schema, stage
from project_package.errors import PipelineError
from project_package.lineage import read_lineage
from project_package.notify import notify
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.training.registry import CHAMPION, Registry
from project_package.training.telling import decided

logger = logging.getLogger(__name__)


def fetch(paths: Paths, parameters: Parameters) -> None:
    """Make `paths.champion` the registry's champion."""
    registry = Registry(paths, parameters.registry.model)
    _fetch(registry, registry.resolve(CHAMPION), paths)


def refresh(paths: Paths, parameters: Parameters) -> bool:
    """Make `paths.champion` the registry's champion if there is one; return whether it changed."""
    registry = Registry(paths, parameters.registry.model)
    version = registry.champion()
    present = bundle.describe(paths.champion) or {}
    # A version's number says little: another registry has a version 1, too.
    if version is None or registry.facts(version)["run_id"] == present.get("run_id"):
        return False
    _fetch(registry, version, paths)
    return True


def promote(paths: Paths, parameters: Parameters, version: str, why: str) -> None:
    """Make `version` the champion; the registry and people are told who decided so and why.

    Raises:
        PipelineError: There is no such version or no reason, or this code cannot serve it.
    """
    registry = Registry(paths, parameters.registry.model)
    _require_reason(why)
    version = registry.resolve(version)
    with _fetched(registry, version) as fetched:
        if not _is_servable(fetched):
            raise PipelineError(f"version {version} {_FOREIGN}", _at_its_commit(fetched))
        registry.decide(
            version,
            promoted=True,
            # A person overrules the gate, whichever champion that compared with.
            compared_with=registry.champion(),
            who=read_lineage(paths).who,
            when=_now(),
            why=why,
        )
        _take(registry, version, fetched, paths)
    notify(decided("promoted", parameters.registry.model, version, registry.decision(version)))


def roll_back(paths: Paths, parameters: Parameters, why: str) -> None:
    """Make the champion before the present one the champion again, and tell people.

    One that this code cannot serve is not put in place of one that it can: an image has its own.

    Raises:
        PipelineError: There was none before, or there is no reason.
    """
    registry = Registry(paths, parameters.registry.model)
    _require_reason(why)
    before = registry.roll_back(who=read_lineage(paths).who, when=_now(), why=why)
    with _fetched(registry, before) as fetched:
        if _is_servable(fetched):
            _take(registry, before, fetched, paths)
        else:
            logger.warning("version %s is the champion, but it %s", before, _FOREIGN)
            logger.warning("%s stays: %s", _shown(paths), _at_its_commit(fetched))
    notify(decided("rolled_back", parameters.registry.model, before, registry.decision(before)))


def _require_reason(why: str) -> None:
    if not why.strip():
        raise PipelineError("no reason is given, which the registry keeps", 'WHY="…"')


_FOREIGN = "was trained for another schema.py: the service of this code refuses it"


def _is_servable(fetched: Path) -> bool:
    return (bundle.describe(fetched) or {}).get("contract") == schema.digest()


def _at_its_commit(fetched: Path) -> str:
    commit = (bundle.describe(fetched) or {}).get("git_commit", "")
    return f"`git checkout {commit[:12]}` has the code for it, or train again"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _fetch(registry: Registry, version: str, paths: Paths) -> None:
    with _fetched(registry, version) as fetched:
        _take(registry, version, fetched, paths)


@contextmanager
def _fetched(registry: Registry, version: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield registry.fetch_bundle(version, Path(folder))


def _take(registry: Registry, version: str, fetched: Path, paths: Paths) -> None:
    bundle.copy(fetched, paths.champion, registry.decision(version))
    logger.info("version %s is in %s", version, _shown(paths))


def _shown(paths: Paths) -> Path:
    return paths.champion.relative_to(paths.root)


# What needs no more words than its name.
PLAIN: Mapping[str, stage.Stage] = {"fetch": fetch, "refresh": refresh}


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, act in PLAIN.items():
        verbs.add_parser(verb, help=act.__doc__)
    for verb in ("promote", "rollback"):
        sub = verbs.add_parser(verb)
        if verb == "promote":
            sub.add_argument("version")
        sub.add_argument("--why", required=True, help="the reason, for the registry")
    given = parser.parse_args()

    def run(paths: Paths, parameters: Parameters) -> None:
        if given.verb in PLAIN:
            PLAIN[given.verb](paths, parameters)
        elif given.verb == "promote":
            promote(paths, parameters, given.version, given.why)
        else:
            roll_back(paths, parameters, given.why)

    stage.run(run)


if __name__ == "__main__":
    main()
