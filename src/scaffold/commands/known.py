"""Which names are components of a template."""

from __future__ import annotations

from collections.abc import Iterable

from scaffold.errors import ScaffoldError
from scaffold.questions import Questions
from scaffold.trust.text import escape


def check_known(questions: Questions, names: Iterable[str], where: str = "") -> None:
    """Refuse names, given in the file `where` or by a person, that are no components of the template.

    Raises:
        ScaffoldError: One is not.
    """
    for name in names:
        if name not in questions.components:
            raise ScaffoldError(
                f"{where}{': ' if where else ''}there is no component {escape(name)}",
                hint=_offered(questions, name),
                code="unknown-component",
            )


def _offered(questions: Questions, name: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - for mistakes alone

    known = questions.components
    if not known:
        return "this template has no components; change its answers with `scaffold set`"
    nearest = get_close_matches(name, known, 1)
    meant = f"did you mean {nearest[0]}? " if nearest else ""
    return f"{meant}there are {', '.join(known)}; see `scaffold list`"
