"""Answers as arXiv's OAI-PMH server does, its refusals included: always with HTTP status 200.

Source: http://www.openarchives.org/OAI/openarchivesprotocol.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from lxml import etree

from feedsvc.errors import InvalidIdError
from feedsvc.paper import ArxivId
from feedsvc.standin.corpus import Corpus
from feedsvc.standin.faults import FaultKind, Trait
from feedsvc.standin.harvest import EARLIEST, Arguments, Page, find_format, read_harvest, take_page
from feedsvc.standin.markup import OAI, XSI, Answer, add_element, write_document
from feedsvc.standin.metadata import FORMATS, SCHEMA_LOCATION, Format, add_metadata
from feedsvc.standin.records import Record, find_record, list_versions
from feedsvc.standin.refusals import Code, Refusal
from feedsvc.standin.sets import list_sets, read_category, spell_sets
from feedsvc.standin.tokens import Issue, TokenBook, find_expiry, read_token, write_token

ADDRESS = "http://oaipmh.arxiv.org/oai"
CONTENT_TYPE = "application/xml"
PAGE_SIZE = 1000
PREFIX = "oai:arXiv.org:"
TOKEN = "resumptionToken"
_EPRINTS = "http://www.openarchives.org/OAI/1.1/eprints"
_POLICIES = (
    ("content", "Author self-archived e-prints", None),
    (
        "metadataPolicy",
        "Metadata harvesting permitted through OAI interface",
        "http://arxiv.org/help/oa/metadataPolicy",
    ),
    (
        "dataPolicy",
        "Full-content harvesting not permitted (except by special arrangement)",
        "http://arxiv.org/help/oa/dataPolicy",
    ),
    (
        "submissionPolicy",
        "Author self-submission preferred, submissions screened for appropriateness.",
        "http://arxiv.org/help/submit",
    ),
)


@dataclass(frozen=True, slots=True)
class Repository:
    """What there is to harvest, how many records go on a page, and the tokens given out."""

    corpus: Corpus
    page_size: int = PAGE_SIZE
    tokens: TokenBook = field(default_factory=TokenBook)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request: its arguments, the instant, and what goes wrong with it."""

    repository: Repository
    arguments: Arguments
    now: datetime
    fault: FaultKind | None = None

    @property
    def verb(self) -> str:
        """What is asked for."""
        return self.arguments["verb"]


@dataclass(slots=True)
class _Draft:
    """An answer being written: the arguments that it echoes, and the element with what was asked for."""

    echoed: Arguments
    content: etree._Element


def answer_oai(
    arguments: Sequence[tuple[str, str]],
    repository: Repository,
    now: datetime,
    fault: FaultKind | None = None,
) -> Answer:
    """Answer a request with these arguments, in whatever order and number they came."""
    try:
        draft = _write_answer(Visit(repository, _collect(arguments), now, fault))
    except Refusal as refusal:
        content = etree.Element(f"{{{OAI}}}error", code=refusal.code)
        content.text = str(refusal)
        draft = _Draft(refusal.echoed, content)
    return Answer(200, CONTENT_TYPE, write_document(_wrap(draft, now)))


def describe_request(
    arguments: Sequence[tuple[str, str]], repository: Repository, now: datetime
) -> frozenset[Trait]:
    """Tell what faults of OAI-PMH's own a request can meet."""
    try:
        visit = Visit(repository, _collect(arguments), now)
        if visit.arguments.get("verb") not in ("ListRecords", "ListIdentifiers"):
            return frozenset()
        page = _find_page(visit)
    except Refusal:
        return frozenset()
    resumed = {Trait.RESUMED} if TOKEN in visit.arguments else set()
    return frozenset(resumed | ({Trait.LAST_PAGE} if page.next is None else set()))


