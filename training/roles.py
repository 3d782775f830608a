"""Trains the role model that comes with the package: python -m training.roles FOLDER.

FOLDER holds CSAbstruct as `train.jsonl` and `dev.jsonl` (fields `sentences`, `labels`, `confs`). Without an
option the recipes are compared by cross-validation on train; `--dev` trains the chosen one on train and
measures it on dev; `--write FILE` trains it on both and writes the weights.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from feedsvc.digest.cues import load_cues
from feedsvc.digest.evaluation import Evaluation, LabelledAbstract, evaluate_roles
from feedsvc.digest.features import Grams, describe_surroundings, hash_grams, look_up, mark_places
from feedsvc.digest.headings import Role
from feedsvc.digest.roles import RoleModel, judge_roles
from training.solver import Floats, fit_softmax

ROLES = tuple(Role)
FOLDS = 5
SEED = 1


@dataclass(frozen=True)
class Recipe:
    """What is chosen by cross-validation."""

    name: str
    trust: float = 0.5  # a label counts at least so much; the rest of it as much as its annotators agreed
    seen: int = 4  # sentences in which a feature has to stand
    nearby: float = 0.7  # how much a neighbour's features weigh beside the sentence's own
    spread: float = 3.0
    steps: int = 25
    around_spread: float = 0.003
    around_steps: int = 60


RECIPES = (
    Recipe("labels as they are", trust=1.0),
    Recipe("soft labels"),
    Recipe("softer labels", trust=0.0),
)
CHOSEN = RECIPES[1]


@dataclass(frozen=True)
class Corpus:
    """Abstracts with the features of their sentences, which are numbered through."""

    abstracts: tuple[LabelledAbstract, ...]
    grams: tuple[Grams, ...]
    agreement: Floats

    @property
    def starts(self) -> NDArray[np.int64]:
        """Give where each abstract begins, and the end."""
        return np.cumsum([0, *(len(abstract.roles) for abstract in self.abstracts)])

    def select(self, chosen: NDArray[np.int64]) -> Corpus:
        """Give the corpus of some of the abstracts."""
        starts = self.starts
        rows = np.concatenate([np.arange(starts[at], starts[at + 1]) for at in chosen])
        abstracts = tuple(self.abstracts[at] for at in chosen)
        return Corpus(abstracts, tuple(self.grams[at] for at in chosen), self.agreement[rows])

    def soften(self, trust: float) -> Floats:
        """Give each sentence's target: its label as far as it is sure, the other roles share the rest."""
        own = [ROLES.index(role) for abstract in self.abstracts for role in abstract.roles]
        sure = trust + (1 - trust) * self.agreement
        targets = np.repeat(((1 - sure) / (len(ROLES) - 1))[:, None], len(ROLES), axis=1)
        targets[np.arange(len(own)), own] = sure
        return targets.astype(np.float32)


def read_corpus(*paths: Path) -> Corpus:
    """Read files of labelled abstracts as one corpus."""
    rows = [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines()]
    abstracts = tuple(LabelledAbstract(tuple(r["sentences"]), tuple(map(Role, r["labels"]))) for r in rows)
    grams = tuple(hash_grams(abstract.sentences) for abstract in abstracts)
    return Corpus(abstracts, grams, np.array([c for row in rows for c in row["confs"]], dtype=np.float32))


def train_model(corpus: Corpus, recipe: Recipe) -> RoleModel:
    """Train both classifiers: the second on what the first says of abstracts it was not trained on."""
    targets, starts = corpus.soften(recipe.trust), corpus.starts
    everything = np.arange(len(corpus.abstracts))
    around = np.zeros((len(targets), count_surroundings()), dtype=np.float32)
    for fold in split_folds(len(everything), SEED + 1):
        first = train_first(corpus.select(np.setdiff1d(everything, fold)), recipe)
        for at in fold:
            span = slice(starts[at], starts[at + 1])
            grams = corpus.grams[at]
            around[span] = first.look_around(first.weigh_words(grams), grams)
    return replace(train_first(corpus, recipe), surroundings=fit_scaled(around, targets, recipe))


def train_first(corpus: Corpus, recipe: Recipe) -> RoleModel:
    """Train the first classifier; the second of the model is left at zero."""
    hashes, counts = np.unique(np.concatenate([grams.hashes for grams in corpus.grams]), return_counts=True)
    vocabulary = hashes[counts >= recipe.seen].astype(np.uint32)
    own, before, after = lay_out(corpus, vocabulary, recipe.nearby)
    places = np.concatenate([mark_places(len(abstract.roles)) for abstract in corpus.abstracts])
    rows = sparse.hstack([own, before, after, sparse.csr_matrix(places)]).tocsr().astype(np.float32)
    targets = corpus.soften(recipe.trust)
    weights = fit_softmax(rows, targets, np.ones(len(targets), np.float32), recipe.spread, recipe.steps)
    size = len(vocabulary)
    own, following, preceding = weights[:size], weights[size : 2 * size], weights[2 * size : 3 * size]
    grams = np.hstack([own, recipe.nearby * following, recipe.nearby * preceding])
    scale = (np.abs(grams).max(axis=0) / 127).astype(np.float32)
    whole = np.round(grams / scale).astype(np.int8)
    empty = np.zeros((count_surroundings(), len(ROLES)), dtype=np.float32)
    return RoleModel(vocabulary, whole, scale, weights[3 * size :], empty)


