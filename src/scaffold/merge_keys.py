"""Three-way merge of data: what a TOML, YAML, JSON or INI file says, without how it says it.

It proves a merged text: the text's data must be exactly the merge of the three sides' data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from scaffold.trust import toml

Data: TypeAlias = Any
"""What a reader returns: tables (`Mapping`), lists (`Sequence`) and plain values."""


class Conflict(Exception):  # noqa: N818 - not an error: the answer that there is no answer
    """Both sides changed one value, or a list has no order that follows from both."""


class _Absent:
    """What a key has that is not there."""


_ABSENT = _Absent()
_LONGEST = 2_000_000
_MOST_VALUES = 200_000
_YAML = (".yml", ".yaml")
_INI = {"tox.ini", "setup.cfg", "pytest.ini", "mypy.ini", ".flake8", ".editorconfig", ".coveragerc"}
_KEYS = ("name", "id", "repo", "uses", "key", "path", "url")
_WORK = {"uses", "run"}
"""What a step does, and nothing else in a list has."""
_REQUIREMENT = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?(?:\s*(?:[<>=!~^;@(]|$)|\s+[\d*])"
)
"""A name and what PEP 508 lets follow it, Poetry's `^` and conda's `name 1.2`; no other text of several words."""


def reader_of(name: str) -> Callable[[bytes], Data] | None:
    """Return what reads the data of files with this name; its errors are `ValueError`."""
    read = _any_reader_of(name)
    return None if read is None else lambda content: _bounded(read, content)


def _any_reader_of(name: str) -> Callable[[bytes], Data] | None:
    if name.endswith(".toml"):
        return _toml
    if name.endswith(_YAML) or name == "CITATION.cff":
        return _yaml
    if name.endswith(".json"):
        return _json
    if name in _INI:
        return _ini
    return _plain_ini if is_ini_by_name(name) else None


def is_ini_by_name(name: str) -> bool:
    """Return whether files with this name are often INI files; some are something else."""
    return name not in _INI and name.endswith((".ini", ".cfg"))


def _bounded(read: Callable[[bytes], Data], content: bytes) -> Data:
    """Return what `read` makes of `content`, unless comparing it would take for ever: YAML's aliases multiply."""
    if len(content) > _LONGEST:
        raise ValueError("the file is too long")
    data = read(content)
    waiting, seen = [data], 0
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += value.values()
        elif _is_list(value):
            waiting += value
        seen += 1
        if seen + len(waiting) > _MOST_VALUES:
            raise ValueError("the file holds too many values")
    return data


def merged(base: Data, ours: Data, theirs: Data) -> Data:
    """Return the merge of three values.

    Tables merge key by key; lists element by element, each told by what identifies it (a requirement's name, a
    step's `name`, ...); a step that a side only renamed is the same one. Elements that nothing tells apart merge as
    one value. The order of a list is not looked at; see `same`.

    Raises:
        Conflict: Both sides changed one value differently.
    """
    if same(ours, theirs) or same(base, theirs):
        return ours
    if same(base, ours):
        return theirs
    if any(isinstance(side, _Alike) for side in (base, ours, theirs)):
        raise Conflict
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        return _merged_tables(base if isinstance(base, Mapping) else {}, ours, theirs)
    if _is_list(ours) and _is_list(theirs):
        old = _by_key(base) if _is_list(base) else {}
        mine, new = (_as_before(old, _by_key(side)) for side in (ours, theirs))
        return _elements(_merged_tables(old, mine, new))
    raise Conflict


def same(first: Data, second: Data) -> bool:
    """Return whether two values say the same; order counts in lists, not in tables."""
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    if _is_list(first) and _is_list(second):
        return len(first) == len(second) and all(map(same, first, second))
    return type(first) is type(second) and first == second


def same_elements(first: Data, second: Data) -> bool:
    """Return whether two values say the same but for the order of lists, of elements that can be told apart."""
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return first.keys() == second.keys() and all(
            same_elements(first[key], second[key]) for key in first
        )
    if isinstance(first, _Alike) or isinstance(second, _Alike):
        return same(first, second)
    if _is_list(first) and _is_list(second):
        return same_elements(_by_key(first), _by_key(second))
    return type(first) is type(second) and first == second


