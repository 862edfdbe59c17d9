"""What a hostile template tries, as data: what it is, what it holds, and how it must end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ROOT = "{{cookiecutter.slug}}"
MARKER = "PWNED"
"""The file that every attack that gets code to run would make in the scratch home."""

RUN = f"import os,pathlib; pathlib.Path(os.environ.get('SCRATCH', '/tmp'), '{MARKER}').touch()"
SMALL = {"SCAFFOLD_LIMIT_CPU_SECONDS": "1", "SCAFFOLD_LIMIT_MEMORY_MB": "100"}

DONE = "done"
"""The render ends well, because the attack does nothing."""


@dataclass(frozen=True)
class Attack:
    """One attack.

    Args:
        id: A short name.
        what: What the template tries.
        expected: The code of the refusal, or `DONE` where the attack has no effect.
        files: Path in the project folder -> content.
        context: What `cookiecutter.json` says besides.
        outside: Path beside the project folder -> content.
        links: Path in the project folder -> where a symbolic link leads; `{home}` is the scratch home.
        limits: Settings of limits.
        answers: Answers of the command line, which a template's own repository cannot give.
        contains: File -> content that the render must have.
    """

    id: str
    what: str
    expected: str
    files: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    outside: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    contains: Mapping[str, str] = field(default_factory=dict)


def named(name: str, path: str, what: str) -> Attack:
    """Return an attack by a path that comes out of an answer's default."""
    return Attack(name, what, "bad-path", {"{{cookiecutter.evil}}": "x"}, {"evil": path})


PATHS = [
    named("parent", "../escaped", "climb out of the project"),
    named("parents", "a/../../../escaped", "climb out through a folder"),
    named("parent-last", "a/..", "name the folder above"),
    named("absolute", "/tmp/escaped-absolute", "write to an absolute path"),
    named("absolute-doubled", "//tmp/escaped", "write to a path that POSIX leaves open"),
    named("drive", "C:/Windows/x", "write to a drive"),
    named("drive-relative", "C:x", "write to the folder that a drive is at"),
    named("backslash", "..\\..\\escaped", "climb out on Windows"),
    named("unc", "\\\\server\\share\\x", "write to a share"),
    named("stream", "README.md:hidden", "write to an NTFS stream"),
    Attack(
        "nul",
        "cut the name short",
        "bad-answer",
        {"{{cookiecutter.evil}}": "x"},
        {"evil": "a\x00b"},
    ),
    named("newline", "a\nb", "break a line of a list of files"),
    named("escape", "a\x1b[2Jb", "clear the terminal"),
    named("delete", "a\x7f", "use a control byte"),
    named("c1", "a\x9bb", "use a control character of ISO 6429"),
    named("bidi", "a\u202egnp.exe", "turn a name around on the screen"),
    named("dash", "-rf", "become an option of a command"),
    named("dash-inside", "src/--output=x", "become an option of a command"),
    named("dot-last", "name.", "be another file on Windows"),
    named("space-last", "name ", "be another file on Windows"),
    named("dots", "...", "be a folder above on Windows"),
    named("device", "aux.py", "open a device on Windows"),
    named("device-alone", "NUL", "open a device on Windows"),
    named("device-superscript", "COM¹", "open a device on Windows"),
    named("device-space", "con .txt", "open a device on Windows"),
    named("long-name", "n" * 256, "be longer than file systems take"),
    named("long-bytes", "é" * 128, "be longer in bytes than file systems take"),
    named("long-path", "/".join(["abcdefgh"] * 500), "be longer than a path may be"),
    named("deep", "/".join(["d"] * 100), "be deeper than a walk may be"),
    named("git-hook", ".git/hooks/pre-commit", "plant a hook of git"),
    named("git-config", ".git/config", "set core.fsmonitor"),
    named("git-upper", ".GIT/config", "plant a hook where case does not count"),
    named("git-short", "git~1/config", "plant a hook by its DOS name"),
    named("git-zwnj", ".g\u200cit/config", "plant a hook where HFS+ ignores a character"),
    named("git-nested", "sub/.git/config", "make a folder a repository"),
    named("git-dot", ".git./config", "plant a hook where a trailing dot is dropped"),
    named("git-stream", ".git::$INDEX_ALLOCATION/config", "plant a hook through NTFS"),
    named("git-wide", "\uff0egit/config", "plant a hook by a compatibility character"),
    named("git-file", ".git", "point the work tree at another repository"),
    named("own-lock", "scaffold.lock", "write the lock"),
    named("own-spec", "Scaffold.toml", "write the spec where case does not count"),
    named("own-lock-short", "SCAFFO~1.LOC", "write the lock by its DOS name"),
    Attack("twins-case", "be two files in one", "bad-path", {"Readme": "a", "README": "b"}),
    Attack("twins-form", "be two files in one", "bad-path", {"é": "a", "e\u0301": "b"}),
    Attack("twins-folder", "be two folders in one", "bad-path", {"Src/a": "a", "src/b": "b"}),
    Attack(
        "file-and-folder",
        "be a file and a folder",
        "bad-path",
        {"a{{cookiecutter.none}}": "x", "A/b": "y"},
        {"none": ""},
    ),
    Attack(
        "name-twice",
        "hide one file behind another",
        "bad-path",
        {"a": "1", "{{cookiecutter.a}}": "2"},
        {"a": "a"},
    ),
    Attack(
        "dot-git-folder",
        "hold a .git folder by a condition",
        "bad-path",
        {"{% if true %}.git{% endif %}/config": "[core]\n"},
    ),
    Attack(
        "answer-parent",
        "take a path from an answer",
        "bad-path",
        {"{{cookiecutter.evil}}": "x"},
        {"evil": "ok"},
        answers={"evil": "../../escaped"},
    ),
    Attack(
        "answer-folder",
        "take a folder from an answer",
        "bad-path",
        {"{{cookiecutter.evil}}/x": "x"},
        {"evil": "ok"},
        answers={"evil": "../escaped"},
    ),
]

