"""What shows tests of the score through GitLab's configuration."""

from project_package.proof.score.judge import Evidence
from project_package.proof.score.repository import Lacking, Repository

BUMPS = ".gitlab/renovate.json"


def dependencies(repository: Repository) -> str:
    """New versions of packages are proposed as merge requests, and run through the checks."""
    settings = repository.read(BUMPS)
    if "config:recommended" not in settings["extends"] or settings.get("enabled") is False:
        raise Lacking(f"{BUMPS} proposes no new versions")
    return f"Renovate proposes new versions {', '.join(settings['schedule'])}"


EVIDENCE = (Evidence("dependencies", f"cat {BUMPS}", dependencies),)
