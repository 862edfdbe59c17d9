"""A file of configuration as plain lines, whoever's format it has: comments and layout are gone."""

from collections.abc import Iterator
from pathlib import Path

import yaml

COMMENTS = ("#", "//")
# How a job, a step or a rule says that it is never run.
OFF = {"if": "false", "condition": "false", "enabled": "false", "when": "never"}


def lines(file: Path) -> list[str]:
    """Return what `file` says.

    Of YAML, each value is a line with its keys before it, such as `jobs.test.steps.run: make test`,
    and so is each line of a long text; what is switched off, as a job is by `if: false`, is left
    out. Of any other format they are the lines of the file.

    Raises:
        OSError: It cannot be read.
        yaml.YAMLError: It is not the YAML that its name says.
    """
    text = file.read_text("utf-8")
    if file.suffix in (".yml", ".yaml"):
        # Nodes rather than values: `on` is no truth here, and a provider's own tags no mistake.
        return list(_values(yaml.compose(text, yaml.SafeLoader)))
    return [line for each in text.splitlines() if not (line := each.strip()).startswith(COMMENTS)]


def _values(node: yaml.Node | None, path: str = "") -> Iterator[str]:
    if isinstance(node, yaml.MappingNode):
        if _is_off(node):
            return
        for key, value in node.value:
            yield from _values(value, f"{path}.{key.value}" if path else key.value)
    elif isinstance(node, yaml.SequenceNode) and node.tag.startswith("!"):
        yield f"{path}: {' '.join(each.value for each in node.value)}"
    elif isinstance(node, yaml.SequenceNode):
        for each in node.value:
            if _ends_rules(each):
                return
            yield from _values(each, path)
    elif node is not None:
        for line in node.value.splitlines() or [""]:
            yield f"{path}: {line.strip()}"


def _is_off(node: yaml.Node) -> bool:
    return isinstance(node, yaml.MappingNode) and any(
        OFF.get(key.value) == str(value.value).strip("${ }").lower() for key, value in node.value
    )


def _ends_rules(node: yaml.Node) -> bool:
    """Return whether `node` is the rule that nothing is run, on no condition."""
    return _is_off(node) and [key.value for key, _ in node.value] == ["when"]
