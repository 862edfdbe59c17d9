"""The only place that knows MLflow: runs, versions, and the aliases champion and challenger."""

import io
import logging
import os
import warnings
from collections.abc import Mapping
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST, ErrorCode
from mlflow.types import ColSpec, DataType, Schema, TensorSpec

from project_package import schema
from project_package.errors import PipelineError
from project_package.paths import Paths
from project_package.training import served_model

CHAMPION = "champion"
CHALLENGER = "challenger"
BUNDLE = "bundle"
DECISION = ("decision", "decided_by", "decided_at", "reason")
# Tag of a version that was promoted: the champion in whose place it came.
REPLACED = "replaced"
# Tag of a version: the SHA-256 of its graph. A training that changes nothing gives the same again.
GRAPH = "graph_hash"
# Tags of a version: the champion that it was compared with, and who had it registered to decide.
COMPARED = "compared_with"
HELD = "held_for"

# What `mlflow models serve` needs for a registered model; MLflow would guess it by importing it.
REQUIREMENTS = ("onnxruntime", "numpy", "pandas")


@dataclass(frozen=True, slots=True)
class Registered:
    """A new version in the registry."""

    version: str
    run_id: str


class Registry:
    """One model's runs and versions, in `mlflow.db` or on the server of MLFLOW_TRACKING_URI."""

    def __init__(self, paths: Paths, model: str) -> None:
        """Connect; nothing is created yet.

        Raises:
            PipelineError: The server of MLFLOW_TRACKING_URI does not answer.
        """
        self._model = model
        self._paths = paths
        # MLflow tells at length what it does; what matters here is told by the stage.
        logging.getLogger("mlflow").setLevel(logging.ERROR)
        logging.getLogger("alembic").setLevel(logging.WARNING)
        os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        # By itself it tries again for minutes, in silence.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
        server = os.environ.get("MLFLOW_TRACKING_URI", "")
        self.address = server or f"sqlite:///{paths.tracking_database}"
        self._is_local = not server
        mlflow.set_tracking_uri(self.address)
        if self._is_local:
            # MLflow leaves it there, where another folder's registry would take it for a server.
            os.environ.pop("MLFLOW_TRACKING_URI", None)
        self._client = MlflowClient()
        if server:
            self._reach()

    def _reach(self) -> None:
        try:
            self._client.search_experiments(max_results=1)
        except MlflowException as error:
            raise PipelineError(
                "the server of MLFLOW_TRACKING_URI does not answer as MLflow does",
                "start it or correct the address; without the variable runs go to mlflow.db",
            ) from error

    def record(
        self,
        parameters: Mapping[str, Any],
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
        folders: tuple[Path, ...],
    ) -> Registered:
        """Record a run with its model and the files of `folders`; register it as challenger."""
        with mlflow.start_run(experiment_id=self._experiment(), tags=dict(tags)) as run:
            mlflow.log_params(dict(parameters))
            mlflow.log_metrics(dict(metrics))
            for folder in folders:
                mlflow.log_artifacts(str(folder), folder.name)
            version = self._register_model()
        self._client.set_registered_model_alias(self._model, CHALLENGER, version)
        return Registered(version, run.info.run_id)

    def champion(self) -> str | None:
        """Return the version of the champion, if there is one."""
        return self.bearer(CHAMPION)

    def bearer(self, alias: str) -> str | None:
        """Return the version that bears `alias`, if there is one.

        Raises:
            PipelineError: The registry could not tell, which is no answer.
        """
        try:
            aliases = self._client.get_registered_model(self._model).aliases
        except MlflowException as error:
            if error.error_code == ErrorCode.Name(RESOURCE_DOES_NOT_EXIST):
                return None
            raise PipelineError(
                f"the registry at {self.address} could not be asked for the {alias}: "
                f"{error.error_code}"
            ) from error
        return str(aliases[alias]) if alias in aliases else None

    def decide(
        self,
        version: str,
        *,
        promoted: bool,
        compared_with: str | None,
        who: str,
        when: str,
        why: str,
    ) -> None:
        """Write the decision about `version` into the registry, and act on it.

        Raises:
            PipelineError: `version` would be promoted, and the champion is another by now than the
                one that it was `compared_with`.
        """
        words = {"decision": "promoted" if promoted else "refused"}
        present = self.champion()
        if promoted:
            require(present, compared_with)
        if promoted and present not in {None, version}:
            words[REPLACED] = str(present)
        self.tag(version, words | {"decided_by": who, "decided_at": when, "reason": why})
        if promoted:
            self._client.set_registered_model_alias(self._model, CHAMPION, version)

    def roll_back(self, *, who: str, when: str, why: str) -> str:
        """Make the champion before the present one the champion again, and return its version.

        Both versions are told who decided so, when and why; the abandoned one does not come back by
        another roll-back.

        Raises:
            PipelineError: There was no champion before.
        """
        present = self.resolve(CHAMPION)
        before = self.champion_before(present)
        if before is None:
            raise PipelineError(f"there was no champion before version {present}")
        words = {"decided_by": who, "decided_at": when, "reason": why}
        self.tag(present, {"decision": "rolled_back"} | words)
        self.tag(before, {"decision": "promoted"} | words)
        self._client.set_registered_model_alias(self._model, CHAMPION, before)
        return before

    def decision(self, version: str) -> dict[str, str]:
        """Return what was decided about `version`: the decision, by whom, when and why."""
        facts = self.facts(version)
        return {name: facts[name] for name in DECISION if name in facts}

    def tag(self, version: str, facts: Mapping[str, str]) -> None:
        """Write `facts` to the tags of `version`."""
        for name, value in facts.items():
            self._client.set_model_version_tag(self._model, version, name, value)

    def keep_bundle(self, registered: Registered, folder: Path) -> None:
        """Keep what the service loads with the run, so that it can be fetched whole."""
        self._client.log_artifacts(registered.run_id, str(folder), BUNDLE)

    def keep_report(self, registered: Registered, file: Path) -> None:
        """Keep a report that was written after the run with it, beside the others."""
        self._client.log_artifact(registered.run_id, str(file), file.parent.name)

    def fetch_bundle(self, version: str, folder: Path) -> Path:
        """Return the bundle of `version`, downloaded into `folder`."""
        run_id = self._client.get_model_version(self._model, version).run_id
        downloaded = mlflow.artifacts.download_artifacts(
            run_id=run_id, artifact_path=BUNDLE, dst_path=str(folder)
        )
        return Path(downloaded)

    def champion_before(self, version: str) -> str | None:
        """Return the champion in whose place `version` came, if there was one.

        Where that was itself abandoned by a roll-back, it is the one before that, and so on.
        """
        seen = {version}
        before = self._replaced(version)
        while before is not None and before not in seen:
            if self._tags(before).get("decision") != "rolled_back":
                return before
            seen.add(before)
            before = self._replaced(before)
        return None

    def held_for(self, holder: str) -> str | None:
        """Return the version that was registered for `holder`, if there is one."""
        versions = self._client.search_model_versions(
            f"name = '{self._model}' and tags.{HELD} = '{holder}'"
        )
        return str(versions[0].version) if versions else None

    def abandoned(self, graph: str) -> str | None:
        """Return the version with this `graph` that was rolled back, if one was.

        What people decided last holds: where a version with the graph was promoted after that, none
        is abandoned.
        """
        versions = self._client.search_model_versions(
            f"name = '{self._model}' and tags.{GRAPH} = '{graph}'"
        )
        last = max(
            (each for each in versions if each.tags.get("decision") in {"promoted", "rolled_back"}),
            key=lambda each: (each.tags["decided_at"], int(each.version)),
            default=None,
        )
        return str(last.version) if last and last.tags["decision"] == "rolled_back" else None

    def _replaced(self, version: str) -> str | None:
        if replaced := self._tags(version).get(REPLACED):
            return replaced
        # The first champion, or one that was promoted before this was written down.
        versions = self._client.search_model_versions(f"name = '{self._model}'")
        decided = {int(each.version): each.tags.get("decision") for each in versions}
        earlier = [
            number
            for number, decision in decided.items()
            if number < int(version) and decision in {"promoted", "rolled_back"}
        ]
        return str(max(earlier)) if earlier else None

    def _tags(self, version: str) -> dict[str, str]:
        return dict(self._client.get_model_version(self._model, version).tags)

    def facts(self, version: str) -> dict[str, str]:
        """Return the tags of the run behind `version`, and those of the decision about it.

        Raises:
            PipelineError: The registry has no such version.
        """
        try:
            found = self._client.get_model_version(self._model, version)
        except MlflowException as error:
            raise PipelineError(f"the registry has no version {version}") from error
        run_id = str(found.run_id)
        run = self._client.get_run(run_id)
        return {**run.data.tags, **found.tags, "run_id": run_id}

    def resolve(self, name: str) -> str:
        """Return the version that `name` means: a number, or an alias such as champion.

        Raises:
            PipelineError: The registry knows no such alias, or could not tell.
        """
        if name.isdigit():
            self.facts(name)
            return name
        version = self.bearer(name)
        if version is None:
            raise PipelineError(f"the registry at {self.address} has no {name}", "make train")
        return version

    def _register_model(self) -> str:
        with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
            # It asks for an example of the input, which the signature makes superfluous.
            warnings.simplefilter("ignore", UserWarning)
            logged = mlflow.pyfunc.log_model(
                name="model",
                python_model=served_model.__file__,
                artifacts={"graph": str(self._paths.candidate / "model.onnx")},
                code_paths=[str(Path(schema.__file__).parent)],
                signature=signature(),
                pip_requirements=list(REQUIREMENTS),
                registered_model_name=self._model,
            )
        return str(logged.registered_model_version)

    def _experiment(self) -> str:
        found = mlflow.get_experiment_by_name(self._model)
        if found is not None:
            return str(found.experiment_id)
        # A server decides itself where files go.
        place = self._paths.artifacts.resolve().as_uri() if self._is_local else None
        return mlflow.create_experiment(self._model, artifact_location=place)


def signature() -> ModelSignature:
    """Return the contract as MLflow's signature."""
    kinds = {"number": DataType.double, "category": DataType.string}
    columns: list[ColSpec | TensorSpec] = [
        ColSpec(kinds[column.kind], column.name, required=not column.nullable)
        for column in schema.FEATURES
    ]
    return ModelSignature(inputs=Schema(columns))


def require(version: str | None, expected: str | None) -> None:
    """Raise PipelineError where the registry's champion is not the one that was compared with."""
    if version is not None and version != expected:
        raise PipelineError(
            f"the candidate was compared with champion {expected or 'none'}, but the registry's "
            f"is {version}",
            "`make evaluate` compares with that one",
        )
