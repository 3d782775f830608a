"""The papers are true: nothing can be set, typed or installed that they do not mention."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from pydantic import BaseModel

from feedsvc.cli import main
from feedsvc.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
DESIGN = (ROOT / "docs" / "design.md").read_text("utf-8")


def commands(group: click.Group, words: str = "feedsvc") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{words} {name}")
        else:
            yield f"{words} {name}", command


def variables(model: type[BaseModel], prefix: str) -> Iterator[str]:
    """Give the environment variable of each setting."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from variables(field.annotation, f"{prefix}{name.upper()}__")
        else:
            yield f"{prefix}{name.upper()}"


COMMANDS = dict(commands(main))
VARIABLES = list(variables(Settings, "FEEDSVC_"))


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_is_in_the_readme(words: str) -> None:
    assert f"`{words}" in README


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_and_option_says_what_it_is_for(words: str) -> None:
    command = COMMANDS[words]

    assert command.help
    assert all(p.help for p in command.params if isinstance(p, click.Option)), words


@pytest.mark.parametrize("variable", VARIABLES)
def test_every_setting_is_in_the_readme(variable: str) -> None:
    assert f"`{variable}`" in README


def test_the_readme_names_no_setting_that_is_not_there() -> None:
    named = set(re.findall(r"FEEDSVC_[A-Z_]*[A-Z]", README))

    assert named <= set(VARIABLES)


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    needed = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = [re.split(r"[<>=\[]", requirement)[0] for requirement in needed]

    table = DESIGN.split("## Dependencies")[1].lower()
    assert [name for name in names if name.lower() not in table] == []


def test_every_locked_package_has_a_hash_and_no_index_is_named() -> None:
    for lock in ("requirements.lock", "requirements-postgres.lock", "requirements-dev.lock"):
        text = (ROOT / lock).read_text("utf-8")
        packages = re.findall(r"^[a-z0-9-]+(?:\[.*\])?==", text, re.MULTILINE | re.IGNORECASE)

        assert packages
        assert text.count("--hash=sha256:") >= len(packages)
        assert "://" not in text


def test_the_documents_link_to_files_that_exist() -> None:
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "tests" / "README.md"):
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def slug(heading: str) -> str:
    """Give the anchor that a heading has on the usual hosts."""
    return re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")


def test_a_link_to_a_part_of_a_document_leads_to_one_of_its_headings() -> None:
    pages = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "tests" / "README.md")
    links = [
        (page, file, anchor)
        for page in pages
        for file, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", page.read_text("utf-8"))
    ]

    assert "building" in [anchor for page, _, anchor in links if page.name == "design.md"]
    for page, file, anchor in links:
        target = page.parent / file if file else page
        headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
        assert anchor in map(slug, headings), f"{page.name}: {file}#{anchor}"


def test_every_test_that_the_threat_model_names_is_there() -> None:
    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    named = re.findall(r"`(test_\w+\.py)(?:::(test_\w+))?`", page)

    assert len(named) > 40
    for file, test in named:
        assert f"def {test}(" in (ROOT / "tests" / file).read_text("utf-8") or not test, f"{file}::{test}"
