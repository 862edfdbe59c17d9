"""The one operation: make a project that was applied the one that is wanted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import starmap

from scaffold import apply
from scaffold.commands.committing import commit_or_undo, identified, refuse_staged
from scaffold.commands.known import check_known
from scaffold.commands.news import News, release_news
from scaffold.commands.notes import Note
from scaffold.commands.progress import step
from scaffold.commands.rendering import (
    Rendered,
    applied_tree,
    changed_defaults,
    fetched,
    not_default,
    open_again,
    render_spec,
)
from scaffold.commands.wishes import Wishes
from scaffold.errors import ScaffoldError
from scaffold.marks import has_marks
from scaffold.merge import Labels, Outcome, Policy, merge
from scaffold.merge.filtered import filtered
from scaffold.merge.globs import matches
from scaffold.merge.ignored import Ignoring
from scaffold.merge.outcome import only
from scaffold.merge.store import Store, opened
from scaffold.project import Checkout, Project, describe, edited, locked_files
from scaffold.questions import check_offered, unknown_answer
from scaffold.spec import LOCK_FILE, SPEC_FILE, Answers, Lock, Spec
from scaffold.template import Template
from scaffold.tree import Tree
from scaffold.trust.paths import notable
from scaffold.values import field, frozen, replace

OWN_REASONS = {
    SPEC_FILE: "says what the project wants",
    LOCK_FILE: "says what is applied",
}
"""Why scaffold's own files change, which no template has."""


@frozen
class Wanted:
    """An edit of a project's spec.

    Args:
        verb: The command, as the user typed it.
        spec: The spec after the edit.
        ref: Which version of the template to open; the newest where empty.
        given: Answers of the command line; they win over the spec's.
    """

    verb: str
    spec: Spec
    ref: str = ""
    given: Answers = field(default_factory=dict)


@frozen
class Prepared:
    """Everything about a change before anything of it happens.

    Args:
        verb: The command.
        before: The lock as it is.
        rendered: What is wanted, rendered.
        outcome: What the merge made of it.
        notes: What must be told beside the files.
        news: What the template's releases say of themselves.
    """

    verb: str
    before: Lock
    rendered: Rendered
    outcome: Outcome
    notes: tuple[Note, ...] = ()
    news: tuple[News, ...] = ()

    @property
    def is_newer(self) -> bool:
        """Return whether the template's version changes."""
        return self.before.commit != self.rendered.lock.commit


def prepare(project: Project, wanted: Wanted, wishes: Wishes) -> Prepared:
    """Return what `wanted` would make of `project`; nothing is changed.

    Raises:
        ScaffoldError: The template cannot be reached or rendered, an answer does not fit, or the project is in no
            state to be changed.
    """
    before = project.applied
    template = fetched(wanted.spec.source, wanted.ref, wishes)
    _refuse_mistyped(wanted, template, before)
    rendered = render_spec(template, wanted.spec, wishes, applied=before, given=wanted.given)
    with opened(project.checkout.git) as store:
        merged = _merge(project, rendered, wanted, wishes, store)
    outcome = in_own_words(merged.outcome, OWN_REASONS)
    rendered = replace(rendered, lock=merged.lock)
    notes = (
        *rendered.notes,
        *merged.notes,
        *_told_of_template(before, rendered, wishes),
        *_pointed_out(before, rendered, outcome),
        *_marked(outcome),
    )
    news = release_news(wanted.spec.source, before.commit, template.commit, offline=wishes.offline)
    return Prepared(wanted.verb, before, rendered, outcome, notes, news)


@frozen
class _Merged:
    """What a merge made, the lock that says so, and what must be told of it."""

    outcome: Outcome
    lock: Lock
    notes: tuple[Note, ...]


