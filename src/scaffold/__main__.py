"""The `scaffold` command; answers `--version` before anything heavy is imported."""

from __future__ import annotations

import gc
import sys

from scaffold import __version__


def main() -> int:
    """Run the command line and return its exit code."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"scaffold {__version__}\n")
        return 0
    gc.disable()  # what a command makes, it needs to its end; looking for rubbish is a twentieth of its time
    from scaffold.cli import run  # noqa: PLC0415

    code = run(sys.argv[1:])
    gc.freeze()  # as it ends, Python looks for rubbish whether it is disabled or not
    return code


if __name__ == "__main__":
    sys.exit(main())
