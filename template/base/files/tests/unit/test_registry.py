import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import TEMPORARILY_UNAVAILABLE

from project_package.errors import PipelineError
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.training.registry import GRAPH, Registry


@pytest.fixture
def unserved() -> Iterator[str]:
    """Yield the address of a port that is taken, so that nobody listens on it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_a_server_that_nobody_runs_is_said_at_once(
    tmp_path: Path, unserved: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", unserved)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

    with pytest.raises(PipelineError, match="MLFLOW_TRACKING_URI does not answer"):
        Registry(Paths(tmp_path), "flights")


def test_without_a_model_or_an_alias_there_is_no_champion(
    pipeline: Paths, parameters: Parameters
) -> None:
    assert Registry(pipeline, "other").champion() is None
    assert Registry(pipeline, parameters.registry.model).bearer("other") is None


def test_a_registry_that_cannot_tell_has_not_said_that_there_is_no_champion(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote(registry, "1")

    def fail(*_: object) -> None:
        raise MlflowException("database is locked", TEMPORARILY_UNAVAILABLE)

    monkeypatch.setattr(MlflowClient, "get_registered_model", fail)

    for ask in (registry.champion, lambda: registry.resolve("champion")):
        with pytest.raises(PipelineError, match=r"could not be asked .* TEMPORARILY_UNAVAILABLE"):
            ask()


@pytest.fixture
def registry(pipeline: Paths, parameters: Parameters, tmp_path: Path) -> Registry:
    """A registry of four versions, of which nothing is decided yet."""
    shutil.copy(pipeline.tracking_database, tmp_path)
    paths = Paths(tmp_path)
    client = MlflowClient(f"sqlite:///{paths.tracking_database}")
    run = client.get_model_version(parameters.registry.model, "1").run_id
    client.create_registered_model("four")
    for _ in range(4):
        client.create_model_version("four", "nowhere", run)
    return Registry(paths, "four")


def decide(
    registry: Registry,
    version: str,
    *,
    promoted: bool,
    compared_with: str | None,
    when: str = "2026-03-01",
) -> None:
    registry.decide(
        version,
        promoted=promoted,
        compared_with=compared_with,
        who="somebody",
        when=when,
        why="a reason",
    )


def promote(registry: Registry, *versions: str, when: str = "2026-03-01") -> None:
    for version in versions:
        decide(registry, version, promoted=True, compared_with=registry.champion(), when=when)


def roll_back(registry: Registry) -> str:
    return registry.roll_back(who="another", when="2026-03-02", why="complaints")


def test_what_was_abandoned_does_not_come_back(registry: Registry) -> None:
    promote(registry, "1", "2")
    roll_back(registry)
    promote(registry, "3")

    assert roll_back(registry) == "1"
    assert registry.champion() == "1"


def test_the_abandoned_version_says_who_when_and_why(registry: Registry) -> None:
    promote(registry, "1", "2")

    roll_back(registry)

    assert registry.decision("2") == {
        "decision": "rolled_back",
        "decided_by": "another",
        "decided_at": "2026-03-02",
        "reason": "complaints",
    }
    assert registry.decision("1")["decision"] == "promoted"


def test_a_roll_back_follows_the_order_of_promotion(registry: Registry) -> None:
    promote(registry, "1", "3", "2")

    assert [roll_back(registry), roll_back(registry)] == ["3", "1"]


def test_an_older_version_that_a_person_promoted_leads_back(registry: Registry) -> None:
    promote(registry, "1", "2", "3", "1")

    assert [roll_back(registry), roll_back(registry)] == ["3", "2"]
    with pytest.raises(PipelineError, match="no champion before version 2"):
        roll_back(registry)


def test_promoting_the_champion_again_keeps_its_way_back(registry: Registry) -> None:
    promote(registry, "1", "2", "2")

    assert roll_back(registry) == "1"


def test_a_refused_version_is_no_way_back(registry: Registry) -> None:
    promote(registry, "1")
    decide(registry, "2", promoted=False, compared_with="1")
    promote(registry, "3")

    assert roll_back(registry) == "1"


def test_nothing_is_promoted_over_a_champion_that_it_was_not_compared_with(
    registry: Registry,
) -> None:
    promote(registry, "1", "2")

    with pytest.raises(PipelineError, match="compared with champion 1, but the registry's is 2"):
        decide(registry, "3", promoted=True, compared_with="1")

    assert registry.champion() == "2"
    assert registry.decision("3") == {}


def test_what_is_refused_is_so_whichever_is_the_champion_by_now(registry: Registry) -> None:
    promote(registry, "1", "2")

    decide(registry, "3", promoted=False, compared_with="1")

    assert registry.decision("3")["decision"] == "refused"


def test_versions_that_were_promoted_before_the_way_back_was_kept_have_one(
    registry: Registry,
) -> None:
    for version in ("1", "2", "3"):
        registry.tag(version, {"decision": "promoted"})
    promote(registry, "4")

    assert [roll_back(registry), roll_back(registry)] == ["3", "2"]


@pytest.fixture
def rolled_back(registry: Registry) -> Registry:
    """A registry whose version 2 was abandoned; version 3 has its graph, all others have others."""
    for version, graph in {"1": "a", "2": "b", "3": "b", "4": "c"}.items():
        registry.tag(version, {GRAPH: graph})
    promote(registry, "1", "2")
    roll_back(registry)
    return registry


def test_the_graph_of_an_abandoned_version_is_known_again(rolled_back: Registry) -> None:
    assert rolled_back.abandoned("b") == "2"


@pytest.mark.parametrize("graph", ["a", "c", "never seen"])
def test_other_graphs_are_not_abandoned(rolled_back: Registry, graph: str) -> None:
    assert rolled_back.abandoned(graph) is None


@pytest.mark.parametrize("version", ["2", "3"])
def test_a_person_who_promotes_an_abandoned_graph_lifts_that(
    rolled_back: Registry, version: str
) -> None:
    promote(rolled_back, version, when="2026-03-03")

    assert rolled_back.abandoned("b") is None


def test_a_graph_that_was_refused_later_stays_abandoned(rolled_back: Registry) -> None:
    decide(rolled_back, "3", promoted=False, compared_with="1", when="2026-03-03")

    assert rolled_back.abandoned("b") == "2"
