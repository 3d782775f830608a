"""The feeds known by name: categories and archives, and the definitions in `feeds/*.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher, get_close_matches
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    ValidationError,
    field_validator,
)

from feedsvc.errors import QueryError, SettingsError, UnfollowedError, UnknownFeedError
from feedsvc.feed import LIMIT, Definition, Feed, Naming, default_kinds
from feedsvc.paper import Kind
from feedsvc.query import Query, parse
from feedsvc.query.ast import AnnouncedIn, all_of, any_of
from feedsvc.query.terms import TermError, find_place, read_place
from feedsvc.taxonomy import load_taxonomy, write_label
from feedsvc.told import tell

RESERVED = frozenset(
    {"all", "archive", "author", "daily", "feeds", "index", "keyword", "like", "new", "search"}
)
NEAR = 4
_NO_NAME = "{name!r} is no feed name: expected small letters, digits and hyphens, a letter first"
_NAME = re.compile(r"[a-z][a-z0-9-]+")
# Two letters are a language, alone or with a script or a country: zh, zh-hant, pt-br.
_LANGUAGE = re.compile(r"[a-z]{2}(-(arab|cyrl|hans|hant|latn))?(-[a-z]{2})?")


@dataclass(frozen=True)
class Catalogue:
    """The feeds that have a name: the defined ones in alphabetical order, and what finds the saved ones.

    `followed` are the categories that the operator follows, so that no other is proposed; None is all.
    """

    definitions: Mapping[str, Definition]
    followed: frozenset[str] | None = None
    find_saved: Callable[[str], Definition | None] = field(default=lambda name: None, compare=False)

    @cached_property
    def feeds(self) -> dict[str, Feed]:
        """Every defined feed in its default options, by name."""
        return {name: self.definitions[name].make_feed() for name in sorted(self.definitions)}

    def category_feed(self, place: str) -> Feed:
        """Give the feed of a category or an archive. Raises UnknownFeedError."""
        definition = define_category(place)
        if definition is None:
            raise UnknownFeedError(place, self.near(place))
        return definition.make_feed()

    def define(self, name: str) -> Definition:
        """Find a category, an alias, an archive, a defined or a saved feed, in any letter case.

        Raises UnknownFeedError.
        """
        known = define_category(name) or self.definitions.get(name.lower())
        definition = known or (self.find_saved(name.lower()) if _NAME.fullmatch(name.lower()) else None)
        if definition is None:
            raise UnknownFeedError(name, self.near(name))
        return definition

    def check_followed(self, place: str) -> None:
        """Raise UnfollowedError for a category or archive of which nothing is followed."""
        members = load_taxonomy().members(place)
        if members and self.followed is not None and self.followed.isdisjoint(members):
            raise UnfollowedError(place)

    def find(self, query: Query) -> Definition | None:
        """Find the defined feed that has exactly this query, whatever its kinds."""
        matching = (name for name in sorted(self.definitions) if self._query_of(name) == query)
        return next((self.definitions[name] for name in matching), None)

    def near(self, name: str) -> tuple[str, ...]:
        """Give the names of feeds there are that come close to one, best first: those that begin alike."""
        wanted = name.lower()
        known = self._spellings
        matches = get_close_matches(wanted, known, n=max(1, len(known)))
        best = sorted(matches, key=lambda match: (*_distance(match, wanted), match))
        return tuple(dict.fromkeys(known[match] for match in best))[:NEAR]

    @cached_property
    def _spellings(self) -> dict[str, str]:
        """Every name under which a feed can be asked for, in small letters, and the feed's own."""
        taxonomy = load_taxonomy()
        followed = taxonomy.categories.keys() if self.followed is None else self.followed
        categories = {name: place for name, place in taxonomy.canonical.items() if place in followed}
        archives = [a.id for a in taxonomy.archives.values() if not followed.isdisjoint(a.categories)]
        return categories | {name.lower(): name for name in (*archives, *self.definitions)}

    def _query_of(self, name: str) -> Query:
        return any_of(query for query, _ in self.definitions[name].parts)


def _distance(name: str, wanted: str) -> tuple[float, int]:
    alike = SequenceMatcher(None, name, wanted).ratio()
    beginning = takewhile(lambda pair: pair[0] == pair[1], zip(name, wanted, strict=False))
    return -alike, -len(list(beginning))


