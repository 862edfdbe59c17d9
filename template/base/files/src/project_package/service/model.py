"""Load an exported model and check that it is the one that its papers describe."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
from onnxruntime import InferenceSession

from project_package import schema
from project_package.graph import open_graph
from project_package.schema import CATEGORIES, NUMBERS
from project_package.service.drift import Reference
from project_package.service.rows import NAMES, Inputs, Value, Values, pack

FACTS, GRAPH, REFERENCE, EXAMPLES = "model.json", "model.onnx", "reference.json", "examples.json"
BUNDLE = (FACTS, GRAPH, REFERENCE, EXAMPLES)

# How far a prediction may be from what the same model said at its training.
TOLERANCE = 1e-4

Outputs: TypeAlias = dict[str, list[Any]]


class ModelError(Exception):
    """A folder does not hold a model that this service can answer with."""


class Facts(msgspec.Struct, frozen=True):
    """What the service needs of `model.json`; `/model` shows all of it."""

    name: str
    version: str
    contract: str
    trained_at: str
    git_commit: str
    data_hash: str
    files: dict[str, str]


class Example(msgspec.Struct, frozen=True):
    """A held-out row and what the trained pipeline said about it."""

    inputs: dict[str, Value]
    outputs: dict[str, float]


@dataclass(frozen=True)
class Model:
    """A checked graph with its facts; never changed, only replaced."""

    facts: Facts
    lineage: Mapping[str, Any]
    reference: Reference
    examples: Sequence[Example]
    session: InferenceSession
    outputs: Mapping[str, str]  # name -> type of each output of the graph
    score: str  # the output that is a float: a probability or a value

    def predict(self, inputs: Inputs) -> Outputs:
        """Return for each output of the graph one value a row."""
        names = list(self.outputs)
        results = self.session.run(
            names, {"numbers": inputs.numbers, "categories": inputs.categories}
        )
        return {name: result.tolist() for name, result in zip(names, results, strict=True)}


def load(folder: Path) -> Model:
    """Return the model in `folder`.

    Raises:
        ModelError: A file is missing or not the one that `model.json` names, the model was
            trained for another schema, or it does not answer as it did at training.

    """
    content = {name: _read(folder / name) for name in BUNDLE}
    facts = _decode(FACTS, content, Facts)
    _check_digests(facts, content)
    _check_contract(facts)
    session = _session(content[GRAPH])
    outputs = {output.name: output.type for output in session.get_outputs()}
    model = Model(
        facts=facts,
        lineage=msgspec.json.decode(content[FACTS], type=dict[str, Any]),
        reference=_decode(REFERENCE, content, Reference),
        examples=_decode(EXAMPLES, content, tuple[Example, ...]),
        session=session,
        outputs=outputs,
        score=_score(outputs),
    )
    _check_examples(model)
    return model


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error


def _decode(name: str, content: Mapping[str, bytes], kind: Any) -> Any:
    try:
        return msgspec.json.decode(content[name], type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{name} is not what it should be: {error}") from error


def _check_digests(facts: Facts, content: Mapping[str, bytes]) -> None:
    for name in BUNDLE[1:]:
        if hashlib.sha256(content[name]).hexdigest() != facts.files.get(name):
            raise ModelError(f"{name} is not the file that {FACTS} was written for")


def _check_contract(facts: Facts) -> None:
    if facts.contract != schema.digest():
        raise ModelError(
            f"version {facts.version} was trained for another schema ({facts.contract[:12]})"
            f" than this service's ({schema.digest()[:12]})"
        )


def _session(graph: bytes) -> InferenceSession:
    try:
        session = open_graph(graph)
    except Exception as error:  # ONNX Runtime's errors have no common class
        raise ModelError(f"{GRAPH} cannot be opened: {error}") from error
    found = {node.name: (node.type, node.shape[-1]) for node in session.get_inputs()}
    wanted = {
        "numbers": ("tensor(float)", len(NUMBERS)),
        "categories": ("tensor(string)", len(CATEGORIES)),
    }
    if found != wanted:
        raise ModelError(f"{GRAPH} takes {found}, not {wanted}")
    return session


def _score(outputs: Mapping[str, str]) -> str:
    floats = [name for name, kind in outputs.items() if kind == "tensor(float)"]
    if len(floats) != 1:
        raise ModelError(f"{GRAPH} must have one float output and has {sorted(outputs)}")
    return floats[0]


def _check_examples(model: Model) -> None:
    if not model.examples:
        raise ModelError(f"{EXAMPLES} is empty, so nothing tells whether the model works")
    rows: list[Values] = [tuple(map(example.inputs.get, NAMES)) for example in model.examples]
    scores = model.predict(pack(rows))[model.score]
    for example, score in zip(model.examples, scores, strict=True):
        expected = example.outputs.get(model.score, math.nan)
        if not math.isclose(score, expected, rel_tol=TOLERANCE, abs_tol=TOLERANCE):
            raise ModelError(f"an example gives {score}, and gave {expected} at training")
