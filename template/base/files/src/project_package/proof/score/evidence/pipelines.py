"""What shows tests of the score through the configuration of continuous integration."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

import yaml

from project_package.proof.score.configuration import lines
from project_package.proof.score.judge import Evidence
from project_package.proof.score.pipelines import PIPELINES
from project_package.proof.score.repository import Lacking, Repository

REPORT = "make report"
NEWEST = "make freshness VERSIONS=newest"


def review(repository: Repository) -> str:
    """What is served was submitted, and a change is shown with its metrics before it comes in."""
    submitted = repository.submitted()
    for pipeline in PIPELINES:
        said = _read(repository, pipeline.checks)
        if not _is_said(pipeline.changes, said):
            raise Lacking(f"{pipeline.checks} does not run for each change")
        if not _is_said(pipeline.runs.format(REPORT), said):
            raise Lacking(f"{pipeline.checks} does not compare the metrics of a change")
    return f"{submitted}; each change is shown with its metrics against main"


def dependencies(repository: Repository) -> str:
    """Newer versions of packages are tried each week; a bot that proposes them is named."""
    bots = []
    for pipeline in PIPELINES:
        said = _read(repository, pipeline.freshness)
        if not _is_said(pipeline.weekly, said):
            raise Lacking(f"{pipeline.freshness} does not run each week")
        if not _is_said(pipeline.runs.format(NEWEST), said):
            raise Lacking(f"{pipeline.freshness} does not try the newest versions")
        if pipeline.bumps and (repository.root / pipeline.bumps).exists():
            bots.append(pipeline.bumps)
    proposed = f"; {' and '.join(bots)} proposes them" if bots else ""
    return f"the newest allowed versions are trained, served and tested each week{proposed}"


def _read(repository: Repository, path: str) -> list[str]:
    try:
        return lines(repository.root / path)
    except FileNotFoundError as error:
        raise Lacking(f"there is no {path}") from error
    except yaml.YAMLError as error:
        raise Lacking(f"{path} cannot be read") from error


def _is_said(pattern: str, said: Iterable[str]) -> bool:
    return any(fnmatchcase(line, pattern) for line in said)


BY_CONFIGURATION = (
    Evidence("review", "make report BASE=HEAD", review),
    Evidence("dependencies", "make freshness", dependencies),
)
EVIDENCE = BY_CONFIGURATION if PIPELINES else ()
"""What shows that tests of the score are satisfied; every module here has a tuple `EVIDENCE`."""
