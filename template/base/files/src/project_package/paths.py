"""Where the pipeline's files lie, under one root, so that a scratch copy is just another root."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Paths:
    """Every file and folder that one stage writes and another reads."""

    root: Path

    @property
    def parameters(self) -> Path:
        """The one place of parameters."""
        return self.root / "params.yaml"

    @property
    def raw(self) -> Path:
        """What `ingest` read, as it came."""
        return self.root / "data" / "raw.parquet"

    @property
    def train(self) -> Path:
        """Rows that models learn from."""
        return self.root / "data" / "train.parquet"

    @property
    def test(self) -> Path:
        """Held-out rows: days that no model has seen."""
        return self.root / "data" / "test.parquet"

    @property
    def candidate(self) -> Path:
        """The newest model, before anybody decided about it."""
        return self.root / "models" / "candidate"

    @property
    def champion(self) -> Path:
        """The model that the service loads."""
        return self.root / "models" / "champion"

    @property
    def reports(self) -> Path:
        """What people read: validation, metrics, gate, plots, model card."""
        return self.root / "reports"

    @property
    def plots(self) -> Path:
        """Pictures, and the points behind them."""
        return self.reports / "plots"

    @property
    def tracking_database(self) -> Path:
        """MLflow's database, unless `MLFLOW_TRACKING_URI` names a server."""
        return self.root / "mlflow.db"

    @property
    def artifacts(self) -> Path:
        """MLflow's files, unless `MLFLOW_TRACKING_URI` names a server."""
        return self.root / "mlartifacts"
