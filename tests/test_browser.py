"""What people do on the pages, in a real browser. Skipped where Debian's Chromium is not installed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import axe_playwright_python
import pytest
from lxml import etree
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from feedsvc.serve import serve_app
from tests.pages import KINDS, open_pages
from tests.web_house import House

AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
SECONDS = 20_000
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1440, "height": 900}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give a browser; skip, or fail where `FEEDSVC_TEST_BROWSER=required`, if it is not installed."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        message = "no browser is installed (Debian packages chromium and fonts-noto-cjk)"
        if os.environ.get("FEEDSVC_TEST_BROWSER") == "required":
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_pages(tmp_path_factory.mktemp("house")) as opened:
        yield opened


@pytest.fixture(scope="module")
def address(house: House) -> Iterator[str]:
    with serve_app(house.app, "127.0.0.1", 0, threads=4) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def context(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """Give a fresh browser; a test's parameter may take its scripts away or its window in."""
    options = {"viewport": DESK} | getattr(request, "param", {})
    opened = browser.new_context(base_url=address, locale="en-US", accept_downloads=True, **options)
    opened.set_default_timeout(SECONDS)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    opened = context.new_page()
    opened.on("pageerror", lambda error: pytest.fail(f"a script failed: {error}"))
    return opened


with_and_without_script = pytest.mark.parametrize(
    "context",
    [{}, {"java_script_enabled": False}, {"java_script_enabled": False, "viewport": PHONE}],
    ids=["script", "no-script", "no-script-phone"],
    indirect=True,
)


@with_and_without_script
def test_a_basket_of_three_is_found_ticked_and_taken_as_opml(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Find a feed").fill("cs.ai")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("tbody tr:visible").get_by_role("rowheader")).to_have_text(["cs.AI"])
    page.get_by_label("Find a feed").fill("")
    page.get_by_role("button", name="Filter").click()
    for name in ("cs.AI", "hep-th", "random-walks"):
        page.get_by_label(f"Take {name}", exact=True).check()
    page.get_by_role("button", name="Take the ticked feeds").click()
    with page.expect_download() as download:
        page.locator("#basket").get_by_role("link", name="OPML").click()
    found = etree.parse(str(download.value.path())).xpath("//@xmlUrl")

    assert [url.rpartition("/")[2] for url in found] == ["random-walks.xml", "cs.AI.xml", "hep-th.xml"]
    combined = "https://feeds.example.org/feeds/cs.AI+hep-th+random-walks.xml"
    expect(page.locator("#basket").get_by_role("link", name=combined)).to_have_count(1)


def test_the_basket_fills_and_the_list_narrows_as_one_goes(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Take cs.AI", exact=True).check()
    expect(page.locator("#ticked")).to_have_text("cs.AI")
    page.get_by_role("button", name="Take the ticked feeds").click()
    page.get_by_label("Find a feed").press_sequentially("strings")
    expect(page.locator(".nothing")).to_be_visible()
    page.get_by_label("Find a feed").fill("theory")
    expect(page.locator("tbody tr:visible").get_by_role("rowheader")).to_have_text(["hep-th"])
    page.get_by_label("Take hep-th", exact=True).check()
    expect(page.locator("#basket code")).to_have_text("https://feeds.example.org/feeds/cs.AI+hep-th.xml")
    page.get_by_label("FreshRSS or Miniflux").fill("rss.example.org")
    page.get_by_role("button", name="Show links").click()
    expect(page.get_by_role("link", name="Miniflux")).to_be_visible()


def test_the_basket_fills_in_chinese_as_well(page: Page) -> None:
    page.goto("/zh")
    page.locator("input[value='cs.AI']").check()
    page.locator("#ticked").locator("xpath=ancestor::form").get_by_role("button").last.click()
    page.locator("#own").fill("rss.example.org")
    page.locator("form.own button").click()

    expect(page.locator("#basket").get_by_role("link", name="Miniflux")).to_be_visible()


@with_and_without_script
def test_a_bad_query_is_mended_by_its_message_and_subscribed_to(page: Page, house: House) -> None:
    page.goto("/search")
    page.get_by_label("Make a feed of any search").fill("walk (tree")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("pre.pointer")).to_have_text("walk (tree\n     ^")
    expect(page.get_by_text("At character 6:")).to_be_visible()
    page.get_by_label("Make a feed of any search").fill("walk OR knots")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("mark")).not_to_have_count(0)
    link = page.locator(".subscribe .address a").get_attribute("href")

    assert link == "https://feeds.example.org/feeds/search.xml?q=knots+OR+walk"
    assert house.client.get(link.removeprefix("https://feeds.example.org")).status_code == 200


