"""How a change of a project is to be carried out, as its command line says."""

from __future__ import annotations

from pathlib import Path

from scaffold.values import frozen


@frozen
class Wishes:
    """The options that every change of a project has.

    Args:
        place: A folder in the project.
        trust: Let a template's hooks and extensions run.
        offline: Reach no network.
        ask: Somebody is there to answer what has no answer yet.
        dry_run: Say what would happen, change nothing.
        diff: Say it as a patch.
        plan: Save what would happen to this file, for `scaffold apply`.
        only: Globs and components; other paths keep their older render.
        commit: Make a commit of the change.
        branch: Make the commit on this new branch and leave the work tree alone.
        name: What the folder of a new project makes of the project's name.
        settle: Settle also what leaves out a line that a side added; see `Policy.may_replace`.
    """

    place: Path
    trust: bool = False
    offline: bool = False
    ask: bool = False
    dry_run: bool = False
    diff: bool = False
    plan: Path | None = None
    only: tuple[str, ...] = ()
    commit: bool = False
    branch: str = ""
    name: str = ""
    settle: bool = False
