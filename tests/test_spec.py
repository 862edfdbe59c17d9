"""`scaffold.toml` and `scaffold.lock`: what goes in comes out, and what cannot be read is one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold.errors import ScaffoldError
from scaffold.spec import (
    Lock,
    LockedFile,
    Source,
    Spec,
    read_lock,
    read_spec,
    write_lock,
    write_spec,
)
from scaffold.trust.paths import check_inside

SPEC = Spec(
    Source("https://host/template", "ml"),
    "v1.2.0",
    {"name": "Demo", "yes": True},
    ("docker", "github"),
)
LOCK = Lock(SPEC, "a" * 40, "seed", {"a b/ü.txt": LockedFile("b" * 40, "100755")})

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scalars = texts | st.booleans() | st.integers(-(2**62), 2**62)
answers = st.dictionaries(
    texts,
    st.recursive(
        scalars,
        lambda each: st.lists(each, max_size=3) | st.dictionaries(texts, each, max_size=3),
        max_leaves=5,
    ),
    max_size=4,
)


def test_spec_comes_back_as_it_was_written():
    assert read_spec(write_spec(SPEC)) == SPEC


def test_lock_comes_back_as_it_was_written():
    assert read_lock(write_lock(LOCK)) == LOCK


@given(answers)
def test_any_answer_survives(given_answers):
    lock = Lock(Spec(Source(), "v1", given_answers), "c" * 40)

    assert read_lock(write_lock(lock)) == lock


def lies_inside(path: str) -> bool:
    try:
        return bool(check_inside(path))
    except ScaffoldError:
        return False


@given(
    st.dictionaries(texts.filter(lies_inside), st.just(LockedFile("b" * 40, "100644")), max_size=5)
)
def test_any_path_survives(files):
    assert read_lock(write_lock(Lock(SPEC, "a" * 40, files=files))).files == files


def test_equal_locks_are_equal_bytes_whatever_their_order():
    files = {"b": LockedFile("b" * 40, "100644"), "a": LockedFile("c" * 40, "100644")}

    one = write_lock(Lock(SPEC, "a" * 40, files=files))
    two = write_lock(Lock(SPEC, "a" * 40, files=dict(reversed(files.items()))))

    assert one == two


def test_a_file_is_one_line_of_the_lock():
    assert '"a b/ü.txt" = "100755 ' + "b" * 40 + '"' in write_lock(LOCK).splitlines()


FILES = {"a": LockedFile("b" * 40, "100644"), "src/b.py": LockedFile("c" * 40, "100755")}


@pytest.mark.parametrize(
    "spelled",
    [
        lambda text: text,
        lambda text: text.replace('"src/b.py"', "'src/b.py'"),
        lambda text: text.replace('"src/b.py"', '"src/\\u0062.py"'),
        lambda text: text.replace("\na = ", "\n\na   =   "),
        lambda text: text.replace("\n[files]\n", "\n[files]  # all of them\n"),
        lambda text: text.replace("[files]\na = ", "[files]\n# the first\na = "),
        lambda text: text.rstrip("\n"),
        lambda text: text + "\n[unknown]\nx = 1\n",
        lambda text: 'note = """\n[files]\n"""\n' + text,
    ],
)
def test_a_lock_may_be_spelled_as_toml_allows(spelled):
    text = spelled(write_lock(Lock(SPEC, "a" * 40, files=FILES)))

    assert read_lock(text).files == FILES


@pytest.mark.parametrize(
    ("spelled", "code"),
    [
        (lambda text: text + f'a = "100644 {"b" * 40}"\n', "broken-spec"),
        (lambda text: "files.x = 1\n" + text, "broken-spec"),
        (lambda text: 'note = """\n' + text, "broken-spec"),
        (lambda text: text.replace("\na = ", "\n../a = "), "broken-spec"),
        (lambda text: text.replace("\na = ", '\n"../a" = '), "broken-spec"),
        (lambda text: text.replace("\na = ", '\n".git/config" = '), "broken-spec"),
        (lambda text: text + "=======\n", "conflict-marks"),
        (lambda text: "<<<<<<< ours\n" + text, "conflict-marks"),
    ],
)
def test_a_lock_is_refused_however_plain_its_files_are(spelled, code):
    with pytest.raises(ScaffoldError) as caught:
        read_lock(spelled(write_lock(Lock(SPEC, "a" * 40, files=FILES))))

    assert caught.value.code == code


def test_spec_of_a_person_may_leave_out_what_has_a_default():
    assert read_spec('[template]\nsource = "scaffold"\n') == Spec(Source(), "")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("not toml", "broken-spec"),
        ("", "broken-spec"),
        ("template = 1", "broken-spec"),
        ("[template]\nsource = 1", "broken-spec"),
        ('components = [1]\n[template]\nsource = "x"', "broken-spec"),
        ('[template]\nsource = "x"\n[answers]\nday = 2020-01-01', "broken-spec"),
        ("a = " + "[" * 5000, "broken-spec"),
        ("<<<<<<< ours\n[template]\n=======\n[x]\n>>>>>>> theirs\n", "conflict-marks"),
    ],
)
def test_a_spec_that_cannot_be_read_is_one_line(text, code):
    with pytest.raises(ScaffoldError) as caught:
        read_spec(text)

    assert caught.value.code == code
    assert "\n" not in caught.value.message


def test_a_lock_of_a_newer_scaffold_is_refused():
    with pytest.raises(ScaffoldError, match="format 2") as caught:
        read_lock(write_lock(LOCK).replace("format = 1", "format = 2"))

    assert caught.value.code == "newer-lock"


@pytest.mark.parametrize(
    "entry", ["100644", "100600 " + "b" * 40, "100644 xyz", "100644 " + "b" * 39]
)
def test_a_lock_with_a_wrong_file_entry_is_refused(entry):
    text = write_lock(LOCK).replace("100755 " + "b" * 40, entry)

    with pytest.raises(ScaffoldError, match="not a mode and a blob id"):
        read_lock(text)
