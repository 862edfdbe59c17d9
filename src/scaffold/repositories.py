"""Where templates come from: git repositories and bundles, read through bare copies in the cache."""

from __future__ import annotations

import os
import posixpath
import re
import signal
import stat
import tempfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TypeAlias

from scaffold import cache
from scaffold.digests import sha256
from scaffold.errors import ScaffoldError
from scaffold.git import Git, GitError
from scaffold.tree import File, Mode
from scaffold.trust.addresses import check_address, exists, is_remote, strip_userinfo
from scaffold.trust.limits import Limits, binding_git, exceeded
from scaffold.trust.paths import LONGEST_PATH
from scaffold.trust.text import escape
from scaffold.values import frozen

_FULL_ID = re.compile(r"[0-9a-f]{40}")
_LONGEST_LISTING = 64_000_000
_OUTSIDE = Path("/")
"""A folder in no repository, whose settings would hold for every git that is started there."""
_MOST_LINKS = 40

# What somebody packed is kept packed, and its large files are not taken into memory.
_FETCH = (
    "fetch.unpackLimit=1",
    "pack.threads=2",
    "core.bigFileThreshold=32m",
    "core.logAllRefUpdates=false",
)
_LIMITING = {int(getattr(signal, name, 0)) for name in ("SIGXCPU", "SIGXFSZ", "SIGKILL", "SIGALRM")}
_LIMITED = r"died of signal (9|14|24|25)|[Oo]ut of memory|malloc failed"

_Entries: TypeAlias = "dict[str, tuple[Mode, str, int]]"
"""Path -> mode, blob id and size."""


@frozen
class References:
    """What a repository points at: tags and branches -> full commit ids."""

    tags: Mapping[str, str]
    branches: Mapping[str, str]
    head: str = ""

    def is_known_to(self, copy: References) -> bool:
        """Return whether `copy` has these tags, and the branches where they are now."""
        return self.tags.keys() <= copy.tags.keys() and (
            self.branches.items() <= copy.branches.items()
        )


