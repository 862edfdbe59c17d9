"""Each artefact is held to the validator of its own field; a tool runs once over all projects."""

import re
import subprocess
from pathlib import Path

import pytest
from pairs import program
from shell import scripts

pytestmark = pytest.mark.xdist_group("generated")


def run(*command, cwd=None):
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=cwd)
    return done.returncode, done.stdout + done.stderr


def found(cases, *patterns):
    """Return the matching files of all projects; skip where no component makes one."""
    files = [
        str(path)
        for case in cases
        for pattern in patterns
        for path in sorted(case.folder.glob(pattern))
        if path.is_file()
    ]
    if not files:
        pytest.skip(f"no project has {' or '.join(patterns)}")
    return files


def test_ruff_finds_nothing(cases):
    folders = [str(case.folder) for case in cases]

    code, output = run(program("ruff"), "check", "--no-cache", *folders)

    assert code == 0, output


def test_ruff_format_changes_nothing(cases):
    folders = [str(case.folder) for case in cases]

    code, output = run(program("ruff"), "format", "--check", "--no-cache", *folders)

    assert code == 0, output


@pytest.mark.parametrize(
    ("schema", "pattern"),
    [
        ("vendor.github-workflows", ".github/workflows/*.yml"),
        ("vendor.dependabot", ".github/dependabot.yml"),
        ("vendor.gitlab-ci", ".gitlab-ci.yml"),
        ("vendor.azure-pipelines", "azure-pipelines.yml"),
        ("vendor.renovate", ".git*/renovate.json"),
        ("vendor.compose-spec", "compose.y*ml"),
    ],
)
def test_schema_fits(cases, schema, pattern):
    files = found(cases, pattern)

    code, output = run(
        *(program("check-jsonschema"), "--builtin-schema", schema, "--regex-variant", "python"),
        *(["--data-transform", "gitlab-ci"] if "gitlab" in schema else []),
        *(["--data-transform", "azure-pipelines"] if "azure" in schema else []),
        *files,
    )

    assert code == 0, output


def test_zizmor_pedantic_finds_nothing(cases):
    found(cases, ".github/workflows/*.yml")
    folders = [str(case.folder / ".github") for case in cases if "github" in case.components]

    code, output = run(
        *(program("zizmor"), "--offline", "--persona=pedantic", "--no-progress"), *folders
    )

    assert code == 0, output


def test_hadolint_finds_nothing(cases):
    code, output = run(program("hadolint"), *found(cases, "Dockerfile*", "docker/Dockerfile*"))

    assert code == 0, output


@pytest.mark.parametrize("dialect", ["sh", "bash"])
def test_shellcheck_finds_nothing(cases, dialect, tmp_path):
    files = {}
    for case in cases:
        scratch = tmp_path / "scratch" / case.name
        scratch.mkdir(parents=True)
        for script in scripts(case.folder, scratch):
            if script.dialect == dialect:
                file = tmp_path / f"{len(files)} {re.sub('[^a-z]+', '-', script.place.lower())}"
                files.setdefault(script.text, file)
    for text, file in files.items():
        file.write_text(text)

    code, output = run(program("shellcheck"), f"--shell={dialect}", *map(str, files.values()))

    assert len(files) > 20
    assert code == 0, output


def test_yamllint_finds_nothing(cases):
    rules = (
        "{extends: default, rules: {line-length: disable, document-start: disable,"
        " truthy: {check-keys: false}, comments: {min-spaces-from-content: 1},"
        " braces: {max-spaces-inside: 1}}}"
    )
    files = found(cases, "**/*.yml", "**/*.yaml", ".github/**/*.yml", ".gitlab-ci.yml")

    code, output = run(program("yamllint"), "--strict", "-d", rules, *files)

    assert code == 0, output


def test_validate_pyproject_finds_nothing(cases):
    code, output = run(program("validate-pyproject"), *found(cases, "pyproject.toml"))

    assert code == 0, output


def test_prometheus_takes_its_configuration_and_rules(cases):
    promtool = program("promtool")
    rules = found(cases, "monitoring/prometheus/rules/*.yml")

    code, output = run(promtool, "check", "rules", "--lint-fatal", *rules)

    assert code == 0, output
    for tests in first_of_each_kind(found(cases, "monitoring/prometheus/tests/*.yml")):
        code, output = run(promtool, "test", "rules", tests)
        assert code == 0, output


def test_alertmanager_takes_its_configuration(cases):
    files = found(cases, "**/alertmanager.yml")

    code, output = run(program("amtool"), "check-config", files[0])

    assert code == 0, output


def test_kubernetes_takes_every_overlay(cases, tmp_path):
    kubectl, validate = program("kubectl"), program("kubernetes-validate")
    overlays = found(cases, "**/kustomization.yaml", "**/kustomization.yml")

    for number, overlay in enumerate(overlays):
        code, output = run(kubectl, "kustomize", str(Path(overlay).parent))
        if "kind: Component" in Path(overlay).read_text():
            continue  # only has a meaning inside an overlay
        assert code == 0, f"{overlay}: {output}"
        manifests = tmp_path / f"{number}.yaml"
        manifests.write_text(output)
        code, output = run(validate, str(manifests))
        assert code == 0, f"{overlay}: {output}"


def first_of_each_kind(files):
    """Return one file of each name: they differ between projects in names alone."""
    return {Path(file).name: file for file in files}.values()


def test_make_lists_its_targets(cases):
    for case in cases:
        code, output = run(program("make"), "--no-print-directory", "help", cwd=case.folder)
        assert code == 0, output
        assert "test" in output