LINKS = [
    Attack(
        "link-absolute",
        "read a file of the machine",
        "bad-link",
        {"a": "x"},
        links={"l": "/etc/passwd"},
    ),
    Attack(
        "link-home", "read a file of the home", "bad-link", {"a": "x"}, links={"l": "{home}/secret"}
    ),
    Attack(
        "link-up", "read above the template", "bad-link", {"a": "x"}, links={"l": "../../../secret"}
    ),
    Attack("link-nowhere", "lead nowhere", "bad-link", {"a": "x"}, links={"l": "gone"}),
    Attack("link-loop", "lead around", "bad-link", {"a": "x"}, links={"l": "m", "m": "l"}),
    Attack(
        "link-folder",
        "write through a folder's link",
        "bad-link",
        {"a": "x"},
        links={"l": "{home}"},
    ),
    Attack(
        "link-copied",
        "copy a folder of the home",
        "bad-link",
        {"a": "x"},
        {"_copy_without_render": ["l"]},
        links={"l": "{home}"},
    ),
    Attack(
        "link-git",
        "lead to git's own folder",
        "bad-link",
        {"a": "x"},
        links={"l": "../.git/config"},
    ),
]


def jinja(name: str, source: str, what: str, expected: str = "render-failed") -> Attack:
    """Return an attack by what a template's file holds."""
    return Attack(f"jinja-{name}", what, expected, {"a": source}, {"text": "x"})


def into(text: str) -> str:
    return "{{ " + text + " }}"


