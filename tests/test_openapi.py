"""The description of the web's surface: no route too many or too few, and answers are as it says."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from feedsvc.web.openapi import CATALOG, PATH, describe_surface, list_routes
from feedsvc.web.surface import OPERATIONS
from tests.web_house import House, open_house

# More for a campaign: FEEDSVC_TEST_EXAMPLES=1000.
EXAMPLES = int(os.environ.get("FEEDSVC_TEST_EXAMPLES", "20"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# Addresses that mean something, so that not all that is made up ends as 404.
PLACES = (
    "cs.AI",
    "cs",
    "random-walks",
    "keyword/random-walk",
    "author/lovelace_a",
    "like/2601.00001",
    "search",
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    # A limit would answer for whatever is behind it.
    limits = {"queries_per_minute": 0, "posts_per_minute": 0}
    with open_house(tmp_path_factory.mktemp("house"), saving={"mode": "open"}, limits=limits) as opened:
        yield opened


def describe(house: House) -> dict[str, Any]:
    answer = house.client.get(PATH)
    assert answer.status_code == 200
    described: dict[str, Any] = answer.get_json(force=True)
    return described


def test_every_route_and_method_is_described_and_no_other(house: House) -> None:
    described = {
        (path, method.upper()) for path, methods in describe(house)["paths"].items() for method in methods
    }
    routed = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method)
        for rule, method in list_routes(house.app.url_map)
    }

    assert described == routed
    assert {(rule.endpoint, method) for rule, method in list_routes(house.app.url_map)} == set(OPERATIONS)


def test_it_is_openapi_that_others_read(house: House) -> None:
    schemathesis.openapi.from_wsgi(PATH, house.app).validate()


def test_a_route_that_is_not_described_is_noticed(tmp_path: Path) -> None:
    with open_house(tmp_path) as other:
        other.app.add_url_rule("/hidden", endpoint="hidden", view_func=lambda: "")

        with pytest.raises(KeyError, match="hidden"):
            describe_surface(other.app, "https://feeds.example.org")


def test_without_a_hub_none_is_described(tmp_path: Path) -> None:
    with open_house(tmp_path, hub={"mode": "off"}) as other:
        assert "/hub" not in describe(other)["paths"]


def test_every_operation_says_what_it_does_and_has_a_name_of_its_own(house: House) -> None:
    operations = [each for methods in describe(house)["paths"].values() for each in methods.values()]

    assert [
        each for each in operations if not each["summary"].endswith(".") and "static" not in str(each)
    ] == []
    assert len({each["operationId"] for each in operations}) == len(operations)


def test_it_is_found_where_machines_look(house: House) -> None:
    index, catalog = house.client.get("/"), house.client.get(CATALOG)
    link = catalog.get_json(force=True)["linkset"][0]["service-desc"][0]["href"]

    assert link == "https://feeds.example.org/openapi.json"
    assert index.headers["Link"] == f'<{link}>; rel="service-desc"'
    assert f'rel="service-desc" type="application/openapi+json" href="{urlsplit(link).path}"' in index.text
    assert catalog.content_type == "application/linkset+json"


def test_under_a_prefix_the_links_have_it(tmp_path: Path) -> None:
    with open_house(tmp_path, base_url="https://example.org/arxiv") as other:
        told = describe(other)
        link = other.client.get("/").headers["Link"]

    assert told["servers"] == [{"url": "https://example.org/arxiv"}]
    assert link.startswith("<https://example.org/arxiv/openapi.json>")


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/feeds/keyword/more.xml", "/feeds/{path}"),
        ("/feeds/keyword/more", "/feeds/{path}"),
        ("/search?q=walk", "/search"),
        ("/papers/2601.00001", "/papers/{path}"),
    ],
)
def test_that_somebody_asked_too_often_is_an_answer_that_is_described(
    tmp_path: Path, path: str, route: str
) -> None:
    with open_house(tmp_path, limits={"queries_per_minute": 1, "queries_at_once": 1}) as other:
        other.client.get("/papers/2601.00002")
        refused = other.client.get(path)
        described = describe(other)["paths"][route]["get"]["responses"]

    assert refused.status_code == 429
    assert "429" in described


LIFE = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
UNPACKED = {"Accept-Encoding": "identity"}


def find_operation(house: House, name: str) -> Any:
    return schemathesis.openapi.from_wsgi(PATH, house.app).find_operation_by_id(name)


# What is static Flask sends by itself, out of files that schemathesis leaves open.
@pytest.mark.parametrize(("endpoint", "method"), sorted(OPERATIONS.keys() - {("static", "GET")}))
def test_law_whatever_is_asked_the_answer_is_one_that_is_described(
    house: House, endpoint: str, method: str
) -> None:
    operation = find_operation(house, f"{endpoint}.{method.lower()}")

    @LIFE
    @given(st.one_of([operation.as_strategy(generation_mode=mode) for mode in GenerationMode]))
    def ask(case: Any) -> None:
        case.call_and_validate(checks=CHECKS, headers=UNPACKED)

    ask()


@LIFE
@given(
    place=st.lists(st.sampled_from(PLACES), min_size=1, max_size=3).map("+".join),
    before=st.sampled_from(("", "zh/", "daily/", "zh/daily/", "xx/")),
    behind=st.sampled_from(("", "/2026-01-14", "/2026-1-14", "/2026-02-30", "/9999-12-31", "/0000-00-00")),
    suffix=st.sampled_from((".xml", ".rss", ".json", ".md", ".atom", "", ".html", ".pdf")),
    query=st.dictionaries(
        st.sampled_from(("q", "announce", "primary", "limit", "hl", "x")),
        st.one_of(st.sampled_from(("walk", "new", "1", "200", "zh", "in:cs.AI", "(")), st.text(max_size=300)),
        max_size=3,
    ),
    accept=st.sampled_from(("*/*", "text/html")),
)
def test_law_every_address_that_is_nearly_one_of_a_feed_is_answered_as_described(
    house: House, place: str, before: str, behind: str, suffix: str, query: dict[str, str], accept: str
) -> None:
    operation = find_operation(house, "feeds.show_feed.get")
    case = operation.Case(path_parameters={"path": before + place + behind + suffix}, query=query)

    case.call_and_validate(checks=CHECKS, headers=UNPACKED | {"Accept": accept})


@LIFE
@given(
    mode=st.sampled_from(("subscribe", "unsubscribe", "publish", "")),
    feed=st.sampled_from(("/feeds/cs.AI.xml", "/feeds/nothing.xml", "/feeds/search.xml?q=(", "", "/")),
    host=st.sampled_from(("reader.example", "127.0.0.1", "[::1]", "a..b", "x" * 300, "\u00e9", "[")),
    port=st.sampled_from(("", ":443", ":0", ":99999", ":x")),
    rest=st.text(max_size=30),
)
def test_law_whatever_the_hub_is_asked_it_answers_as_described(
    house: House, mode: str, feed: str, host: str, port: str, rest: str
) -> None:
    form = {
        "hub.mode": mode,
        "hub.topic": f"https://feeds.example.org{feed}",
        "hub.callback": f"https://{host}{port}/{rest}",
        "hub.lease_seconds": rest,
    }
    operation = find_operation(house, "hub.take_request.post")
    case = operation.Case(body=form, media_type="application/x-www-form-urlencoded")

    case.call_and_validate(checks=CHECKS)
