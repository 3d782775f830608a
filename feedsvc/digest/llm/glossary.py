"""How terms are said in a language: one TOML file a language in `glossaries/`, with a table `terms`."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources


def find_terms(text: str, language: str) -> dict[str, str]:
    """Give the terms of a language's glossary that a text has, longer ones first.

    Case and a plural's ending are no matter; a term within a longer one that was found is not given for
    itself. A language without a glossary of its own has that of the nearest wider one, or none.
    """
    found: dict[str, str] = {}
    rest = text
    for term, (pattern, meaning) in _load(language.lower()).items():
        rest, times = pattern.subn("\0", rest)
        if times:
            found[term] = meaning
    return found


@cache
def _load(language: str) -> dict[str, tuple[re.Pattern[str], str]]:
    folder = resources.files("feedsvc.digest.llm").joinpath("glossaries")
    tag = language
    while tag and not folder.joinpath(f"{tag}.toml").is_file():
        tag = tag.rpartition("-")[0]
    if not tag:
        return {}
    terms: dict[str, str] = tomllib.loads(folder.joinpath(f"{tag}.toml").read_text("utf-8"))["terms"]
    return {
        term: (_compile(term), terms[term]) for term in sorted(terms, key=lambda term: (-len(term), term))
    }


def _compile(term: str) -> re.Pattern[str]:
    """Match a term as words, whichever hyphens or blanks stand between them."""
    words = "[- ]?".join(map(re.escape, re.split("[- ]", term)))
    return re.compile(rf"(?<![\w\\]){words}(?:s|es)?(?!\w)", re.IGNORECASE)