def define_category(place: str) -> Definition | None:
    """Give the definition of a category, an alias or an archive, in any letter case; None if it is none."""
    known = find_place(place)
    if known is None:
        return None
    found = known.removesuffix(".*")
    title = write_label(load_taxonomy().name_of(found), found)
    query = AnnouncedIn(known)
    return Definition(found, title, ((query, default_kinds(query)),))


def load_catalogue(folder: Path, followed: Collection[str] | None = None) -> Catalogue:
    """Read every `*.toml` of a folder. Raises SettingsError with all problems, one a line."""
    definitions, problems = _read_folder(folder)
    if problems:
        raise SettingsError("\n".join(problems))
    return Catalogue(definitions, None if followed is None else frozenset(followed))


def check_catalogue(folder: Path) -> list[str]:
    """Give every problem of every feed definition in a folder, each with its file and key."""
    return _read_folder(folder)[1]


def _read_folder(folder: Path) -> tuple[dict[str, Definition], list[str]]:
    if not folder.is_dir():
        return {}, [f"feeds_dir: {str(folder)!r} is no folder: expected one of feed definitions"]
    definitions: dict[str, Definition] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.toml")):
        found: list[str] = []
        try:
            found += check_name(path.stem)
            definitions[path.stem] = _read_definition(path)
        except ValidationError as error:
            found += map(_explain, error.errors())
        except (OSError, ValueError) as error:
            found.append(str(error))
        problems += [f"{path.name}: {problem}" for problem in found]
    return definitions, problems


def _read_definition(path: Path) -> Definition:
    keys = _FeedFile.model_validate(tomllib.loads(path.read_text("utf-8")))
    query = all_of((keys.query, *([any_of(map(AnnouncedIn, keys.categories))] if keys.categories else [])))
    kinds = tuple(sorted(set(keys.kinds), key=lambda kind: kind.rank)) or default_kinds(query)
    namings = (
        Naming(language, said.title, said.description or keys.description)
        for language, said in sorted(keys.translations.items())
    )
    return Definition(
        path.stem, keys.title, ((query, kinds),), keys.limit, keys.description, namings=tuple(namings)
    )


def check_name(name: str) -> list[str]:
    """Give what keeps a feed from having a name; nothing if it may."""
    if not _NAME.fullmatch(name):
        return [tell(_NO_NAME, name=name)]
    if name in RESERVED:
        return [tell("{name!r} is reserved: expected another name", name=name)]
    if define_category(name) or name in load_taxonomy().names:
        return [tell("{name!r} is a category or archive: expected another name", name=name)]
    if _LANGUAGE.fullmatch(name):
        return [tell("{name!r} reads as a language: expected a longer name", name=name)]
    return []


def _parse_query(text: object) -> Query:
    if not isinstance(text, str):
        raise ValueError("expected a query between quotation marks")
    try:
        return parse(" ".join(text.split()))
    except QueryError as error:
        raise ValueError(f"at character {error.position + 1}: {error.expected}\n{error.pointer()}") from error


def _read_category(text: str) -> str:
    try:
        return read_place(text)
    except TermError as error:
        raise ValueError(f"{text!r} is no category or archive: {error}") from error


_Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_Tag = Annotated[str, StringConstraints(to_lower=True, pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


class _Translation(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    title: _Title
    description: str = ""


class _FeedFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    title: _Title
    query: Annotated[Query, PlainValidator(_parse_query)]
    categories: tuple[Annotated[str, AfterValidator(_read_category)], ...] = ()
    kinds: tuple[Kind, ...] = ()
    limit: int = Field(LIMIT, ge=1, le=LIMIT, strict=True)
    description: str = ""
    translations: Mapping[_Tag, _Translation] = Field(default_factory=dict)

    @field_validator("translations", mode="before")
    @classmethod
    def _refuse_one_language_twice(cls, tables: object) -> object:
        tags = [str(tag).lower() for tag in tables] if isinstance(tables, dict) else []
        twice = sorted({tag for tag in tags if tags.count(tag) > 1})
        if twice:
            raise ValueError(f"{twice[0]!r} stands there twice: expected each language once")
        return tables


def _explain(error: Any) -> str:
    key = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        known = _Translation.model_fields if error["loc"][0] == "translations" else _FeedFile.model_fields
        return f"{key}: unknown key: expected one of {', '.join(known)}"
    if error["type"] == "model_type":
        return f"{key}: expected a table with a title"
    if error["loc"][-1] == "[key]":
        return f"translations: {error['input']!r} is no language: expected a tag such as zh or pt-BR"
    return f"{key}: {str(error['msg']).removeprefix('Value error, ')}"
