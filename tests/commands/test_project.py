"""An edit of a spec keeps what its owner wrote."""

from scaffold.project import edited
from scaffold.spec import read_spec
from scaffold.values import replace

TEXT = """\
# ours
components = ["a", "b"]  # both

[template]
source = "x"
version = "v1"  # renovate: here

[answers]
colour = "red"  # as the door
gone = "yes"
"""


def test_unchanged_spec_is_returned_as_it_is():
    spec = read_spec(TEXT)

    assert edited(TEXT, spec, spec) == TEXT


def test_comments_survive_an_edit():
    spec = read_spec(TEXT)

    text = edited(TEXT, spec, replace(spec, version="v2", components=("a",)))

    assert read_spec(text) == replace(spec, version="v2", components=("a",))
    for comment in ("# ours", "# renovate: here", "# as the door"):
        assert comment in text


def test_answer_that_is_gone_is_taken_out():
    spec = read_spec(TEXT)
    after = replace(spec, answers={"colour": "red", "size": 3})

    text = edited(TEXT, spec, after)

    assert "gone" not in text
    assert read_spec(text) == after


def test_dotted_tables_can_be_edited_too():
    text = 'template.source = "x"\ntemplate.version = "v1"\nanswers.colour = "red"\n'
    spec = read_spec(text)
    after = replace(spec, version="v2", answers={"colour": "blue"})

    assert read_spec(edited(text, spec, after)) == after
