"""What shows tests of the score through the configuration of continuous integration."""

from project_package.proof.score.judge import Evidence
from project_package.proof.score.pipelines import PIPELINES, Pipeline
from project_package.proof.score.repository import Lacking, Repository

COMMENTS = ("#", "//")


def review(repository: Repository) -> str:
    """What is served was submitted, and a change is shown with its metrics before it comes in."""
    submitted = repository.submitted()
    for pipeline in _known():
        text = _read(repository, pipeline.checks)
        if pipeline.changes not in text:
            raise Lacking(f"{pipeline.checks} does not run for each change")
        if "make report" not in text:
            raise Lacking(f"{pipeline.checks} does not compare the metrics of a change")
    return f"{submitted}; each change is shown with its metrics against main"


def dependencies(repository: Repository) -> str:
    """Newer versions of packages are tried each week; a bot that proposes them is named."""
    bots = []
    for pipeline in _known():
        if "make freshness VERSIONS=newest" not in _read(repository, pipeline.freshness):
            raise Lacking(f"{pipeline.freshness} does not try the newest versions")
        if pipeline.bumps and (repository.root / pipeline.bumps).exists():
            bots.append(pipeline.bumps)
    proposed = f"; {' and '.join(bots)} proposes them" if bots else ""
    return f"the newest allowed versions are trained, served and tested each week{proposed}"


def _known() -> tuple[Pipeline, ...]:
    if not PIPELINES:
        raise Lacking("no continuous integration is set up")
    return PIPELINES


def _read(repository: Repository, path: str) -> str:
    """Return the lines of the file `path` that are no comments."""
    try:
        lines = (repository.root / path).read_text("utf-8").splitlines()
    except FileNotFoundError as error:
        raise Lacking(f"there is no {path}") from error
    return "\n".join(line for line in lines if not line.lstrip().startswith(COMMENTS))


EVIDENCE = (
    Evidence("review", "make report", review),
    Evidence("dependencies", "make freshness", dependencies),
)
