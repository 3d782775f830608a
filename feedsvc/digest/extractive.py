"""The digest that is always to be had: the abstract's own sentences, sorted into the three sections."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum
from itertools import accumulate, combinations
from operator import sub

from feedsvc.digest.headings import Role
from feedsvc.digest.roles import judge_roles
from feedsvc.digest.sentences import split_sentences
from feedsvc.paper import Digest, Paper

ORIGINAL = "en"
METHOD = "extractive"


class Section(IntEnum):
    """The sections of a digest, in reading order."""

    BACKGROUND = 0
    INNOVATION = 1
    CONCLUSION = 2


# A sentence of another role (a notice, a remark) belongs where the sentence before it does.
_SECTION_OF = {
    Role.BACKGROUND: Section.BACKGROUND,
    Role.OBJECTIVE: Section.INNOVATION,
    Role.METHOD: Section.INNOVATION,
    Role.RESULT: Section.CONCLUSION,
}


class ExtractiveSummarizer:
    """Sorts every sentence of the abstract, verbatim and in order, into exactly one section.

    Serves the language of the original only. From three sentences on no section is empty. Of two
    sentences the second is the innovation if the first is background, else the first is, and the second
    the conclusion; a single one is the innovation. Raises nothing.
    """

    def __init__(self, judge: Callable[[Sequence[str]], Sequence[Role]] = judge_roles) -> None:
        self._judge = judge

    def summarize(self, paper: Paper, language: str) -> Digest | None:
        """Sort the abstract's sentences; None for a language other than the original's."""
        if language != ORIGINAL:
            return None
        sentences = split_sentences(paper.abstract)
        sections = assign_sections(self._judge(sentences))
        background, innovation, conclusion = (
            tuple(s for s, own in zip(sentences, sections, strict=True) if own is section)
            for section in Section
        )
        return Digest(paper.id, paper.version, language, METHOD, background, innovation, conclusion)


def assign_sections(roles: Sequence[Role]) -> tuple[Section, ...]:
    """Give each sentence the section of its role.

    Where one of the three would stay empty, the sentences are cut in three runs that agree best with
    their roles; for one or two sentences see ExtractiveSummarizer.
    """
    sections: list[Section] = []
    for role in roles:
        before = sections[-1] if sections else Section.BACKGROUND
        sections.append(_SECTION_OF.get(role, before))
    if len(sections) < len(Section):
        return _assign_few(sections)
    return tuple(sections) if len(set(sections)) == len(Section) else _cut_in_runs(sections)


def _assign_few(sections: Sequence[Section]) -> tuple[Section, ...]:
    if len(sections) == 2 and sections[0] is Section.BACKGROUND:
        return Section.BACKGROUND, Section.INNOVATION
    return (Section.INNOVATION, Section.CONCLUSION)[: len(sections)]


def _cut_in_runs(sections: Sequence[Section]) -> tuple[Section, ...]:
    """Cut a row of sections in three runs, none empty, that agree with it in as many places as can be."""
    background, innovation, conclusion = ([own is section for own in sections] for section in Section)
    first_gain = list(accumulate(map(sub, background, innovation), initial=0))
    second_gain = list(accumulate(map(sub, innovation, conclusion), initial=0))
    cuts = combinations(range(1, len(sections)), 2)
    first, second = max(cuts, key=lambda cut: first_gain[cut[0]] + second_gain[cut[1]])
    lengths = (first, second - first, len(sections) - second)
    return tuple(section for section, length in zip(Section, lengths, strict=True) for _ in range(length))
