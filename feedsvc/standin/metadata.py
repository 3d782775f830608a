"""Writes a record's metadata in the formats of arXiv's OAI-PMH: arXiv, arXivRaw, arXivOld and oai_dc."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from lxml import etree

from feedsvc.paper import Author, Paper, order_id
from feedsvc.standin.accents import write_tex
from feedsvc.standin.markup import DC, OAI, XSI, add_element, spell_categories
from feedsvc.standin.records import Record, Version
from feedsvc.taxonomy import load_taxonomy

SCHEMA_LOCATION = f"{{{XSI}}}schemaLocation"
_PARTICLES = frozenset(
    ["da", "de", "del", "della", "den", "der", "di", "dos", "du", "la", "le", "van", "von"]
)
_SUFFIXES = frozenset(["Jr", "Jr.", "Sr", "Sr.", "II", "III", "IV"])


@dataclass(frozen=True, slots=True)
class Name:
    """An author's name in the parts that OAI-PMH gives, accents in TeX."""

    key: str
    forenames: str = ""
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write metadata."""

    prefix: str
    schema: str
    namespace: str
    write: Callable[[etree._Element, Record, tuple[Version, ...]], None]

    @property
    def schema_location(self) -> str:
        """The value of `xsi:schemaLocation`."""
        return f"{self.namespace} {self.schema}"


def add_metadata(parent: etree._Element, form: Format, record: Record, versions: Iterable[Version]) -> None:
    """Add a record's metadata in a format."""
    is_dc = form.prefix == "oai_dc"
    names: dict[str | None, str] = {"oai_dc" if is_dc else None: form.namespace, "xsi": XSI}
    if is_dc:
        names["dc"] = DC
    root = etree.SubElement(parent, f"{{{form.namespace}}}{'dc' if is_dc else form.prefix}", nsmap=names)
    root.set(SCHEMA_LOCATION, form.schema_location)
    form.write(root, record, tuple(versions))


def split_name(author: Author) -> Name:
    """Split a name as arXiv does: the key is the last word, with any particles before it."""
    words = author.name.split() or [""]
    if words[-1] == "Collaboration":
        return Name(write_tex(author.name))
    suffix = words.pop() if len(words) > 1 and words[-1] in _SUFFIXES else ""
    first = len(words) - 1
    while first > 1 and words[first - 1] in _PARTICLES:
        first -= 1
    return Name(write_tex(" ".join(words[first:])), write_tex(" ".join(words[:first])), suffix)


def join_authors(paper: Paper) -> str:
    """Give the line of authors as submitters type it: some put "and" before the last, others do not."""
    names = [_name_author(author) for author in paper.authors]
    has_and = len(names) > 1 and order_id(paper.id)[1] % 2 == 0
    return f"{', '.join(names[:-1])} and {names[-1]}" if has_and else ", ".join(names)


def _name_author(author: Author) -> str:
    affiliations = f" ({', '.join(author.affiliations)})" if author.affiliations else ""
    return write_tex(author.name + affiliations)


def _write_arxiv(root: etree._Element, record: Record, versions: tuple[Version, ...]) -> None:
    """Write the format `arXiv`: `created` is the newest version's date, `updated` the record's own."""
    paper = record.paper
    _add(root, "id", paper.id)
    _add(root, "created", _write_day(versions[-1].submitted) if versions else None)
    _add(root, "updated", record.datestamp.isoformat())
    authors = add_element(root, _tag(root, "authors"))
    for name in map(split_name, paper.authors):
        author = add_element(authors, _tag(root, "author"))
        _add(author, "keyname", name.key)
        _add(author, "forenames", name.forenames)
        _add(author, "suffix", name.suffix)
    _add(root, "title", paper.title)
    _add(root, "categories", " ".join(spell_categories(paper)))
    _add_references(root, paper)
    _add(root, "license", paper.license)
    _add(root, "abstract", paper.abstract)


def _write_raw(root: etree._Element, record: Record, versions: tuple[Version, ...]) -> None:
    paper = record.paper
    _add(root, "id", paper.id)
    _add(root, "submitter", write_tex(paper.authors[0].name) if paper.authors else None)
    for version in versions:
        element = add_element(root, _tag(root, "version"), version=f"v{version.number}")
        _add(element, "date", format_datetime(version.submitted, usegmt=True))
        _add(element, "size", f"{version.kilobytes}kb")
        _add(element, "source_type", version.source_type)
    _add(root, "title", paper.title)
    _add(root, "authors", join_authors(paper))
    _add(root, "categories", " ".join(spell_categories(paper)))
    _add_references(root, paper)
    _add(root, "license", paper.license)
    _add(root, "abstract", paper.abstract)


def _write_old(root: etree._Element, record: Record, versions: tuple[Version, ...]) -> None:
    paper = record.paper
    _add(root, "id", paper.id)
    _add(root, "title", paper.title)
    _add(root, "authors", join_authors(paper))
    _add(root, "categories", " ".join(spell_categories(paper)))
    _add_references(root, paper)
    _add(root, "abstract", paper.abstract)
    _add(root, "license", paper.license)


def _write_dublin_core(root: etree._Element, record: Record, versions: tuple[Version, ...]) -> None:
    paper = record.paper
    names = (load_taxonomy().name_of(category) for category in spell_categories(paper))
    days = (_write_day(version.submitted) for version in (*versions[:1], *versions[1:][-1:]))
    identifiers = [f"http://arxiv.org/abs/{paper.id}", paper.journal_ref, paper.doi and f"doi:{paper.doi}"]
    rows = [
        ("title", [paper.title]),
        ("creator", map(_turn_name, map(split_name, paper.authors))),
        ("subject", dict.fromkeys(names)),
        ("description", [paper.abstract, paper.comments]),
        ("date", days),
        ("type", ["text"]),
        ("identifier", identifiers),
    ]
    for name, texts in rows:
        for text in texts:
            _add_dublin_core(root, name, text)


def _turn_name(name: Name) -> str:
    key = f"{name.key} {name.suffix}".strip()
    return f"{key}, {name.forenames}" if name.forenames else key


def _add_dublin_core(root: etree._Element, name: str, text: str | None) -> None:
    if text:
        add_element(root, f"{{{DC}}}{name}", text)


def _add_references(root: etree._Element, paper: Paper) -> None:
    _add(root, "comments", paper.comments)
    _add(root, "journal-ref", paper.journal_ref)
    _add(root, "doi", paper.doi)


def _add(parent: etree._Element, name: str, text: str | None) -> None:
    if text:
        add_element(parent, _tag(parent, name), text)


def _tag(parent: etree._Element, name: str) -> str:
    return f"{{{etree.QName(parent).namespace}}}{name}"


def _write_day(moment: datetime) -> str:
    return moment.date().isoformat()


def _name_format(prefix: str, write: Callable[[etree._Element, Record, tuple[Version, ...]], None]) -> Format:
    place = f"http://arxiv.org/OAI/{prefix}"
    return Format(prefix, f"{place}.xsd", f"{place}/", write)


FORMATS = {
    form.prefix: form
    for form in (
        Format("oai_dc", f"{OAI}oai_dc.xsd", f"{OAI}oai_dc/", _write_dublin_core),
        _name_format("arXiv", _write_arxiv),
        _name_format("arXivOld", _write_old),
        _name_format("arXivRaw", _write_raw),
    )
}
