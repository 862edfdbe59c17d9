"""Three trees -> an outcome, in git's object store alone: nothing of the work tree is read or written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

from scaffold.git import Git
from scaffold.merge import moves
from scaffold.merge.attributes import attributes_of, is_normalized, settings_of
from scaffold.merge.derived import is_derived
from scaffold.merge.globs import matches
from scaffold.merge.line_ends import Ends, is_binary, merged_line_ends, with_line_ends
from scaffold.merge.nested import files_of_others
from scaffold.merge.outcome import Change, Kind, Labels, Outcome, Policy, Settlement, Stages
from scaffold.merge.places import as_one
from scaffold.merge.regions import Piece, content_of, left_in, parse, regions_of, split
from scaffold.merge.store import MARKER_SIZE, MOVED_MARKER_SIZE, Store, TextMerge, opened
from scaffold.merge.twins import refuse_twins
from scaffold.objects import FOLDER, SUBMODULE, Entry, Trees, entry_of
from scaffold.tree import File, Tree
from scaffold.values import frozen, replace

if TYPE_CHECKING:
    from scaffold.merge.ignored import Ignoring
    from scaffold.merge.settle import Contest

_SETTLED = "both sides changed it; rules settled where they met"
_UNREADABLE = "both sides' changes together cannot be read, or have a key twice"


def merge(  # noqa: PLR0913 - keywords only
    git: Git,
    *,
    base: Tree,
    theirs: Tree,
    head: str,
    prefix: str = "",
    policy: Policy | None = None,
    labels: Labels | None = None,
    open_store: Store | None = None,
    ignoring: Ignoring | None = None,
) -> Outcome:
    """Merge what the template changed between two renders into a commit of the project's.

    Args:
        git: Of the project's repository; it may be bare or shallow. Nothing is written to it.
        base: The old render.
        theirs: The new render.
        head: The commit to merge into; empty where the repository has none yet.
        prefix: The project's folder inside the repository, without slashes at its ends.
        policy: Which files take no ordinary part.
        labels: How the sides are called in conflict marks.
        open_store: Beside the project's repository; else one is opened.
        ignoring: By whose rules new files are not tracked; without it, all are.

    Raises:
        ScaffoldError: The template adds a file that is one of the project's on some systems.
    """
    base, theirs = _as_git_stores(git, prefix, base, theirs)
    with opened(git) if open_store is None else nullcontext(open_store) as store:
        trees = store.trees
        root = trees_root(store, head)
        project = _folder(trees, root, prefix)
        for path, old in base.items():
            if theirs.get(path) != old:  # as most projects have it still
                store.remember(entry_of(old, store.algorithm).id, old.content)
        merging = _Merging(store, trees, project, policy or Policy(), labels or Labels())
        changes = {
            change.path: change for change in sorted(merging.changes(base, theirs), key=_path)
        }
        refuse_twins(trees, project, changes.values())
        if ignoring is not None:
            committed = replace(merging, project=root).ours
            changes = ignoring.told(changes, _join(prefix, ""), committed)
        edits = {_join(prefix, path): merging.entry(change) for path, change in changes.items()}
        written: dict[str, tuple[str, bytes]] = {}
        tree = _recorder(store, written).edit(root, edits)
        for change in changes.values():
            kept = () if change.kind is Kind.IGNORED else (change.after, *change.stages.values())
            for file in kept:
                if file is not None and file != change.before:
                    written[entry_of(file, store.algorithm).id] = ("blob", file.content)
        return Outcome(head, prefix, changes, tree, written)


def _as_git_stores(git: Git, prefix: str, base: Tree, theirs: Tree) -> tuple[Tree, Tree]:
    """Return both renders with the line ends that `git add` would have stored.

    Only a file with carriage returns can differ, so that most merges ask nothing.
    """
    windows = sorted(
        path for tree in (base, theirs) for path, file in tree.items() if _is_windows(file)
    )
    top = git("rev-parse", "--show-toplevel", expect=(0, 128)) if windows else None
    if top is None or top.returncode:
        return base, theirs
    there = Git(Path(top.text), config=git.config)
    attributes = attributes_of(there, [_join(prefix, path) for path in windows])
    settings = settings_of(there)
    stored = {
        path for path in windows if is_normalized(attributes.get(_join(prefix, path), {}), settings)
    }
    old, new = (
        {
            path: with_line_ends(file, "lf") if path in stored and _is_windows(file) else file
            for path, file in tree.items()
        }
        for tree in (base, theirs)
    )
    return old, new


def _is_windows(file: File) -> bool:
    return b"\r\n" in file.content and file.mode != "120000" and not is_binary(file.content)


def trees_root(store: Store, head: str) -> str:
    """Return the id of a commit's tree; empty where there is no commit."""
    found = store.find(f"{head}^{{tree}}") if head else None
    return found[0] if found else ""