def _merge(
    project: Project, rendered: Rendered, wanted: Wanted, wishes: Wishes, store: Store
) -> _Merged:
    """Merge what changes from what was applied to what is wanted into the project's commit."""
    before, template, git = project.applied, rendered.template, project.checkout.git
    source = wanted.spec.source
    base, lost = applied_tree(git, before, source, wishes, rendered=rendered, store=store)
    policy = policy_of(template, rendered.spec)
    theirs = rendered.filled
    if before.spec == rendered.lock.spec and before.commit == rendered.lock.commit:
        base = _with_once_as_rendered(base, theirs, policy)
    lock = _with_once_as_written(before, rendered.lock, policy)
    if wishes.only:
        from scaffold.commands.partial import chosen_paths  # noqa: PLC0415

        paths = chosen_paths(wishes.only, rendered, base)
        lock = _partly(before, lock, base, rendered.tree, paths)
        theirs = only(base, theirs, paths)
    if rendered.is_parted:
        base = describe(base, project.spec_text, before)
    else:
        theirs = _described(project, theirs, rendered.spec, lock)
    # What --only left behind is of an earlier version than the rest.
    old = "before" if before.behind else before.spec.version
    labels = Labels(base=f"template {old}", theirs=f"template {template.version}")
    with step("merging"):
        outcome = merge(
            git,
            base=base,
            theirs=theirs,
            head=project.checkout.head,
            prefix=project.checkout.prefix.rstrip("/"),
            policy=replace(policy, may_replace=wishes.settle),
            labels=labels,
            open_store=store,
            ignoring=ignoring(project.checkout, wishes),
        )
    unfiltered = filtered(outcome, store, project.checkout.git_dir)
    return _Merged(outcome, lock, (*lost, *starmap(_unfiltered, unfiltered.items())))


def _unfiltered(path: str, name: str) -> Note:
    import shlex  # noqa: PLC0415 - where a project has filters

    again = f"git add --renormalize {shlex.quote(path)}"
    told = f"{path} is in the index as the template has it: its filter {name} was not run; {again} runs it"
    return Note("not-filtered", path, told)


def ignoring(checkout: Checkout, wishes: Wishes) -> Ignoring:
    """Return by whose rules git ignores what a change adds to a repository."""
    is_there = not (wishes.branch or checkout.bare)
    return Ignoring(checkout.git_dir, checkout.top if is_there else None)


def _refuse_mistyped(wanted: Wanted, template: Template, before: Lock) -> None:
    """Refuse what the template does not know in scaffold.toml: what it knew once is in the lock as well.

    Raises:
        ScaffoldError: An answer is to no question or is not offered, or a component is none.
    """
    questions, applied = template.questions, before.spec
    for name, answer in sorted(wanted.spec.answers.items()):
        if name.startswith("_") or applied.answers.get(name) == answer:
            continue
        if name not in applied.answers and questions.current(name) is None:
            raise unknown_answer(questions, name, SPEC_FILE)
        if name not in wanted.given:
            check_offered(questions, name, answer, SPEC_FILE)
    added = (name for name in wanted.spec.components if name not in applied.components)
    check_known(questions, added, SPEC_FILE)


def _pointed_out(before: Lock, rendered: Rendered, outcome: Outcome) -> Iterator[Note]:
    """Yield what a person should look at before they take it: code that did not run, and code that will."""
    if rendered.is_parted:
        told = f"nothing of the template is left, so {SPEC_FILE} and {LOCK_FILE} go too"
        yield Note("parted", SPEC_FILE, told)
    if not rendered.lock.trusted:
        for text in rendered.template.left_out:
            yield Note("not-run", text.partition(" ")[0], f"{text}; --trust runs it")
    added = rendered.lock.files.keys() - before.files.keys()
    for path, reason in notable(added).items():
        yield Note("look-at", path, f"{path} is new: {reason}")
    if not rendered.template.own:  # whose workflows change with nearly every release
        changed = [each.path for each in outcome.writes if each.path not in added]
        for path, reason in notable(
            filter(lambda path: _runs_other(outcome, path), changed)
        ).items():
            yield Note("look-at", path, f"{path} changes: {reason}")


def _runs_other(outcome: Outcome, path: str) -> bool:
    """Return whether a change of a file that makes a tool run something can change what: attributes mostly do not."""
    before, after = outcome.changes[path].before, outcome.changes[path].after
    if after is None or before == after:
        return False
    if before is None or not path.casefold().endswith(".gitattributes"):
        return True
    added = set(after.content.splitlines()) - set(before.content.splitlines())
    return any(re.search(rb"\b(filter|merge|diff)=|^\s*\[attr\]", line) for line in added)


