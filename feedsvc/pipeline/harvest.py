"""OAI-PMH's records as the ledger's history wants them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
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


class RecordSource(Protocol):
    """Lists OAI-PMH's records page by page. May raise UpstreamError and AnswerError at any page."""

    def list_records(
        self, since: date, until: date | None, set_spec: str | None, prefix: str
    ) -> Iterator[OaiPage]:
        """Give the pages of every record changed from a day to another."""
        ...


class Harvester:
    """Harvests papers with their versions."""

    def __init__(self, source: RecordSource) -> None:
        self._source = source

    def harvest_papers(self, since: date) -> Iterator[Sequence[Told]]:
        """Give every paper whose record changed since a day, newest version, page by page."""
        for page in self._source.list_records(since, None, None, PREFIX):
            for reason in page.skipped:
                log.warning("a record was skipped: %s", reason, extra={"action": "skip"})
            yield read_papers(page)


def read_papers(page: OaiPage) -> list[Told]:
    """Give the papers of a page that tells versions; deleted records have nothing to tell."""
    return [told for record in page.records if (told := _read_paper(record)) is not None]


def _read_paper(record: OaiRecord) -> Told | None:
    paper = record.paper
    if paper is None or record.is_deleted:
        return None
    versions = tuple((version.number, version.date) for version in record.versions)
    return PaperHistory(paper.id, paper.categories, versions, record.datestamp), paper
