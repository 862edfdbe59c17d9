"""Compile `template/` so that stock `cookiecutter <this repository>` works from a checkout.

cookiecutter runs this in a temporary copy of the repository, before it reads `cookiecutter.json`.
"""

import sys
from pathlib import Path

root = Path.cwd()
sys.path.insert(0, str(root / "src"))

from scaffold.compile import compile_template, write_tree  # noqa: E402

write_tree(compile_template(root / "template"), root)
