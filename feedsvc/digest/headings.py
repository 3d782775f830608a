"""The roles a sentence may play in its abstract, and the headings of structured abstracts that name them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum


class Role(StrEnum):
    """What a sentence does in its abstract."""

    BACKGROUND = "background"
    OBJECTIVE = "objective"
    METHOD = "method"
    RESULT = "result"
    OTHER = "other"


# Headings of structured abstracts, in small letters.
HEADINGS = {
    name: role
    for role, names in {
        Role.BACKGROUND: "background, introduction, context, motivation, importance, problem",
        Role.OBJECTIVE: "objective, objectives, purpose, aim, aims, goal, goals, contribution, contributions",
        Role.METHOD: "method, methods, methodology, materials and methods, methods and materials, approach,"
        " design, data, setting, participants",
        Role.RESULT: "result, results, main results, findings, outcomes, conclusion, conclusions, discussion,"
        " significance, achievement, insight, limitations",
        Role.OTHER: "keywords, availability, trial registration",
    }.items()
    for name in names.split(", ")
}
_HEADING = re.compile(rf"\W*(?:\\\w+\{{)?(?=[A-Z])(?i:({'|'.join(HEADINGS)}))\W*[.:]")


def follow_headings(sentences: Sequence[str]) -> list[Role | None]:
    """Give each sentence the role its heading names; among several headings each holds until the next one."""
    found = (_HEADING.match(sentence) for sentence in sentences)
    roles = [HEADINGS[heading[1].lower()] if heading else None for heading in found]
    if len(roles) - roles.count(None) > 1:
        for at in range(1, len(roles)):
            roles[at] = roles[at] or roles[at - 1]
    return roles