@frozen
class _Parts:
    """The two renders without the files that do not take part in the text merge, and what becomes of those."""

    base: Tree
    theirs: Tree
    apart: tuple[Change, ...]

    def without(self, paths: Collection[str]) -> _Parts:
        """Return the parts in which the template never had some paths."""
        old, new = (
            {path: file for path, file in tree.items() if path not in paths}
            for tree in (self.base, self.theirs)
        )
        return _Parts(old, new, self.apart)


@frozen
class _Merging:
    """One merge into the tree `project` of the store."""

    store: Store
    trees: Trees
    project: str
    policy: Policy
    labels: Labels

    def changes(self, base: Tree, theirs: Tree) -> Iterator[Change]:
        """Yield what happens to each path."""
        parts = self._parts(base, theirs)
        ends = self._line_ends(parts)
        merged = _Merged(self, parts, ends, self._text_merge(parts, ends))
        yield from parts.apart
        yield from merged.changes()

    def ours(self, path: str) -> File | None:
        """Return the project's file at a path; a folder and a submodule are none."""
        entry = self.trees.find(self.project, path)
        return self.file(entry) if _is_file(entry) else None

    def file(self, entry: Entry) -> File:
        """Return an entry's content."""
        mode = "100644" if entry.mode not in {"100755", "120000"} else entry.mode
        return File(self.store.read(entry.id), mode)  # type: ignore[arg-type]

    def entry(self, change: Change) -> Entry | None:
        """Return what a change leaves in the tree."""
        if change.after is None or change.kind is Kind.IGNORED:
            return None
        return entry_of(change.after, self.store.algorithm)

    def _parts(self, base: Tree, theirs: Tree) -> _Parts:
        merged_base, merged_theirs, apart = dict(base), dict(theirs), []
        for path in sorted({*base, *theirs}):
            change = self._apart(path, base, theirs)
            if change is None:
                continue
            merged_base.pop(path, None)
            merged_theirs.pop(path, None)
            if change.code:
                apart.append(change)
        return _Parts(merged_base, merged_theirs, tuple(apart))

    def _apart(self, path: str, base: Tree, theirs: Tree) -> Change | None:
        """Return what becomes of a path that takes no part in the text merge, or nothing for one that does.

        A change without a code is one of which there is nothing to say.
        """
        old, new = base.get(path), theirs.get(path)
        if matches(path, self.policy.skipped):
            return self._kept(path, "skipped", "the project asked to leave it alone", old != new)
        if matches(path, self.policy.exact):
            return self._exact(path, new)
        if self.policy.may_replace and is_derived(path, self.policy, old, self.ours(path), new):
            return self._derived(path, old, new)
        if matches(path, self.policy.once) and (old is not None or self.ours(path) is not None):
            return self._kept(path, "once", "written once, and yours since then", old != new)
        return self._blocked(path, base, theirs)

    def _kept(self, path: str, code: str, reason: str, is_said: bool) -> Change:  # noqa: FBT001
        ours = self.ours(path)
        return Change(path, Kind.KEPT, code if is_said else "", reason, ours, ours)

    def _exact(self, path: str, new: File | None) -> Change:
        ours = self.ours(path)
        kind = Kind.ADDED if ours is None else Kind.UPDATED if new is not None else Kind.DELETED
        code = "" if ours == new else "exact"
        return Change(path, kind, code, "always as the template has it", ours, new)

    def _derived(self, path: str, old: File | None, new: File | None) -> Change | None:
        ours = self.ours(path)
        if ours is None or old == new or ours in (old, new):
            return None
        return Change(path, Kind.KEPT, "derived", "yours stays: build it again", ours, ours)

    def _blocked(self, path: str, base: Tree, theirs: Tree) -> Change | None:
        """Return a conflict where a file and a folder, or a file and a link, want one path."""
        old, new = base.get(path), theirs.get(path)
        if new is None or old == new:
            return None
        if self._in_the_way(path, base, theirs):
            reason = "the template has a file where you have a folder, or the other way round"
            return Change(path, Kind.CONFLICT, "file-folder", reason, stages={3: new})
        ours = self.ours(path)
        if ours is None or ours == old or _is_link(ours) == _is_link(new):
            return None
        stages: Stages = {2: ours, 3: new} if old is None else {1: old, 2: ours, 3: new}
        reason = "a file on one side is a symbolic link on the other"
        return Change(path, Kind.CONFLICT, "type", reason, ours, ours, stages)

    def _in_the_way(self, path: str, base: Tree, theirs: Tree) -> bool:
        """Return whether the project has a folder at a path, or a file where the path needs a folder, that stays."""
        found = self.trees.find(self.project, path)
        if found is not None and found.mode in {FOLDER, SUBMODULE}:
            return found.mode == SUBMODULE or any(
                not self._goes(f"{path}/{name}", entry, base, theirs)
                for name, entry in self.trees.files(found.id)
            )
        folders = path.split("/")[:-1]
        for depth in range(1, len(folders) + 1):
            above = "/".join(folders[:depth])
            entry = self.trees.find(self.project, above)
            if entry is not None and entry.mode != FOLDER:
                return not self._goes(above, entry, base, theirs)
        return False

    def _goes(self, path: str, entry: Entry, base: Tree, theirs: Tree) -> bool:
        """Return whether the template deletes a file that the project has not changed."""
        old = base.get(path)
        return (
            path not in theirs and old is not None and entry == entry_of(old, self.store.algorithm)
        )

    def _line_ends(self, parts: _Parts) -> Mapping[str, Ends]:
        """Return the line ends of the results in which they are not simply those of all three sides."""
        ends: dict[str, Ends] = {}
        for path in parts.base.keys() & parts.theirs.keys():
            old, new = parts.base[path], parts.theirs[path]
            entry = self.trees.find(self.project, path)
            if entry in [entry_of(each, self.store.algorithm) for each in (old, new)]:
                continue  # without reading it
            ours = self.ours(path)
            wanted = merged_line_ends(old, ours, new) if ours is not None else ""
            if wanted:
                ends[path] = wanted
        return ends

    def _text_merge(self, parts: _Parts, ends: Mapping[str, Ends]) -> TextMerge:
        """Return git's merge, in which the project's own names stay where they are.

        Where the template has a file at the place to which git moved one of those, git merges once more without it.
        """
        text = self._gits_merge(parts, ends)
        foreign = moves.foreign_moves(text, parts.base, parts.theirs)
        taken = {path: parts.theirs[path] for path in foreign.values() if path in parts.theirs}
        if taken:
            text = self._gits_merge(parts.without(taken), ends)
            foreign = moves.foreign_moves(text, parts.base, parts.theirs)
        text = moves.put_back(text, foreign, self.trees)
        return moves.with_added(text, parts.base, taken, self.trees) if taken else text

    def _gits_merge(self, parts: _Parts, ends: Mapping[str, Ends]) -> TextMerge:
        ours = {path: self.trees.find(self.project, path) for path in {*parts.base, *parts.theirs}}
        old, new = ({**tree} for tree in (parts.base, parts.theirs))
        for path in ends:
            old[path] = with_line_ends(old[path], "lf")
            new[path] = with_line_ends(new[path], "lf")
            mine = self.ours(path)
            if mine is not None:
                content = with_line_ends(mine, "lf").content
                ours[path] = Entry(mine.mode, self.store.put("blob", content))
        edits = {path: ours[path] for path in ends}
        project = self.trees.edit(self.project, edits) if edits else self.project
        if _can_have_moved(old, new, ours):
            return self._merged_with_moves(project, old, new, ours)
        return self._merged_in_place(project, old, new, ours)

    def _merged_with_moves(
        self, project: str, old: Tree, new: Tree, ours: Mapping[str, Entry | None]
    ) -> TextMerge:
        """Return git's merge of everything but the projects below this one, where no file of its went."""
        others = files_of_others(self.trees, project, {*old, *new})
        if not others:
            return self._merged_by_git(project, old, new, ours)
        own = self.trees.edit(project, dict.fromkeys(others))
        text = self._merged_by_git(own, old, new, ours)
        return replace(text, tree=self.trees.edit(text.tree, others))

    def _merged_by_git(
        self, project: str, old: Tree, new: Tree, ours: Mapping[str, Entry | None]
    ) -> TextMerge:
        for entry in ours.values():
            if _is_file(entry):
                self.store.assume(entry.id)
        base = self.trees.build(old)
        return self.store.text_merge(base, project, self.trees.build_next(base, old, new))

    def _merged_in_place(
        self, project: str, old: Tree, new: Tree, ours: Mapping[str, Entry | None]
    ) -> TextMerge:
        """Return what git's merge is where no file can have moved: each path is merged alone then.

        git has to be asked about those alone that both sides changed.
        """
        edits: dict[str, Entry | None] = {}
        contested: dict[str, Entry | None] = {}
        for path, after in new.items():
            before, mine = old.get(path), ours[path]
            if before == after:
                continue
            was = None if before is None else entry_of(before, self.store.algorithm)
            entry = entry_of(after, self.store.algorithm)
            if mine == was:
                self.store.remember(entry.id, after.content)
                edits[path] = entry
            elif mine != entry:
                contested[path] = mine
        if not contested:
            return TextMerge(self.trees.edit(project, edits) if edits else project, (), ())
        text = self._merged_by_git(
            self.trees.edit("", contested),
            {path: old[path] for path in contested if path in old},
            {path: new[path] for path in contested},
            contested,
        )
        edits |= dict(self.trees.files(text.tree))
        return replace(text, tree=self.trees.edit(project, edits))


