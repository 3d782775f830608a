"""Cuts a text into its sentences, verbatim. By rules: in an abstract TeX decides more than grammar does."""

from __future__ import annotations

import re
from itertools import pairwise

from feedsvc.digest.headings import HEADINGS

# Stands for each character of a formula, so that places stay the same; a full stop at its end is kept.
_FORMULA = "\ue000"
_MATHS = re.compile(
    r"""
      \$\$ .{1,2000}? \$\$
    | \\\[ .{1,2000}? \\\]
    | \\\( .{1,2000}? \\\)
    | \\begin\{(\w{1,20}\*?)\} .{1,2000}? \\end\{\1\}
    | (?<![\\$]) \$ (?=[^\s$]) [^$]* (?<=[^\s\\]) \$ (?!\d)     # "$5 and $10" is money
    """,
    re.VERBOSE | re.DOTALL,
)
_END = re.compile(
    r"""
    (?P<mark> [\n.!?…。！？] (?: (?<!\n) [.!?…。！？]+ )? )
    (?P<close> (?: '' | ["'”’»)\]}*」』）】] )* )
    (?P<gap> \s* )
    """,
    re.VERBOSE,
)
_WIDE_MARKS = "。！？"
_NEVER_FIRST = ",;:.!?)]}…，、；："
_SIGHT = 24  # characters looked at on either side of a mark
_WORD_BEFORE = re.compile(r"""[^\s(\[{"'“‘`~]*\Z""")
_BEFORE_LETTERS = re.compile(r"""\A["'“‘`*–—\s-]*(?:\(?(?:\d{1,2}|[ivx]{1,4}|[a-z])\)\s*)?["'“‘`(\[{*-]*""")
_CLOSES_LATER = {
    "()": re.compile(r"(?:[^()]|\([^()]{0,100}\)){0,300}\)"),
    "[]": re.compile(r"[^\[\]]{0,300}\]"),
    "{}": re.compile(r"[^{}]{0,300}\}"),
}

# The full stop after these belongs to the word, whatever follows.
_LEADING = re.compile(
    r"(?:\S*[-–—/])?(?:e\.?g|i\.?e|c\.?f|v\.?s|viz|resp|approx|ca|incl|a\.?k\.?a|w\.r\.t|s\.t|et)"
    r"|[Dd]r|[Mm]rs?|[Mm]s|[Pp]rof|[Ss]t|[Mm]t|E\.g|I\.e|Cf|Resp|Viz"
)
# These end a sentence only before a capital letter.
_TRAILING = re.compile(r"etc|al|et\.al|seq")
# These, with initials and dotted acronyms, end a sentence only before a word that often opens one.
_EITHER = re.compile(
    r"(?:non-|[A-Z]\.?-)?(?:[^\W\d_]\.)*[^\W\d_]|Ph\.D|[BM]\.Sc|Inc|Ltd|Corp|Co|[JS]r"
    r"|[Uu]niv|[Dd]ept|[Ee]ds?|[Ee]sp|Proc|Trans|Conf|Int|Rev|Lett|Ann|Bull|Commun|Acad|Amer|Soc|Discrete"
    r"|Appl|Theor|(?:Astro|Euro)?[Pp]hys|Math|Chem|Nucl|Mech|Astron|Comput|Comp|Sci|Statist|Geom|Invent|Struct"
)
# These take a number, as in "Eq. (3)"; "No." and "App." are other words when written small.
_NUMBERED = re.compile(
    r"[Ff]igs?|[Ee]qn?s?|[Ss]ec(?:s|ts?)?|[Tt]hms?|[Ll]em|[Pp]rops?|[Cc]or|[Cc]onj|[Dd]efs?|[Rr]em|[Ee]x"
    r"|[Aa]lg|[Rr]efs?|[Tt]abs?|[Cc]h|[Cc]haps?|[Vv]ols?|pp?|App|Art|Nos?"
)
# After these a small letter goes on with the sentence.
_NEVER_LAST = re.compile(rf"\d{{1,2}}|[ivx]{{1,4}}|.*{_FORMULA}")
_NUMBER = re.compile(rf"[\d\[\\{_FORMULA}]|\([\dA-Z]|[A-Z]+\d*\b")
_OPENERS = """
    The This These That Those There Then They Thus Therefore Though Through Throughout Their
    We Our It Its An Such Both Each All Some Many Most Several One Two Three Another Other No Not
    In On At By For From To With Within Without Under Over Across Among During After Before Beyond Between
    Via Due Despite Besides Along As If When While Where Whereas Because Since Once Although Unlike
    But And So Yet Also Here Hence However Instead Indeed Moreover Furthermore Further Meanwhile
    Nevertheless Nonetheless Otherwise Rather Next Now Overall Together Even More First Second Third
    What Which Who Why How Can Do Does Is Are According Based Building Built Compared Inspired Motivated
    Using Taken Given Leveraging Considering Following Existing Recent Previous Prior Current Traditional
    Conventional Extensive Comprehensive Empirical Experiment Experiments Experimental Evaluation
    Evaluations Result Results Findings Numerical Simulation Simulations Preliminary Ablation Code Data
"""
_OPENER = rf"(?:[AI](?=\s[a-z])|(?:{'|'.join(_OPENERS.split())})\b|[A-Z][a-z]+ly,)"
_OPENS = re.compile(_OPENER)
_HEADING = rf"(?=[A-Z])(?i:{'|'.join(HEADINGS)})"
_OPENS_GLUED = re.compile(rf"{_OPENER}[\s,]|{_HEADING}:")
# What never stands alone: a heading, or an item's number at the start or after a colon.
_LONGEST_LEAD_IN = 40
_LEAD_IN = re.compile(rf"\W*(?:\\\w+\{{)?{_HEADING}\W*")
_ITEM_NUMBER = re.compile(r"(?:\A|[:;]\s+)\W{0,2}(?:\d{1,2}|[ivx]{1,4}|[A-Za-z])[.)]\s*\Z")


