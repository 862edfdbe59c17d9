"""Ask continuous integration to deliver the registry's champion where another model serves.

The champion is in the service's image, and who promotes one outside of CI builds none: a CronJob,
or a person. `DELIVERY_*` say how the pipeline that trains and delivers is started, see
`docs/kubernetes.md`; it starts from the registry's champion.
"""

import logging
import os
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.error import HTTPError
from urllib.parse import urlsplit

from project_package import bundle, stage
from project_package.errors import PipelineError
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.training.registry import Registry

# Tag of a version: when its delivery was asked for.
ASKED = "delivery_asked_at"
TIMEOUT_SECONDS = 30

logger = logging.getLogger(__name__)


def deliver(paths: Paths, parameters: Parameters) -> None:
    """Ask once for the delivery of the registry's champion, unless `paths.champion` is that."""
    registry = Registry(paths, parameters.registry.model)
    version = registry.champion()
    if version is None:
        logger.info("the registry has no champion")
        return
    serves = bundle.describe(paths.champion) or {}
    facts = registry.facts(version)
    if not is_wanted(facts, serves.get("run_id", "")):
        logger.info("version %s, the champion, serves or is on its way", version)
        return
    ask(os.environ)
    registry.tag(version, {ASKED: datetime.now(UTC).isoformat(timespec="seconds")})
    logger.info("version %s is the champion, and its delivery was asked for", version)


def is_wanted(facts: Mapping[str, str], serves: str) -> bool:
    """Return whether the champion of these tags must be asked for where the run `serves`."""
    # The gate decides in the pipeline, which delivers by itself what passes.
    by_pipeline = facts.get("decided_by", "").startswith("gate, ")
    asked = ASKED in facts and facts[ASKED] >= facts.get("decided_at", "")
    return facts["run_id"] != serves and not by_pipeline and not asked


def ask(environment: Mapping[str, str]) -> None:
    """Start the pipeline.

    Raises:
        PipelineError: `DELIVERY_URL` is not set, is no web address, or did not take it.
    """
    address = environment.get("DELIVERY_URL", "")
    if urlsplit(address).scheme not in {"http", "https"}:
        raise PipelineError(
            "DELIVERY_URL is no web address, so that the champion does not go live",
            "docs/kubernetes.md, Promotions",
        )
    request = urllib.request.Request(  # noqa: S310 - its scheme was checked
        address,
        data=environment.get("DELIVERY_BODY", "{}").encode(),
        headers={
            "Authorization": environment.get("DELIVERY_AUTHORIZATION", ""),
            "Content-Type": "application/json",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310
            pass
    # What an error says more may hold a secret, as the address does.
    except HTTPError as error:
        error.close()
        raise PipelineError(f"DELIVERY_URL refused to start the delivery: {error.code}") from None
    except OSError as error:
        kind = type(error).__name__
        raise PipelineError(f"DELIVERY_URL could not be asked: {kind}") from None


if __name__ == "__main__":
    stage.run(deliver)
