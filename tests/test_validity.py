"""The checkers of documents: they find nothing in ours, and find each fault that is put in."""

from __future__ import annotations

from datetime import date

import pytest

from feedsvc.paper import Entry, Kind
from feedsvc.render import Head, load_formats
from feedsvc.render.day import collect_day
from feedsvc.render.markdown import render_day
from feedsvc.render.opml import render_opml
from tests.builders import make_paper
from tests.render_entries import (
    ARCHIVE_HEAD,
    EXTRACTIVE,
    HEAD,
    TRANSLATED,
    WITHDRAWN,
    make_entry,
    make_head,
)
from tests.test_opml import FEEDS
from tests.validity import find_faults

FORMATS = load_formats()
ENTRIES = (
    make_entry(digest=EXTRACTIVE),
    make_entry(WITHDRAWN, kind=Kind.REPLACE),
    make_entry(make_paper(abstract=r"Let $\begin{pmatrix}a&b\end{pmatrix}$ be."), kind=Kind.CROSS),
    make_entry(make_paper("2601.00003", authors=())),
)
HEADS = {
    "plain": HEAD,
    "hub": make_head(language="zh", hub_urls=("https://feeds.example/hub",), stylesheet_url="/feed.css"),
    "archive": ARCHIVE_HEAD,
}


def render(suffix: str, head: Head = HEAD, entries: tuple[Entry, ...] = ENTRIES) -> bytes:
    """Make a document of any format."""
    if suffix == "opml":
        return render_opml("Feeds", FEEDS, updated=HEAD.updated)
    if suffix == "md":
        return render_day(collect_day("cs.AI", date(2026, 1, 14), entries, "en"))
    format_ = FORMATS[suffix]
    return format_.assemble(head, [format_.render_fragment(entry, head.language) for entry in entries])


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
@pytest.mark.parametrize("suffix", FORMATS)
def test_a_document_of_every_format_has_no_fault(suffix: str, head: Head) -> None:
    translated = make_entry(make_paper("2601.00002"), digest=TRANSLATED)

    assert find_faults(suffix, render(suffix, head, (*ENTRIES, translated))) == []
    assert find_faults(suffix, render(suffix, head, ())) == []


@pytest.mark.parametrize("suffix", ["opml", "md"])
def test_a_list_and_a_digest_have_no_fault(suffix: str) -> None:
    assert find_faults(suffix, render(suffix)) == []


