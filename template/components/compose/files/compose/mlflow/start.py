"""Make the bucket where it is missing, update the database, then become MLflow's server."""

import os
import subprocess
from urllib.parse import quote

import boto3
import sqlalchemy
from botocore.exceptions import ClientError


def ensure_bucket(name: str) -> None:
    """Create the bucket `name` unless it is there."""
    store = boto3.client("s3", endpoint_url=os.environ["MLFLOW_S3_ENDPOINT_URL"])
    try:
        store.head_bucket(Bucket=name)
    except ClientError:
        store.create_bucket(Bucket=name)


def backend(environment: dict[str, str]) -> str:
    """Return the address of the database, whatever characters its password has."""
    password = quote(environment["DATABASE_PASSWORD"], safe="")
    return f"postgresql+psycopg://mlflow:{password}@{environment['DATABASE']}/mlflow"


def upgrade(address: str) -> None:
    """Bring the tables of an older MLflow up to date; the server makes those that are missing."""
    engine = sqlalchemy.create_engine(address)
    if sqlalchemy.inspect(engine).has_table("alembic_version"):
        subprocess.run(["mlflow", "db", "upgrade", address], check=True)  # noqa: S603, S607
    engine.dispose()


def command(environment: dict[str, str]) -> list[str]:
    """Return the command line of the server, which hands out artifacts itself."""
    return [
        *("mlflow", "server", "--host", environment.get("HOST", "0.0.0.0")),  # noqa: S104
        # One worker: with more, a supervisor kills those that start slowly on a busy machine.
        *("--port", environment.get("PORT", "5000"), "--workers", "1"),
        *("--backend-store-uri", backend(environment)),
        *("--artifacts-destination", f"s3://{environment['BUCKET']}", "--serve-artifacts"),
        # MLflow refuses requests for names that it does not know, against DNS rebinding.
        *("--allowed-hosts", environment["ALLOWED_HOSTS"]),
    ]


if __name__ == "__main__":
    ensure_bucket(os.environ["BUCKET"])
    upgrade(backend(dict(os.environ)))
    server = command(dict(os.environ))
    os.execvp(server[0], server)  # noqa: S606