JINJA = [
    jinja("mro", into("''.__class__.__mro__"), "reach object through a class"),
    jinja(
        "subclasses", into("cookiecutter.__class__.__base__.__subclasses__()"), "list all classes"
    ),
    jinja(
        "globals",
        into("namespace.__init__.__globals__.os.system('touch x')"),
        "reach os through a function",
    ),
    jinja("cycler", into("cycler.__init__.__globals__"), "reach os through cycler"),
    jinja("self", into("self._TemplateReference__context"), "reach the context"),
    jinja("self-env", into("self.__init__.__globals__"), "reach globals through self"),
    jinja("attr", into("'' | attr('__class__')"), "reach a class by a filter"),
    jinja("attr-joined", into("'' | attr('__cl' ~ 'ass__')"), "reach a class by a joined name"),
    jinja(
        "map-attribute",
        into("[''] | map(attribute='__class__') | list"),
        "reach a class through map",
        DONE,
    ),
    jinja("groupby", into("[''] | groupby('__class__')"), "reach a class through groupby", DONE),
    jinja("format", into("'{0.__class__}'.format('')"), "reach a class through format"),
    jinja(
        "format-map",
        into("'{a.__class__}'.format_map({'a': ''})"),
        "reach a class through format_map",
    ),
    jinja(
        "format-indirect",
        into("('{0.__class__}' | attr('format'))('')"),
        "reach a class through a method by name",
    ),
    jinja(
        "format-wrapped",
        into("'{0.__class__}'.format.__wrapped__('')"),
        "reach a class through what the sandbox wraps",
    ),
    jinja("item", into("''['__class__']"), "reach a class by an item"),
    jinja(
        "macro", "{% macro m() %}{% endmacro %}{{ m.__globals__ }}", "reach globals through a macro"
    ),
    jinja(
        "macro-func",
        "{% macro m() %}{% endmacro %}{{ m._func.__globals__ }}",
        "reach globals through a macro's function",
    ),
    jinja(
        "generator",
        into("(cookiecutter.values() | map('upper')).gi_frame.f_globals"),
        "reach a frame through a generator",
    ),
    jinja(
        "loop",
        "{% for i in [1] %}{{ loop._iterator.__class__ }}{% endfor %}",
        "reach a class through a loop",
    ),
    jinja("module", "{% import 'm' as m %}{{ m.__class__ }}", "reach a class through an import"),
    jinja("lipsum", into("lipsum.__globals__"), "reach globals through lipsum"),
    jinja("config", into("config"), "reach another framework's settings"),
    jinja("range-class", into("range.__class__('x', (), {})"), "make a class"),
    jinja(
        "dict-class",
        into("dict.fromkeys.__self__.__subclasses__()"),
        "reach a class through a method",
    ),
    jinja("undefined", into("nothing.__class__"), "reach a class through the undefined"),
    jinja("call-class", into("cookiecutter.text.__add__.__self__.__class__()"), "call a class"),
    jinja("import-os", "{% import 'os' as os %}", "import a module"),
    jinja("include-absolute", "{% include '/etc/passwd' %}", "include a file of the machine"),
    jinja("include-parent", "{% include '../../secret' %}", "include a file above the template"),
    jinja(
        "include-computed",
        "{% include cookiecutter.text ~ '/../../secret' %}",
        "include by a computed name",
    ),
    jinja("extends-parent", "{% extends '../cookiecutter.json' %}", "extend what is no template"),
    jinja("debug", "{% debug %}", "show the environment"),
    Attack("jinja-name", "run code in a file's name", "render-failed", {into("''.__class__"): "x"}),
    Attack(
        "jinja-folder",
        "run code in a folder's name",
        "render-failed",
        {into("''.__class__") + "/a": "x"},
    ),
    Attack(
        "jinja-default",
        "run code in a question's default",
        "render-failed",
        {"a": "x"},
        {"q": into("''.__class__.__mro__")},
    ),
    Attack(
        "jinja-private",
        "run code in a private value",
        "render-failed",
        {"a": "x"},
        {"__q": into("''.__class__.__mro__")},
    ),
    Attack(
        "jinja-choice",
        "run code in a choice",
        "render-failed",
        {"a": "x"},
        {"q": [into("''.__class__.__mro__"), "b"]},
    ),
    Attack(
        "jinja-table",
        "run code in a table's key",
        "render-failed",
        {"a": "x"},
        {"q": {into("''.__class__.__mro__"): "b"}},
    ),
    Attack(
        "jinja-answer",
        "have an answer rendered",
        DONE,
        {"a": into("cookiecutter.evil")},
        {"evil": "x"},
        answers={"evil": into("7 * 7")},
        contains={"a": into("7 * 7")},
    ),
    Attack(
        "jinja-option-finalize",
        "have a function called for each value",
        "refused",
        {"a": into("1")},
        {"_jinja2_env_vars": {"finalize": "os.system"}},
    ),
    Attack(
        "jinja-option-loader",
        "have a loader of its own",
        "refused",
        {"a": "x"},
        {"_jinja2_env_vars": {"loader": "x"}},
    ),
    Attack(
        "jinja-new-lines",
        "have any string for a line's end",
        "refused",
        {"a": "x\n"},
        {"_new_lines": "\n; rm -rf ~\n"},
    ),
]


def costly(name: str, source: str, what: str, **more: Any) -> Attack:
    """Return an attack on time or memory."""
    return Attack(f"limit-{name}", what, "over-limit", {"a": source}, limits=SMALL, **more)


