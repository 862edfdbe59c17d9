"""Proof that the gates gate: faults that must turn them red, and where a model came from."""
