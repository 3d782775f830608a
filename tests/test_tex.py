"""Titles and texts with TeX in them as plain Unicode."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.render.tex import _SIGN, Address, Source, _read_signs, read_tex, to_text
from tests.render_entries import TEXTS

TEXT = {
    # mathematics in its delimiters
    r"The $\ell_1$-norm is $10^{-3}$": "The ℓ₁-norm is 10⁻³",
    r"$\hat{\theta}$ in $\mathbb{R}$": "θ̂ in ℝ",
    r"$\mathcal{O}(n \log n)$ time": "𝒪(n log n) time",
    r"$ x $, \(y_1\), \[z^2\], $$E=mc^2$$": "x, y₁, z², E=mc²",
    r"H$_2$O, 5$\times$ faster, $\sim$90%": "H₂O, 5× faster, ∼90%",
    r"$x_{CE}$loss and $x_{CE}$ loss": "x_(CE)loss and x_CE loss",
    # mathematics whose author forgot them
    r"10^{-3}, CO_{2}, 10^6 and \mathcal{O}(n \log n)": "10⁻³, CO₂, 10⁶ and 𝒪(n log n)",
    r"\alpha-synuclein, 3 \times 4": "α-synuclein, 3 × 4",
    "snake_case and a^b stay": "snake_case and a^b stay",
    # prices
    "costs $5 and $10 each": "costs $5 and $10 each",
    "$5 million while $x^2$ is": "$5 million while x² is",
    r"US\$5 to US\$10": "US$5 to US$10",
    "only $5": "only $5",
    # macros of text
    r"\emph{foo \textbf{bar $x^2$} baz} qux": "foo bar x² baz qux",
    r"\textit{a}, \texttt{b}, {\em c}, {\bf d}": "a, b, c, d",
    r"G\"odel, Erd\H{o}s, {\'e}": "Gödel, Erdős, é",
    r"\href{https://a.example/b\_c}{code}": "code (https://a.example/b_c)",
    r"\url{https://a.example/b--c}": "https://a.example/b--c",
    r"text\footnote{a note}": "text (a note)",
    r"5\textsuperscript{th}": "5ᵗʰ",
    r"\noindent\textbf{Keywords:}\vspace{1em} a": "Keywords: a",
    r"50\% \& more \_ \# \{x\}": "50% & more _ # {x}",
    r"\LaTeX{} and \LaTeX code": "LaTeX and LaTeX code",
    # dashes, quotes, ties
    "They -- and 3--5 --- all---of it": "They – and 3–5 — all—of it",
    "use --help, <!-- not -->, -----": "use --help, <!-- not -->, -----",
    "``quoted'' and `single' it's `code`": "“quoted” and ‘single’ it's `code`",
    "Theorem~3, ~5%, 10~20, a.example/~me": "Theorem 3, ~5%, 10~20, a.example/~me",
    # what cannot be read stays
    r"$\frac{a+b}{c}$ and \frac{a+b}{c}": r"$\frac{a+b}{c}$ and \frac{a+b}{c}",
    r"our \SecMoE{} and \cite{key}": r"our \SecMoE{} and \cite{key}",
    r"\emph{unbalanced $x and {a": r"\emph{unbalanced $x and {a",
    r"C:\foo\bar": r"C:\foo\bar",
    r"{BERT} and $\mathbf{x$": r"{BERT} and $\mathbf{x$",
    "a\\": "a\\",
    "p<0.05 & a<b>c 100%": "p<0.05 & a<b>c 100%",
    "\U00100000 private \U0010fffd": "\U00100000 private \U0010fffd",
}


@pytest.mark.parametrize(("tex", "text"), TEXT.items())
def test_text_with_tex_becomes_plain_text(tex: str, text: str) -> None:
    assert to_text(tex) == text


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("see https://a.example/b_c.", "https://a.example/b_c"),
        ("(https://a.example/b_(c)).", "https://a.example/b_(c)"),
        ("at https://a.example/b?c=d&e#f, or", "https://a.example/b?c=d&e#f"),
        (r"\url{https://a.example/b\_c\%20}", "https://a.example/b_c%20"),
        ("代码见https://a.example/b。", "https://a.example/b"),
        ("$x$ http://a.example", "http://a.example"),
    ],
)
def test_an_address_is_found_without_the_text_around_it(text: str, url: str) -> None:
    assert [piece.url for piece in read_tex(text) if isinstance(piece, Address)] == [url]


@pytest.mark.parametrize(
    "text", ["javascript:alert(1)", "data:text/html,x", "ftp.example", "https:// nothing"]
)
def test_nothing_but_http_is_an_address(text: str) -> None:
    assert not any(isinstance(piece, Address) for piece in read_tex(text))


def test_mathematics_that_unicode_cannot_say_keeps_its_source_with_delimiters() -> None:
    assert read_tex(r"so $\frac{a+b}{c}$.") == ("so ", Source(r"$\frac{a+b}{c}$"), ".")


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_nothing_raises(tex: str) -> None:
    assert isinstance(to_text(tex), str)


PLAIN = st.text(st.characters(exclude_characters="\\$`'-~^_\r", exclude_categories=["Cs"]))


@settings(max_examples=200, deadline=None)
@given(PLAIN)
def test_text_without_tex_only_gets_composed(text: str) -> None:
    assert to_text(text) == unicodedata.normalize("NFC", text)


@settings(max_examples=300, deadline=None)
@given(st.text("abXY12 ${}^_~`'-+=().,αβ漢", max_size=40))
def test_no_letter_and_no_digit_is_lost(text: str) -> None:
    """Scripts fold back to what they were under NFKC."""
    assert _letters(to_text(text)) == _letters(text)


def _letters(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKC", text) if letter.isalnum())


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from((r"\ours", r"\cite{key}", r"\foo{a}{b}", "text", " ", r"\bar")), max_size=8))
def test_an_unknown_macro_is_never_lost(words: list[str]) -> None:
    text = "\n".join(words)

    assert to_text(text) == text


@pytest.mark.parametrize(
    "hostile", [r"\(", "$", r"\emph{", "{", "``", r"\frac{", "`a", r"\a{b}", "https://", r"\begin{math}"]
)
def test_no_text_takes_long(hostile: str) -> None:
    started = time.process_time()
    to_text(hostile * (19_000 // len(hostile)))
    to_text(hostile * 20_000)

    assert time.process_time() - started < 5


@settings(max_examples=50, deadline=None)
@given(TEXTS)
def test_law_text_without_a_sign_of_tex_reads_the_same_the_long_way(text: str) -> None:
    plain = _SIGN.sub(" ", text)

    assert read_tex(plain) == _read_signs(plain)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://a.example/b%20c, 9% of it", "https://a.example/b%20c"),
        (r"https://a.example/b\%2Fc", "https://a.example/b%2Fc"),
        ("https://a.example/100%", "https://a.example/100"),
        ("https://a.example[1]", "https://a.example"),
        ("https://a.example/b[1]", "https://a.example/b[1]"),
        (r"https://a.example/\#b?c=d#e", "https://a.example/#b?c=d#e"),
        ("https://", None),
        ("https://:80/", None),
    ],
)
def test_an_address_ends_where_it_would_be_none(text: str, url: str | None) -> None:
    pieces = read_tex(text)
    assert [piece.url for piece in pieces if isinstance(piece, Address)] == ([url] if url else [])
    assert to_text(text).replace("\\", "") == text.replace("\\", "")
