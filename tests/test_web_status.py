"""The ledger's last days as a page and as JSON: what is late in words, every cell by letter and colour."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from feedsvc.lateness import MEANINGS, Standing
from feedsvc.ledger import KNOWN_AFTER, judge_batch
from feedsvc.paper import BatchState, Kind
from feedsvc.store.orders import OrderState
from feedsvc.told import quote
from feedsvc.web.language import load_sentences
from tests.builders import make_note
from tests.test_web_index import Page
from tests.web_house import DAY, NOON, House, open_house

TUESDAY = DAY - timedelta(days=1)
HOSTILE = '<script>alert(1)</script> & "quoted"'


def note(
    house: House, state: BatchState, category: str = "math.NA", day: date = DAY, **fields: object
) -> None:
    known = {"first_seen": NOON, "last_seen": NOON}
    house.store.ledger.note_batch(make_note(state, category=category, day=day, **(known | fields)))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Give a house in which math.NA was never asked for, twelve hours after the switch."""
    with open_house(tmp_path) as opened:
        yield opened


def page_of(house: House) -> str:
    response = house.client.get("/status")
    assert (response.status_code, response.mimetype) == (200, "text/html")
    return response.text


def cells_of(text: str, category: str) -> list[str]:
    """Give the cells of a category's row, newest day first."""
    row = re.search(
        rf'<tr><th scope="row"><a [^>]*>{re.escape(category)}</a></th>(.*?)</tr>', text, re.DOTALL
    )
    assert row is not None
    return re.findall(r"<td.*?</td>", row[1], re.DOTALL)


def test_what_is_late_is_said_first_and_in_words(house: House) -> None:
    text = page_of(house)

    assert "1 batch is late, by 12 h." in text
    sentence = text.index("math.NA of Wednesday 14 January is 12 h late: never asked for</li>")
    assert sentence < text.index("<table")


def test_a_chinese_page_names_archives_and_categories_in_chinese(house: House) -> None:
    text = house.client.get("/status?hl=zh").text

    assert 'scope="rowgroup"' in text
    assert re.search(r'scope="rowgroup"[^>]*>数学<', text)
    assert re.search(r'title="数值分析"[^>]*>math.NA</a>', text)


def test_a_chinese_page_tells_in_chinese_how_the_ledger_stands(house: House) -> None:
    note(house, BatchState.FAILED, day=TUESDAY, reason="")
    text = house.client.get("/status?hl=zh").text

    assert "有 5 个批次迟到，最久的已迟 36 小时。</p>" in text
    assert "<summary>1月14日：4 个分类中有 1 个迟到，已迟 12 小时</summary>" in text
    assert ">math.NA，1月14日，已迟 12 小时：从未获取</li>" in text
    assert 'title="cs.AI，1月14日，完整：新论文 2，交叉列表 1；获取过一次，最近一次在 17:00 UTC"' in text
    assert 'lang="en">' not in text.partition("<main")[2]


def test_a_chinese_page_leaves_a_reason_in_english_and_marks_it(house: House) -> None:
    note(house, BatchState.FAILED, reason=HOSTILE)
    text = house.client.get("/status?hl=zh").text

    told = '：<span lang="en">&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#34;quoted&#34;</span>；获取过一次'
    assert told in text
    assert "：&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#34;quoted&#34;；获取过一次" in text


@pytest.mark.parametrize("is_out", [True, False])
@pytest.mark.parametrize("day", [DAY, date(2025, 12, 31)])
@pytest.mark.parametrize("known", [0, KNOWN_AFTER])
def test_why_a_day_is_empty_is_told_in_chinese(day: date, known: int, is_out: bool) -> None:
    earlier = [make_note(BatchState.QUIET)] * known
    verdict = judge_batch(day, (), (), earlier, is_out=is_out)

    assert quote(verdict.reason).retell(load_sentences("zh"))


def test_every_state_and_kind_has_a_name_in_chinese() -> None:
    named = {*map(str, Standing), *map(str, OrderState), *map(str, Kind), *MEANINGS.values()}

    assert named - set(load_sentences("zh")) == set()


def test_a_complete_ledger_says_so_and_lists_nothing_late(house: House) -> None:
    note(house, BatchState.QUIET)
    text = page_of(house)

    assert '<p class="verdict fine"><b>Fine.</b> Everything is there up to Wednesday 14 January.</p>' in text
    assert "<h2>Late</h2>" not in text
    assert "<h2>Not settled yet</h2>" not in text


@pytest.mark.parametrize(("state", "letter"), [("ok", "O"), ("quiet", "Q"), ("stale", "S"), ("failed", "F")])
def test_a_state_is_a_letter_and_a_class_not_a_colour_alone(house: House, state: str, letter: str) -> None:
    if state != "ok":
        note(house, BatchState(state))
    newest = cells_of(page_of(house), "cs.AI" if state == "ok" else "math.NA")[0]

    assert f'<td class="{state}' in newest
    assert f"<b>{letter}" in newest


def test_a_cell_shows_its_number_and_tells_the_rest_in_its_title(house: House) -> None:
    newest, before, *_ = cells_of(page_of(house), "cs.AI")

    assert newest.endswith("<b>O</b> 3</td>")
    title = "cs.AI of Wednesday 14 January is ok: 2 new, 1 cross; asked once, last at 17:00 UTC"
    assert f'title="{title}"' in newest
    assert '<td class="none"' in before


