"""The bundle as MLflow runs it, for `mlflow models serve` and batch jobs of others.

MLflow keeps this file instead of a pickle.
"""

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from project_package.graph import open_graph, run_graph
from project_package.packing import pack


class ServedModel(PythonModel):
    """The exported graph, which takes the features as columns of a frame."""

    def load_context(self, context: PythonModelContext) -> None:
        """Open the graph."""
        self._session = open_graph(Path(context.artifacts["graph"]))

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002 - MLflow's signature
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> pd.DataFrame:
        """Return the graph's outputs, one row for each row of `model_input`."""
        return pd.DataFrame(run_graph(self._session, pack(model_input)))


mlflow.models.set_model(ServedModel())