def name_categories(arguments: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Give the category or archive that a request is restricted to, if it is."""
    given = dict(arguments)
    try:
        given = read_token(given[TOKEN])[0] if TOKEN in given else given
    except Refusal:
        return ()
    return (read_category(given["set"]),) if "set" in given else ()


def _collect(arguments: Sequence[tuple[str, str]]) -> dict[str, str]:
    collected = dict(arguments)
    if len(collected) < len(arguments):
        raise Refusal(Code.BAD_ARGUMENT, "Duplicate parameters not allowed")
    return collected


def _write_answer(visit: Visit) -> _Draft:
    write = _VERBS.get(visit.arguments.get("verb", ""))
    if write is None:
        raise Refusal(Code.BAD_VERB, "Invalid verb provided")
    draft = _Draft({"verb": visit.verb}, etree.Element(f"{{{OAI}}}{visit.verb}", nsmap={None: OAI}))
    write(visit, draft)
    return draft


def _wrap(draft: _Draft, now: datetime) -> etree._Element:
    root = etree.Element(f"{{{OAI}}}OAI-PMH", nsmap={None: OAI, "xsi": XSI})
    root.set(SCHEMA_LOCATION, f"{OAI} {OAI}OAI-PMH.xsd")
    add_element(root, f"{{{OAI}}}responseDate", _stamp(now))
    add_element(root, f"{{{OAI}}}request", ADDRESS, **draft.echoed)
    root.append(draft.content)
    return root


def _identify(visit: Visit, draft: _Draft) -> None:
    _expect_only(visit, {"verb"}, "No other parameters allowed for Identify")
    rows = {
        "repositoryName": "arXiv",
        "baseURL": "https://arxiv.org/oai",
        "protocolVersion": "2.0",
        "adminEmail": "help@arxiv.org",
        "earliestDatestamp": EARLIEST.isoformat(),
        "deletedRecord": "persistent",
        "granularity": "YYYY-MM-DD",
    }
    for name, text in rows.items():
        _add(draft.content, name, text)
    _add_policies(_add(draft.content, "description"))


def _add_policies(description: etree._Element) -> None:
    eprints = etree.SubElement(description, f"{{{_EPRINTS}}}eprints", nsmap={None: _EPRINTS, "xsi": XSI})
    eprints.set(SCHEMA_LOCATION, f"{_EPRINTS} {_EPRINTS}.xsd")
    for name, text, address in _POLICIES:
        policy = add_element(eprints, f"{{{_EPRINTS}}}{name}")
        add_element(policy, f"{{{_EPRINTS}}}text", text)
        if address:
            add_element(policy, f"{{{_EPRINTS}}}URL", address)


def _list_formats(visit: Visit, draft: _Draft) -> None:
    if "identifier" in visit.arguments:
        _expect_only(visit, {"verb", "identifier"}, "Only identifier parameter allowed")
        _find_named(visit, draft)
    else:
        _expect_only(visit, {"verb"}, "Only allowed parameters are verb, identifier")
    for form in FORMATS.values():
        element = _add(draft.content, "metadataFormat")
        _add(element, "metadataPrefix", form.prefix)
        _add(element, "schema", form.schema)
        _add(element, "metadataNamespace", form.namespace)


def _list_sets(visit: Visit, draft: _Draft) -> None:
    _expect_only(
        visit, {"verb"}, "Invalid token" if TOKEN in visit.arguments else "No other parameters allowed"
    )
    for spec, name in list_sets():
        element = _add(draft.content, "set")
        _add(element, "setSpec", spec)
        _add(element, "setName", name)


def _get_record(visit: Visit, draft: _Draft) -> None:
    expected = {"verb", "identifier", "metadataPrefix"}
    if visit.arguments.keys() != expected:
        reason = "Parameters provided did not match expected. Expected: verb, identifier, metadataPrefix"
        raise Refusal(Code.BAD_ARGUMENT, reason)
    record = _find_named(visit, draft)
    form = find_format(visit.arguments["metadataPrefix"], draft.echoed)
    draft.echoed = {**draft.echoed, "metadataPrefix": form.prefix}
    if record is None:
        raise Refusal(Code.NO_SUCH_ID, "Nothing found for this ID", draft.echoed)
    _add_record(draft.content, record, form, visit.repository.corpus)


def _find_named(visit: Visit, draft: _Draft) -> Record | None:
    """Find the record of the identifier that is asked for, and echo it."""
    identifier = visit.arguments["identifier"]
    if not identifier.startswith(PREFIX):
        raise Refusal(Code.NO_SUCH_ID, f"All identifiers start with: {PREFIX}")
    try:
        paper = ArxivId.parse(identifier.removeprefix(PREFIX)).paper
    except InvalidIdError as error:
        raise Refusal(Code.NO_SUCH_ID, "Invalid arXiv id structure") from error
    draft.echoed = {**draft.echoed, "identifier": identifier}
    return find_record(visit.repository.corpus, paper, visit.now)


def _list_headers(visit: Visit, draft: _Draft) -> None:
    page = _spoil_page(_find_page(visit), visit.fault)
    for record in page.records:
        _add_header(draft.content, record)
    _end_page(page, visit, draft)


def _list_records(visit: Visit, draft: _Draft) -> None:
    page = _spoil_page(_find_page(visit), visit.fault)
    for record in page.records:
        _add_record(draft.content, record, page.form, visit.repository.corpus)
    _end_page(page, visit, draft)


def _find_page(visit: Visit) -> Page:
    """Find the page that is asked for; where one is to be repeated, the one before it."""
    repository, arguments = visit.repository, visit.arguments
    if TOKEN not in arguments:
        return take_page(
            repository.corpus, read_harvest(arguments, 0, visit.now), repository.page_size, visit.now
        )
    issue = repository.tokens.find(arguments[TOKEN])
    if issue and visit.fault is FaultKind.PAGE_REPEATED:
        return _find_page(replace(visit, arguments=issue.origin, fault=None))
    harvest = read_harvest(*_resume(visit), visit.now, arguments)
    if issue and issue.is_last:
        return Page(harvest.form, harvest.echoed, (arguments, harvest.skip), (), None, is_beyond=True)
    return take_page(repository.corpus, harvest, repository.page_size, visit.now)


def _resume(visit: Visit) -> tuple[Arguments, int]:
    """Read the token of a request. Raises Refusal where it is no good, or not alone."""
    if visit.arguments.keys() != {"verb", TOKEN}:
        raise Refusal(Code.BAD_ARGUMENT, f"No other parameters allowed with {TOKEN}")
    if visit.fault is FaultKind.TOKEN_EXPIRED:
        raise Refusal(Code.BAD_TOKEN, "Token expired.")
    visit.repository.tokens.check(visit.arguments[TOKEN], visit.now)
    arguments, skip = read_token(visit.arguments[TOKEN])
    if arguments.get("verb") != visit.verb:
        raise Refusal(Code.BAD_TOKEN, "token from different verb", visit.arguments)
    return arguments, skip


def _spoil_page(page: Page, fault: FaultKind | None) -> Page:
    if fault is FaultKind.EMPTY_PAGE:
        return page.empty()
    return page.prolong() if fault is FaultKind.EMPTY_LAST_PAGE else page


def _end_page(page: Page, visit: Visit, draft: _Draft) -> None:
    """Add the token. As at arXiv, a first page echoes the `from` of its token as if it had been asked for."""
    is_first = TOKEN not in visit.arguments
    draft.echoed = (page.next[0] if page.next else page.echoed) if is_first else visit.arguments
    if page.next is None:
        if page.is_beyond:
            _add(draft.content, TOKEN)
        return
    text = write_token(*page.next)
    expires = find_expiry(visit.now)
    if visit.fault is not FaultKind.PAGE_REPEATED:
        issue = Issue(expires, visit.arguments, is_last=visit.fault is FaultKind.EMPTY_LAST_PAGE)
        visit.repository.tokens.note(text, issue)
    _add(draft.content, TOKEN, text).set("expires", _stamp(expires))


def _add_record(parent: etree._Element, record: Record, form: Format, corpus: Corpus) -> None:
    element = _add(parent, "record")
    _add_header(element, record)
    if not record.is_deleted:
        add_metadata(_add(element, "metadata"), form, record, list_versions(corpus, record.paper))


def _add_header(parent: etree._Element, record: Record) -> None:
    header = _add(parent, "header")
    if record.is_deleted:
        header.set("status", "deleted")
    _add(header, "identifier", f"{PREFIX}{record.paper.id}")
    _add(header, "datestamp", record.datestamp.isoformat())
    for spec in spell_sets(record.paper):
        _add(header, "setSpec", spec)


def _expect_only(visit: Visit, names: set[str], reason: str) -> None:
    if visit.arguments.keys() != names:
        raise Refusal(Code.BAD_ARGUMENT, reason)


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    return add_element(parent, f"{{{OAI}}}{name}", text)


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


_VERBS: dict[str, Callable[[Visit, _Draft], None]] = {
    "GetRecord": _get_record,
    "Identify": _identify,
    "ListIdentifiers": _list_headers,
    "ListMetadataFormats": _list_formats,
    "ListRecords": _list_records,
    "ListSets": _list_sets,
}
