"""Random histories of a template and of the people who use it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from hypothesis import strategies as st

from scaffold.tree import File, Mode

Files = Mapping[str, File]

PATHS = (
    "README.md",
    "src/main.py",
    "src/deep/other.py",
    "conf.toml",
    "ci/flow.yml",
    ".gitignore",
    "name with space",
    "ünï.txt",
    "-dash",
)
OWN_PATHS = ("own.txt", "src/own.py", "notes/own.md")
LINE_COUNT = 10


@dataclass(frozen=True)
class History:
    """Three releases of a template, and what a project made of the first."""

    first: Files
    second: Files
    third: Files
    project: Files


def first_release() -> st.SearchStrategy[Files]:
    """Return renders of a first release: a few files of numbered lines."""
    names = st.lists(st.sampled_from(PATHS), min_size=2, max_size=6, unique=True)
    return names.map(lambda chosen: {path: _fresh(path) for path in chosen})


def edits(who: str) -> st.SearchStrategy[Callable[[Files], Files]]:
    """Return what one side does to files; every line that it writes has its name in it."""
    number = st.integers(0, 10_000)
    step = st.one_of(
        st.tuples(st.just(_replace_line), st.integers(0, LINE_COUNT), number),
        st.tuples(st.just(_insert_line), st.integers(0, LINE_COUNT), number),
        st.tuples(st.just(_delete_line), st.integers(0, LINE_COUNT), number),
        st.tuples(st.just(_delete_file), st.just(0), number),
        st.tuples(st.just(_move_file), st.just(0), number),
        st.tuples(st.just(_add_file), st.just(0), number),
        st.tuples(st.just(_change_mode), st.just(0), number),
        st.tuples(st.just(_windows_ends), st.just(0), number),
        st.tuples(st.just(_open_end), st.just(0), number),
    )

    def run(steps: list[tuple[Callable[..., Files], int, int]]) -> Callable[[Files], Files]:
        def function(files: Files) -> Files:
            for change, line, seed in steps:
                files = change(files, who, line, seed)
            return files

        return function

    return st.lists(step, max_size=5).map(run)


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Return a history of both sides."""
    first = draw(first_release())
    second = draw(edits("template"))(first)
    third = draw(edits("later"))(second)
    project = draw(edits("mine"))(first)
    return History(first, second, third, project)


def lines_of(files: Files, who: str) -> set[bytes]:
    """Return the lines that somebody wrote."""
    return {
        line.strip()
        for file in files.values()
        for line in file.content.splitlines()
        if who.encode() in line
    }


def _fresh(path: str) -> File:
    return File("".join(_line(path, number) for number in range(LINE_COUNT)).encode())


def _line(path: str, number: int, word: str = "line") -> str:
    if path.endswith(".toml"):
        return f'{word}_{number} = "{path} {number}"\n'
    if path.endswith(".yml"):
        return f"{word}_{number}: {path} {number}\n"
    if path.endswith(".py"):
        return f"{word}_{number} = {number}  # {path}\n"
    return f"{word}_{number} of {path}\n"


def _at(files: Files, seed: int) -> str:
    return sorted(files)[seed % len(files)] if files else ""


def _with(files: Files, path: str, content: bytes) -> Files:
    return {**files, path: File(content, files[path].mode if path in files else "100644")}


def _on_lines(files: Files, seed: int, change: Callable[[str, list[bytes]], None]) -> Files:
    path = _at(files, seed)
    if not path:
        return files
    lines = files[path].content.splitlines(keepends=True)
    change(path, lines)
    return _with(files, path, b"".join(lines))


def _replace_line(files: Files, who: str, line: int, seed: int) -> Files:
    def change(path: str, lines: list[bytes]) -> None:
        if lines:
            lines[line % len(lines)] = _line(path, seed, who).encode()

    return _on_lines(files, seed, change)


def _insert_line(files: Files, who: str, line: int, seed: int) -> Files:
    def change(path: str, lines: list[bytes]) -> None:
        if lines and not lines[-1].endswith(b"\n"):
            lines[-1] += b"\n"
        lines.insert(line % (len(lines) + 1), _line(path, seed, who).encode())

    return _on_lines(files, seed, change)


def _delete_line(files: Files, who: str, line: int, seed: int) -> Files:
    del who

    def change(path: str, lines: list[bytes]) -> None:
        del path
        if lines:
            del lines[line % len(lines)]

    return _on_lines(files, seed, change)


def _delete_file(files: Files, who: str, line: int, seed: int) -> Files:
    del who, line
    gone = _at(files, seed)
    return {path: file for path, file in files.items() if path != gone}


def _move_file(files: Files, who: str, line: int, seed: int) -> Files:
    del line
    path = _at(files, seed)
    if not path:
        return files
    rest = {name: file for name, file in files.items() if name != path}
    return {**rest, f"{who}/moved-{seed % 3}-{path.rsplit('/', 1)[-1]}": files[path]}


def _add_file(files: Files, who: str, line: int, seed: int) -> Files:
    del line
    path = (*OWN_PATHS, *PATHS)[seed % (len(OWN_PATHS) + len(PATHS))]
    text = "".join(_line(path, number, who) for number in range(4))
    return files if path in files else {**files, path: File(text.encode())}


def _change_mode(files: Files, who: str, line: int, seed: int) -> Files:
    del who, line
    path = _at(files, seed)
    if not path:
        return files
    mode: Mode = "100644" if files[path].mode == "100755" else "100755"
    return {**files, path: File(files[path].content, mode)}


def _windows_ends(files: Files, who: str, line: int, seed: int) -> Files:
    del who, line
    path = _at(files, seed)
    if not path:
        return files
    content = files[path].content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return _with(files, path, content)


def _open_end(files: Files, who: str, line: int, seed: int) -> Files:
    del who, line
    path = _at(files, seed)
    return _with(files, path, files[path].content.rstrip(b"\r\n")) if path else files


def moved_places(path: str, files: Collection[str]) -> list[str]:
    """Return where people may have moved a file: what they move keeps its name at the end."""
    name = path.rsplit("/", 1)[-1]
    return [each for each in files if each.startswith("mine/moved-") and each.endswith(f"-{name}")]