def split_sentences(text: str) -> tuple[str, ...]:
    """Cut a text into its sentences, each verbatim with its white space folded.

    Every character that is no white space comes back exactly once, in order. Text without a word is one
    sentence, blank text none. A heading ("Methods: …") and the number of an item stay with what follows.
    """
    masked = _MATHS.sub(_mask, text)
    cuts = [0]
    for end in _END.finditer(masked):
        if _is_boundary(masked, cuts[-1], end) and not _is_lead_in(text[cuts[-1] : end.end()]):
            cuts.append(end.end())
    if len(cuts) > 1 and not _has_word(text[cuts[-1] :]):
        cuts.pop()
    pieces = (" ".join(text[start:stop].split()) for start, stop in pairwise([*cuts, len(text)]))
    return tuple(piece for piece in pieces if piece)


def _mask(formula: re.Match[str]) -> str:
    inner = formula[0].rstrip("$\\]) \n\t")
    ends = inner.endswith(".") and not inner.endswith("..")
    return _FORMULA * (len(formula[0]) - 1) + ("." if ends else _FORMULA)


def _is_lead_in(piece: str) -> bool:
    """Tell whether a piece is only what comes before a sentence."""
    if len(piece) < _LONGEST_LEAD_IN and _LEAD_IN.fullmatch(piece):
        return True
    return bool(_ITEM_NUMBER.search(piece[-_SIGHT:])) or not _has_word(piece)


def _has_word(piece: str) -> bool:
    return any(map(str.isalnum, piece))


def _is_boundary(text: str, start: int, end: re.Match[str]) -> bool:
    """Tell whether the sentence that began at `start` is over at `end`."""
    mark, rest = end["mark"], text[end.end() : end.end() + _SIGHT]
    if not rest or rest[0] in _NEVER_FIRST:
        return False
    if (mark + end["gap"]).count("\n") > 1:
        return True
    if mark[0] in _WIDE_MARKS:
        return not (end["close"] and _goes_on(rest))
    if mark == "\n" or not (end["gap"] or _OPENS_GLUED.match(rest)):
        return False
    return _is_over(text[start : end.start()], end, rest)


def _is_over(before: str, end: re.Match[str], rest: str) -> bool:
    """Judge a mark that may end a sentence by what stands before and after it."""
    word = _WORD_BEFORE.findall(before[-_SIGHT:])[0]
    if end["mark"] == "." and _is_abbreviation(word, rest):
        return False
    if any(_stays_open(pair, before, end) for pair in _CLOSES_LATER):
        return False
    if ")" in end["close"] and _is_open("()", before):
        return bool(_OPENS.match(rest)) or (before.lstrip().startswith("(") and not _goes_on(rest))
    if _goes_on(rest):
        return end["mark"] == "." and not end["close"] and not _NEVER_LAST.fullmatch(word)
    return bool(word) or end["mark"] == "." or bool(_OPENS.match(rest))


def _goes_on(rest: str) -> bool:
    """Tell whether a small letter comes next, brackets, quotes and an item's number aside."""
    return _BEFORE_LETTERS.split(rest, maxsplit=1)[-1][:1].islower()


def _is_open(pair: str, before: str) -> bool:
    return before.rfind(pair[0]) > before.rfind(pair[1]) or before.count(pair[0]) > before.count(pair[1])


def _stays_open(pair: str, before: str, end: re.Match[str]) -> bool:
    """Tell whether a bracket opened before is closed only later: no sentence ends inside."""
    if pair[1] in end["close"] or not _is_open(pair, before):
        return False
    return _CLOSES_LATER[pair].match(end.string, end.end()) is not None


def _is_abbreviation(word: str, rest: str) -> bool:
    """Tell whether the full stop after a word belongs to the word alone."""
    if _LEADING.fullmatch(word) or (_NUMBERED.fullmatch(word) and _NUMBER.match(rest)):
        return True
    if _TRAILING.fullmatch(word):
        return not rest[0].isupper()
    return bool(_EITHER.fullmatch(word) and not _OPENS.match(rest))
