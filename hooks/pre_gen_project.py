"""Hold the answers of stock cookiecutter's users to the rules that `scaffold` itself checks."""

import json
import sys

from scaffold.rules import answer_problem, component_problem

# JSON escapes quotes, so no answer can end this string.
ANSWERS = json.loads(r"""{{ cookiecutter | jsonify }}""")

problem = answer_problem(ANSWERS["_settings"]["questions"], ANSWERS) or component_problem(
    ANSWERS["_components"],
    ANSWERS["_settings"]["slots"],
    [name for name in ANSWERS["components"].split(",") if name],
)
if problem:
    sys.exit(f"error: {problem}")