PAPER = b"https://arxiv.org/abs/2601.06098"
ATOM_FAULTS = [
    (b"<author><name>feedsvc</name></author>", b"", "no author"),
    (b"<id>" + PAPER, b"<id>2601.06098", "no absolute IRI"),
    (b"<id>" + PAPER, b"<id>https:///abs/2601.06098", "no absolute IRI"),
    (b"urn:uuid:6ba7b810", b"urn:uuid:6ba7b81", "no absolute IRI"),
    (b"<id>" + PAPER, b"<id>https://arxiv.org/abs/2601.00001", "stands 2 times"),
    (b"<updated>2026-01-14", b"<updated>2026-02-30", "no date of RFC 3339"),
    (b"<updated>2026-01-14T", b"<updated>2026-01-14 ", "no date of RFC 3339"),
    (b"<published>2026", b"<published>2027", "published after"),
    (b' rel="self"', b' rel="related"', "not one link to itself"),
    (b' rel="alternate" type="text/html"/><gen', b' rel="related"/><gen', "feed: no alternate"),
    (b' rel="related" type="text/html" title="html"', b' rel="alternate" type="text/html"', "2 times"),
    (b' rel="license"', b' rel="licence"', "not registered"),
    (b'type="application/pdf"', b'type="PDF"', "no media type"),
    (b'<link href="https://arxiv.org/pdf/', b'<link href="/pdf/', "no absolute IRI"),
    (b'<a href="https://arxiv.org/pdf/', b'<a href="/pdf/', "link to '/pdf/"),
    (b'https://doi.org/10.1000/182" rel', b'https://doi.org/10.1000/ 182" rel', "no absolute IRI"),
    (b'https://doi.org/10.1000/182" rel', b'https://doi.org/10%2.1000" rel', "no absolute IRI"),
    (b"<title>Artificial Intelligence</title>", b"<title> </title>", "feed: no title"),
    (b"<name>Ada Lovelace</name>", b"<name> </name>", "without a name"),
    (b'<category term="cs.AI"', b'<category term=""', "without a term"),
    (b'<category term="cs.AI" scheme="http:', b'<category term="cs.AI" scheme="', "scheme is no IRI"),
    (b'<content type="xhtml">', b'<content type="html">', "not one div"),
    (b"<p>We look into hep", b"<script>We</script><p>We look into hep", "script"),
    (b"<p>We look into hep", b'<p onclick="x()">We look into hep', "onclick"),
    (b'<a href="https://arxiv.org/abs/hep', b'<a href="javascript:hep', "link to"),
    (b"<math ", b'<math href="javascript:x()" ', "could run"),
    (b'xml:lang="en"', b'xml:lang="en_US"', "no language"),
    (b"<h3>Background", b'<h3 lang="en_GB">Background', "no language"),
    (b"<subtitle>", b"<fh:archive xmlns:fh='http://purl.org/syndication/history/1.0'/><subtitle>", "archive"),
    (b"Bounds are rare", b"Bounds\x7f are rare", "character 0x7f"),
    (b"Bounds are rare", b"Bounds & rare", "not well-formed"),
    (b"Bounds are rare", b"Bounds \xff rare", "not UTF-8"),
]
RSS_FAULTS = [
    (b'version="2.0"', b'version="0.92"', "not one channel"),
    (b"<link>https://feeds.example/feeds/cs.AI</link>", b"", "channel: no link"),
    (b"<title>Artificial Intelligence</title>", b"", "channel: no title"),
    (b"<description>New papers", b"<description/><description>New papers", "2 times"),
    (b"<docs>", b"<remark>x</remark><docs>", "unknown element"),
    (b"<docs>http", b"<docs>see http", "docs"),
    (b"<language>en<", b"<language>English, please<", "language"),
    (b"<lastBuildDate>Wed, 14", b"<lastBuildDate>Thu, 14", "lastBuildDate"),
    (b"<pubDate>Wed, 14 Jan 2026", b"<pubDate>Wed, 14 Jan 26", "pubDate"),
    (b"<pubDate>Wed, 14 Jan 2026", b"<pubDate>2026-01-14", "pubDate"),
    (b"<pubDate>Wed, 14 Jan 2026 01:00:00 +0000</pubDate>", b"", "no pubDate"),
    (b' rel="self"', b' rel="via"', "atom:link to itself"),
    (b' rel="self" type="application/rss+xml"', b' rel="self" type="text/xml"', "atom:link to itself"),
    (b'<guid isPermaLink="true">' + PAPER + b"</guid>", b"", "no guid"),
    (b'isPermaLink="true">' + PAPER, b'isPermaLink="true">2601.06098', "no permalink"),
    (b'isPermaLink="true"', b'isPermaLink="yes"', "isPermaLink 'yes'"),
    (b'isPermaLink="true">' + PAPER, b'isPermaLink="true">https://arxiv.org/abs/2601.00001', "2 times"),
    (b"<link>" + PAPER, b"<link>/abs/2601.06098", "/abs"),
    (b"<dc:creator>Ada Lovelace", b"<author>Ada</author><dc:creator>Ada Lovelace", "'author' 'Ada'"),
    (b"<dc:creator>Ada Lovelace", b"<dc:creator>", "is empty"),
    (b"</content:encoded>", b"</content:encoded><content:encoded>x</content:encoded>", "2 times"),
    (b"<![CDATA[<p>New", b"<![CDATA[<iframe/><p>New", "iframe"),
    (b"<![CDATA[<p>New", b"<![CDATA[<br><p>New", "not well-formed"),
]
JSON_FAULTS = [
    (b"jsonfeed.org/version/1.1", b"jsonfeed.org/version/1.2", "version"),
    (b'"title":"Artificial Intelligence",', b"", "no title"),
    (b'"feed_url":"https:', b'"feed_url":"', "feed_url"),
    (b'"language":"en"', b'"language":7', "language"),
    (b'"language":"en"', b'"language":"en","colour":"red"', "colour"),
    (b'"language":"en"', b'"language":"en","_1":{}', "_1"),
    (b'"language":"en"', b'"language":"en","hubs":[{"type":"WebSub"}]', "hubs"),
    (b'"language":"en"', b'"language":"en","next_url":"https://feeds.example/feeds/cs.AI.xml"', "itself"),
    (b'"language":"en"', b'"language":"en","language":"en"', "stands 2 times"),
    (b'"authors":[{"name":"feedsvc"}]', b'"authors":[{}]', "authors"),
    (b'"authors":[{"name":"feedsvc"}]', b'"authors":{"name":"feedsvc"}', "authors"),
    (b'"id":"' + PAPER, b'"id":"https://arxiv.org/abs/2601.00001', "stands 2 times"),
    (b'{"id":"' + PAPER + b'",', b"{", "no id"),
    (b'"url":"' + PAPER, b'"url":"2601.06098', "url"),
    (b'"date_published":"2026-01-14T', b'"date_published":"14 January ', "date_published"),
    (b'"date_published":"2026', b'"date_published":"2027', "published after"),
    (b'"tags":["cs.AI"', b'"tags":[1', "tags"),
    (b'"content_html":', b'"_content":', "no content"),
    (b'"content_html":"', b'"content_html":"<script/>', "script"),
    (b'"items":[', b'"items":[null,', "no object"),
    (b"Bounds are rare", b"Bounds are \\ud800", "character 0xd800"),
    (b"Bounds are rare", b"Bounds are \\u0001", "character 0x1"),
    (b'"items":[', b'"items":', "not well-formed"),
]
OPML_FAULTS = [
    (b'version="2.0"', b'version="1.0"', "version 2.0"),
    (b"<title>Feeds</title>", b"", "no title"),
    (b"<dateModified>Wed", b"<dateModified>Thu", "dateModified"),
    (b'text="Probability"', b'text=""', "no text"),
    (b'type="rss" text="Prob', b'text="Prob', "not of type rss"),
    (b'xmlUrl="https://a.example/math.PR.xml"', b"", "xmlUrl None"),
    (b"https://a.example/math.PR.xml", b"https://a.example/all.xml", "2 times"),
    (b'htmlUrl="https://a.example/math.PR"', b'htmlUrl="math.PR"', "htmlUrl"),
    (b"<body>", b"<body><feed text='x'/>", "element 'feed'"),
]
MARKDOWN_FAULTS = [
    (b"# cs.AI", b"## cs.AI", "not one heading"),
    (b'<a id="2601.06098">', b'<a id="2601.00001">', "stands 2 times"),
    (b"(#2601.06098)", b"(#2601.06099)", "not there"),
    (b"Bounds are rare", b"<b>Bounds</b> are rare", "markup"),
]
FAULTS = [
    *(("xml", *fault) for fault in ATOM_FAULTS),
    *(("rss", *fault) for fault in RSS_FAULTS),
    *(("json", *fault) for fault in JSON_FAULTS),
    *(("opml", *fault) for fault in OPML_FAULTS),
    *(("md", *fault) for fault in MARKDOWN_FAULTS),
]


@pytest.mark.parametrize(("suffix", "whole", "broken", "fault"), FAULTS)
def test_each_fault_is_found(suffix: str, whole: bytes, broken: bytes, fault: str) -> None:
    document = render(suffix)
    assert whole in document

    assert fault in "\n".join(find_faults(suffix, document.replace(whole, broken, 1)))