def _marked(outcome: Outcome) -> Iterator[Note]:
    for change in outcome.writes:
        if change.before is not None and has_marks(change.before.content):
            told = f"{change.path} still has the marks of an earlier conflict: decide that first"
            yield Note("marks-left", change.path, told)


def in_own_words(outcome: Outcome, reasons: Mapping[str, str]) -> Outcome:
    """Return `outcome` with `reasons` for files that are scaffold's and not the template's: path -> reason."""
    changes = {
        path: replace(change, reason=reasons[path]) if path in reasons else change
        for path, change in outcome.changes.items()
    }
    return replace(outcome, changes=changes)


def policy_of(template: Template, spec: Spec) -> Policy:
    """Return which of the template's files do not take part in an ordinary merge."""
    manifests: Mapping[str, Mapping[str, list[str]]] = template.questions.manifests
    once = [glob for manifest in manifests.values() for glob in manifest.get("once", [])]
    return Policy(
        once=tuple(once), owned=spec.owned, skipped=spec.skip, exact=(SPEC_FILE, LOCK_FILE)
    )


def carry_out(project: Project, prepared: Prepared, wishes: Wishes) -> str:
    """Make the work tree, or a branch, what was prepared; return the id of the commit, if one was made.

    Raises:
        ScaffoldError: Files are in the way, or nothing can be written; nothing was changed.
    """
    from scaffold.commands.message import commit_message  # noqa: PLC0415

    git = project.checkout.git
    outcome = prepared.outcome
    message = commit_message(prepared)
    if wishes.branch:
        return apply.to_branch(identified(git), outcome, wishes.branch, message)
    if wishes.commit:
        refuse_staged(project.checkout)
    note = {"verb": prepared.verb, "message": message}
    with step("writing the files"):
        apply.apply(git, outcome, note=note, edited=edited_paths(prepared))
    if wishes.commit and not outcome.conflicts:
        return commit_or_undo(project.checkout, message)
    return ""


def edited_paths(prepared: Prepared) -> tuple[str, ...]:
    """Return what a person may have edited without committing it: the spec, where it is what is synced."""
    return (prepared.outcome.in_repository(SPEC_FILE),) if prepared.verb == "sync" else ()


def _with_once_as_rendered(base: Tree, theirs: Tree, policy: Policy) -> Tree:
    """Return the old render with the project's own files as they are rendered now: it was told of them before."""
    return {
        path: theirs.get(path, file) if matches(path, policy.once) else file
        for path, file in base.items()
    }


def _with_once_as_written(before: Lock, after: Lock, policy: Policy) -> Lock:
    """Return the new lock with the ids that the project's own files had when they were written."""
    kept = {
        path: before.files[path]
        for path in after.files
        if path in before.files and matches(path, policy.once)
    }
    return replace(after, files={**after.files, **kept})


def _partly(before: Lock, after: Lock, base: Tree, theirs: Tree, paths: set[str]) -> Lock:
    """Return the lock that says that all but `paths` is behind."""
    if before.behind and before.commit != after.commit:
        raise ScaffoldError(
            f"{len(before.behind)} files are still behind {before.spec.version}",
            hint=f"bring them there first: scaffold upgrade --to {before.spec.version}",
            code="behind",
        )
    tree = only(base, theirs, paths)
    behind = sorted(
        path for path in base.keys() | theirs.keys() if theirs.get(path) != tree.get(path)
    )
    older = before.behind_commit or before.commit
    return replace(
        after,
        files=locked_files(tree),
        behind=tuple(behind),
        behind_commit=older if behind else "",
    )


def _described(project: Project, tree: Tree, spec: Spec, lock: Lock) -> Tree:
    return describe(tree, edited(project.spec_text, project.spec, spec), lock)


def _told_of_template(before: Lock, rendered: Rendered, wishes: Wishes) -> tuple[Note, ...]:
    kept = rendered.spec.answers
    answers = {
        question.name: answer
        for name, answer in before.spec.answers.items()
        if (question := rendered.template.questions.current(name)) is not None
        and kept.get(question.name) == answer
    }
    if before.commit == rendered.lock.commit or not not_default(rendered.template, answers):
        return ()  # nothing would be told: the earlier template need not be opened
    try:
        earlier = open_again(before, rendered.spec.source, wishes)
    except ScaffoldError:
        return ()
    return changed_defaults(earlier, rendered.template, answers)
