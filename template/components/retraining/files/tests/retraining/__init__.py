"""Retraining: its reasons, the shadow, and what people hear."""
