"""project-name: from raw departures to a served model."""
