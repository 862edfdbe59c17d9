"""What every suite shares: the options of the command line and where things are."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--promises-examples",
        type=int,
        default=25,
        help="How many random histories each promise of `upgrade` is tried on.",
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
