"""From prepared rows to a registered model: train, evaluate, register."""
