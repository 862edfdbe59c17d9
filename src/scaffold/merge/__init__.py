"""Three trees -> an outcome: what an upgrade makes of a project, and everything that must be told of it.

`merge` is the whole interface; it works in a throw-away object store and touches neither the repository nor the work
tree. `scaffold.apply` makes an outcome real.
"""

from scaffold.merge.engine import merge
from scaffold.merge.outcome import (
    Change,
    Kind,
    Labels,
    Outcome,
    Policy,
    Settlement,
    Stages,
)

__all__ = ["Change", "Kind", "Labels", "Outcome", "Policy", "Settlement", "Stages", "merge"]
