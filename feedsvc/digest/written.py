"""Reading digests that others wrote, a JSON object a line, whatever they call their fields."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from feedsvc.digest.checks import Finding, Written, check_digest
from feedsvc.digest.language import guess_language
from feedsvc.errors import BrokenAnswer

SECTIONS = ("background", "innovation", "conclusion")
_PREFIXES = ("seed_", "digest_", "")
_NAMES = ("arxiv_id", "id", "paper", "seed_no")
_TITLES = ("title_en", "original_title", "paper_title")
_ABSTRACTS = ("abstract_en", "abstract", "summary")


@dataclass(frozen=True, slots=True)
class Checked:
    """A digest's place in its file, the paper's name, and what is wrong with it."""

    line: int
    paper: str
    findings: tuple[Finding, ...]


def check_lines(lines: Iterable[str]) -> Iterator[Checked]:
    """Check the digest of each line. Raises BrokenAnswer with the number of a line that holds none."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                record = json.loads(line)
                yield _check_record(number, record)
            except json.JSONDecodeError as error:
                raise BrokenAnswer(f"line {number}: no JSON, {error.msg} at {error.colno}") from error
            except (ValueError, TypeError) as error:
                raise BrokenAnswer(f"line {number}: {error}") from error


def describe_checked(checked: Checked) -> dict[str, Any]:
    """Give what was found as JSON has it."""
    findings = [{"rule": f.rule.value, "place": f.place, "message": f.message} for f in checked.findings]
    return {"line": checked.line, "paper": checked.paper, "findings": findings}


def _check_record(number: int, record: Any) -> Checked:
    if not isinstance(record, dict):
        raise TypeError(f"{record!r:.40}, expected a JSON object")
    abstract = _pick(record, _ABSTRACTS)
    sections = tuple((name, _pick(record, [p + name for p in _PREFIXES])) for name in SECTIONS)
    if abstract is None or all(text is None for _, text in sections):
        raise ValueError("expected an abstract, and sections called background, innovation and conclusion")
    original = _pick(record, _TITLES)
    translated = _pick(record, [p + "title" for p in _PREFIXES])
    texts = tuple((name, text or "") for name, text in sections)
    language = _pick(record, ("language", "lang")) or guess_language(" ".join(text for _, text in texts))
    title = original if original is not None else translated
    written = Written(language, translated if original is not None else None, texts)
    name = next((str(record[key]) for key in _NAMES if key in record), str(number))
    return Checked(number, name, tuple(check_digest(written, title or "", abstract)))


def _pick(record: Mapping[str, Any], names: Iterable[str]) -> str | None:
    """Give the first field that is there; lists of sentences are joined."""
    for name in names:
        value = record.get(name)
        if isinstance(value, list):
            return " ".join(map(str, value))
        if isinstance(value, str):
            return value
    return None
