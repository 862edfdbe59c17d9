from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from project_package import bundle, problem
from project_package.retraining.evidence import LOOKS
from project_package.retraining.run import Round, fetch_challenger
from project_package.service.model import load
from project_package.training.registry import Registry

from .conftest import Team
from .test_run import served, tags, truth

NOTHING = 0.5


def canary(team: Team) -> Round:
    round_ = team.round()
    return replace(round_, rules=replace(round_.rules, trial="canary"))


def answered(team: Team, rows: pd.DataFrame, champion: list[float], version2: list[float]) -> None:
    team.log(rows, scores=version2, version="2")
    team.log(rows, scores=champion)


@pytest.fixture
def rows(held_out: pd.DataFrame) -> pd.DataFrame:
    return held_out.head(300)


def test_a_canary_waits_and_people_hear_of_it(team: Team) -> None:
    canary(team).run()

    assert served(team) == "1"
    assert team.kinds() == ["canary"]
    assert "decision" not in tags(team, "2")


def test_a_later_round_lets_a_canary_wait(team: Team) -> None:
    canary(team).run()
    team.grow(0.01)

    canary(team).run()

    assert team.kinds() == ["canary"]
    assert "decision" not in tags(team, "2")


def test_the_service_takes_the_challenger_that_waits(team: Team) -> None:
    canary(team).run()

    fetch_challenger(team.paths, team.parameters)

    folder = team.paths.champion.parent / "challenger"
    assert load(folder).facts.version == "2"
    assert bundle.describe(team.paths.champion) != bundle.describe(folder)


def test_a_canary_that_does_well_is_promoted(team: Team, rows: pd.DataFrame) -> None:
    canary(team).run()
    answered(team, rows, champion=[NOTHING] * len(rows), version2=truth(rows))

    canary(team).conclude()

    assert served(team) == "2"
    assert team.kinds()[-1] == "promoted"
    known = tags(team, "2")
    assert known["canary_labelled"] == "300"
    assert known["reason"] == "the canary did not do worse than the champion"


def test_a_canary_that_does_worse_is_refused(team: Team, rows: pd.DataFrame) -> None:
    canary(team).run()
    answered(team, rows, champion=truth(rows), version2=[NOTHING] * len(rows))

    canary(team).conclude()

    assert served(team) == "1"
    assert team.kinds()[-1] == "refused"
    assert problem.PRIMARY in tags(team, "2")["reason"]


def test_too_few_outcomes_decide_nothing(team: Team, rows: pd.DataFrame) -> None:
    canary(team).run()
    few = rows.head(100)
    answered(team, few, champion=truth(few), version2=[NOTHING] * len(few))

    canary(team).conclude()

    assert "decision" not in tags(team, "2")
    assert team.kinds()[-1] == "canary"


def look(team: Team, rows: pd.DataFrame, labelled: int) -> None:
    """Conclude while chance explains what both answered to `labelled` rows: it was the same."""
    known = pd.concat([rows] * 8).head(labelled)
    scores = np.random.default_rng(1).uniform(size=labelled).tolist()
    answered(team, known, champion=scores, version2=scores)
    canary(team).conclude()


def test_a_canary_is_looked_at_again_only_when_outcomes_have_doubled(
    team: Team, rows: pd.DataFrame
) -> None:
    canary(team).run()

    for labelled in (200, 300, 450):
        look(team, rows, labelled)

    assert tags(team, "2")["canary_looks"] == "200 450"
    assert "decision" not in tags(team, "2")


def test_a_canary_of_which_too_little_is_known_at_the_last_look_is_refused(
    team: Team, rows: pd.DataFrame
) -> None:
    canary(team).run()
    looks = " ".join(["200"] * (LOOKS - 1))
    Registry(team.paths, team.parameters.registry.model).tag("2", {"canary_looks": looks})

    look(team, rows, 400)

    assert served(team) == "1"
    assert tags(team, "2")["reason"].startswith("even now not enough is known")


def test_what_is_decided_stays_decided(team: Team) -> None:
    team.round().run()
    told = team.kinds()

    canary(team).conclude()

    assert team.kinds() == told
    assert served(team) == "2"
