"""The numbers of `vitx table` and `vitx compare`, draw for draw: counter-based random numbers (SplitMix64), percentile
bootstrap over images (Efron 1979), Wilcoxon's signed-rank test, Holm's correction. The same as statistics/ in C."""
from __future__ import annotations

import math
from typing import Sequence

import numpy as np
from numpy.typing import NDArray

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_STREAM = np.uint64(0xD1342543DE82EF95)
NORMAL_BEYOND = 10000  # images: above, the normal interval, which is the bootstrap's limit
_EXACT, _EXACT_TIED = 50, 13


def _mix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def bootstrap_weights(seed: int, first: int, count: int, images: int) -> NDArray[np.float64]:
    """How often each image is drawn: rows `first` … `first + count - 1` of the bootstrap, [count][images]."""
    with np.errstate(over="ignore"):
        rows = np.arange(first, first + count, dtype=np.uint64)
        start = _mix(_mix(np.array([seed], np.uint64) + _GAMMA) ^ (rows + np.uint64(1)) * _STREAM)
        counter = (np.arange(images, dtype=np.uint64) + np.uint64(1)) * _GAMMA
        bits = _mix(start[:, None] + counter[None, :])
        drawn = ((bits >> np.uint64(32)) * np.uint64(images)) >> np.uint64(32)
    flat = drawn.astype(np.int64) + np.arange(count, dtype=np.int64)[:, None] * images
    return np.bincount(flat.ravel(), minlength=count * images).reshape(count, images).astype(np.float64)


def bootstrap_means(values: NDArray[np.float64], resamples: int, seed: int) -> NDArray[np.float64]:
    """Means of the columns of values [images][columns], NaN left out, on resampled images: [columns][resamples]."""
    images = values.shape[0]
    there = ~np.isnan(values)
    clean = np.where(there, values, 0.0)
    out = np.empty((values.shape[1], resamples))
    at_a_time = max(1, min(512, 4_000_000 // max(1, images)))
    for first in range(0, resamples, at_a_time):
        count = min(at_a_time, resamples - first)
        weights = bootstrap_weights(seed, first, count, images)
        with np.errstate(invalid="ignore", divide="ignore"):
            out[:, first : first + count] = (clean.T @ weights.T) / (there.T.astype(float) @ weights.T)
    return out


def percentile_interval(replicates: NDArray[np.float64], level: float = 0.95) -> tuple[float, float]:
    """The percentile interval of replicates, NaN left out."""
    replicates = replicates[~np.isnan(replicates)]
    if not len(replicates):
        return math.nan, math.nan
    low, high = np.quantile(replicates, [0.5 * (1 - level), 0.5 * (1 + level)])
    return float(low), float(high)


def intervals(values: NDArray[np.float64], resamples: int, seed: int) -> list[tuple[float, float]]:
    """95 % intervals of the columns' means; NaN where there is none."""
    images = values.shape[0]
    if not images or not resamples:
        return [(math.nan, math.nan)] * values.shape[1]
    if images > NORMAL_BEYOND:
        return [_normal_interval(column[~np.isnan(column)]) for column in values.T]
    return [percentile_interval(row) for row in bootstrap_means(values, resamples, seed)]


def _normal_interval(column: NDArray[np.float64]) -> tuple[float, float]:
    if len(column) < 2:
        return math.nan, math.nan
    mean, half = float(column.mean()), 1.959963984540054 * float(column.std(ddof=1)) / math.sqrt(len(column))
    return mean - half, mean + half


def ranks(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Ranks from 1, ties by their mean; and the sum of t³ - t over ties of t."""
    order = np.argsort(values, kind="stable")
    out, ties = np.empty(len(values)), 0.0
    at = 0
    while at < len(values):
        end = at
        while end < len(values) and values[order[end]] == values[order[at]]:
            end += 1
        out[order[at:end]] = 0.5 * (at + 1 + end)
        ties += float(end - at) ** 3 - (end - at)
        at = end
    return out, ties


def wilcoxon(differences: NDArray[np.float64]) -> float:
    """Two-sided p of the signed-rank test, zeros left out: exact for few images, else normal."""
    n = len(differences)
    kept = differences[differences != 0]
    if not len(kept):
        return 1.0
    rank, ties = ranks(np.abs(kept))
    plus, minus = float(rank[kept > 0].sum()), float(rank[kept < 0].sum())
    if n <= (_EXACT if ties == 0 and len(kept) == n else _EXACT_TIED):
        share = np.zeros(len(kept) * (len(kept) + 1) + 1)
        share[0] = 1
        for twice in (2 * rank).astype(int):
            moved = np.zeros_like(share)
            moved[twice:] = share[: len(share) - twice]
            share = 0.5 * (share + moved)
        return min(1.0, 2 * float(share[: int(2 * min(plus, minus)) + 1].sum()))
    count = float(len(kept))
    deviation = math.sqrt((count * (count + 1) * (2 * count + 1) - ties / 2) / 24)
    return math.erfc(abs(plus - count * (count + 1) / 4) / deviation / math.sqrt(2)) if deviation > 0 else 1.0


def holm(p: Sequence[float]) -> list[float]:
    """Holm's correction; NaN stays."""
    adjusted, largest = list(p), 0.0
    order = sorted((k for k in range(len(p)) if not math.isnan(p[k])), key=lambda k: p[k])
    for place, k in enumerate(order):
        largest = max(largest, min(1.0, p[k] * (len(order) - place)))
        adjusted[k] = largest
    return adjusted
