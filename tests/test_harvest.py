"""From OAI-PMH's pages to papers with their histories."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from feedsvc.arxiv.oai import OaiPage
from feedsvc.arxiv.oai_record import OaiMetadata, OaiRecord, OaiVersion
from feedsvc.history import PaperHistory
from feedsvc.paper import Author
from feedsvc.pipeline.harvest import Harvester, ToldPage

CHANGED = date(2026, 1, 6)
SENT = datetime(2026, 1, 5, 15, tzinfo=UTC)
TOLD = OaiMetadata("arXivRaw", "Counting", "We count.", (Author("Ann Example"),), ("math.CO",))
RECORD = OaiRecord("2601.00001", CHANGED, (), False, TOLD, (OaiVersion(1, SENT),))


class Pages:
    """A source that has these pages, whatever is asked."""

    def __init__(self, *pages: OaiPage) -> None:
        self._pages = pages

    def list_records(
        self, since: date, until: date | None, set_spec: str | None, prefix: str
    ) -> Iterator[OaiPage]:
        return iter(self._pages)

    def resume(self, token: str, prefix: str) -> Iterator[OaiPage]:
        return (page for page in self._pages if page.token != token)


def test_a_paper_comes_with_its_versions_categories_and_last_change() -> None:
    (page,) = Harvester(Pages(OaiPage("ListRecords", records=(RECORD,)))).harvest_papers(CHANGED)
    ((history, paper),) = page.told

    assert history == PaperHistory("2601.00001", ("math.CO",), ((1, SENT),), CHANGED)
    assert (paper.id, paper.version, paper.complete) == ("2601.00001", 1, True)


def test_deleted_records_and_bare_headers_tell_nothing() -> None:
    records = (OaiRecord("2601.00002", CHANGED, is_deleted=True), OaiRecord("2601.00003", CHANGED))

    assert list(Harvester(Pages(OaiPage("ListRecords", records=records))).harvest_papers(CHANGED)) == [
        ToldPage(())
    ]


def test_a_page_names_the_token_that_leads_on() -> None:
    pages = Pages(
        OaiPage("ListRecords", token="a"), OaiPage("ListRecords", token="b"), OaiPage("ListRecords")
    )

    assert [page.token for page in Harvester(pages).harvest_papers(CHANGED)] == ["a", "b", None]
    assert [page.token for page in Harvester(pages).resume("a")] == ["b", None]


def test_a_record_that_cannot_be_read_is_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    page = OaiPage("ListRecords", records=(RECORD,), skipped=("2601.00004: no metadata",))

    assert [len(page.told) for page in Harvester(Pages(page)).harvest_papers(CHANGED)] == [1]
    assert caplog.messages == ["a record was skipped: 2601.00004: no metadata"]
