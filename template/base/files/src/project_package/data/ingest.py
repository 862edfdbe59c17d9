"""Stage 1: take the raw data from where they are, as they are."""

import logging
import os

from project_package import schema, stage
from project_package.data.readers import read_table
from project_package.parameters import Parameters
from project_package.paths import Paths

logger = logging.getLogger(__name__)


def ingest(paths: Paths, parameters: Parameters) -> None:
    """Write the configured source's rows to `paths.raw`."""
    source = parameters.ingest.source
    if "://" not in source:
        source = str(paths.root / source)
    text = [column.name for column in schema.raw_columns() if column.kind != "number"]
    database = os.environ.get("INGEST_DATABASE_URL", "")
    frame = read_table(source, text_columns=text, database=database)
    paths.raw.parent.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(paths.raw, index=False)
    logger.info("%d rows from %s", len(frame), parameters.ingest.source)


if __name__ == "__main__":
    stage.run(ingest)
