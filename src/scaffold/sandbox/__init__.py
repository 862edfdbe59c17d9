"""Jinja for templates that nobody trusts: plain values in, text out, compiled once and kept."""

from scaffold.sandbox.chance import Chance, new_seed
from scaffold.sandbox.engine import Engine, Settings

__all__ = ["Chance", "Engine", "Settings", "new_seed"]