def _merged_tables(
    base: Mapping[str, Data], ours: Mapping[str, Data], theirs: Mapping[str, Data]
) -> Data:
    result: dict[str, Data] = {}
    for key in {**ours, **theirs}:
        value = _merged_value(*(side.get(key, _ABSENT) for side in (base, ours, theirs)))
        if value is not _ABSENT:
            result[key] = value
    return result


def _merged_value(base: Data, ours: Data, theirs: Data) -> Data:
    if base is _ABSENT and isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        return merged({}, ours, theirs)
    return merged(base, ours, theirs)


def _is_list(value: Data) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


class _Alike(list[Data]):
    """Elements of one key, which nothing tells apart but their order."""


def _by_key(elements: Data) -> Mapping[str, Data]:
    groups: dict[str, _Alike] = {}
    for element in elements:
        groups.setdefault(_key_of(element), _Alike()).append(element)
    return {key: group if len(group) > 1 else group[0] for key, group in groups.items()}


def _elements(table: Mapping[str, Data]) -> list[Data]:
    """Return the list of which `_by_key` made a table."""
    groups = (value if isinstance(value, _Alike) else [value] for value in table.values())
    return [element for group in groups for element in group]


def _as_before(old: Mapping[str, Data], new: Mapping[str, Data]) -> Mapping[str, Data]:
    """Return a side's elements, each step that was only renamed under the key that it had."""
    gone = {key: _untitled(old[key]) for key in old.keys() - new.keys()}
    come = {key: _untitled(new[key]) for key in new.keys() - old.keys()}
    renamed: dict[str, str] = {}
    for key, step in come.items():
        before = [each for each, other in gone.items() if step and same(step, other)]
        if len(before) == 1 and sum(same(step, other) for other in come.values()) == 1:
            renamed[key] = before[0]
    return {renamed.get(key, key): element for key, element in new.items()}


def _untitled(element: Data) -> Data:
    """Return what a step says beside its name, which is a title alone; nothing for what is no step."""
    if not isinstance(element, Mapping) or "name" not in element or not element.keys() & _WORK:
        return None
    return {key: value for key, value in element.items() if key != "name"}


def _key_of(element: Data) -> str:
    if isinstance(element, str):
        requirement = _REQUIREMENT.match(element)
        name = requirement[1].lower().replace("_", "-") if requirement else element
        return f"text {name}"
    if isinstance(element, Mapping):
        for key in _KEYS:
            if isinstance(element.get(key), str):
                return f"{key} {_unversioned(str(element[key]))}"
    return f"value {json.dumps(element, sort_keys=True, default=str)}"


def _unversioned(text: str) -> str:
    return text.split("@", 1)[0]


def _toml(content: bytes) -> Data:
    return toml.loads(content.decode("utf-8"))


def _json(content: bytes) -> Data:
    return json.loads(content, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Data]]) -> Data:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError("a key is there twice")
    return table


def _ini(content: bytes) -> Data:
    """Return the sections of a tool's settings, in which a value of several lines is a list."""
    sections = _sections("[\0top]\n" + content.decode("utf-8"), allow_no_value=True)
    return {
        section: {key: (value or "").splitlines() for key, value in table.items()}
        for section, table in sections.items()
    }


def _plain_ini(content: bytes) -> Data:
    """Return the sections of a file that is INI by its name: every line must be, and a value is one text."""
    return _sections(content.decode("utf-8"), allow_no_value=False)


def _sections(text: str, *, allow_no_value: bool) -> dict[str, dict[str, str | None]]:
    import configparser  # noqa: PLC0415 - few projects have such a file

    parser = configparser.RawConfigParser(allow_no_value=allow_no_value, default_section="\0")
    try:
        parser.read_string(text)
    except (configparser.Error, AttributeError) as error:  # the second: more lines of no value
        raise ValueError(str(error)) from error
    return {section: dict(parser.items(section)) for section in parser.sections()}


def _yaml(content: bytes) -> Data:
    from ruamel.yaml import YAML  # noqa: PLC0415 - 30 ms, for merges of YAML alone
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    try:
        documents = list(YAML(typ="safe", pure=True).load_all(content))
    except YAMLError as error:
        raise ValueError(str(error)) from error
    return documents[0] if len(documents) == 1 else documents
