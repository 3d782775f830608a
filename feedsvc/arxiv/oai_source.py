"""OAI-PMH as a source of papers: lists of records, page by page, that can be gone on with after a break."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import date

from feedsvc.arxiv.oai import OaiPage, parse_oai
from feedsvc.arxiv.oai_record import OaiRecord
from feedsvc.arxiv.source import parse_answer
from feedsvc.errors import BrokenAnswer
from feedsvc.http import Answer, Client
from feedsvc.settings import ArxivSettings
from feedsvc.taxonomy import load_taxonomy

_VERB = "ListRecords"
_TOKEN = "resumptionToken"


class OaiSource:
    """Lists records from the address of the settings.

    A page is asked for when it is iterated to, so that whoever keeps the token of the one before can resume
    there. Any page may raise UpstreamError where arXiv cannot be reached; TokenExpired, after which the list
    has to be begun anew; ErrorAnswer where arXiv reports another error; BrokenAnswer where it still answers
    something else after the last attempt, or a page from which the list does not go on.
    """

    def __init__(self, client: Client, settings: ArxivSettings) -> None:
        self._client = client
        self._url = str(settings.oai_url)

    def list_records(
        self, since: date, until: date | None, set_spec: str | None, prefix: str
    ) -> Iterator[OaiPage]:
        """Give the records whose datestamps lie from one day to another, both included, in a format.

        `set_spec` is one of `set_for`; None stands for all of arXiv. A record may stand on two pages: see
        `merge_pages`.
        """
        asked = {"verb": _VERB, "metadataPrefix": prefix, "from": since.isoformat()}
        if until is not None:
            asked["until"] = until.isoformat()
        if set_spec is not None:
            asked["set"] = set_spec
        return self._follow(asked, prefix)

    def resume(self, token: str, prefix: str) -> Iterator[OaiPage]:
        """Give the pages that the token of an earlier page leads to, of a list in this format."""
        return self._follow({"verb": _VERB, _TOKEN: token}, prefix)

    def _follow(self, asked: Mapping[str, str], prefix: str) -> Iterator[OaiPage]:
        followed: set[str] = set()
        before: OaiPage | None = None
        while True:
            followed.add(asked.get(_TOKEN, ""))
            page = self._fetch_page(asked, prefix, followed, before)
            yield page
            if page.token is None:
                return
            asked, before = {"verb": _VERB, _TOKEN: page.token}, page

    def _fetch_page(
        self, asked: Mapping[str, str], prefix: str, followed: Container[str], before: OaiPage | None
    ) -> OaiPage:
        def parse(answer: Answer) -> OaiPage:
            page = parse_answer(answer, parse_oai)
            _check_page(page, prefix)
            _check_progress(page, followed, before)
            return page

        return self._client.read(self._url, asked, parse)


def _check_page(page: OaiPage, prefix: str) -> None:
    if page.verb != _VERB:
        raise BrokenAnswer(f"an answer to {page.verb!r} came: expected {_VERB}")
    if page.metadata_prefix not in (prefix, None):
        raise BrokenAnswer(f"records in {page.metadata_prefix!r} came: expected {prefix!r}")
    if page.token and not (page.records or page.skipped):
        raise BrokenAnswer(f"an empty page came that claims to go on at {page.token!r}")


def _check_progress(page: OaiPage, followed: Container[str], before: OaiPage | None) -> None:
    """Raise BrokenAnswer for a page that leads back, or was sent before under another token."""
    if page.token is None:
        return
    if page.token in followed:
        raise BrokenAnswer(f"the list does not go on: it leads back to the token {page.token!r}")
    if before is not None and page.records and page.records == before.records:
        raise BrokenAnswer(f"the list does not go on: the page before came again, with {page.token!r}")


def merge_pages(pages: Iterable[OaiPage]) -> Iterator[OaiRecord]:
    """Give every record of a list once, in its order; one that changed from page to page comes again."""
    known: dict[str, int] = {}
    for page in pages:
        for record in page.records:
            told = hash(record)
            if known.get(record.id) != told:
                known[record.id] = told
                yield record


def set_for(place: str) -> str:
    """Give the set of a category or archive, whatever its letter case: `cs:cs:AI`, `physics:hep-th`, `cs:cs`.

    Raises ValueError for what is neither.
    """
    taxonomy = load_taxonomy()
    known = taxonomy.resolve(place) or place.lower()
    archive = taxonomy.archives.get(known.partition(".")[0])
    if archive is None or not taxonomy.members(known):
        raise ValueError(f"{place!r} is no category or archive: expected one like cs.AI or hep-th")
    # A group is called like that archive of its own that gives it its id: Physics is physics.
    group = next(other.id for other in taxonomy.archives.values() if other.name == archive.group)
    return f"{group}:{known.replace('.', ':')}"
