"""Compile `template/` so that stock `cookiecutter <this repository>` works from a checkout.

cookiecutter runs this in a temporary copy of the repository, before it reads `cookiecutter.json`.
"""

import sys
from pathlib import Path

if sys.version_info < (3, 11):
    sys.exit("error: this template needs cookiecutter under Python 3.11 or newer")

root = Path.cwd()
sys.path.insert(0, str(root / "src"))

from scaffold.compile import compile_template, write_tree  # noqa: E402
from scaffold.errors import ScaffoldError  # noqa: E402

try:
    write_tree(compile_template(root / "template"), root)
except ScaffoldError as error:
    sys.exit(f"error: {error.message}")