LIMITS = [
    costly(
        "loop",
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "loop for hours",
    ),
    costly("string", into("'a' * 10**10"), "make a string of 10 GB"),
    costly("list", into("[0] * 10**10"), "make a list of 80 GB"),
    costly("center", into("'a' | center(10**10)"), "make a string by a filter"),
    costly(
        "doubling",
        "{% set ns = namespace(x='aaaaaaaa') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        "double a string",
    ),
    costly("format", into("'%9999999999d' % 1"), "format a long number"),
    costly(
        "slugify",
        into("('a' * 40 ~ '!') | slugify(regex_pattern='(a+)+$')"),
        "spend time in a pattern of a filter",
    ),
    costly("power", into("9**(9**9)"), "raise a number to the skies"),
    costly(
        "output",
        "{% for a in range(99999) %}{% for b in range(9999) %}xxxxxxxxxxxxxxx{% endfor %}{% endfor %}",
        "write without end",
    ),
    Attack(
        "limit-default",
        "spend time in a question's default",
        "over-limit",
        {"a": "x"},
        {"q": into("'a' * 10**10")},
        limits=SMALL,
    ),
    Attack(
        "limit-name",
        "spend memory in a name",
        "over-limit",
        {into("'a' * 10**10"): "x"},
        limits=SMALL,
    ),
    Attack(
        "limit-pattern",
        "spend time in a pattern",
        "over-limit",
        {"a": "x"},
        {"q": "a" * 40 + "!", "_settings": {"questions": {"q": {"pattern": "(a+)+$"}}}},
        limits=SMALL,
    ),
    Attack(
        "limit-files",
        "have many files",
        "over-limit",
        {f"f{n}": "" for n in range(30)},
        limits={"SCAFFOLD_LIMIT_FILES": "20"},
    ),
    Attack(
        "limit-bytes",
        "have large files",
        "over-limit",
        {"a": "x" * 1_100_000},
        limits={"SCAFFOLD_LIMIT_MEGABYTES": "1"},
    ),
    Attack(
        "limit-render-bytes",
        "render large files",
        "over-limit",
        {"a": into("'x' * 1100000")},
        limits={"SCAFFOLD_LIMIT_MEGABYTES": "1"},
    ),
    jinja("range", into("range(10**9) | list"), "make a huge range"),
    jinja("include-self", "{% include 'a' %}", "include itself"),
    jinja("macro-self", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "call itself"),
    jinja("nested-parens", "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "nest expressions"),
    jinja(
        "nested-blocks", "{% if 1 %}" * 5000 + "{% endif %}" * 5000, "nest blocks", "render-failed"
    ),
    jinja("nested-loops", "{% for i in [1] %}" * 200 + "{% endfor %}" * 200, "nest loops"),
    Attack(
        "json-nested",
        "nest JSON",
        "refused",
        {"a": "x"},
        outside={"cookiecutter.json": "[" * 100_000},
    ),
    Attack("json-none", "hold no JSON", "refused", {"a": "x"}, outside={"cookiecutter.json": "{"}),
    Attack(
        "json-kind",
        "hold another kind of JSON",
        "refused",
        {"a": "x"},
        outside={"cookiecutter.json": "[1]"},
    ),
]

CODE = [
    Attack(
        "hook-python",
        "run a hook after the render",
        DONE,
        {"a": "x"},
        outside={"hooks/post_gen_project.py": RUN},
    ),
    Attack(
        "hook-before",
        "run a hook before the render",
        DONE,
        {"a": "x"},
        outside={"hooks/pre_gen_project.py": RUN},
    ),
    Attack(
        "hook-prompt",
        "run a hook before the questions",
        DONE,
        {"a": "x"},
        outside={"hooks/pre_prompt.py": RUN},
    ),
    Attack(
        "hook-shell",
        "run a shell script",
        DONE,
        {"a": "x"},
        outside={"hooks/post_gen_project.sh": f"#!/bin/sh\ntouch $HOME/{MARKER}\n"},
    ),
    Attack(
        "extension-local",
        "import a module of the template",
        "not-trusted",
        {"a": "x"},
        {"_extensions": ["evil.Evil"]},
        {"evil.py": RUN},
    ),
    Attack(
        "extension-installed",
        "import a module of the machine",
        "not-trusted",
        {"a": "x"},
        {"_extensions": ["antigravity"]},
    ),
    Attack(
        "extension-debug",
        "load a part of Jinja that shows everything",
        "not-trusted",
        {"a": "x"},
        {"_extensions": ["jinja2.ext.debug"]},
    ),
    Attack(
        "extension-kind",
        "name something else than extensions",
        "refused",
        {"a": "x"},
        {"_extensions": "os"},
    ),
    Attack(
        "sitecustomize",
        "have Python run a file",
        DONE,
        {"a": "x"},
        outside={"sitecustomize.py": RUN, "scaffold.py": RUN},
    ),
    Attack(
        "attributes", "have git filter files", DONE, {".gitattributes": "* filter=evil\n", "a": "x"}
    ),
    Attack(
        "modules",
        "have git fetch other repositories",
        DONE,
        {
            ".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = ext::sh -c "touch PWNED"\n',
            "a": "x",
        },
    ),
    Attack(
        "envrc", "have direnv run a file", DONE, {".envrc": f"touch $HOME/{MARKER}\n", "a": "x"}
    ),
    Attack(
        "answers-yaml",
        "hold YAML that makes objects",
        DONE,
        {"a.yml": "!!python/object/apply:os.system ['touch PWNED']\n"},
    ),
]

ATTACKS = [*PATHS, *LINKS, *JINJA, *LIMITS, *CODE]
