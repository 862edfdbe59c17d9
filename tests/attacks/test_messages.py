"""What a template says of itself, in the commits and pull requests of a project: words, and nothing that they do."""

from __future__ import annotations

import json
import re

import pytest
from attacks import Attack
from conftest import Scratch, git

from scaffold.commands.rendering import fetched
from scaffold.commands.wishes import Wishes
from scaffold.spec import Source
from scaffold.trust.store import describe

SAID = [
    "Closes #12",
    "fixes: owner/project#3",
    "Resolves https://github.com/owner/project/issues/7",
    "[skip ci]",
    "[CI Skip]",
    "[no ci]",
    "[skip actions]",
    "***NO_CI***",
    "skip-checks: true",
    "@everyone",
    "![x](https://evil.invalid/x.png)",
    "<img src=x>",
    "<!--",
    "## To decide",
    "```",
    "````text",
    "\x1b[2J",
]
OBEYED = re.compile(
    r"\[[^\]]*\b(skip|no)\b[^\]]*\]|\*\*\*NO_CI|skip-checks:|"
    r"\b(closes|fixes|resolves):?\s+\S*(#|/)\d|\x1b",
    re.IGNORECASE,
)


def upgraded(made: Scratch, message: str, files: dict[str, str]) -> tuple[str, str]:
    """Return the commit's message and the pull request's body of an upgrade to a release that says `message`."""
    made.write_template(Attack("two", "", "", {"a": "two\n", **files}, {"q": message}))
    made.commit()
    text = made.home / "message"
    text.write_text(message)
    git(made.template, "tag", "--cleanup=verbatim", "-F", str(text), "v2-@everyone")
    said = made.run("upgrade", "--to", "v2-@everyone", "--yes", "--commit")
    assert said.exit_code == 0, said.output
    body = json.loads(said.output)["pull_request"]["body"]
    return git(made.project, "log", "-1", "--format=%B"), body


def without_code(markdown: str) -> str:
    """Return a text without its fenced blocks and code spans, as CommonMark finds them."""
    kept, fence = [], ""
    for line in markdown.splitlines():
        mark = re.match("`{3,}", line)
        if fence and line.strip() == fence:
            fence = ""
        elif not fence and mark:
            fence = mark[0]
        elif not fence:
            kept.append(line)
    assert not fence
    return re.sub(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", "", "\n".join(kept))


@pytest.mark.parametrize("text", SAID)
def test_release_notes_do_nothing_in_a_commit_and_a_pull_request(text, made):
    commit, body = upgraded(made, f"News\n\n{text}\n", {"@everyone`b": "x\n", "Closes #1": "x\n"})

    assert not OBEYED.search(commit)
    plain = without_code(body)
    assert not OBEYED.search(plain)
    for mark in ("@", "![", "<img", "<!--", "evil.invalid"):
        assert mark not in plain
    assert plain.count("## To decide") == 0
    assert "News" in body
    assert "News" in commit


def test_what_is_no_switch_is_left_as_it_is(made):
    text = "Faster [start](x), fixes 3 slow queries; see #12 and [note]"

    commit, body = upgraded(made, f"{text}\n", {})

    assert text in commit
    assert text in body


def test_the_code_that_would_run_is_told_line_by_line(made):
    forged = "x\n  hooks/none.py (0 lines):\x1b[2K"
    made.write_template(Attack("two", "", "", {"a": "x"}, {"_extensions": [forged]}))
    made.commit("v2")

    told = describe(fetched(Source(str(made.template)), "v2", Wishes(made.project)))

    assert r"the Jinja extension x\n  hooks/none.py (0 lines):\x1b[2K" in told
    assert "\x1b" not in told


CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
EVIL = "a\x1b[2Jb\x9b\u202e\rc"


@pytest.mark.parametrize("command", ["new", "upgrade", "adopt", "list", "list --versions"])
@pytest.mark.parametrize("place", ["path", "question", "prompt", "choice", "component", "message"])
def test_what_a_template_is_made_of_drives_no_terminal(place, command, made):
    files = {"{{cookiecutter.evil}}": "x\n"} if place == "path" else {"a": "two\n"}
    context = {
        "path": {"evil": EVIL},
        "question": {EVIL: "x"},
        "prompt": {"q": "x", "__prompts__": {"q": EVIL}},
        "choice": {"q": [EVIL, "b"]},
        "component": {"_components": {"base": {}, "extra": {"title": EVIL, "summary": EVIL}}},
    }.get(place, {})
    made.write_template(Attack("evil", "", "", files, context))
    made.commit()
    (made.home / "message").write_text(f"News {EVIL}\n")
    git(made.template, "tag", "-F", str(made.home / "message"), "v2")
    if command == "adopt":
        for name in ("scaffold.toml", "scaffold.lock"):
            (made.project / name).unlink()
        git(made.project, "commit", "-qam", "forget")
    named = ("--template", str(made.template))
    arguments = {
        "new": ("new", "other", *named, "--yes"),
        "upgrade": ("upgrade", "--yes", "--diff", "--dry-run"),
        "adopt": ("adopt", *named, "--yes"),
    }.get(command, (*command.split(), *named))

    for more in ((), ("--set", "q=none"), ("--set", f"{EVIL}=x")):
        said = made.run(*arguments, *(more if "list" not in command else ()), as_text=True)
        assert not CONTROL.search(said.output.replace("\t", "")), said.output
