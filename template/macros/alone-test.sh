if [ -z "$(git ls-files '*test_*.py' '*_test.py')" ]; then
  echo "There are no tests yet."
elif grep -qs '^\[project\]' pyproject.toml; then
  uv run --isolated --all-extras --all-groups --with pytest python -m pytest
else
  set --
  for file in requirements*.txt; do
    if [ -f "$file" ]; then set -- "$@" --with-requirements "$file"; fi
  done
  if [ -f setup.py ] || grep -qs '^\[build-system\]' pyproject.toml; then set -- "$@" --with .; fi
  uv run --no-project "$@" --with pytest python -m pytest
fi
