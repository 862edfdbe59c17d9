"""The proof itself: a fault that nobody sees must show, and so must a gate that is always red."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from project_package.parameters import Parameters, read_parameters
from project_package.paths import Paths
from project_package.proof import gates
from project_package.proof.faults import FAULTS, Fault
from project_package.proof.prove import HEAD, line, main, prove
from project_package.proof.scratch import Scratch, sound_scratch

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def scratch() -> Iterator[Scratch]:
    with pytest.MonkeyPatch.context() as patch, sound_scratch(ROOT) as sound:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        yield sound


# Training ones take seconds each; `make prove` runs them all.
QUICK = [fault for fault in FAULTS if fault.gate not in (gates.retraining, gates.repetition)]


@pytest.mark.parametrize("fault", QUICK, ids=lambda fault: fault.name)
def test_gate_turns_red_for_the_right_reason_and_is_green_without(
    scratch: Scratch, fault: Fault
) -> None:
    (proof,) = prove(scratch, [fault])

    assert proof.holds, line(proof)


def test_fault_that_no_gate_sees_is_no_proof(scratch: Scratch) -> None:
    harmless = Fault("nothing is wrong", gates.validation, "is at most", lambda _: None)

    (proof,) = prove(scratch, [harmless])

    assert not proof.holds
    assert line(proof).startswith("NO")


def test_gate_that_is_red_for_another_reason_is_no_proof(scratch: Scratch) -> None:
    dropped = next(fault for fault in FAULTS if fault.name == "a column is dropped")

    (proof,) = prove(scratch, [Fault("dropped", dropped.gate, "is at most", dropped.inject)])

    assert not proof.caught
    assert proof.caught_by.startswith("something else")


def test_gate_that_is_red_for_what_the_fault_spares_is_no_proof(scratch: Scratch) -> None:
    dropped = next(fault for fault in FAULTS if fault.name == "a column is dropped")

    (proof,) = prove(scratch, [replace(dropped, spares=("is there",))])

    assert not proof.holds


def test_gate_that_stays_red_after_the_fault_is_no_proof(scratch: Scratch) -> None:
    answers = iter(["is at most", "is at most"])

    (proof,) = prove(
        scratch, [Fault("it sticks", lambda _: next(answers), "is at most", lambda _: None)]
    )

    assert proof.caught
    assert not proof.holds


def test_gate_that_is_always_red_is_no_proof(scratch: Scratch) -> None:
    def always(_: Scratch) -> str:
        return "is at most"

    (proof,) = prove(scratch, [Fault("nothing", always, "is at most", lambda _: None)])

    assert proof.caught
    assert not proof.holds
    assert "red without the fault" in line(proof)


@pytest.fixture
def few(scratch: Scratch) -> Iterator[Scratch]:
    """A copy with few rows to learn from: each candidate is trained twice."""
    with scratch.copy() as copy:
        _learn_from(copy, lambda rows: rows.head(1000))
        yield copy


def _learn_from(scratch: Scratch, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    change(pd.read_parquet(scratch.paths.train)).to_parquet(scratch.paths.train)


def test_training_that_draws_at_random_is_not_repeatable(few: Scratch) -> None:
    (fault,) = (fault for fault in FAULTS if fault.gate is gates.repetition)

    (proof,) = prove(few, [fault])

    assert proof.holds, line(proof)


def test_training_on_other_rows_is_repeatable(few: Scratch) -> None:
    _learn_from(few, lambda rows: rows.iloc[1:])

    assert gates.repetition(few) == ""


def test_each_candidate_is_trained_twice(few: Scratch) -> None:
    trained: list[str] = []

    def train(_: Paths, parameters: Parameters) -> None:
        trained.extend(parameters.train.candidates)

    few.train = train
    gates.repetition(few)

    every = read_parameters(few.paths.parameters).train.candidates
    assert trained == [name for name in every for _ in range(2)]


def test_what_cannot_be_injected_is_no_proof(scratch: Scratch) -> None:
    fault = next(fault for fault in FAULTS if fault.name == "it is worse on one slice only")
    unjudged = replace(scratch.parameters, gate=replace(scratch.parameters.gate, slices=()))

    (proof,) = prove(Scratch(scratch.paths, unjudged), [replace(fault, gate=gates.loading)])

    assert not proof.holds
    assert "no slice is judged" in line(proof)


def test_table_has_a_column_for_each_fact() -> None:
    assert HEAD.split() == ["fault", "gate", "seconds", "caught", "by"]


def test_a_name_of_no_fault_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["prove", "nothing of the kind"])

    with pytest.raises(SystemExit, match="2"):
        main()

    assert "no fault has nothing of the kind in its name" in capsys.readouterr().err
