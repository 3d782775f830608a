"""Softmax regression with soft targets and an L2 penalty, by L-BFGS."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float32]


def normalize(points: Floats) -> Floats:
    """Turn points into probabilities, row by row."""
    powers = np.exp(points - points.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)


def fit_softmax(rows: Any, targets: Floats, weights: Floats, spread: float, steps: int) -> Floats:
    """Give the weights (columns of `rows` by columns of `targets`) that explain the targets best.

    `rows` is a sparse matrix or an array, `weights` a number a row, `spread` the variance of the prior.
    Started from zero, so that the same input gives the same weights; cut short after `steps`, which is a
    penalty too.
    """
    shape = (rows.shape[1], targets.shape[1])
    columns = rows.T.tocsr() if hasattr(rows, "tocsr") else rows.T

    def measure_loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        points = rows @ flat.reshape(shape).astype(np.float32)
        points = points - points.max(axis=1, keepdims=True)
        powers = np.exp(points)
        total = powers.sum(axis=1, keepdims=True)
        missed = (powers / total - targets) * weights[:, None]
        loss = -float((targets * (points - np.log(total)) * weights[:, None]).sum())
        gradient = np.asarray(columns @ missed, dtype=np.float64).ravel() + flat / spread
        return loss + float(flat @ flat) / (2 * spread), gradient

    start = np.zeros(shape[0] * shape[1])
    found = minimize(
        measure_loss, start, jac=True, method="L-BFGS-B", options={"maxiter": steps, "maxcor": 6}
    )
    return np.asarray(found.x, dtype=np.float32).reshape(shape)
