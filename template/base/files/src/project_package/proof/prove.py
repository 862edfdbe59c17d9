"""Inject every fault into a scratch copy and see its gate turn red: `make prove`."""

import argparse
import json
import logging
import os
import sys
import time
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from project_package.errors import PipelineError
from project_package.proof.faults import FAULTS, Fault
from project_package.proof.fingerprint import code_digest
from project_package.proof.scratch import Scratch, sound_scratch
from project_package.proof.terminal import say

REPORT = Path("reports/proof.json")


@dataclass(frozen=True, slots=True)
class Proof:
    """What the gate said with the fault, and without it: a proof if only the first is red."""

    fault: str
    gate: str
    caught: bool
    caught_by: str
    green_without: bool
    seconds: float

    @property
    def holds(self) -> bool:
        """Return whether the gate tells the fault from soundness."""
        return self.caught and self.green_without


def prove(scratch: Scratch, faults: Iterable[Fault] = FAULTS) -> Iterator[Proof]:
    """Yield a proof for each of `faults`: red where it is in, then green again without it.

    Both are copies of the sound `scratch`, since a gate may train or write. What cannot be injected
    is not caught: nobody knows what the gate would say.
    """
    for fault in faults:
        start = time.perf_counter()
        with scratch.copy() as broken:
            said = _said(fault, broken)
        with scratch.copy() as sound:
            without = fault.gate(sound)
        yield Proof(
            fault=fault.name,
            gate=fault.gate.__name__,
            caught=fault.is_reason_of(said),
            caught_by=_part(said, fault.reason),
            green_without=not without,
            seconds=round(time.perf_counter() - start, 1),
        )


HEAD = f"{'':4}{'fault':34}{'gate':16}{'seconds':>8}  caught by"


def line(proof: Proof) -> str:
    """Return `proof` as a line of the table under `HEAD`."""
    by = proof.caught_by if proof.green_without else "the gate is red without the fault, too"
    mark = "ok" if proof.holds else "NO"
    return f"{mark:4}{proof.fault:34}{proof.gate:16}{proof.seconds:8.1f}  {by}"


def main() -> None:
    """Prove every gate, or those of the faults that are named; exit with 1 where one fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*", help="only faults whose name holds one of these")
    words = parser.parse_args().words
    chosen = [fault for fault in FAULTS if not words or any(word in fault.name for word in words)]
    if not chosen:
        parser.error(f"no fault has {' or '.join(words)} in its name")
    logging.disable(logging.ERROR)  # faults make errors, and the table says who saw them
    warnings.simplefilter("ignore")
    os.environ.pop("MLFLOW_TRACKING_URI", None)  # a scratch copy has a registry of its own
    start = time.perf_counter()
    proofs = []
    say("a sound run of the pipeline, in a scratch folder …")
    with sound_scratch(Path.cwd()) as scratch:
        say(HEAD)
        for proof in prove(scratch, chosen):
            proofs.append(proof)
            say(line(proof))
    seconds = time.perf_counter() - start
    REPORT.parent.mkdir(exist_ok=True)
    if not words:  # a part of the faults is no proof for the score
        report = {"code": code_digest(Path.cwd()), "proofs": [asdict(proof) for proof in proofs]}
        REPORT.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    caught = sum(proof.holds for proof in proofs)
    say(f"{caught} of {len(proofs)} caught in {seconds:.0f} s")
    sys.exit(caught < len(proofs))


def _said(fault: Fault, scratch: Scratch) -> str:
    try:
        fault.inject(scratch)
    except PipelineError as error:
        return error.message
    return fault.gate(scratch)


def _part(said: str, reason: str) -> str:
    """Return the line or clause of `said` that holds `reason`, for a table."""
    clauses = [clause.strip() for line in said.splitlines() for clause in line.split("; ")]
    found = next((clause for clause in clauses if reason in clause), "")
    return found or (f"something else: {said[:60]}" if said else "nothing")


if __name__ == "__main__":
    main()
