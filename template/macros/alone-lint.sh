# Without settings of its own, a repository is held to what is broken for certain.
if ls ruff.toml .ruff.toml >/dev/null 2>&1 || grep -qs '^\[tool\.ruff' pyproject.toml; then
  uvx ruff check .
else
  uvx ruff check --select E9,F63,F7,F82 .
fi
