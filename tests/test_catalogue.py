"""Feed definitions: what a file may say, what is refused and how, and the ones that are shipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedsvc.errors import SettingsError, UnknownFeedError
from feedsvc.feed.catalogue import Catalogue, check_catalogue, load_catalogue
from feedsvc.query import parse

GOOD = 'title = "Graphs"\nquery = "graph OR graphs"\n'
SHIPPED = Path(__file__).parents[1] / "feeds"


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name.replace('_', '-')}.toml").write_text(text, "utf-8")
    return folder


def test_a_file_becomes_a_feed_under_its_own_name(tmp_path: Path) -> None:
    feed = load_catalogue(write(tmp_path, graph_theory=GOOD + 'description = "All of it."')).feeds[
        "graph-theory"
    ]

    assert (feed.name, feed.title, feed.description) == ("graph-theory", "Graphs", "All of it.")
    assert str(feed.query) == "(graph OR graphs) (kind:cross OR kind:new)"
    assert feed.limit == 200


def test_categories_kinds_and_limit_restrict_the_feed(tmp_path: Path) -> None:
    keys = 'categories = ["cs.NA", "stat"]\nkinds = ["replace", "new", "new"]\nlimit = 20\n'
    feed = load_catalogue(write(tmp_path, graphs=GOOD + keys)).feeds["graphs"]

    assert str(feed.query) == "(graph OR graphs) (in:math.NA OR in:stat.*) (kind:new OR kind:replace)"
    assert feed.limit == 20


def test_a_query_may_run_over_several_lines(tmp_path: Path) -> None:
    text = "title = 'Graphs'\nquery = '''\ngraph\nOR \"random  graphs\"\n'''"

    assert '"random graphs"' in str(load_catalogue(write(tmp_path, graphs=text)).feeds["graphs"].query)


def test_a_feed_is_called_as_its_file_says_for_the_language_or_a_wider_one(tmp_path: Path) -> None:
    translated = '[translations.ZH]\ntitle = "图"\ndescription = "所有的图。"\n'
    feed = load_catalogue(write(tmp_path, graphs=GOOD + translated)).feeds["graphs"]
    said = {language: feed.name_in(language) for language in ("zh", "zh-Hant", "en", "fr")}

    assert [(each.title, each.description) for each in said.values()] == [
        ("图", "所有的图。"),
        ("图", "所有的图。"),
        ("Graphs", ""),
        ("Graphs", ""),
    ]


def test_a_translation_without_a_description_keeps_that_of_the_feed(tmp_path: Path) -> None:
    text = GOOD + 'description = "All graphs."\n[translations.zh]\ntitle = "图"\n'

    said = load_catalogue(write(tmp_path, graphs=text)).feeds["graphs"].name_in("zh")

    assert (said.title, said.description) == ("图", "All graphs.")


def test_every_shipped_feed_has_a_chinese_title_and_description() -> None:
    for feed in load_catalogue(SHIPPED).feeds.values():
        said = feed.name_in("zh")
        assert not said.title.isascii(), feed.name
        assert not said.description.isascii(), feed.name


def test_feeds_come_in_alphabetical_order(tmp_path: Path) -> None:
    folder = write(tmp_path, trees=GOOD, graphs=GOOD, matroids=GOOD)

    assert list(load_catalogue(folder).feeds) == ["graphs", "matroids", "trees"]


def test_other_files_are_let_be(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("Not a feed.", "utf-8")

    assert load_catalogue(tmp_path).feeds == {}


PROBLEMS = [
    ("colour = 1", "colour: unknown key: expected one of title, query"),
    ("limit = 0", "limit: "),
    ("limit = 201", "limit: "),
    ('limit = "20"', "limit: "),
    ('kinds = ["old"]', "kinds.0: "),
    ('translations.zh = "图"', "translations.zh: expected a table with a title"),
    (
        '[translations.zh]\ntitle = "图"\n[translations.ZH]\ntitle = "画"',
        "translations: 'zh' stands there twice: expected each language once",
    ),
    ("[translations.zh]", "translations.zh.title: "),
    (
        '[translations.zh]\ntitle = "图"\nquery = "tu"',
        "translations.zh.query: unknown key: expected one of title, description",
    ),
    ('[translations.Chinese]\ntitle = "图"', "translations: 'Chinese' is no language: expected a tag"),
    ('categories = ["cs.ZZ"]', "categories.0: 'cs.ZZ' is no category or archive"),
    ("=", "line 3"),
]


@pytest.mark.parametrize(("line", "problem"), PROBLEMS)
def test_a_wrong_key_is_named_with_its_file(tmp_path: Path, line: str, problem: str) -> None:
    with pytest.raises(SettingsError, match=r"graphs\.toml: ") as caught:
        load_catalogue(write(tmp_path, graphs=GOOD + line))

    assert problem in str(caught.value)


@pytest.mark.parametrize("key", ["title", "query"])
def test_title_and_query_must_be_there(tmp_path: Path, key: str) -> None:
    text = "\n".join(line for line in GOOD.splitlines() if not line.startswith(key))

    with pytest.raises(SettingsError, match=rf"graphs\.toml: {key}: "):
        load_catalogue(write(tmp_path, graphs=text))


def test_a_bad_query_is_shown_with_a_caret(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_catalogue(write(tmp_path, graphs='title = "Graphs"\nquery = "graph kind:old"'))

    assert str(caught.value).splitlines()[1:] == ["graph kind:old", " " * 11 + "^"]
    assert "query: at character 12: expected one of new, cross" in str(caught.value)


@pytest.mark.parametrize("text", ["query = 3", "query = true", "query = []"])
def test_a_query_must_be_text(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="query: expected a query"):
        load_catalogue(write(tmp_path, graphs=f'title = "Graphs"\n{text}'))


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "graphs.toml").write_bytes(b'title = "\xff"')

    with pytest.raises(SettingsError, match=r"graphs\.toml: .*utf-8"):
        load_catalogue(tmp_path)


NAMES = [
    "a",
    "1st",
    "Graphs",
    "a.b",
    "daily",
    "search",
    "hep-th",
    "cs",
    "astro-ph",
    "alg-geom",
    "zh",
    "zh-hant",
]


@pytest.mark.parametrize("name", [*NAMES, "pt-br", "new"])
def test_a_name_that_means_something_else_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=rf"{name}\.toml: '{name}' .*expected"):
        load_catalogue(write(tmp_path, **{name: GOOD}))


@pytest.mark.parametrize("name", ["rag", "ai-safety", "llm2", "hep-theory"])
def test_short_names_are_allowed(tmp_path: Path, name: str) -> None:
    assert name in load_catalogue(write(tmp_path, **{name: GOOD})).feeds


def test_the_check_reports_every_problem_of_every_file(tmp_path: Path) -> None:
    folder = write(tmp_path, daily="limit = 0", fine=GOOD, graphs=GOOD + "a = 1\nb = 2", trees="=")
    problems = check_catalogue(folder)

    assert [problem.partition(":")[0] for problem in problems] == [
        *["daily.toml"] * 4,
        *["graphs.toml"] * 2,
        "trees.toml",
    ]


def test_a_missing_folder_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"feeds_dir: .*nowhere' is no folder"):
        load_catalogue(tmp_path / "nowhere")


def test_categories_archives_and_aliases_are_feeds() -> None:
    catalogue = Catalogue({})

    assert str(catalogue.category_feed("cs.AI").query) == "in:cs.AI (kind:cross OR kind:new)"
    assert catalogue.category_feed("cs.NA").name == "math.NA"
    assert catalogue.category_feed("CS").name == "cs"
    assert "in:cs.*" in str(catalogue.category_feed("cs").query)
    assert catalogue.category_feed("stat.ML").title == "Machine Learning (stat.ML)"


def test_an_unknown_category_comes_with_names_near_it() -> None:
    with pytest.raises(UnknownFeedError) as caught:
        Catalogue({}).category_feed("hepth")

    assert caught.value.near[0] == "hep-th"


def test_of_names_equally_near_those_that_begin_alike_come_first() -> None:
    assert Catalogue({}).near("cs.AJ")[:2] == ("cs.AI", "cs.AR")


def test_a_category_that_is_not_followed_is_not_near() -> None:
    assert Catalogue({}, frozenset({"cs.AR", "math.NA"})).near("cs.AJ") == ("cs.AR", "math.NA")


def test_a_name_near_an_alias_leads_to_its_category() -> None:
    assert "math.NA" in Catalogue({}).near("cs.NAA")


def test_a_feed_is_found_by_its_query(tmp_path: Path) -> None:
    catalogue = load_catalogue(write(tmp_path, graphs=GOOD))
    found = catalogue.find(parse("graphs or GRAPH"))

    assert found is not None
    assert found.place == "graphs"
    assert catalogue.find(parse("graph")) is None


def test_the_shipped_feeds_are_without_a_problem() -> None:
    assert check_catalogue(SHIPPED) == []
    assert len(load_catalogue(SHIPPED).feeds) == 14


def test_no_two_shipped_feeds_are_the_same() -> None:
    feeds = load_catalogue(SHIPPED).feeds.values()

    assert len({str(feed.query) for feed in feeds}) == len({feed.title for feed in feeds}) == len(feeds)


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_feed_says_why_it_is_as_it_is(path: Path) -> None:
    text = path.read_text("utf-8")

    assert text.startswith("# ")
    assert "description = " in text
    assert max(map(len, text.splitlines())) <= 110
