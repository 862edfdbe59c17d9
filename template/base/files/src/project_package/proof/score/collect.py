"""Find the evidence that there is: a component brings a module of its own."""

import importlib
import pkgutil

from project_package.proof.score import evidence
from project_package.proof.score.judge import Evidence


def all_evidence() -> list[Evidence]:
    """Return the evidence of all modules in `evidence`."""
    names = sorted(module.name for module in pkgutil.iter_modules(evidence.__path__))
    return [each for name in names for each in evidence_of(name)]


def evidence_of(name: str) -> list[Evidence]:
    """Return the evidence of the module `name`."""
    return list(importlib.import_module(f"{evidence.__name__}.{name}").EVIDENCE)
