"""Which names are components of a template."""

from __future__ import annotations

from scaffold.errors import ScaffoldError
from scaffold.questions import Questions


def check_known(questions: Questions, names: tuple[str, ...]) -> None:
    """Refuse names that are no components of the template.

    Raises:
        ScaffoldError: One is not.
    """
    for name in names:
        if name not in questions.components:
            known = ", ".join(questions.components)
            raise ScaffoldError(
                f"there is no component {name}",
                hint=f"there are {known}; see `scaffold list`"
                if known
                else "this template has no components; change its answers with `scaffold set`",
                code="unknown-component",
            )