@frozen
class _Merged:
    """git's merge of the parts, to be told as changes."""

    merging: _Merging
    parts: _Parts
    ends: Mapping[str, Ends]
    text: TextMerge

    def changes(self) -> Iterator[Change]:
        """Yield what happens to each path of the text merge."""
        stages = self._stages()
        trees, project = self.merging.trees, self.merging.project
        changed = set(trees.difference(project, self.text.tree)) | set(stages) | set(self.ends)
        pairs = moves.pairs(self.text, self.parts.base, changed, self._added_by_ours(changed))
        for path in sorted(changed):
            if path in stages:
                for change in self._unmerged(path, stages[path]):
                    yield replace(change, origin=pairs.get(change.path, change.origin))
            else:
                change = self._clean(path, pairs)
                if change.before != change.after or change.settlements:
                    yield change

    def _added_by_ours(self, paths: Iterable[str]) -> dict[str, File]:
        known = self.parts.base.keys() | self.parts.theirs.keys()
        return {
            path: ours
            for path in paths
            if path not in known and (ours := self.merging.ours(path)) is not None
        }

    def _stages(self) -> dict[str, Stages]:
        stages: dict[str, dict[int, File]] = defaultdict(dict)
        for entry in self.text.unmerged:
            file = self.merging.file(Entry(entry.mode, entry.id))
            stages[entry.path][entry.stage] = self._with_ends(entry.path, file)
        return stages  # type: ignore[return-value]

    def _with_ends(self, path: str, file: File) -> File:
        return with_line_ends(file, self.ends[path]) if path in self.ends else file

    def _merged_file(self, path: str) -> File | None:
        entry = self.merging.trees.find(self.text.tree, path)
        return self._with_ends(path, self.merging.file(entry)) if _is_file(entry) else None

    def _clean(self, path: str, pairs: Mapping[str, str]) -> Change:
        before, after = self.merging.ours(path), self._merged_file(path)
        old, new = self.parts.base.get(path), self.parts.theirs.get(path)
        origin = pairs.get(path, "")
        told = _told_clean(before, after, old, new, origin)
        if told[0] is Kind.MERGED and is_derived(path, self.merging.policy, before, after):
            told = (Kind.MERGED, "derived", "merged as text: build it again")
        change = Change(path, told[0], told[1], told[2], before, after, origin=origin)
        change = replace(change, origin=origin if change.kind is Kind.MOVED else "")
        is_read = change.code in {"both-changed", "you-moved"} and _is_data(path)
        if not is_read:
            return change
        there = change.origin or path
        return self._whole(change, self.parts.base.get(there), self.parts.theirs.get(there))

    def _whole(self, change: Change, old: File | None, new: File | None) -> Change:
        """Return a change by git's merge, or what becomes of it where it is data that can no longer be read."""
        before, after = change.before, change.after
        if old is None or before is None or new is None or after is None or old in (before, new):
            return change
        from scaffold.merge.settle import Contest  # noqa: PLC0415 - see `_contested`

        pieces: tuple[Piece, ...] = (split(after.content),)
        base, ours, theirs = (
            self._with_ends(change.path, side).content for side in (old, before, new)
        )
        pieces, told = _read(Contest(change.path, base, ours, theirs, pieces))
        left = regions_of(pieces)
        after = File(content_of(pieces, self.merging.labels), after.mode)
        change = replace(change, after=after, settlements=told, regions=left)
        if left:
            stages = {1: old, 2: before, 3: new}
            kind, code = Kind.CONFLICT, "unreadable"
            return replace(change, kind=kind, code=code, reason=_UNREADABLE, stages=stages)
        is_settled = told and change.kind is Kind.MERGED
        return replace(change, code="settled", reason=_SETTLED) if is_settled else change

    def _unmerged(self, path: str, stages: Stages) -> Iterator[Change]:
        before = self.merging.ours(path)
        sides = set(stages)
        if sides == {1, 3}:
            reason = "you deleted it; the template's change is left out"
            yield Change(path, Kind.KEPT_DELETED, "you-deleted", reason, before, None)
        elif sides == {1, 2}:
            reason = "the template deleted it; yours stays until you decide"
            kept = before or stages[2]
            yield Change(path, Kind.KEPT, "template-deleted", reason, before, kept, stages)
        elif sides >= {2, 3}:
            yield self._contested(path, before, stages)
        else:
            yield from self._moved_apart(path, before, stages)

    def _moved_apart(self, path: str, before: File | None, stages: Stages) -> Iterator[Change]:
        """Yield the change of one path of a file that both sides moved, to different places: yours wins."""
        merged = self._merged_file(path)
        if set(stages) == {1}:
            return
        if set(stages) == {3}:
            reason = "the template moved a file there that you moved elsewhere"
            yield Change(path, Kind.KEPT_DELETED, "moved-apart", reason, before, None)
        elif merged != before:
            reason = "both sides moved it; it stays where you moved it, and the change follows"
            old, new = moves.moved_apart(self.text).get(path, ("", ""))
            sides = {1: self.parts.base.get(old), 2: before, 3: self.parts.theirs.get(new)}
            given = {stage: file for stage, file in sides.items() if file is not None}
            yield replace(self._contested(path, before, given, moved=reason), origin=new)

    def _contested(self, path: str, before: File | None, stages: Stages, moved: str = "") -> Change:
        merged = self._merged_file(path)
        sides = [stages.get(stage, File(b"")).content for stage in (1, 2, 3)]
        if merged is None or any(is_binary(side) for side in sides) or _is_link(stages.get(2)):
            reason = "both sides changed it, and it is no text; yours is in place"
            return Change(path, Kind.CONFLICT, "binary", reason, before, stages.get(2), stages)
        old, mine, new = sides
        size = MOVED_MARKER_SIZE if moved else MARKER_SIZE
        pieces = parse(merged.content, base=old, ours=mine, theirs=new, size=size)
        is_built = is_derived(path, self.merging.policy, *stages.values())
        from scaffold.merge.settle import Contest  # noqa: PLC0415 - many rules, for what meets alone

        contest = Contest(path, old, mine, new, pieces)
        pieces, settlements = (as_one(pieces), ()) if is_built else self._settled(contest)
        met = regions_of(pieces)
        if not is_built and _is_data(path):
            pieces, more = _read(replace(contest, pieces=pieces))
            settlements = (*settlements, *more)
        after = File(content_of(pieces, self.merging.labels), merged.mode)
        after = self._with_ends(path, after)
        left = regions_of(pieces)
        if not left:
            kind = Kind.MOVED if moved else Kind.MERGED
            code = "both-moved" if moved else "settled"
            reason = moved or _SETTLED
            return Change(path, kind, code, reason, before, after, settlements=settlements)
        code = "derived" if is_built else "content" if 1 in stages else "both-added"
        reason = f"both sides changed the same lines, in {left} place{'s' if left > 1 else ''}"
        if not met:
            code, reason = "unreadable", _UNREADABLE
        return Change(
            path, Kind.CONFLICT, code, reason, before, after, stages, "", settlements, left
        )

    def _settled(self, contest: Contest) -> tuple[tuple[Piece, ...], tuple[Settlement, ...]]:
        """Return what the rules make of a file, aligned and laid out so that least is left to decide."""
        from scaffold.merge.layout import layouts  # noqa: PLC0415
        from scaffold.merge.settle import settle  # noqa: PLC0415 - see `_contested`

        policy = self.merging.policy
        best, told = settle(contest, policy)
        if not regions_of(best):
            return best, told
        sides = (contest.base, contest.ours, contest.theirs)
        pieces, more = settle(self._aligned(contest.path, *sides), policy)
        if (0, 0) < left_in(pieces) < left_in(best):  # never to hide that the two algorithms differ
            best, told = pieces, more
        if not policy.may_replace:
            return best, told
        for each, done in layouts(contest.path, sides, self.merging.ours):
            pieces, more = settle(self._aligned(contest.path, *each), policy)
            if left_in(pieces) < left_in(best):
                best, told = pieces, (done, *more)
        return best, told

    def _aligned(self, path: str, base: bytes, ours: bytes, theirs: bytes) -> Contest:
        """Return a merge by git's other algorithm, Myers': trees are merged with histograms."""
        from scaffold.merge.settle import Contest  # noqa: PLC0415 - see `_contested`

        marked = self.merging.store.merge_file(base, ours, theirs)
        pieces = parse(marked, base=base, ours=ours, theirs=theirs)
        return Contest(path, base, ours, theirs, pieces)


