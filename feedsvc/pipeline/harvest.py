"""OAI-PMH's records as the ledger's history wants them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from feedsvc.arxiv.oai import OaiPage
from feedsvc.arxiv.oai_record import OaiRecord
from feedsvc.history import PaperHistory
from feedsvc.paper import Paper

# The one format of arXiv's that tells every version and its date.
PREFIX = "arXivRaw"

Told = tuple[PaperHistory, Paper]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ToldPage:
    """The papers of one page, and the token that leads to the next; None behind the last."""

    told: tuple[Told, ...]
    token: str | None = None


class RecordSource(Protocol):
    """Lists OAI-PMH's records page by page. May raise UpstreamError and AnswerError at any page."""

    def list_records(
        self, since: date, until: date | None, set_spec: str | None, prefix: str
    ) -> Iterator[OaiPage]:
        """Give the pages of every record changed from a day to another."""
        ...


class ResumableSource(RecordSource, Protocol):
    """Lists OAI-PMH's records, and goes on with a list from a token. Raises TokenExpired for one of old."""

    def resume(self, token: str, prefix: str) -> Iterator[OaiPage]:
        """Give the pages that a token of an earlier page leads to."""
        ...


class Harvester:
    """Harvests papers with their versions."""

    def __init__(self, source: ResumableSource) -> None:
        self._source = source

    def harvest_papers(self, since: date) -> Iterator[ToldPage]:
        """Give every paper whose record changed since a day, newest version, page by page."""
        return map(_read_page, self._source.list_records(since, None, None, PREFIX))

    def resume(self, token: str) -> Iterator[ToldPage]:
        """Give the pages that the token of an earlier one leads to. Raises TokenExpired for one of old."""
        return map(_read_page, self._source.resume(token, PREFIX))


def _read_page(page: OaiPage) -> ToldPage:
    for reason in page.skipped:
        log.warning("a record was skipped: %s", reason, extra={"action": "skip"})
    return ToldPage(tuple(read_papers(page)), page.token)


def read_papers(page: OaiPage) -> list[Told]:
    """Give the papers of a page that tells versions; deleted records have nothing to tell."""
    return [told for record in page.records if (told := _read_paper(record)) is not None]


def _read_paper(record: OaiRecord) -> Told | None:
    paper = record.paper
    if paper is None or record.is_deleted:
        return None
    versions = tuple((version.number, version.date) for version in record.versions)
    return PaperHistory(paper.id, paper.categories, versions, record.datestamp), paper
