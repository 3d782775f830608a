"""Phrases by which a reader knows a sentence's role: what the judge of roles is told beside the words.

Few words of an abstract were seen often enough in training to weigh them well; a cue stands for all of its
phrases. A phrase has one to three tokens as `features.read_tokens` gives them; behind ^ it counts only where
it opens the sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from feedsvc.digest.features import Floats, Grams, hash_phrase, look_up, stack_neighbours

CUES: dict[str, str] = {
    "trend": (
        "recently, in recent years, recent years, recent advances, recent, become, becoming, became,"
        " increasingly, increasing, popular, popularity, rapidly, rapid, nowadays, today, growing,"
        " emerging, emerged, ubiquitous, decade, decades, years, now, advances, advancements, attracted,"
        " received, attention, success, revolutionized, rise, explosion, era"
    ),
    "state": (
        "has been, have been, had been, has become, have become, has shown, have shown, has emerged, have"
        " emerged, has led, have led, has also, have also, has made, have made, has achieved, have"
        " achieved, has attracted, have attracted, there is, there are, there has"
    ),
    "gap": (
        "however, yet, but, nevertheless, nonetheless, unfortunately, despite, little, lack, lacks,"
        " lacking, limited, limits, limitation, limitations, challenge, challenges, challenging,"
        " difficult, difficulty, difficulties, remains, remain, suffer, suffers, suffering, unclear,"
        " unexplored, underexplored, understudied, fail, fails, hinder, hinders, hindered, hindering,"
        " struggle, struggles, overlook, overlooks, neglect, bottleneck, open problem, open question,"
        " costly, expensive, prohibitive, rarely, hard, impractical, unknown, poorly, insufficient,"
        " inadequate, need for, is needed, are needed, scarce, scarcity, vulnerable"
    ),
    "contrast": (
        "^ however, ^ but, ^ yet, ^ despite, ^ unfortunately, ^ nevertheless, ^ nonetheless, ^ while, ^"
        " although, ^ though, ^ traditional, ^ traditionally, ^ existing, ^ current, ^ most, ^ many, ^"
        " conventional, ^ previous, ^ prior, ^ recent, ^ recently"
    ),
    "cause": ("due to, because, since, thus, therefore, as a result, leads to, leading to, lead to, hence"),
    "intent": (
        "is to, was to, are to, aims to, aim to, aims at, aimed to, aimed at, sought to, seek to, seeks to"
    ),
    "purpose": (
        "aim, aims, aimed, goal, goals, objective, objectives, purpose, intended, in order to, attempt,"
        " attempts, to address this, to address these, to this end, to tackle, to bridge, to fill, to"
        " overcome, research question, research questions, question of, we ask, motivated by"
    ),
    "this paper": (
        "this paper, this article, this work, this study, this thesis, this survey, this review, this"
        " letter, this chapter, this research, this report, present paper, present study, present work,"
        " our work"
    ),
    "this": "^ this, ^ these",
    "propose": (
        "propose, proposes, introduce, introduces, develop, develops, design, devise, put forward, formulate"
    ),
    "present": "present, presents, describe, describes, report, reports, give, gives",
    "study": (
        "study, investigate, investigates, explore, explores, examine, examines, consider, analyze,"
        " analyse, focus, revisit, review, survey, understand, determine, address, addresses, identify"
    ),
    "means": (
        "method, algorithm, approach, model, framework, architecture, network, module, technique, scheme,"
        " procedure, mechanism, pipeline, strategy, system"
    ),
    "use": (
        "using, based on, uses, use, used, utilize, utilizes, utilizing, employ, employs, employed,"
        " leverage, leverages, leveraging, via, applied, combines, combining, combine, integrates,"
        " incorporates, incorporating, trained, train, extract, extracted, learns, learn, performed,"
        " collected, conducted, constructed, construct, adopt, adopts, apply, define, estimate, represent"
    ),
    "step": (
        "^ first, ^ then, ^ second, ^ next, ^ third, ^ secondly, ^ firstly, ^ specifically, ^ concretely,"
        " ^ in particular, ^ to do, we first, we then, then, subsequently, each, two, three, consists of,"
        " step, steps, stage, stages, composed of, comprises, namely"
    ),
    "past": "was, were, had",
    "results": "results, findings",
    "outcome": (
        "^ results, ^ experimental, ^ the results, ^ our results, ^ experiments, ^ the experimental, ^"
        " extensive, ^ our experiments, ^ simulation, ^ simulations, ^ empirical, ^ empirically, ^"
        " numerical, ^ findings, ^ our findings, ^ evaluation, ^ evaluations, ^ comprehensive, ^ our"
        " evaluation, ^ overall, ^ ultimately, ^ finally, ^ lastly, ^ notably, ^ remarkably, ^ across, ^"
        " compared, ^ on"
    ),
    "experiment": (
        "experiments, experiment, experimental, experimentally, evaluation, evaluations, evaluate,"
        " evaluated, empirically, simulation, simulations, case study, case studies, benchmark,"
        " benchmarks, datasets, user study"
    ),
    "show": (
        "show, shows, showed, shown, demonstrate, demonstrates, demonstrated, demonstrating, indicate,"
        " indicates, indicated, reveal, reveals, revealed, suggest, suggests, suggested, confirm,"
        " confirms, confirmed, prove, proved, verify, validate, conclude, concludes, concluded,"
        " illustrate, highlight, highlights, underscore, underscores, we find, we found, we observe, we"
        " obtain"
    ),
    "claim": (
        "show that, shows that, showed that, demonstrate that, demonstrates that, demonstrated that,"
        " indicate that, indicates that, indicated that, reveal that, reveals that, revealed that, suggest"
        " that, suggests that, suggested that, confirm that, find that, found that, shown that, conclude"
        " that, concluded that, prove that, observe that, observed that, argue that"
    ),
    "gain": (
        "outperform, outperforms, outperformed, outperforming, superior, superiority, achieve, achieves,"
        " achieved, achieving, improvement, improvements, improves, improved, state - of, better, best,"
        " competitive, comparable, significant, significantly, effectiveness, surpasses, surpassing,"
        " exceeds, gains, consistently, promising, compared to, compared with, baseline, baselines,"
        " accuracy of, orders of magnitude, speedup, %"
    ),
    "release": (
        "available at, available from, code is, code and, code available, http, https, github, publicly"
        " available, open-source, open source, we release, released, project page"
    ),
    "notice": (
        "elsevier, rights reserved, ©, copyright, published by, springer, wiley, doi, isbn, tel,"
        " keywords, index terms, e-mail, fax, ltd, reviewers"
    ),
    "we": "we, our, us, i",
}
# A sentence with one of these says what the paper does; what stands before it is most often background.
_ANNOUNCING = [[*CUES].index(cue) for cue in ("intent", "purpose", "this paper", "propose")]
# So few features has a sentence of under six words, and of under twelve.
_TINY, _SHORT = 22, 46


@dataclass(frozen=True, slots=True, eq=False)
class CueTable:
    """The hashes of all phrases, ascending, and for each a row that marks the cues it belongs to."""

    hashes: NDArray[np.uint32]
    marks: NDArray[np.bool_]

    def mark_cues(self, grams: Grams) -> Floats:
        """Give a row for each sentence of an abstract, by what its features are.

        Columns: the cues it has, whether it is tiny, whether it is short; whether it stands before, is, or
        stands after the first that announces what the paper does; then the cues of the sentence before it and
        of the one after it.
        """
        own = self._find_cues(grams)
        before, after = stack_neighbours(own)
        return np.hstack([own, _place_announcement(own), before, after])

    def _find_cues(self, grams: Grams) -> Floats:
        lengths = grams.lengths
        rows, known = look_up(self.hashes, grams.hashes)
        sentence = np.repeat(np.arange(len(lengths)), lengths)[known]
        found = np.zeros((len(lengths), len(CUES) + 2), dtype=np.float32)
        at, cue = self.marks[rows[known]].nonzero()
        found[sentence[at], cue] = 1
        found[:, -2], found[:, -1] = lengths < _TINY, lengths < _SHORT
        return found


@cache
def load_cues() -> CueTable:
    """Give the table of all phrases."""
    marks: dict[int, NDArray[np.bool_]] = {}
    for number, phrases in enumerate(CUES.values()):
        for phrase in phrases.split(","):
            marks.setdefault(hash_phrase(phrase), np.zeros(len(CUES), np.bool_))[number] = True
    hashes = sorted(marks)
    return CueTable(np.array(hashes, dtype=np.uint32), np.array([marks[own] for own in hashes]))


def _place_announcement(cues: Floats) -> Floats:
    announces = cues[:, _ANNOUNCING].any(axis=1)
    at = np.arange(len(cues))
    first = announces.argmax() if announces.any() else len(cues)
    return np.stack([at < first, at == first, at > first], axis=1).astype(np.float32)