def _is_data(path: str) -> bool:
    from scaffold.merge_keys import reader_of  # noqa: PLC0415 - for what both sides changed

    return reader_of(path.rsplit("/", 1)[-1]) is not None


def _read(contest: Contest) -> tuple[tuple[Piece, ...], tuple[Settlement, ...]]:
    from scaffold.merge.readable import rejoined  # noqa: PLC0415 - for data alone

    return rejoined(contest)


def _told_clean(
    before: File | None, after: File | None, old: File | None, new: File | None, origin: str
) -> tuple[Kind, str, str]:
    if after is None:
        return _told_gone(before, old, origin)
    if before is None:
        return _told_new(after, new, origin)
    if old is None and new is None:
        where = f" from {origin}" if origin else ""
        return (
            Kind.MOVED,
            "you-moved",
            f"the template's change follows the file that you moved{where}",
        )
    if before == old:
        return Kind.UPDATED, "template-changed", "the template changed it, and you had not"
    return Kind.MERGED, "both-changed", "both sides changed it, in different places"


def _told_gone(before: File | None, old: File | None, origin: str) -> tuple[Kind, str, str]:
    if origin:
        return Kind.DELETED, "template-moved", f"the template moved it to {origin}"
    if before != old:  # else git had left it to you
        return Kind.DELETED, "template-moved", "the template moved it, and your changes with it"
    reason = "the template deleted it, and you had not changed it"
    return Kind.DELETED, "template-deleted", reason


