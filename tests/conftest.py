"""What every suite shares: the options of the command line and where things are."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from scaffold import cache

# How long an example takes says how busy the machine is.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")

ROOT = Path(__file__).parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--promises-examples",
        type=int,
        default=0,
        help="How many random histories each promise of `upgrade`, and each merge, is tried on, in place of a few.",
    )
    parser.addoption(
        "--every-step",
        action="store_true",
        help="Stop each command at every step that it writes, not at some.",
    )
    parser.addoption(
        "--every-job",
        action="store_true",
        help="Execute the long jobs of the generated pipelines too, whose targets other tests run.",
    )


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the repository that the tests lie in."""
    return ROOT


@pytest.fixture(scope="session")
def shared(root: Path) -> Path:
    """Return the folder of test material beside the repository; the test is skipped without it."""
    folder = root.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the folder ../shared with the recorded upgrades is not here")
    return folder


@pytest.fixture(scope="session", autouse=True)
def own_places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what tests fetch, compile and trust out of the developer's home."""
    places = tmp_path_factory.mktemp("places")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCAFFOLD_CACHE_DIR", str(places / "cache"))
        patch.setenv("SCAFFOLD_STATE_DIR", str(places / "state"))
        cache._chosen.cache_clear()
        yield
    cache._chosen.cache_clear()
