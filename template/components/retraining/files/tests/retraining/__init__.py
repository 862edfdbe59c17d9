"""Reasons to train again."""
