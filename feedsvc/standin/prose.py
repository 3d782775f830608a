"""Invented titles, abstracts and names, put together from lists of words: sample text, no paper's own."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from feedsvc.paper import Author

QUALITIES = (
    "Adaptive", "Balanced", "Compact", "Contrastive", "Discrete", "Efficient", "Geometric", "Hierarchical",
    "Interpretable", "Local", "Nonparametric", "Online", "Probabilistic", "Robust", "Scalable", "Sparse",
    "Spectral", "Stochastic", "Uniform", "Weighted",
)  # fmt: skip
METHODS = (
    "attention", "bounds", "coding", "decoding", "diffusion", "embeddings", "estimators", "flows", "graphs",
    "kernels", "lattices", "matching", "networks", "operators", "priors", "random walks", "regression",
    "retrieval", "sampling", "transformers",
)  # fmt: skip
SUBJECTS = (
    "dialogue", "exoplanet transits", "face images", "galaxy clusters", "gravitational waves", "legal texts",
    "medical records", "molecules", "program repair", "protein folding", "quantum circuits", "road traffic",
    "robot grasping", "satellite images", "social graphs", "speech", "time series", "translation",
    "turbulence", "voting",
)  # fmt: skip
RESULTS = (
    "an error that falls by a third", "the same accuracy at half the cost", "bounds that are tight",
    "fewer samples than any known method needs", "stable results over ten data sets",
    r"a running time of $O(n \log n)$", r"an $\varepsilon$-approximation for all $n < 10^6$",
    "no gain where the data are scarce, which we explain",
)  # fmt: skip
PROBLEMS = (
    "is costly when data are many", "fails where labels are noisy", "has no guarantee for small samples",
    "depends on parameters that are hard to choose", "is not understood beyond two dimensions",
    "is usually treated by heuristics & luck",
)  # fmt: skip
FORENAMES = (
    "Ada", "Anaïs", "Bo", "Chiara", "Dmitri", "Elif", "Fatima", "Grace", "Hiro", "Ines", "Jiří", "José",
    "Kavita", "Łukasz", "Mei", "Nadia", "Omar", "Priya", "Søren", "Thu",
)  # fmt: skip
SURNAMES = (
    "Abara", "Bäcker", "Chen", "da Silva", "Eriksen", "Fujita", "Gödel", "Haddad", "Ivanova", "Jones Jr.",
    "Kim", "López", "Müller", "Nguyễn", "O'Neil", "Park", "Rossi", "Škoda", "van der Berg", "Zhang",
)  # fmt: skip
PLACES = ("Sample University", "Institute of Samples, Town", "Example Laboratory")


@dataclass(frozen=True, slots=True)
class Text:
    """What is written on a paper."""

    title: str
    abstract: str


def write_text(random: Random) -> Text:
    """Invent a title and an abstract of four or five sentences."""
    quality, method, subject = random.choice(QUALITIES), random.choice(METHODS), random.choice(SUBJECTS)
    other = random.choice(METHODS)
    sentences = [
        f"Work on {method} for {subject} {random.choice(PROBLEMS)}.",
        f"We propose {quality.lower()} {method}, with {other} as a first step.",
        f"Our approach needs {random.randint(2, 90)} parameters and no further training.",
        f"Experiments on {subject} show {random.choice(RESULTS)}.",
    ]
    if random.random() < 0.5:
        sentences.append(f"We conclude that the part of {other} is larger than is believed.")
    return Text(f"{quality} {method} for {subject}", " ".join(sentences))


def revise_text(text: Text, random: Random) -> Text:
    """Change a text as a new version does: always the abstract, sometimes the title."""
    abstract = f"{text.abstract} This version also shows {random.choice(RESULTS)}."
    is_renamed = random.random() < 0.2 and not text.title.startswith("Revisiting ")
    return Text(f"Revisiting {text.title[0].lower()}{text.title[1:]}" if is_renamed else text.title, abstract)


def name_authors(random: Random) -> tuple[Author, ...]:
    """Invent one to six authors, some of them with an affiliation."""
    names = dict.fromkeys(
        f"{random.choice(FORENAMES)} {random.choice(SURNAMES)}" for _ in range(random.randint(1, 6))
    )
    return tuple(Author(name, _place(random)) for name in names)


def _place(random: Random) -> tuple[str, ...]:
    return (random.choice(PLACES),) if random.random() < 0.1 else ()
