"""Which files `--only` names: globs, and components."""

from __future__ import annotations

from collections.abc import Collection

from scaffold.commands.rendering import Rendered, rendered_without
from scaffold.errors import ScaffoldError
from scaffold.merge.globs import matches
from scaffold.tree import Tree


def chosen_paths(wanted: Collection[str], rendered: Rendered, base: Tree) -> set[str]:
    """Return the paths of both renders that `wanted` (globs and names of components) chooses.

    Raises:
        ScaffoldError: One of them chooses nothing.
    """
    return set().union(*(_chosen(each, rendered, base) for each in wanted))


def _chosen(wanted: str, rendered: Rendered, base: Tree) -> set[str]:
    if wanted in rendered.spec.components:
        others = rendered_without(rendered, wanted)
        return {path for path, file in rendered.tree.items() if others.get(path) != file}
    paths = {path for path in base.keys() | rendered.tree.keys() if matches(path, (wanted,))}
    if not paths:
        raise ScaffoldError(
            f"--only {wanted}: no such file or component",
            hint="give a glob of the template's files, or a component of the project",
            code="no-such-part",
        )
    return paths
