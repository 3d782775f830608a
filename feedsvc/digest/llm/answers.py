"""What a model answered, as a checked value; TeX survives, however its backslashes were written. Pure."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from feedsvc.errors import BrokenAnswer

LONGEST_SECTION = 1500
LONGEST_TITLE = 400


def _join_parts(value: object) -> object:
    return " ".join(map(str, value)) if isinstance(value, list) else value


Text = Annotated[str, BeforeValidator(_join_parts)]


class Summary(BaseModel):
    """The three sections; `title` is the translated one, where it was asked for."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    background: Text
    innovation: Text
    conclusion: Text
    title: Text = ""


SECTIONS = ("background", "innovation", "conclusion")


def make_schema(*, with_title: bool) -> dict[str, Any]:
    """Give the JSON schema of a summary. Without lengths small models run on to the limit of tokens."""
    lengths = {"title": LONGEST_TITLE} if with_title else {}
    lengths |= dict.fromkeys(SECTIONS, LONGEST_SECTION)
    return {
        "type": "object",
        "properties": {name: {"type": "string", "maxLength": most} for name, most in lengths.items()},
        "required": list(lengths),
        "additionalProperties": False,
    }


_THOUGHTS = re.compile(r"<think>.*?</think>", re.DOTALL)


def read_summary(text: str, source: str) -> Summary:
    """Read a model's answer: a JSON object, with or without prose or a fence around it.

    `source` is what the model was given; its TeX commands tell a lost backslash from an escape. Raises
    BrokenAnswer.
    """
    bare = _THOUGHTS.sub("", text)
    begin, end = bare.find("{"), bare.rfind("}")
    if begin < 0 or end < begin:
        raise BrokenAnswer(f"no JSON object in {bare.strip()[:80]!r}")
    try:
        value = json.loads(mend_backslashes(bare[begin : end + 1], source), strict=False)
        summary = Summary.model_validate(value)
    except ValidationError as error:
        raise BrokenAnswer("; ".join(_explain(each) for each in error.errors())) from error
    except (ValueError, RecursionError) as error:
        raise BrokenAnswer(f"no JSON: {error}") from error
    return summary.model_copy(
        update={name: mend_text(getattr(summary, name), source) for name in ("title", *SECTIONS)}
    )


def read_text(text: str, source: str) -> str:
    """Read an answer that is a text by itself, of quotation marks around it freed. Raises BrokenAnswer."""
    bare = _THOUGHTS.sub("", text).strip()
    for opening, closing in ('""', "“”", "「」"):
        if len(bare) > 1 and bare[0] == opening and bare[-1] == closing and opening not in bare[1:-1]:
            bare = bare[1:-1].strip()
    if not bare:
        raise BrokenAnswer("an empty answer")
    return mend_text(bare, source)


def _explain(error: Any) -> str:
    return f"{'.'.join(map(str, error['loc'])) or 'the answer'}: {error['msg']}"


_COMMAND = re.compile(r"\\([A-Za-z]+)")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|[A-Za-z]+|.)", re.DOTALL)
# Read as JSON these would be a line's end, a return or a tab, and the rest of a word that there is not.
_LIKE_ESCAPES = frozenset(
    (
        *("nabla", "ne", "neg", "neq", "nolimits", "not", "nu", "rangle", "rho", "right", "rm"),
        *("tan", "tanh", "tau", "text", "textbf", "textit", "textrm", "texttt", "theta", "tilde"),
        *("times", "to", "top"),
    )
)


def mend_backslashes(text: str, source: str) -> str:
    """Double the backslashes of JSON text that belong to TeX; those of escapes stay.

    JSON knows `\\b` and `\\f`, but nobody writes a backspace; `\\n`, `\\r` and `\\t` are escapes unless
    they begin a command that the source has or that is well known.
    """
    commands = _LIKE_ESCAPES.union(_COMMAND.findall(source))

    def mend(found: re.Match[str]) -> str:
        word = found[1]
        is_escape = word[0] in '"\\/' or re.fullmatch("u[0-9a-fA-F]{4}", word) is not None
        is_escape = is_escape or (word[0] in "nrt" and word not in commands)
        return found[0] if is_escape else "\\" + found[0]

    return _ESCAPE.sub(mend, text)


def mend_text(text: str, source: str) -> str:
    """Put a text in one line, and take back backslashes that were doubled once too often."""
    line = " ".join(text.split())
    return line if "\\\\" in source else line.replace("\\\\", "\\")
