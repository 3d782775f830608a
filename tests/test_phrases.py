"""The service's own words."""

from __future__ import annotations

import string
import tomllib
from dataclasses import fields, replace
from datetime import date
from importlib import resources
from urllib.parse import parse_qsl

import pytest

from feedsvc.feed import Options
from feedsvc.feed.address import resolve
from feedsvc.feed.catalogue import Catalogue
from feedsvc.paper import Kind
from feedsvc.render.phrases import Phrases, load_phrases, name_language
from feedsvc.taxonomy import load_taxonomy

LANGUAGES = sorted(
    file.name.removesuffix(".toml")
    for file in resources.files("feedsvc.render").joinpath("phrases").iterdir()
)


def test_english_and_chinese_are_spoken() -> None:
    assert {"en", "zh"} <= set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_phrase_and_no_other(language: str) -> None:
    text = resources.files("feedsvc.render").joinpath(f"phrases/{language}.toml").read_text("utf-8")

    assert tomllib.loads(text).keys() - {"places"} == {field.name for field in fields(Phrases)} - {"places"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_phrase_is_empty_and_each_has_the_places_of_the_english_one(language: str) -> None:
    phrases, english = load_phrases(language), load_phrases("en")

    for field in fields(Phrases):
        phrase = getattr(phrases, field.name)
        assert phrase or field.name == "places"
        if isinstance(phrase, str):
            assert _places(phrase) == _places(getattr(english, field.name)), field.name


def _places(phrase: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(phrase) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_is_named_as_its_file_and_has_twelve_months(language: str) -> None:
    phrases = load_phrases(language)

    assert phrases.language.lower() == language
    assert len(set(phrases.months)) == 12


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        ("zh-Hant", "zh"),
        ("ZH", "zh"),
        ("en-GB", "en"),
        ("fr", "en"),
        ("", "en"),
        ("../en", "en"),
        ("zh-a-b", "zh"),
    ],
)
def test_a_missing_language_falls_back_to_a_wider_one_then_to_english(asked: str, spoken: str) -> None:
    assert load_phrases(asked).language == spoken


def test_headings_are_in_the_language() -> None:
    chinese = load_phrases("zh")

    assert (chinese.background, chinese.innovation, chinese.conclusion) == ("背景", "创新", "结论")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_has_its_own_name(language: str) -> None:
    assert len({load_phrases(language).name_kind(kind, 2) for kind in Kind}) == len(Kind)


def test_a_replacement_names_its_version() -> None:
    assert load_phrases("en").name_kind(Kind.REPLACE, 2) == "Replacement (v2)"


@pytest.mark.parametrize(("language", "written"), [("en", "4 January 2026"), ("zh", "2026年1月4日")])
def test_a_date_is_written_as_people_do(language: str, written: str) -> None:
    assert load_phrases(language).format_date(date(2026, 1, 4)) == written


def test_chinese_names_every_category_and_archive_and_nothing_else() -> None:
    taxonomy = load_taxonomy()

    assert load_phrases("zh").places.keys() == taxonomy.names.keys() | taxonomy.archives.keys()


def test_no_two_categories_of_an_archive_have_one_name() -> None:
    phrases = load_phrases("zh")

    for archive in load_taxonomy().archives.values():
        named = {phrases.name_place(category) for category in archive.categories}
        assert len(named) == len(archive.categories), archive.id


@pytest.mark.parametrize(
    ("place", "name"),
    [("cs.AI", "人工智能"), ("cs", "计算机科学"), ("cmp-lg", "计算与语言"), ("cs.XX", "cs.XX")],
)
def test_a_category_or_an_archive_has_its_name_in_the_language(place: str, name: str) -> None:
    assert load_phrases("zh").name_place(place) == name


def test_a_language_without_names_of_categories_uses_the_english_ones() -> None:
    nameless = replace(load_phrases("zh"), places={})

    assert (nameless.name_place("cs.AI"), nameless.name_place("cs")) == (
        "Artificial Intelligence",
        "Computer Science",
    )
    assert (
        nameless.title_feed("Artificial Intelligence (cs.AI)", "cs.AI") == "Artificial Intelligence (cs.AI)"
    )


@pytest.mark.parametrize(
    ("title", "place", "named"),
    [
        ("Artificial Intelligence (cs.AI)", "cs.AI", "人工智能 (cs.AI)"),
        ("Computer Science (cs)", "cs", "计算机科学 (cs)"),
        (
            "Machine Learning (cs.LG) + Large language models + Machine Learning (stat.ML)",
            "cs.LG+large-language-models+stat.ML",
            "机器学习 (cs.LG) + Large language models + 机器学习 (stat.ML)",
        ),
        ("random walk", "keyword/random-walk", "random walk"),
    ],
)
def test_a_feeds_title_names_its_categories_in_the_language(title: str, place: str, named: str) -> None:
    assert load_phrases("zh").title_feed(title, place) == named


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("author/hinton_g?limit=5", "hinton_g 的论文"),
        ("like/2601.00001", "与 2601.00001 相似的论文"),
        ("like/2601.00001+2601.00002", "与 2601.00001 或 2601.00002 相似的论文"),
        (
            "like/" + "+".join(f"2601.0000{number}" for number in range(1, 6)),
            "与 2601.00001, 2601.00002, 2601.00003 及另外 2 篇 相似的论文",
        ),
        ("keyword/papers-by", "papers by"),
    ],
)
def test_a_feeds_title_says_in_the_language_what_it_is_of(path: str, named: str) -> None:
    place, _, options = path.partition("?")
    feed = resolve(f"{place}.xml", parse_qsl(options), Catalogue({}), ("en", "zh"), ("xml",)).feed

    assert load_phrases("zh").title_feed(feed.title, feed.place) == named
    assert load_phrases("en").title_feed(feed.title, feed.place) == feed.title


@pytest.mark.parametrize(
    ("options", "english", "chinese"),
    [
        (Options(), (), ()),
        (Options(kinds=(Kind.NEW,)), ("new papers",), ("新论文",)),
        (Options(kinds=tuple(Kind)), ("all announcements",), ("全部公布",)),
        (
            Options(kinds=(Kind.NEW, Kind.CROSS, Kind.REPLACE)),
            ("new papers, cross-lists and replacements",),
            ("新论文、交叉列表和替换版本",),
        ),
        (
            Options(kinds=(Kind.CROSS, Kind.REPLACE_CROSS), primary=True, limit=5),
            ("cross-lists and replacement cross-lists", "primary category only", "newest 5"),
            ("交叉列表和交叉列表替换版本", "仅主分类", "最新 5 篇"),
        ),
    ],
)
def test_what_was_chosen_for_a_feed_is_said_in_the_language(
    options: Options, english: tuple[str, ...], chinese: tuple[str, ...]
) -> None:
    assert load_phrases("en").label_options(options) == english
    assert load_phrases("zh").label_options(options) == chinese


def test_a_digest_says_where_it_comes_from() -> None:
    phrases = load_phrases("en")

    assert phrases.name_method("extractive") == phrases.extractive
    assert "a {model}" in phrases.name_method("a {model}")


@pytest.mark.parametrize(
    ("tag", "name"), [("zh", "中文"), ("EN", "English"), ("zh-Hant", "zh-Hant"), ("de", "de")]
)
def test_a_language_without_phrases_of_its_own_goes_by_its_tag(tag: str, name: str) -> None:
    assert name_language(tag) == name
