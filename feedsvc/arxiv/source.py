"""arXiv as a source: asks for listings and papers, and makes sure that the answer is for what was asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from typing import TypeVar
from urllib.parse import quote

from feedsvc.arxiv.api import ApiPage, build_id_query, parse_api
from feedsvc.arxiv.listing import Listing, parse_listing
from feedsvc.errors import BrokenAnswer, UpstreamError
from feedsvc.http import Answer, Client, Clock, Outcome, Pace
from feedsvc.paper import ArxivId, Paper
from feedsvc.settings import ArxivSettings
from feedsvc.taxonomy import load_taxonomy

IDS_PER_REQUEST = 100
ACCEPT = "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"

Value = TypeVar("Value")


def open_client(
    settings: ArxivSettings,
    pace: Pace,
    clock: Clock,
    version: str,
    observer: Callable[[Outcome], None] | None = None,
) -> Client:
    """Give the one client for everything asked of arXiv. Raises SettingsError for a wrong contact."""
    contact = f" (+{settings.contact})" if settings.contact else ""
    return Client(
        pace,
        clock,
        user_agent=f"feedsvc/{version}{contact}",
        accept=ACCEPT,
        timeout_seconds=settings.timeout_seconds,
        attempts=settings.attempts,
        max_bytes=settings.max_bytes,
        observer=observer,
    )


class ArxivSource:
    """Fetches from the addresses of the settings.

    Every method raises UpstreamError where arXiv cannot be reached, ErrorAnswer where it reports an error,
    and BrokenAnswer where it still answers something else after the last attempt.
    """

    def __init__(self, client: Client, settings: ArxivSettings) -> None:
        self._client = client
        self._feed_url = str(settings.feed_url).rstrip("/")
        self._api_url = str(settings.api_url)

    def fetch_listing(self, category: str) -> Listing:
        """Give the listing that arXiv now has of a category or archive, or of several joined by `+`."""
        url = f"{self._feed_url}/rss/{quote(category, safe='+')}"

        def parse(answer: Answer) -> Listing:
            listing = parse_answer(answer, parse_listing)
            if _name_places(listing.place) != _name_places(category):
                raise BrokenAnswer(
                    f"a listing of {listing.place or listing.title!r} came: expected {category!r}"
                )
            return listing

        return self._client.read(url, None, parse)

    def fetch_papers(self, ids: Sequence[str]) -> tuple[Paper, ...]:
        """Give the papers with these identifiers, in every field; those that arXiv does not give are absent.

        An identifier with a version asks for that version, else for the newest one. Raises InvalidIdError.
        """
        wanted = list(dict.fromkeys(ArxivId.parse(text) for text in ids))
        batches = (
            wanted[start : start + IDS_PER_REQUEST] for start in range(0, len(wanted), IDS_PER_REQUEST)
        )
        return tuple(paper for batch in batches for paper in self._fetch_batch(batch))

    def _fetch_batch(self, batch: Sequence[ArxivId]) -> tuple[Paper, ...]:
        asked = {arxiv_id.paper for arxiv_id in batch}

        def parse(answer: Answer) -> tuple[Paper, ...]:
            page = parse_answer(answer, parse_api)
            _check_filled(page, asked)
            return tuple(paper for paper in page.papers if paper.id in asked)

        return self._client.read(self._api_url, build_id_query(batch), parse)


def parse_answer(answer: Answer, parse: Callable[[bytes], Value]) -> Value:
    """Read an answer, whose errors come with many a status; a page of any other status is arXiv's refusal."""
    try:
        value = parse(answer.body)
    except BrokenAnswer as error:
        if answer.status == 200:
            raise BrokenAnswer(f"{answer.url}: {error}") from error
        raise UpstreamError(f"{answer.url} answered HTTP {answer.status}: {error}") from error
    if answer.status != 200:
        raise UpstreamError(f"{answer.url} answered HTTP {answer.status}: expected 200")
    return value


def _check_filled(page: ApiPage, asked: Set[str]) -> None:
    if page.total > 0 and not page.papers and not page.skipped:
        raise BrokenAnswer(f"an empty page came that claims {page.total} papers")
    if page.papers and asked.isdisjoint(paper.id for paper in page.papers):
        raise BrokenAnswer(
            f"the papers {', '.join(paper.id for paper in page.papers[:3])} came, which nobody asked for"
        )


def _name_places(place: str) -> frozenset[str]:
    """Give the categories and archives of `cs.NA+hep-th`, each under its canonical name."""
    taxonomy = load_taxonomy()
    return frozenset(taxonomy.resolve(part) or part.lower() for part in place.split("+"))