def lay_out(corpus: Corpus, vocabulary: NDArray[np.uint32], nearby: float) -> tuple[Any, Any, Any]:
    """Give sparse rows of each sentence's features, of those of the sentence before and of the one after."""
    columns, known = look_up(vocabulary, np.concatenate([grams.hashes for grams in corpus.grams]))
    starts = np.concatenate([[0], np.cumsum(np.concatenate([grams.lengths for grams in corpus.grams]))])
    lengths = np.add.reduceat(known, starts[:-1], dtype=np.int64)
    columns = columns[known]
    values = np.repeat(1 / np.sqrt(np.maximum(1, lengths)), lengths).astype(np.float32)
    shape = (len(lengths), len(vocabulary))
    own = sparse.csr_matrix((values, columns, np.cumsum([0, *lengths])), shape=shape)
    firsts, lasts = corpus.starts[:-1], corpus.starts[1:] - 1
    before = sparse.diags(_mask(len(lengths), firsts)[1:], offsets=-1, shape=(len(lengths),) * 2)
    after = sparse.diags(_mask(len(lengths), lasts)[:-1], offsets=1, shape=(len(lengths),) * 2)
    return own, nearby * before @ own, nearby * after @ own


def fit_scaled(rows: Floats, targets: Floats, recipe: Recipe) -> Floats:
    """Fit the second classifier on rows of unit spread, and give its weights for rows as they are.

    The last column is constant and takes up what shifting the others leaves.
    """
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + np.float32(1e-3)
    mean[-1], spread[-1] = 0, 1
    ones = np.ones(len(rows), np.float32)
    weights = fit_softmax((rows - mean) / spread, targets, ones, recipe.around_spread, recipe.around_steps)
    weights /= spread[:, None]
    weights[-1] -= mean @ weights
    return weights


def split_folds(count: int, seed: int) -> list[NDArray[np.int64]]:
    """Deal numbers from 0 to `count` out to the folds."""
    dealt = np.random.default_rng(seed).permutation(count)
    return [np.sort(dealt[fold::FOLDS]) for fold in range(FOLDS)]


def count_surroundings() -> int:
    """Give the number of columns that the second classifier looks at."""
    grams = hash_grams(["A sentence."])
    unsure = np.full((1, len(ROLES)), 1 / len(ROLES), np.float32)
    columns = describe_surroundings(unsure), load_cues().mark_cues(grams), grams.shapes, mark_places(1)
    return sum(rows.shape[1] for rows in columns)


def _mask(count: int, left_out: NDArray[np.int64]) -> Floats:
    kept = np.ones(count, dtype=np.float32)
    kept[left_out] = 0
    return kept


def cross_validate(corpus: Corpus, recipe: Recipe) -> Evaluation:
    """Judge each fold by a model trained on the other ones."""
    everything = np.arange(len(corpus.abstracts))
    judged: dict[tuple[str, ...], tuple[Role, ...]] = {}
    for fold in split_folds(len(everything), SEED):
        model = train_model(corpus.select(np.setdiff1d(everything, fold)), recipe)
        for at in fold:
            sentences = corpus.abstracts[at].sentences
            judged[sentences] = judge_roles(sentences, model)
    return evaluate_roles(corpus.abstracts, lambda sentences: judged[tuple(sentences)])


def write_model(model: RoleModel, path: Path) -> None:
    """Write the weights; the same weights give the same bytes."""
    np.savez_compressed(path, **{name: getattr(model, name) for name in RoleModel.__slots__})


def print_evaluation(name: str, evaluation: Evaluation) -> None:
    """Print a row of the table in docs/digests.md."""
    figures = (evaluation.accuracy, evaluation.macro_f1, evaluation.section_accuracy)
    click.echo(f"| {name} | " + " | ".join(f"{figure:.3f}" for figure in figures) + " |")


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--dev", is_flag=True, help="Train the chosen recipe on train, measure it on dev.")
@click.option(
    "--write", type=click.Path(path_type=Path), help="Train it on train and dev, write the weights."
)
def main(folder: Path, dev: bool, write: Path | None) -> None:
    """Compare the recipes on the abstracts in FOLDER, or train the chosen one."""
    train = folder / "train.jsonl"
    if write:
        write_model(train_model(read_corpus(train, folder / "dev.jsonl"), CHOSEN), write)
    elif dev:
        model = train_model(read_corpus(train), CHOSEN)
        held = read_corpus(folder / "dev.jsonl").abstracts
        print_evaluation(CHOSEN.name, evaluate_roles(held, lambda sentences: judge_roles(sentences, model)))
    else:
        for recipe in RECIPES:
            print_evaluation(recipe.name, cross_validate(read_corpus(train), recipe))


if __name__ == "__main__":
    main()
