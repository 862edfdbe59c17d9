"""One round: look for reasons, take in the data, train, try in the shadow, decide, tell.

A canary is decided by a later call, once it has answered enough.
"""

import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import msgspec
import pandas as pd

from project_package import bundle
from project_package.errors import PipelineError
from project_package.lineage import file_hash, read_lineage
from project_package.monitoring.labels import LabelsError, read_labels
from project_package.monitoring.window import Key, Window, read_window
from project_package.notify import Event, notify
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.retraining.canary import compare
from project_package.retraining.evidence import LOOKS, for_each_look, is_due
from project_package.retraining.reasons import (
    Champion,
    Rules,
    Situation,
    read_rules,
    reasons,
)
from project_package.retraining.shadow import Shadow, replay
from project_package.schema import TIME
from project_package.service.model import ModelError
from project_package.target import OUTCOME
from project_package.training import champion
from project_package.training.register import HOLD
from project_package.training.registry import CHALLENGER, COMPARED, HELD, Registry
from project_package.training.telling import decided

LOG_DAYS = 28
INGEST = ("repro", "--force", "--single-item", "ingest")
TRAIN = ("repro",)
# The champion's folder is what a stage makes: else the next run would take it for a change.
KEEP = ("commit", "--quiet", "--force", "register")
# For whom a version is registered, with a number for each training.
HOLDER = "retraining"
# Tag of a version: since when it waits to answer as a canary.
CANARY_SINCE = "canary_since"
# Tag of a version: how many outcomes were known each time that nothing could be said of it yet.
CANARY_LOOKS = "canary_looks"

logger = logging.getLogger(__name__)

Tell = Callable[[Event], object]
Dvc = Callable[..., None]


def dvc(paths: Paths, *arguments: str, holder: str = HOLDER) -> None:
    """Run DVC; a candidate that passes the gate waits for the shadow, registered for `holder`.

    Raises:
        PipelineError: DVC failed.
    """
    command = [str(Path(sys.executable).with_name("dvc")), *arguments]
    environment = os.environ | {HOLD: holder}
    done = subprocess.run(command, cwd=paths.root, env=environment, check=False)  # noqa: S603
    if done.returncode:
        raise PipelineError(f"dvc {' '.join(arguments)} ended with {done.returncode}")


def situation(paths: Paths) -> Situation:
    """Return what is known now."""
    facts = paths.champion / "model.json"
    present = msgspec.json.decode(facts.read_bytes(), type=Champion) if facts.exists() else None
    found = paths.reports / "monitoring" / "report.json"
    return Situation(
        champion=present,
        new_rows=_new_rows(paths, present),
        findings=tuple(map(tuple, json.loads(found.read_text("utf-8"))["findings"]))
        if found.exists()
        else (),
        now=datetime.now(UTC),
    )


def _new_rows(paths: Paths, present: Champion | None) -> int:
    """Return how many rows with a known outcome are newer than those that `present` learnt from."""
    if present and present.data_hash == file_hash(paths.raw):
        return 0
    raw = pd.read_parquet(paths.raw, columns=[TIME.name, OUTCOME.name])
    times = pd.to_datetime(raw[TIME.name][raw[OUTCOME.name].notna()])
    if present is None or present.newest_row is None:
        return len(times)
    return int((times > present.newest_row).sum())