def _told_new(after: File, new: File | None, origin: str) -> tuple[Kind, str, str]:
    if new is None:
        reason = "the template added it to a folder that you renamed"
        return Kind.MOVED, "you-moved-folder", reason
    if after == new:
        return Kind.ADDED, "template-added", "new in the template"
    where = f" from {origin}" if origin else ""
    return Kind.MOVED, "template-moved", f"the template moved it{where}, and your changes with it"


def _recorder(store: Store, written: dict[str, tuple[str, bytes]]) -> Trees:
    """Return the store's trees, which also note in `written` what they store."""

    def keep(identifier: str, kind: str, content: bytes) -> None:
        store.keep(identifier, kind, content)
        written[identifier] = (kind, content)

    return Trees(store.read, keep, store.algorithm)


def _folder(trees: Trees, root: str, prefix: str) -> str:
    entry = trees.find(root, prefix) if prefix and root else None
    if not prefix:
        return root
    return entry.id if entry is not None and entry.mode == FOLDER else ""


def _join(prefix: str, path: str) -> str:
    return f"{prefix}/{path}" if prefix else path


def _path(change: Change) -> str:
    return change.path


def _is_link(file: File | None) -> bool:
    return file is not None and file.mode == "120000"


def _is_file(entry: Entry | None) -> TypeGuard[Entry]:
    return entry is not None and entry.mode not in {FOLDER, SUBMODULE}


def _can_have_moved(old: Tree, new: Tree, ours: Mapping[str, Entry | None]) -> bool:
    """Return whether git would look where a file went: it does for those that are not at their old path any more.

    A folder at a file's path counts as well.
    """
    return not old.keys() <= new.keys() or any(
        path in old if entry is None else not _is_file(entry) for path, entry in ours.items()
    )
