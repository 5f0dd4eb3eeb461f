"""statistics_vectors.py FOLDER: write the vectors that tests/statistics/test_vectors.c compares the statistics with.

Needs numpy, scipy and scikit-learn, whose versions are written into each file; a developer's tool, nothing of vitx
needs it. tests/golden/stats was made by it."""
import json
import sys

import numpy as np
import scipy
import scipy.stats
import sklearn
import sklearn.metrics

MASK = (1 << 64) - 1


def mix64(z):
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return z ^ z >> 31


def drawn_indices(seed, resample, n):
    """The images of one resample, as metrics/random.h and statistics/resample.c define them, written down again."""
    start = mix64(mix64(seed + 0x9E3779B97F4A7C15 & MASK) ^ (resample + 1) * 0xD1342543DE82EF95 & MASK)
    return [(mix64(start + (i + 1) * 0x9E3779B97F4A7C15 & MASK) >> 32) * n >> 32 for i in range(n)]


class Replay(np.random.Generator):
    """A generator that hands SciPy's bootstrap our draws."""

    def __init__(self, seed):
        super().__init__(np.random.PCG64(0))
        self.seed, self.resample = seed, 0

    def integers(self, low, high=None, size=None, dtype=np.int64, endpoint=False):
        rows = [drawn_indices(self.seed, self.resample + k, size[1]) for k in range(size[0])]
        self.resample += size[0]
        return np.array(rows)


def summary_case(x):
    return {"x": x, "n": len(x), "mean": np.mean(x), "sd": np.std(x, ddof=1), "median": np.median(x),
            "quantiles": [[q, np.quantile(x, q)] for q in (0, 0.025, 0.25, 0.333, 0.5, 0.975, 1)]}


def paired_case(name, a, b):
    d = a - b
    w = scipy.stats.wilcoxon(a, b, correction=False)
    ranks = scipy.stats.rankdata(np.abs(d[d != 0]))
    sign = np.sign(d[d != 0])
    case = {"name": name, "a": a, "b": b, "wilcoxon": w.statistic, "wilcoxon_p": w.pvalue,
            "d_z": np.mean(d) / np.std(d, ddof=1), "rank_biserial": np.sum(sign * ranks) / np.sum(ranks),
            "superiority": np.mean(d > 0) + np.mean(d == 0) / 2,
            "cliffs_delta": 2 * scipy.stats.mannwhitneyu(a, b).statistic / (len(a) * len(b)) - 1,
            "wins": int(np.sum(d > 0)), "ties": int(np.sum(d == 0)), "losses": int(np.sum(d < 0))}
    if len(a) <= 16:
        case["permutation_p"] = scipy.stats.permutation_test(
            (d,), np.mean, permutation_type="samples", n_resamples=2 ** len(a), vectorized=False).pvalue
    else:
        case["t_p"] = scipy.stats.ttest_rel(a, b).pvalue  # close to a sign-flip p at these n: checked to 0.02
    return case


def correlation_case(x, y):
    return {"x": x, "y": y, "spearman": scipy.stats.spearmanr(x, y).statistic,
            "kendall": scipy.stats.kendalltau(x, y).statistic}


def bootstrap_cases(rng):
    n, resamples, seed = 40, 2000, 20120806
    x, y = np.round(rng.beta(0.6, 2, n), 3), np.round(rng.beta(1, 2, n), 3)
    intersection = rng.integers(0, 400, n).astype(float)
    union = intersection + rng.integers(1, 900, n)
    group = rng.integers(0, 3, n)

    def interval(data, statistic, paired=True):
        r = scipy.stats.bootstrap(data, statistic, n_resamples=resamples, method="percentile", paired=paired,
                                  vectorized=False, rng=Replay(seed), confidence_level=0.95)
        return [float(r.confidence_interval.low), float(r.confidence_interval.high)]

    # paired statistics of SciPy resample the index, as we do
    def macro(a, g):
        return np.mean([np.mean(a[g == k]) for k in np.unique(g)])

    return {"seed": seed, "resamples": resamples, "x": x, "y": y, "intersection": intersection, "union": union,
            "group": group, "mean": interval((x,), np.mean), "difference": interval((x, y), lambda a, b: np.mean(a - b)),
            "pooled": interval((intersection, union), lambda a, b: np.sum(a) / np.sum(b)),
            "macro": interval((x, group), macro), "pooled_estimate": intersection.sum() / union.sum(),
            "macro_estimate": macro(x, group)}


def classification_case(rng, n, levels):
    h = np.round(rng.random(n) * levels) / levels if levels else rng.random(n)
    truth = rng.choice([0, 1, 2], n, p=[0.55, 0.35, 0.1])
    h = np.clip(h + 0.3 * (truth == 1), 0, 1)
    keep = truth != 2
    label, score = truth[keep] == 1, h[keep]
    mask = score > 0.5
    both = np.concatenate([~label, label]), np.concatenate([1 - score, score])
    return {"h": h, "truth": truth, "average_precision": sklearn.metrics.average_precision_score(*both),
            "iou": sklearn.metrics.jaccard_score(label, mask), "f1": sklearn.metrics.f1_score(label, mask),
            "pixel_accuracy": sklearn.metrics.accuracy_score(label, mask),
            "precision": sklearn.metrics.precision_score(label, mask),
            "recall": sklearn.metrics.recall_score(label, mask),
            "background_iou": sklearn.metrics.jaccard_score(~label, ~mask),
            "miou": sklearn.metrics.jaccard_score(label, mask, average="macro")}


def plain(value):
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value.item() if isinstance(value, np.generic) else value


def main(folder):
    rng = np.random.default_rng(7)
    versions = {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__}
    paired = []
    for name, n, digits, zeros in (("tiny", 6, 6, 0), ("tied", 12, 1, 2), ("thirteen", 13, 1, 1), ("sixteen", 16, 4, 0),
                                   ("fourteen-tied", 14, 1, 1), ("thirty", 30, 6, 0), ("fifty", 50, 7, 0),
                                   ("fifty-one", 51, 7, 0), ("ties-and-zeros", 91, 2, 9), ("large", 200, 5, 3)):
        a = np.round(rng.beta(0.8, 1.5, n), digits)
        b = np.round(np.clip(a + rng.normal(0.03, 0.15, n), 0, 1), digits)
        b[:zeros] = a[:zeros]
        paired.append(paired_case(name, a, b))
    files = {
        "summary": [summary_case(np.round(rng.beta(1, 3, n), 4)) for n in (2, 3, 10, 101)],
        "paired": paired,
        "correlation": [correlation_case(np.round(rng.normal(size=n), d), np.round(rng.normal(size=n), d))
                        for n, d in ((5, 3), (20, 1), (45, 6), (196, 1))],
        "bootstrap": [bootstrap_cases(rng)],
        "classification": [classification_case(rng, n, levels) for n, levels in ((40, 0), (60, 8), (300, 255), (300, 2))],
    }
    for name, cases in files.items():
        with open(f"{folder}/{name}.json", "w") as out:
            json.dump({"made_with": versions, "cases": cases}, out, default=plain)
            out.write("\n")


main(sys.argv[1])
