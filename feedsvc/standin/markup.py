"""What the stand-in's XML documents share: namespaces, element making, the finished bytes."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from lxml import etree

from feedsvc.paper import Paper
from feedsvc.taxonomy import load_taxonomy

ARXIV = "http://arxiv.org/schemas/atom"
ATOM = "http://www.w3.org/2005/Atom"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
DC = "http://purl.org/dc/elements/1.1/"
OAI = "http://www.openarchives.org/OAI/2.0/"
OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
LANGUAGE = "en-us"
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished HTTP answer."""

    status: int
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


def add_element(
    parent: etree._Element, tag: str, text: str | None = None, **attributes: str
) -> etree._Element:
    """Add a child, with `tag` in Clark notation where it has a namespace, without what XML cannot hold."""
    child = etree.SubElement(parent, tag, {n: _NOT_IN_XML.sub("", value) for n, value in attributes.items()})
    child.text = None if text is None else _NOT_IN_XML.sub("", text)
    return child


def finish(root: etree._Element, content_type: str, status: int = 200) -> Answer:
    """Write a document as arXiv does: indented, with a bare digest for an entity tag."""
    body = write_document(root)
    return Answer(status, content_type, body, (("ETag", hashlib.sha256(body).hexdigest()),))


def write_document(root: etree._Element) -> bytes:
    """Give a document's bytes, indented."""
    return etree.tostring(root, pretty_print=True, xml_declaration=True, encoding="UTF-8")


def sort_categories(paper: Paper) -> list[str]:
    """Give a paper's categories as the query API does: the primary one, then the others by name."""
    return [paper.primary, *sorted(paper.categories[1:])]


def spell_categories(paper: Paper) -> list[str]:
    """Give them as listings do: those with two names under both."""
    known = load_taxonomy().categories
    aliases = [alias for c in paper.categories if c in known for alias in known[c].aliases]
    return [paper.primary, *sorted([*paper.categories[1:], *aliases])]