@frozen
class Repository:
    """A git repository, bundle or address, and its bare copy in the cache.

    Args:
        address: What git is given; may hold a password, so it is never shown or stored.
        copy: The bare copy; empty until something is read that is not there.
        offline: Reach no network: only what is on this machine, or was fetched before.
    """

    address: str
    copy: Path
    offline: bool = False

    @classmethod
    def at(cls, address: str, *, offline: bool = False) -> Repository:
        """Return the repository at `address`.

        Raises:
            ScaffoldError: Templates do not come from there.
        """
        checked = check_address(address)
        if not is_remote(checked) and "://" not in checked:
            checked = str(Path(checked).resolve())
        _refuse_settings(checked)
        key = sha256(strip_userinfo(checked).encode()).hexdigest()[:24]
        return cls(checked, cache.private_folder("copies") / f"{key}.git", offline)

    def references(self) -> References:
        """Return the tags and branches: as they are, or offline, as they were when last fetched.

        Raises:
            ScaffoldError: The repository cannot be reached.
        """
        if self._is_cut_off:
            return self._copied_references()
        if exists(Path(self.address)) and Path(self.address).is_file():
            return self._bundled()
        listed = self._listed_here() if self._is_folder else self._listed()
        return _references(listed.splitlines())

    def _bundled(self) -> References:
        """Return the tags and branches of a bundle, which are kept for as long as it is the same file."""
        status = Path(self.address).stat()
        stamp = (status.st_size, status.st_mtime_ns)
        place = cache.folder("bundles") / self.copy.stem
        kept = cache.load(place)
        if kept is not None and kept[0] == stamp:
            return References(*kept[1])
        found = self._peeled(_references(self._listed().splitlines()))
        cache.save(place, (stamp, (dict(found.tags), dict(found.branches), found.head)))
        return found

    @property
    def _is_cut_off(self) -> bool:
        return self.offline and is_remote(self.address)

    @property
    def _reach(self) -> Mapping[str, str]:
        """Return what keeps git from the network, which a setting of the user's may send it to for any address."""
        return {"GIT_ALLOW_PROTOCOL": "file"} if self.offline else {}

    @property
    def _is_folder(self) -> bool:
        folder = Path(self.address)
        return not is_remote(self.address) and exists(folder) and folder.is_dir()

    def _listed_here(self) -> str:
        """Return what `git ls-remote` would say of a folder of this machine: by one process, not by four.

        git is not told that this is a repository, so that it looks whose it is.
        """
        settings = ("safe.bareRepository=all",)
        outside = Git(Path(self.address), config=settings, bind=_binding())
        above = os.fspath(Path(self.address).parent)
        arguments = ("show-ref", "--head", "--dereference")
        listed = self._bounded(outside, *arguments, env={"GIT_CEILING_DIRECTORIES": above})
        return self._counted(listed.replace(" ", "\t"))

    def _counted(self, listed: str) -> str:
        """Return `listed` if it has no more references than it may: each costs a file when it is fetched."""
        most = Limits.from_environment().references
        if len(re.findall(r"\trefs/(?:heads|tags)/.*(?<!\^\{\})$", listed, re.MULTILINE)) > most:
            raise exceeded(f"has more than {most:,} tags and branches", "REFERENCES")
        return listed

    def _listed(self) -> str:
        """Return what `git ls-remote` says."""
        outside = Git(_OUTSIDE, bind=_binding())
        listed = self._bounded(
            outside, "ls-remote", "--symref", "--", self.address, env=self._reach
        )
        return self._counted(listed)

    def _bounded(self, git: Git, *arguments: str, env: Mapping[str, str] | None = None) -> str:
        try:
            listed = git.bounded(*arguments, most=_LONGEST_LISTING, env=env)
        except GitError as error:
            if error.returncode == 1 and not error.stderr:  # show-ref, where there is no reference
                return ""
            raise self._unreachable(error) from None
        if listed is None:
            raise ScaffoldError(
                f"the template at {self._shown} has too many references", code="over-limit"
            )
        return listed.decode("utf-8", "surrogateescape")

    def find(self, ref: str) -> str:
        """Return the full commit id of `ref`, a commit id or the start of one.

        Raises:
            ScaffoldError: There is no such commit.
        """
        if not re.fullmatch(r"[0-9a-f]{7,40}", ref):
            raise self._missing(ref)
        found = self._lookup(ref)
        whole = ref if _FULL_ID.fullmatch(ref) else ""
        if not found:
            self._fetch_all(or_alone=whole)
            found = self._lookup(ref)
        if not found and whole:
            self._fetch(whole)  # on no branch any more, but a server may still have it
            found = self._lookup(ref)
        if not found:
            raise self._missing(ref)
        return found

    def is_before(self, older: str, newer: str) -> bool:
        """Return whether the commit `older` lies in the history of `newer`; not where one is gone.

        Raises:
            ScaffoldError: The repository cannot be reached.
        """
        try:
            commits = [self.find(each) for each in (older, newer)]
        except ScaffoldError as error:
            if error.code != "unknown-version":
                raise
            return False
        asked = ("merge-base", "--is-ancestor", *commits)
        return self._git(*asked, expect=(0, 1)).returncode == 0

    def read(self, commit: str, directory: str, limits: Limits) -> dict[str, File]:
        """Return the files of `commit`, those under `directory` by their path in it.

        Links that lead to a file outside `directory` but inside the repository are followed.

        Raises:
            ScaffoldError: The commit is not there, or is larger than the limits allow.
        """
        self.find(commit)
        entries = self._with_links_followed(self._listing(commit, limits))
        chosen = _under(entries, directory)
        if not chosen:
            raise ScaffoldError(
                f"the template has no folder {escape(directory)}"
                if directory
                else "the template is empty",
                hint="name another one with --directory, or another version of it",
                code="no-template",
            )
        limits.check_size(len(chosen), sum(size for _, _, size in chosen.values()))
        contents = self._contents({blob for _, blob, _ in chosen.values()})
        return {path: File(contents[blob], mode) for path, (mode, blob, _) in chosen.items()}

    def _peeled(self, listed: References) -> References:
        """Return the references of a bundle, which lists annotated tags without their commits."""
        known = self._copied_references() if self.copy.is_dir() else None
        if known is None or not listed.is_known_to(known):
            self._fetch()
            known = self._copied_references()
        tags = {name: known.tags[name] for name in listed.tags if name in known.tags}
        return References(tags, listed.branches, listed.head)

    def _copied_references(self) -> References:
        if not self.copy.is_dir():
            raise ScaffoldError(
                f"{self._shown} was never fetched",
                hint="run once without --offline",
                code="offline",
            )
        listed = self._git(
            "for-each-ref",
            "--format=%(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end)\t%(refname)",
        )
        head = self._git("symbolic-ref", "HEAD").text
        return _references([f"ref: {head}\tHEAD", *listed.text.splitlines()])

    @property
    def _git(self) -> Git:
        return Git(self.copy, git_dir=self.copy)

    @property
    def _shown(self) -> str:
        return escape(strip_userinfo(self.address))

    def _lookup(self, ref: str) -> str:
        if not self.copy.is_dir():
            return ""
        arguments = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        return self._git(*arguments, expect=(0, 1, 128)).text.strip()

    def _fetch_all(self, *, or_alone: str) -> None:
        """Fetch everything; where the history has holes, as in a partial clone, one commit alone will do."""
        try:
            self._fetch()
        except ScaffoldError:
            if not or_alone or self._is_cut_off:
                raise
            self._fetch(or_alone, depth=1)
            if not self._lookup(or_alone):
                raise

    def _fetch(self, *commits: str, depth: int = 0) -> None:
        if self._is_cut_off:
            raise ScaffoldError(
                f"{self._shown} has to be fetched",
                hint="run once without --offline",
                code="offline",
            )
        if not self.copy.is_dir():
            self._create()
        bind = binding_git(Limits.from_environment())
        git = Git(self.copy, git_dir=self.copy, config=_FETCH, bind=bind)
        wanted = commits or ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
        try:
            git.bounded(
                "fetch",
                "--quiet",
                "--force",
                "--no-tags",
                "--update-shallow",
                "--no-write-fetch-head",
                "--no-recurse-submodules",
                *([f"--depth={depth}"] if depth else []),
                "--end-of-options",
                self.address,
                *wanted,
                most=_LONGEST_LISTING,
                env={**self._without_hook(), **self._reach},
            )
        except GitError as error:
            if not commits:
                raise self._unreachable(error) from None

    def _without_hook(self) -> Mapping[str, str]:
        """Return what keeps the git that reads a repository of this machine from a hook of the user's own settings.

        `-c` does not reach that git, and a setting cannot be taken back, so that none of the user's is read.
        """
        if not self._is_folder:
            return {}
        name = "uploadpack.packObjectsHook"
        hook = Git(_OUTSIDE)("config", "--get", name, expect=(0, 1)).text
        return {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull} if hook else {}

    def _create(self) -> None:
        with tempfile.TemporaryDirectory(dir=self.copy.parent) as folder:
            fresh = Path(folder) / "copy.git"
            Git(_OUTSIDE)("init", "--quiet", "--bare", "--template=", "--", str(fresh))
            head = self._head()
            if head:
                Git(fresh, git_dir=fresh)("symbolic-ref", "HEAD", head)
            if not self.copy.is_dir():
                fresh.rename(self.copy)

    def _head(self) -> str:
        match = re.search(r"^ref: (refs/heads/\S+)\tHEAD$", self._listed(), re.MULTILINE)
        return match[1] if match else ""

    def _listing(self, commit: str, limits: Limits) -> _Entries:
        arguments = ("ls-tree", "-r", "-z", "-l", "--full-tree", commit)
        output = self._git.bounded(*arguments, most=_LONGEST_LISTING)
        if output is None:
            limits.check_size(limits.files + 1, 0)
            raise ScaffoldError("the template has too many files", code="over-limit")
        entries: _Entries = {}
        for line in output.split(b"\0")[:-1]:
            head, _, path = line.partition(b"\t")
            mode, kind, blob, size = head.decode().split()
            if kind == "blob":  # a submodule is a repository of its own, and none of the template's
                text: Mode = (
                    "120000" if mode == "120000" else "100755" if mode == "100755" else "100644"
                )
                entries[path.decode("utf-8", "surrogateescape")] = (text, blob, int(size))
        return entries

    def _with_links_followed(self, entries: _Entries) -> _Entries:
        links = {
            path: blob
            for path, (mode, blob, size) in entries.items()
            if mode == "120000" and size <= LONGEST_PATH
        }
        if not links:
            return entries
        Limits.from_environment().check_size(len(links), 0)
        contents = self._contents(set(links.values()))
        targets = {path: os.fsdecode(contents[blob]) for path, blob in links.items()}
        found = {path: follow(path, targets) for path in links}
        return {**entries, **{path: entries[to] for path, to in found.items() if to in entries}}

    def _contents(self, blobs: Collection[str]) -> dict[str, bytes]:
        wanted = sorted(blobs)
        output = self._git("cat-file", "--batch", stdin="".join(f"{b}\n" for b in wanted).encode())
        contents = {}
        data, at = memoryview(output.stdout), 0
        for blob in wanted:
            end = output.stdout.index(b"\n", at)
            size = int(output.stdout[at:end].split()[2])
            contents[blob] = bytes(data[end + 1 : end + 1 + size])
            at = end + 1 + size + 1
        return contents

    def _missing(self, ref: str) -> ScaffoldError:
        hint = f"see `git ls-remote {self._shown}`"
        if _FULL_ID.fullmatch(ref):  # of a lock or of cruft, and the history was rewritten since
            hint = "go on from another one: `scaffold upgrade`, or where a project begins --ref"
        return ScaffoldError(
            f"the template has no version {escape(ref)}", hint=hint, code="unknown-version"
        )

    def _unreachable(self, error: GitError) -> ScaffoldError:
        if -error.returncode in _LIMITING or re.search(_LIMITED, error.stderr):
            limit = Limits.from_environment()
            return exceeded(
                f"takes git more than {limit.fetch_seconds} s, or {limit.memory_mb:,} MB of memory",
                "FETCH_SECONDS or SCAFFOLD_LIMIT_MEMORY_MB",
            )
        lines = [line for line in error.stderr.strip().splitlines() if line.strip()]
        reasons = [line for line in lines if line.startswith(("fatal:", "error:", "ssh:"))] or lines
        reason = escape(strip_userinfo(reasons[0])) if reasons else f"exit code {error.returncode}"
        return ScaffoldError(
            f"the template at {self._shown} cannot be read: {reason}",
            hint="check the address, the network and what git may read; if it moved, say --template",
            code="unreachable",
        )