def test_a_late_cell_is_marked_and_leads_to_its_sentence(house: House) -> None:
    text = page_of(house)
    (newest, *_) = cells_of(text, "math.NA")

    assert '<td class="awaited late"' in newest
    assert '<a href="#math.NA-2026-01-14"><b>A!</b></a>' in newest
    assert '<li id="math.NA-2026-01-14">' in text


def test_a_batch_in_trouble_tells_error_attempts_and_what_comes_next(house: House) -> None:
    note(house, BatchState.FAILED, reason="HTTP 503")
    note(house, BatchState.FAILED, reason="HTTP 503", last_seen=NOON + timedelta(minutes=5))
    house.clock.moment = NOON + timedelta(minutes=6)

    assert "is 12 h late: HTTP 503; asked 2 times, next at 17:15 UTC" in page_of(house)


def test_what_is_to_be_asked_for_again_but_not_late_has_its_own_place(house: House) -> None:
    note(house, BatchState.FAILED)
    house.clock.moment = NOON - timedelta(hours=8)
    text = page_of(house)

    assert "Wednesday 14 January is coming in: 3 of 4 categories are there." in text
    assert '<li id="math.NA-2026-01-14">math.NA of Wednesday 14 January is failed: in vain;' in text
    assert "<h2>Late</h2>" not in text


def test_a_day_with_many_late_batches_is_folded(tmp_path: Path) -> None:
    with open_house(tmp_path, categories="cs") as house:
        text = page_of(house)

    assert "<details>\n<summary>Wednesday 14 January: 38 of 40 categories late, by 12 h</summary>" in text


def test_an_error_message_cannot_become_markup(house: House) -> None:
    note(house, BatchState.FAILED, reason=HOSTILE)
    text = page_of(house)

    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#34;quoted&#34;" in text
    assert {tag for tag, _ in Page(text).elements}.isdisjoint({"style", "iframe", "img"})
    assert text.count("<script") == 1


def test_the_page_is_well_formed_and_its_links_lead_somewhere(house: House) -> None:
    note(house, BatchState.STALE, day=TUESDAY)
    page = Page(page_of(house))
    ids, targets = page.values("id"), set(page.values("href"))

    assert page.open == []
    assert len(ids) == len(set(ids))
    assert {target[1:] for target in targets if target.startswith("#")} <= set(ids)
    index = Page(house.client.get("/").text).values("id")
    for target in targets:
        path, _, anchor = target.partition("#")
        if path:
            with house.client.get(path) as response:
                assert response.status_code == 200, target
            assert not anchor or anchor in index


def test_no_element_has_a_style_of_its_own(house: House) -> None:
    assert Page(page_of(house)).values("style") == []


def test_the_categories_stand_under_their_archives(house: House) -> None:
    text = page_of(house)

    archive = '<th class="archive" scope="rowgroup" colspan="11">Computer Science</th>'
    assert text.index(archive) < text.index(">cs.AI</a>") < text.index(">cs.CL</a>")
    assert text.index(">High Energy Physics - Theory</th>") < text.index(">hep-th</a>")


def test_a_day_tells_how_many_categories_are_there(house: House) -> None:
    assert "<td>3/4</td>" in page_of(house)


@pytest.mark.parametrize("path", ["/status", "/status.json"])
def test_it_may_be_kept_for_a_minute_only(house: House, path: str) -> None:
    first = house.client.get(path, headers={"Accept-Encoding": "gzip"})
    second = house.client.get(
        path, headers={"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]}
    )

    assert first.headers["Cache-Control"] == "public, max-age=60"
    assert (first.headers["Content-Encoding"], second.status_code) == ("gzip", 304)


@pytest.mark.parametrize("path", ["/status", "/status.json"])
def test_the_store_is_asked_five_times_however_many_categories_there_are(tmp_path: Path, path: str) -> None:
    asked: list[str] = []
    with open_house(tmp_path, categories="", languages="en") as house:
        event.listen(house.store.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
        house.client.get(path)

    assert len([statement for statement in asked if "SELECT" in statement]) == 5


def test_the_json_tells_the_same(house: House) -> None:
    note(house, BatchState.STALE, reason="an earlier one")
    facts = house.client.get("/status.json").get_json()

    assert (facts["verdict"], facts["sentence"]) == ("late", "1 batch is late, by 12 h.")
    assert [(late["category"], late["reason"]) for late in facts["late"]] == [("math.NA", "an earlier one")]
    states = {batch["category"]: batch["state"] for batch in facts["batches"]}
    assert states == {"cs.AI": "ok", "cs.CL": "ok", "hep-th": "ok", "math.NA": "stale"}


def test_when_it_is_late_is_a_setting(tmp_path: Path) -> None:
    with open_house(tmp_path, late_after_hours=12.5) as house:
        assert house.client.get("/status.json").get_json()["verdict"] == "fine"
        assert "12.5 hours after" in page_of(house)


def test_being_late_takes_nobody_out_of_rotation(house: House) -> None:
    assert house.client.get("/status.json").get_json()["verdict"] == "late"
    assert house.client.get("/readyz").status_code == 200
    assert house.client.get("/healthz").status_code == 200


def test_below_a_path_prefix_every_link_keeps_it(tmp_path: Path) -> None:
    with open_house(tmp_path, base_url="https://example.org/arxiv/") as house:
        page = Page(house.client.get("/arxiv/status").text)

    targets = [target for target in page.values("href") if not target.startswith("#")]
    assert targets
    assert all(target.startswith("/arxiv/") for target in targets)
