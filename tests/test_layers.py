"""Imports point downwards only, and each heavy library lives in one place."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "feedsvc"
FLOORS: tuple[frozenset[str], ...] = (
    frozenset(
        {
            "errors",
            "paper",
            "taxonomy",
            "calendar",
            "settings",
            "visitors",
            "http",
            "exchange",
            "accents",
            "coding",
            "logs",
            "steps",
            "told",
            "turns",
        }
    ),
    frozenset({"query", "history"}),
    frozenset({"feed", "arxiv", "ledger", "digest", "likeness", "websub"}),
    frozenset({"store", "render", "lateness"}),
    frozenset({"pipeline"}),
    frozenset({"schedule", "jobs", "web", "standin", "serve", "terminal", "meter", "doctor"}),
    frozenset({"service"}),
    frozenset({"demo", "wsgi", "mirror"}),
    frozenset({"commands"}),
    frozenset({"cli"}),
)
HOMES = {
    "flask": {"web", "standin", "service", "wsgi"},
    "sqlalchemy": {"store"},
    "feedgen": {"render"},
    "urllib3": {"http", "exchange"},
    "apscheduler": {"schedule"},
    "procrastinate": {"jobs"},
    "feedparser": {"arxiv"},
    "waitress": {"serve", "standin"},
    "prometheus_client": {"web"},
    "snowballstemmer": {"query"},
    "openai": {"digest"},
    "aiohttp": {"websub"},
}
MODULES = sorted(PACKAGE.rglob("*.py"))


def place_of(module: Path) -> str:
    """Give the part of the house that a module belongs to."""
    return module.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_by(module: Path) -> set[str]:
    """Give the dotted names that a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno}: expected an absolute import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return names


def floor_of(place: str) -> int:
    """Give the floor of a part, the ground being 0."""
    return next(number for number, floor in enumerate(FLOORS) if place in floor)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_its_own_part_and_lower_floors(module: Path) -> None:
    place = place_of(module)
    if place in ("__init__", "__main__"):
        return
    used = {name.split(".")[1] for name in imported_by(module) if name.startswith("feedsvc.")} - {place}
    floor = floor_of(place)
    # On the ground the small modules may use one another; Python itself refuses a circle.
    allowed = [other for other in used if floor_of(other) < floor or (floor == 0 == floor_of(other))]

    assert sorted(used) == sorted(allowed)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_library_with_a_home_is_imported_only_there(module: Path) -> None:
    libraries = {name.split(".")[0] for name in imported_by(module)}
    strayed = {library for library in libraries & HOMES.keys() if place_of(module) not in HOMES[library]}

    assert strayed == set()


def test_every_module_says_what_belongs_in_it() -> None:
    silent = [
        str(m) for m in MODULES if m.stat().st_size and not ast.get_docstring(ast.parse(m.read_text("utf-8")))
    ]

    assert silent == []