def _refuse_settings(address: str) -> None:
    """Refuse a bare repository whose settings lead git elsewhere: it may be part of a pull request.

    Raises:
        ScaffoldError: Its settings include others, or those or its references are links, or elsewhere altogether.
    """
    folder = Path(address.removeprefix("file://"))
    if is_remote(address) or not exists(folder / "HEAD") or not (folder / "objects").is_dir():
        return
    own = [folder / name for name in ("config", "config.worktree", "HEAD", "packed-refs", "refs")]
    settings = [_content(path) for path in own[:2]]
    if (
        exists(folder / "commondir")
        or any(map(_is_special, own))
        or any(re.search(rb"\[\s*include", text, re.IGNORECASE) for text in settings)
    ):
        raise ScaffoldError(
            f"the settings of the bare repository {escape(address)} lead to files outside of it",
            hint="if it is yours, clone it, and name the clone",
            code="unreachable",
        )


def _is_special(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _content(path: Path) -> bytes:
    if _is_special(path) or not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(_LONGEST_LISTING)


def _binding() -> Callable[[], None] | None:
    return binding_git(Limits.from_environment(), waits=True)


def follow(path: str, links: Mapping[str, str]) -> str:
    """Return where the link `path` leads through `links`, or nothing if that is outside or nowhere."""
    for _ in range(_MOST_LINKS):
        target = links.get(path)
        if target is None:
            return path
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        if path.startswith(("/", "../")) or path == "..":
            return ""
    return ""


def is_repository(path: Path) -> bool:
    """Return whether `path` is a bundle, a work tree's root, or a bare repository."""
    if path.is_file():
        with path.open("rb") as file:
            return re.match(rb"# v[23] git bundle\n", file.read(20)) is not None
    return (path / ".git").exists() or ((path / "HEAD").is_file() and (path / "objects").is_dir())


def _references(lines: list[str]) -> References:
    """Return what `ls-remote --symref` listed; an annotated tag's own line is followed by its commit's."""
    tags: dict[str, str] = {}
    branches: dict[str, str] = {}
    head = ""
    for line in lines:
        commit, _, name = line.partition("\t")
        if commit.startswith("ref: "):
            head = commit.removeprefix("ref: refs/heads/") if name == "HEAD" else head
        elif name.startswith("refs/heads/"):
            branches[name.removeprefix("refs/heads/")] = commit
        elif name.startswith("refs/tags/"):
            tags[name.removeprefix("refs/tags/").removesuffix("^{}")] = commit
        elif name == "HEAD" and not head:
            head = commit
    return References(tags, branches, branches.get(head, head if _FULL_ID.fullmatch(head) else ""))


def _under(entries: Mapping[str, tuple[Mode, str, int]], directory: str) -> _Entries:
    if not directory:
        return dict(entries)
    prefix = directory.strip("/") + "/"
    return {
        path.removeprefix(prefix): entry
        for path, entry in entries.items()
        if path.startswith(prefix)
    }