def test_results_come_as_one_types(page: Page) -> None:
    page.goto("/search")
    query = page.get_by_label("Make a feed of any search")
    query.press_sequentially("walk (")
    expect(page.locator("pre.pointer")).to_be_visible()
    expect(query).to_have_attribute("aria-invalid", "true")
    query.press("Backspace")
    query.press("Backspace")
    expect(page.locator(".card")).to_have_count(1)
    expect(query).not_to_have_attribute("aria-invalid", "true")

    assert page.url.endswith("/search?q=walk")


@with_and_without_script
def test_a_feed_is_saved_edited_and_deleted(page: Page, house: House) -> None:
    page.goto("/search?q=walk")
    page.get_by_text("Save it under a name of its own").click()
    # The names of deleted feeds stay taken: each run needs one of its own.
    page.get_by_label("Name, as in its address").fill(f"my-walks-{token_hex(3)}")
    page.get_by_role("button", name="Save the feed").click()
    secret = page.locator(".address a").last.get_attribute("href") or ""
    page.goto(secret.removeprefix("https://feeds.example.org"))
    page.get_by_label("Query", exact=True).fill("knots")
    page.get_by_role("button", name="Change the feed").click()
    expect(page.get_by_text("It is changed.")).to_be_visible()
    page.get_by_role("button", name="Delete the feed").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Delete the feed")
    page.get_by_role("button", name="Delete the feed").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("is deleted")

    assert house.client.get(f"/feeds/{secret.split('/')[4]}.xml").status_code == 410


def test_a_feed_page_is_walked_by_keyboard(page: Page) -> None:
    page.goto("/feeds/cs.AI")
    ids = [card.get_attribute("id") for card in page.locator(".card").all()]
    for keys, place in (("j", 0), ("jj", 2), ("k", 1)):
        for key in keys:
            page.keyboard.press(key)
        assert page.evaluate("document.activeElement.id") == ids[place]
    page.keyboard.press("o")
    page.wait_for_url("**/papers/*")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_kinds_are_filtered_at_once(page: Page) -> None:
    page.goto("/feeds/cs.AI")
    page.get_by_role("link", name="Cross-lists").click()
    expect(page.locator(".card:visible")).to_have_count(1)
    expect(page.locator(".card:visible .kind")).to_have_text("Cross-list")

    assert page.url.endswith("/feeds/cs.AI")


@pytest.mark.parametrize("context", [{"java_script_enabled": False}], indirect=True)
def test_kinds_are_filtered_by_address_without_a_script(page: Page) -> None:
    page.goto("/feeds/cs.AI")
    page.get_by_role("link", name="Cross-lists").click()
    expect(page.locator(".card")).to_have_count(1)

    assert page.url.endswith("/feeds/cs.AI?announce=cross")


@pytest.mark.parametrize(
    "context",
    [{"color_scheme": "light"}, {"color_scheme": "dark", "viewport": PHONE}],
    ids=["light-desk", "dark-phone"],
    indirect=True,
)
def test_no_page_is_wider_than_its_window_or_shuts_anybody_out(page: Page) -> None:
    """By all of axe-core's rules: WCAG 2.2 A and AA, and its best practices."""
    wide, found = [], []
    axe = AXE.read_text("utf-8")
    for path in KINDS:
        page.goto(path)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wide.append(path)
        page.evaluate(axe)
        violations = page.evaluate("axe.run().then(results => results.violations)")
        found += [(path, v["id"], v["nodes"][0]["html"][:200]) for v in violations]

    assert wide == []
    assert found == []


def test_a_page_in_chinese_is_a_link_away(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="中文").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("把 arXiv 变成订阅源")
    page.get_by_role("link", name="状态", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("账本状态")