@dataclass(frozen=True)
class Trial:
    """What speaks against a challenger, if anything, what else is said of it, and the facts."""

    objection: str = ""
    opinion: str = ""
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Round:
    """One round of retraining: `run` it."""

    paths: Paths
    parameters: Parameters
    rules: Rules
    tell: Tell = notify
    dvc: Dvc = dvc

    @property
    def registry(self) -> Registry:
        """The registry of the model."""
        return Registry(self.paths, self.parameters.registry.model)

    def run(self, asked: str = "") -> None:
        """Train again where there is a reason to, or where somebody `asked` for it and says why."""
        if champion.refresh(self.paths, self.parameters) and self.paths.candidate.exists():
            self.dvc(self.paths, *KEEP)
        self._resume()
        self.dvc(self.paths, *INGEST)
        now = situation(self.paths)
        why = [asked] if asked else reasons(now, self.rules.reasons)
        if not why:
            logger.info("no reason to train again")
        elif not asked and not now.new_rows:
            self._say("not_trained", "no new rows to train from", {"trigger": "; ".join(why)})
        else:
            self._train(why)

    def conclude(self) -> None:
        """Decide about the canary once enough outcomes of what it answered are known."""
        registry = self.registry
        version = registry.resolve(CHALLENGER)
        if registry.decision(version):
            logger.info("version %s is decided already", version)
            return
        serves = registry.champion()
        canary = compare(self._window(), self._labels(), serves or "", version)
        if canary is None:
            logger.info("version %s waits: it has answered nothing yet", version)
            return
        rules, labelled = for_each_look(self.rules.shadow), canary.loss.labelled
        looks = [int(look) for look in registry.facts(version).get(CANARY_LOOKS, "").split()]
        if not is_due(labelled, looks, rules):
            logger.info("version %s waits: %s outcomes are too few for a look", version, labelled)
            return
        looks.append(labelled)
        if canary.loss.verdict(rules) == "not enough" and len(looks) < LOOKS:
            registry.tag(version, {CANARY_LOOKS: " ".join(map(str, looks))})
            evidence = canary.evidence(rules)
            logger.info("version %s waits: not enough is known, %s", version, evidence)
            return
        registry.tag(version, canary.facts())
        objection = canary.objection(rules)
        self._decide(version, serves, objection, "the canary did not do worse than the champion")
        self.tell(self._decision(version, canary.facts()))

    def _resume(self) -> None:
        """Conclude what an earlier round registered and, since it failed, did not decide about."""
        version = self.registry.bearer(CHALLENGER)
        known = self.registry.facts(version) if version else {}
        is_ours = known.get(HELD, "").startswith(HOLDER)
        if version and is_ours and not {"decision", CANARY_SINCE} & known.keys():
            logger.info("version %s was left without a decision", version)
            self._conclude(version)

    def _train(self, why: list[str]) -> None:
        holder = f"{HOLDER} {uuid4().hex}"
        self.dvc(self.paths, *TRAIN, holder=holder)
        # Not the challenger, which another training may have become since.
        version = self.registry.held_for(holder)
        if version is None:
            logger.info("nothing has changed since the last training")
            return
        self.registry.tag(version, {"trigger": "; ".join(why)})
        self._conclude(version)

    def _conclude(self, version: str) -> None:
        """Try the challenger, decide about it, write it into the registry, and tell people."""
        registry = self.registry
        known = registry.facts(version)
        facts = {name: known[name] for name in ("trigger",) if name in known}
        if "decision" in known:
            # What the gate alone decided, the pipeline has told.
            self._decision(version, facts)
            return
        trial = self._try(version, known.get(COMPARED))
        facts |= trial.facts
        registry.tag(version, trial.facts)
        if self.rules.trial == "canary" and not trial.objection:
            registry.tag(version, {CANARY_SINCE: datetime.now(UTC).isoformat(timespec="seconds")})
            self._say("canary", f"version {version} waits to answer as a canary", facts)
            return
        agreed = f"all checks of the gate passed{trial.opinion}"
        self._decide(version, known.get(COMPARED), trial.objection, agreed)
        self.tell(self._decision(version, facts))

    def _try(self, version: str, compared_with: str | None) -> Trial:
        serves = self.registry.champion()
        if serves not in {None, compared_with}:
            return Trial(
                f"it was compared with champion {compared_with or 'none'}, and version {serves} is "
                "the champion by now"
            )
        try:
            shadow = self._shadow(version)
        except ModelError as error:
            return Trial(f"the service would refuse it: {error}")
        if shadow is None:
            return Trial()
        rules = self.rules.shadow
        return Trial(shadow.objection(rules), f", and {shadow.opinion(rules)}", shadow.facts())

    def _decision(self, version: str, facts: dict[str, str]) -> Event:
        decision = self.registry.decision(version)
        model = self.parameters.registry.model
        event = decided(decision["decision"], model, version, facts | decision)
        logger.info("%s: %s", event.title, event.facts)
        return event

    def _decide(self, version: str, compared_with: str | None, objection: str, agreed: str) -> None:
        lineage = read_lineage(self.paths)
        self.registry.decide(
            version,
            promoted=not objection,
            compared_with=compared_with,
            who=f"retraining, started by {lineage.who}",
            when=lineage.when,
            why=objection or agreed,
        )
        if not objection:
            champion.fetch(self.paths, self.parameters)
            self.dvc(self.paths, *KEEP)

    def _shadow(self, version: str) -> Shadow | None:
        rules = self.rules.shadow
        requests = self._requests()
        if self.rules.trial == "off" or not rules.rows or not requests.lines:
            return None
        labels = self._labels()
        with tempfile.TemporaryDirectory() as folder:
            result = replay(requests, labels, self.registry.fetch_bundle(version, Path(folder)))
        if result and result.psi > rules.psi:
            logger.warning("version %s answers differently: PSI %.2f", version, result.psi)
        return result

    def _labels(self) -> dict[Key, float]:
        try:
            return read_labels(self.paths.root / "data" / "labels")
        except LabelsError as error:
            raise PipelineError(str(error), "correct it: the next run goes on from here") from error

    def _window(self) -> Window:
        now = datetime.now(UTC)
        return read_window(self.paths.root / "logs", now - timedelta(days=LOG_DAYS), now)

    def _requests(self) -> Window:
        """Return the newest requests that the champion has answered."""
        answered = self._window().of_version(self.registry.champion() or "")
        newest = max(0, len(answered.lines) - self.rules.shadow.rows)
        return replace(answered, lines=answered.lines[newest:])

    def _say(self, kind: str, words: str, facts: dict[str, str]) -> None:
        logger.info("%s: %s", words, facts)
        self.tell(Event(kind, f"{self.parameters.registry.model}: {words}", facts))


def run(paths: Paths, parameters: Parameters, asked: str = "") -> None:
    """Train again by the rules of `retraining.toml`, or because somebody `asked`."""
    Round(paths, parameters, read_rules(paths.root / "retraining.toml")).run(asked)


def conclude(paths: Paths, parameters: Parameters) -> None:
    """Decide about the canary by the rules of `retraining.toml`, where it has answered enough."""
    Round(paths, parameters, read_rules(paths.root / "retraining.toml")).conclude()


def fetch_challenger(paths: Paths, parameters: Parameters) -> None:
    """Make `models/challenger` the registry's challenger, for the canary's image."""
    registry = Registry(paths, parameters.registry.model)
    version = registry.resolve(CHALLENGER)
    target = paths.champion.parent / CHALLENGER
    with tempfile.TemporaryDirectory() as folder:
        bundle.copy(registry.fetch_bundle(version, Path(folder)), target)
    logger.info("version %s is in models/%s", version, CHALLENGER)
