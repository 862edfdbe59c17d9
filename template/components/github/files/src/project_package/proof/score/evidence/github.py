"""What shows tests of the score through GitHub's configuration."""

from project_package.proof.score.judge import Evidence
from project_package.proof.score.repository import Lacking, Repository

CHECKS = ".github/workflows/ci.yml"
BUMPS = ".github/dependabot.yml"
PYTHON = {"uv", "pip"}


def review(repository: Repository) -> str:
    """What is served was submitted, and a change is shown with its metrics before it comes in."""
    submitted = repository.submitted()
    workflow = repository.read(CHECKS)
    # YAML 1.1 takes the word `on` for true.
    triggers = workflow.get("on", workflow.get(True, ()))
    if "pull_request" not in triggers:
        raise Lacking(f"{CHECKS} does not run for pull requests")
    runs = [step.get("run", "") for job in workflow["jobs"].values() for step in job["steps"]]
    if not any("make report" in run for run in runs):
        raise Lacking(f"no job of {CHECKS} compares the metrics of a pull request")
    return f"{submitted}; each pull request is shown with its metrics against main"


def dependencies(repository: Repository) -> str:
    """New versions of packages are proposed as pull requests, and run through the checks."""
    updates = {each["package-ecosystem"]: each for each in repository.read(BUMPS)["updates"]}
    found = sorted(PYTHON & updates.keys())
    if not found:
        raise Lacking(f"{BUMPS} does not watch Python packages")
    often = updates[found[0]]["schedule"]["interval"]
    return f"{often} pull requests for {', '.join(sorted(updates))}"


EVIDENCE = (
    Evidence("review", f"cat {CHECKS}", review),
    Evidence("dependencies", f"cat {BUMPS}", dependencies),
)
