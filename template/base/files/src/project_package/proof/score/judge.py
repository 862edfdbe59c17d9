"""Hold the evidence against the rubric."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from project_package.errors import PipelineError
from project_package.proof.score.records import FOLDER, Record, all_records
from project_package.proof.score.repository import Lacking, Repository
from project_package.proof.score.rubric import DEMANDS, SECTIONS, Demand

State = Literal["satisfied", "not applicable", "missing"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What shows that a demand is met.

    `look` returns in words what it found and raises `Lacking` where it found nothing. `command`
    lets a person see the same. `tests` are files whose tests must pass for it.
    """

    demand: str
    command: str
    look: Callable[[Repository], str]
    tests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What the score says about one demand: a point if automated, half a point if by hand alone."""

    name: str
    section: str
    title: str
    state: State
    points: float
    reason: str
    command: str


def judge(repository: Repository, pieces: Sequence[Evidence]) -> list[Result]:
    """Return the result of each demand: satisfied where any piece of evidence shows it."""
    records = all_records(repository)
    return [
        _judge(repository, demand, [each for each in pieces if each.demand == demand.name], records)
        for demand in DEMANDS
    ]


def section_points(results: Iterable[Result]) -> dict[str, float]:
    """Return the points of each section."""
    points = dict.fromkeys(SECTIONS, 0.0)
    for result in results:
        points[result.section] += result.points
    return points


def _judge(
    repository: Repository,
    demand: Demand,
    pieces: Sequence[Evidence],
    records: Sequence[Record],
) -> Result:
    reasons = []
    own = [record for record in records if record.demand == demand.name]
    standing = next((record for record in own if not record.outdated), None)
    decided = standing is not None and standing.applies
    for piece in pieces if decided or not demand.needs_person else ():
        try:
            found = _look(repository, piece)
        except Lacking as lacking:
            reasons.append(str(lacking))
        else:
            decision = f"; {standing.summary}" if standing and demand.needs_person else ""
            return _result(demand, "satisfied", 1.0, f"{found}{decision}", piece.command)
    # What a person decides upon is measured: where the measurement fails, both fall.
    if standing and not (demand.needs_person and reasons):
        # A decision that a test does not apply is no achievement: it gives no points.
        state: State = "satisfied" if standing.applies else "not applicable"
        said = "; ".join([standing.summary, *reasons])
        return _result(demand, state, 0.5 * standing.applies, said, standing.path)
    reasons += [f"{record.path} {record.outdated}" for record in own if record.outdated]
    if demand.needs_person and not own:
        reasons.append(f"no person has written a record of it in {FOLDER}")
    why = "; ".join(reasons) or "no component that is chosen shows it"
    return _result(demand, "missing", 0.0, why, pieces[0].command if pieces else "")


def _look(repository: Repository, piece: Evidence) -> str:
    try:
        if piece.tests:
            repository.passed(*piece.tests)
        return piece.look(repository)
    except (AttributeError, LookupError, OSError, PipelineError, TypeError, ValueError) as error:
        # A report or a configuration that is broken, or lacks a key, is as good as none.
        raise Lacking(f"what is there is not understood: {error!r}") from error


def _result(demand: Demand, state: State, points: float, reason: str, command: str) -> Result:
    return Result(demand.name, demand.section, demand.title, state, points, reason, command)
