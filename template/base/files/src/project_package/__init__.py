"""project-name: from raw departures to a served model."""

import os

# Both report how they are used to their makers, unless they are told not to before they load.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
