"""Answers that would become code: cookiecutter renders hooks as text, so a quote in an answer can end a string."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from scaffold.errors import ScaffoldError
from scaffold.spec import Answer, Answers
from scaffold.trust.text import escape

Rendering: TypeAlias = Callable[[str, Answers], str]
"""(text of a hook, answers) -> what would run."""

# In a hook that starts, imports, evaluates or includes something else, a literal can be code as well. What these
# modules offer beyond that is in the words below; a word of them in a comment costs an answer, never trust. Nothing
# that runs a text has "execut" in its name, and no line that declares an encoding quotes it (PEP 263).
_PLAIN_MODULES = """
    __future__ abc collections configparser contextlib copy dataclasses datetime enum errno fnmatch functools glob
    hashlib io itertools json math os pathlib random re secrets shutil stat string sys tempfile textwrap time tomlkit
    tomllib typing unicodedata uuid warnings yaml
"""
_IMPORTS = re.compile(r"(?:\bfrom\s+([\w.]+)\s+)?\bimport\b\s*([^;#\n]*)")
_REACHES_OTHERS = re.compile(
    r"subprocess|system|get_type_hints|ForwardRef|singledispatch|popen|spawn|fork|exec(?!ut)|eval|compile|startfile|runpy|import_module|getattr|globals|locals|vars|"
    r"sys\s*\.\s*(path|modules|meta_path)|__(?!name__|main__|file__|doc__|future__)\w+__|"
    r"{%-?\s*(include|import|from|extends)|coding[:=](?!\s*(utf-?8|[\"']))",
    re.IGNORECASE,
)
# YAML can say which function to call. What is named safe reads data alone; that `json.load` does too is in doubt here,
# where `json` may be another name of yaml.
_YAML_MAKES_OBJECTS = re.compile(r"unsafe|construct|(?<!safe)(?<!safe_)load", re.IGNORECASE)
_HARMLESS = re.compile(r"[\w .,:/@+=!-]*")


def refuse_code(hooks: Mapping[str, str], answers: Answers, render: Rendering) -> None:
    """Check that no answer changes what the hooks do, as far as anybody can tell without running them.

    An answer of letters, digits and plain punctuation may stand anywhere. Any other may stand in a literal or a comment
    of a Python hook that starts nothing else.

    Raises:
        ScaffoldError: An answer would become code.
    """
    for name, answer in answers.items():
        if _is_harmless(answer):
            continue
        tamed = {**answers, name: _tamed(answer)}
        for path, source in hooks.items():
            rendered, plain = render(source, answers), render(source, tamed)
            if rendered != plain and not _is_literal(path, source, rendered, plain):
                raise ScaffoldError(
                    f"the answer to {escape(name)} would become code of {escape(path)}, which runs with trust",
                    hint="leave out of it all but letters, digits and plain punctuation",
                    code="bad-answer",
                )


def _is_harmless(answer: Answer) -> bool:
    if isinstance(answer, dict):
        return all(_is_harmless(each) for pair in answer.items() for each in pair)
    if isinstance(answer, list):
        return all(map(_is_harmless, answer))
    return _HARMLESS.fullmatch(str(answer)) is not None and not str(answer).startswith("-")


def _tamed(answer: Answer) -> Answer:
    """Return `answer` with the rest of its characters taken out."""
    if isinstance(answer, dict):
        return {str(_tamed(key)): _tamed(value) for key, value in answer.items()}
    if isinstance(answer, list):
        return [_tamed(each) for each in answer]
    return re.sub(r"^-|[^\w .,:/@+=!-]", "", answer) if isinstance(answer, str) else answer


def _is_literal(path: str, source: str, rendered: str, plain: str) -> bool:
    if not path.endswith(".py") or not is_alone(source):
        return False
    shape = _shape(rendered)
    return bool(shape) and shape == _shape(plain)


def is_alone(hook: str) -> bool:
    """Return whether a Python hook runs nothing but itself, as far as its text says; in doubt it does not."""
    text = unicodedata.normalize("NFKC", hook)  # as Python reads names
    if _REACHES_OTHERS.search(text):
        return False
    modules = [
        name.split()[0].partition(".")[0]
        for module, names in _IMPORTS.findall(text)
        for name in ([module] if module else names.split(","))
        if name.split()
    ]
    if "yaml" in modules and _YAML_MAKES_OBJECTS.search(text):
        return False
    return set(_PLAIN_MODULES.split()).issuperset(modules)


def _shape(source: str) -> str:
    """Return the syntax of a Python source without the values of its literals, or nothing if it has none."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            node.value = _same_kind(node.value)
    return ast.dump(tree)


def _same_kind(value: Any) -> Any:
    return type(value)() if isinstance(value, str | bytes | int | float | complex) else value
