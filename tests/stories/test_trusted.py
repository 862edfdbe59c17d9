"""Templates whose own code is trusted: it asks, renders and runs, in `new` and `upgrade` alike."""

from story import scaffold

SHOUT = """\
from cookiecutter.utils import simple_filter

@simple_filter
def shout(text):
    return text.upper() + "!"
"""

PRE_PROMPT = """\
import json
from pathlib import Path

path = Path("cookiecutter.json")
path.write_text(json.dumps({**json.loads(path.read_text()), "found": "by the hook"}))
print("chatter")
"""


def test_default_may_use_the_templates_own_filter(template, make_project):
    made = template(
        {"/local.py": SHOUT, "a.txt": "{{ cookiecutter.greeting }}\n"},
        greeting="{{ cookiecutter.project_slug|shout }}",
        _extensions=["local.shout"],
    )

    project = make_project(made, "--trust")

    assert project.read("a.txt") == "PROJECT!\n"
    assert 'greeting = "PROJECT!"' in project.read("scaffold.toml")


def test_upgrade_renders_a_new_default_with_the_templates_own_filter(template, make_project):
    made = template({"/local.py": SHOUT, "a.txt": "a\n"}, _extensions=["local.shout"])
    project = make_project(made, "--trust")
    made.release(
        {"a.txt": "{{ cookiecutter.greeting }}\n"}, greeting="{{ cookiecutter.project_slug|shout }}"
    )

    said = project.upgrade("--trust", "--yes")

    assert said.code == 0, said.err
    assert project.read("a.txt") == "PROJECT!\n"


def test_name_of_the_project_may_use_the_templates_own_filter(template, tmp_path):
    made = template({"/local.py": SHOUT, "a.txt": "a\n"}, _extensions=["local.shout"])
    (made.path / "{{cookiecutter.project_slug}}").rename(
        made.path / "{{cookiecutter.project_slug|shout}}"
    )
    made.release({})

    said = scaffold("new", "--template", made.path, "--yes", "--trust", at=tmp_path)

    assert said.code == 0, said.err
    assert (tmp_path / "PROJECT!" / "a.txt").exists()


def test_default_that_needs_code_is_refused_without_trust(template, tmp_path):
    made = template(
        {"/local.py": SHOUT, "a.txt": "a\n"},
        greeting="{{ cookiecutter.project_slug|shout }}",
        _extensions=["local.shout"],
    )

    said = scaffold("new", tmp_path / "p", "--template", made.path, "--yes")

    assert said.code == 2
    assert "local.shout" in said.err
    assert "--trust" in said.err
    assert not (tmp_path / "p").exists()


def test_question_that_the_pre_prompt_hook_adds_can_be_answered(template, tmp_path):
    made = template(
        {"/hooks/pre_prompt.py": PRE_PROMPT, "a.txt": "{{ cookiecutter.found|default('') }}\n"}
    )
    arguments = ("new", tmp_path / "p", "--template", made.path, "--yes", "--trust")

    said = scaffold(*arguments, "--set", "found=by me")

    assert said.code == 0, said.err
    assert (tmp_path / "p" / "a.txt").read_text() == "by me\n"
    assert 'found = "by me"' in (tmp_path / "p" / "scaffold.toml").read_text()


def test_answer_to_the_pre_prompt_hooks_question_survives_upgrades(template, make_project):
    made = template({"/hooks/pre_prompt.py": PRE_PROMPT, "a.txt": "{{ cookiecutter.found }}\n"})
    project = make_project(made, "--trust", "--set", "found=by me")
    made.release({"a.txt": "{{ cookiecutter.found }}, again\n"})

    said = project.upgrade("--trust", "--yes")

    assert said.code == 0, said.err
    assert project.read("a.txt") == "by me, again\n"


def test_pre_prompt_hook_that_fails_is_one_line_with_its_reason(template, tmp_path):
    made = template({"/hooks/pre_prompt.py": "raise SystemExit('docker is missing')", "a.txt": ""})

    said = scaffold("new", tmp_path / "p", "--template", made.path, "--yes", "--trust")

    assert said.code == 2
    assert "docker is missing" in said.err
    assert "Traceback" not in said.err
    assert not (tmp_path / "p").exists()


def test_answers_are_values_for_a_trusted_template_too(template, make_project):
    made = template(
        {"/local.py": SHOUT, "a.txt": "{{ cookiecutter.x }}\n"}, x="", _extensions=["local.shout"]
    )

    project = make_project(made, "--trust", "--set", "x={{ 7 * 7 }}")

    assert project.read("a.txt") == "{{ 7 * 7 }}\n"


def test_hooks_run_once_for_a_new_project_and_once_for_an_upgrade(template, tmp_path):
    log = tmp_path / "log"
    hooks = {
        f"/hooks/{name}.py": f"open({str(log)!r}, 'a').write({name + ' '!r})\n"
        for name in ("pre_gen_project", "post_gen_project")
    }
    made = template({**hooks, "a.txt": "a\n"}, project_slug="p")
    assert scaffold("new", "--template", made.path, "--yes", "--trust", at=tmp_path).code == 0
    assert log.read_text().split() == ["pre_gen_project", "post_gen_project"]
    made.release({"a.txt": "b\n"})

    said = scaffold("upgrade", "--yes", "--trust", at=tmp_path / "p")

    assert said.code == 0, said.err
    assert log.read_text().split() == ["pre_gen_project", "post_gen_project"] * 2


def test_pre_prompt_hook_runs_to_ask_and_to_render_and_for_nothing_else(template, tmp_path):
    log = tmp_path / "log"
    hook = f"open({str(log)!r}, 'a').write('x')\n"
    made = template({"/hooks/pre_prompt.py": hook, "a.txt": "a\n"}, project_slug="p")

    assert scaffold("new", "--template", made.path, "--yes", "--trust", at=tmp_path).code == 0
    assert log.read_text() == "xx"
    for command in ("check", "diff", "list"):
        assert scaffold(command, at=tmp_path / "p").code == 0

    assert log.read_text() == "xx"
