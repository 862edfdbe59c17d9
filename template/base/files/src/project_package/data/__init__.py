"""From a source to prepared rows: ingest, validate, prepare."""
