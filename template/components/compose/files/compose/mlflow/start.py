"""Make the bucket where it is missing, then become MLflow's server."""

import os

import boto3
from botocore.exceptions import ClientError

# MLflow refuses requests for names that it does not know, against DNS rebinding.
ALLOWED_HOSTS = "mlflow:5000,localhost:*,127.0.0.1:*"


def ensure_bucket(name: str) -> None:
    """Create the bucket `name` unless it is there."""
    store = boto3.client("s3", endpoint_url=os.environ["MLFLOW_S3_ENDPOINT_URL"])
    try:
        store.head_bucket(Bucket=name)
    except ClientError:
        store.create_bucket(Bucket=name)


def command(environment: dict[str, str]) -> list[str]:
    """Return the command line of the server, which hands out artifacts itself."""
    return [
        *("mlflow", "server", "--host", environment.get("HOST", "0.0.0.0")),  # noqa: S104
        # One worker: with more, a supervisor kills those that start slowly on a busy machine.
        *("--port", environment.get("PORT", "5000"), "--workers", "1"),
        *("--backend-store-uri", environment["BACKEND"]),
        *("--artifacts-destination", f"s3://{environment['BUCKET']}", "--serve-artifacts"),
        *("--allowed-hosts", environment.get("ALLOWED_HOSTS", ALLOWED_HOSTS)),
    ]


if __name__ == "__main__":
    ensure_bucket(os.environ["BUCKET"])
    server = command(dict(os.environ))
    os.execvp(server[0], server)  # noqa: S606
