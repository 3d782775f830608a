"""What words and places tell about a sentence's role in its abstract: tables of phrases and points, no logic.

A point is a tenth of a weight in a linear-chain CRF, fitted to the training part of CSAbstruct (Cohan et al.,
EMNLP 2019) with a strong L1 penalty, then rounded. A phrase after ^ counts only where it opens the sentence.
"""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a sentence does in its abstract."""

    BACKGROUND = "background"
    OBJECTIVE = "objective"
    METHOD = "method"
    RESULT = "result"
    OTHER = "other"


# For background, objective, method, result, other: the order of Role.
Points = tuple[int, int, int, int, int]

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

# Each cue counts once in a sentence, however many of its phrases stand there.
CUES: dict[str, tuple[str, Points]] = {
    "trend": (
        "recently, in recent years, recent years, recent advances, recent, become, becoming, became,"
        " increasingly, increasing, popular, popularity, rapidly, rapid, nowadays, today, growing,"
        " emerging, emerged, ubiquitous, decade, decades, years, now, advances, advancements, attracted,"
        " received, attention, success, revolutionized, rise, explosion, era",
        (4, 0, 0, 2, 0),
    ),
    "state": (
        "has been, have been, had been, has become, have become, has shown, have shown, has emerged,"
        " have emerged, has led, have led, has also, have also, has made, have made, has achieved,"
        " have achieved, has attracted, have attracted, there is, there are, there has",
        (4, 0, 0, 0, 0),
    ),
    "gap": (
        "however, yet, but, nevertheless, nonetheless, unfortunately, despite, little, lack, lacks,"
        " lacking, limited, limits, limitation, limitations, challenge, challenges, challenging, difficult,"
        " difficulty, difficulties, remains, remain, suffer, suffers, suffering, unclear, unexplored,"
        " underexplored, understudied, fail, fails, hinder, hinders, hindered, hindering, struggle,"
        " struggles, overlook, overlooks, neglect, bottleneck, open problem, open question, costly,"
        " expensive, prohibitive, rarely, hard, impractical, unknown, poorly, insufficient, inadequate,"
        " need for, is needed, are needed, scarce, scarcity, vulnerable",
        (4, 0, -1, 0, 0),
    ),
    "contrast": (
        "^ however, ^ but, ^ yet, ^ despite, ^ unfortunately, ^ nevertheless, ^ nonetheless, ^ while,"
        " ^ although, ^ though, ^ traditional, ^ traditionally, ^ existing, ^ current, ^ most, ^ many,"
        " ^ conventional, ^ previous, ^ prior, ^ recent, ^ recently",
        (4, 0, 0, 0, 0),
    ),
    "cause": (
        "due to, because, since, thus, therefore, as a result, leads to, leading to, lead to, hence",
        (2, 0, -1, 0, 0),
    ),
    "intent": (
        "is to, was to, are to, aims to, aim to, aims at, aimed to, aimed at, sought to, seek to, seeks to",
        (0, 13, 0, 0, 0),
    ),
    "purpose": (
        "aim, aims, aimed, goal, goals, objective, objectives, purpose, intended, in order to, attempt,"
        " attempts, to address this, to address these, to this end, to tackle, to bridge, to fill,"
        " to overcome, research question, research questions, question of, we ask, motivated by",
        (0, 9, 1, 0, 0),
    ),
    "this paper": (
        "this paper, this article, this work, this study, this thesis, this survey, this review,"
        " this letter, this chapter, this research, this report, present paper, present study,"
        " present work, our work",
        (-1, 7, 0, 0, 0),
    ),
    "this": ("^ this, ^ these", (0, 4, 0, 0, 0)),
    "propose": (
        "propose, proposes, introduce, introduces, develop, develops, design, devise, put forward, formulate",
        (0, 6, 4, 0, 0),
    ),
    "present": ("present, presents, describe, describes, report, reports, give, gives", (1, 0, 0, 0, 0)),
    "study": (
        "study, investigate, investigates, explore, explores, examine, examines, consider, analyze,"
        " analyse, focus, revisit, review, survey, understand, determine, address, addresses, identify",
        (0, 2, 0, 0, -3),
    ),
    "means": (
        "method, algorithm, approach, model, framework, architecture, network, module, technique, scheme,"
        " procedure, mechanism, pipeline, strategy, system",
        (0, 2, 4, 0, -6),
    ),
    "use": (
        "using, based on, uses, use, used, utilize, utilizes, utilizing, employ, employs, employed,"
        " leverage, leverages, leveraging, via, applied, combines, combining, combine, integrates,"
        " incorporates, incorporating, trained, train, extract, extracted, learns, learn, performed,"
        " collected, conducted, constructed, construct, adopt, adopts, apply, define, estimate, represent",
        (0, 0, 4, 0, -2),
    ),
    "step": (
        "^ first, ^ then, ^ second, ^ next, ^ third, ^ secondly, ^ firstly, ^ specifically, ^ concretely,"
        " ^ in particular, ^ to do so, we first, we then, then, subsequently, each, two, three,"
        " consists of, step, steps, stage, stages, composed of, comprises, namely",
        (-1, 0, 3, 0, -1),
    ),
    "past": ("was, were, had", (0, -2, 2, 6, 0)),
    "results": ("results, findings", (0, 0, 0, 13, 0)),
    "outcome": (
        "^ results, ^ experimental, ^ the results, ^ our results, ^ experiments, ^ the experimental,"
        " ^ extensive, ^ our experiments, ^ simulation, ^ simulations, ^ empirical, ^ empirically,"
        " ^ numerical, ^ findings, ^ our findings, ^ evaluation, ^ evaluations, ^ comprehensive,"
        " ^ our evaluation, ^ overall, ^ ultimately, ^ finally, ^ lastly, ^ notably, ^ remarkably,"
        " ^ across, ^ compared, ^ on",
        (0, 0, 0, 6, 0),
    ),
    "experiment": (
        "experiments, experiment, experimental, experimentally, evaluation, evaluations, evaluate,"
        " evaluated, empirically, simulation, simulations, case study, case studies, benchmark, benchmarks,"
        " datasets, user study",
        (-1, 0, 0, 5, 0),
    ),
    "show": (
        "show, shows, showed, shown, demonstrate, demonstrates, demonstrated, demonstrating, indicate,"
        " indicates, indicated, reveal, reveals, revealed, suggest, suggests, suggested, confirm, confirms,"
        " confirmed, prove, proved, verify, validate, conclude, concludes, concluded, illustrate,"
        " highlight, highlights, underscore, underscores, we find, we found, we observe, we obtain",
        (0, 0, 0, 5, 0),
    ),
    "claim": (
        "show that, shows that, showed that, demonstrate that, demonstrates that, demonstrated that,"
        " indicate that, indicates that, indicated that, reveal that, reveals that, revealed that,"
        " suggest that, suggests that, suggested that, confirm that, find that, found that, shown that,"
        " conclude that, concluded that, prove that, observe that, observed that, argue that",
        (0, 0, 0, 4, 0),
    ),
    "gain": (
        "outperform, outperforms, outperformed, outperforming, superior, superiority, achieve, achieves,"
        " achieved, achieving, improvement, improvements, improves, improved, state-of-the-art, better,"
        " best, competitive, comparable, significant, significantly, effectiveness, surpasses, surpassing,"
        " exceeds, gains, consistently, promising, compared to, compared with, baseline, baselines,"
        " accuracy of, orders of magnitude, speedup, %",
        (0, 0, 0, 3, 0),
    ),
    "release": (
        "available at, available from, code is, code and, code available, http, https, github,"
        " publicly available, open-source, open source, we release, released, project page",
        (0, 0, -2, 0, 0),
    ),
    "notice": (
        "elsevier, rights reserved, ©, copyright, published by, springer, wiley, doi, isbn, tel, keywords,"
        " index terms, e-mail, fax, ltd, reviewers",
        (0, 0, 0, 0, 23),
    ),
    "we": ("we, our, us, i", (-4, 0, 2, 0, -2)),
}

# Where the sentence stands: at which end, in which quarter, before or after the first that announces what the
# paper does; "tiny" and "short" are under 6 and 12 words, "any" holds for all.
PLACES: dict[str, Points] = {
    "first": (17, 0, -4, 0, 0),
    "second": (8, 1, -1, -2, 0),
    "last": (-1, -4, 0, 8, 9),
    "quarter 1": (7, 3, 0, -4, 0),
    "quarter 2": (2, 0, 0, -1, -4),
    "quarter 3": (0, 0, 2, 4, 0),
    "quarter 4": (0, 0, 0, 9, 0),
    "before": (5, 0, -1, 0, 0),
    "announces": (0, 7, 0, 0, 0),
    "after": (-1, 0, 1, 0, 0),
    "tiny": (0, 0, 0, 0, 37),
    "short": (0, -1, -3, 0, 14),
    "any": (0, 0, 0, 0, -7),
}

# What may follow what: a row for the role before, a column for the role after.
FLOW: dict[Role, Points] = {
    Role.BACKGROUND: (15, 7, 7, 0, -5),
    Role.OBJECTIVE: (0, 7, 11, 0, -6),
    Role.METHOD: (0, 0, 18, 11, -3),
    Role.RESULT: (-7, -5, 0, 11, 0),
    Role.OTHER: (0, -2, -1, -1, 10),
}
