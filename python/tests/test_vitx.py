"""The package against the program itself: run with VITX=PATH of the program, in the source tree (scripts/test does)."""
import json
import math
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

TREE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE / "python"))
import vitx  # noqa: E402
from vitx import _statistics as statistics  # noqa: E402

VITX = os.environ.get("VITX", str(TREE / "build/release/vitx"))


@pytest.fixture(autouse=True)
def without_pandas(monkeypatch):
    """Rows as lists of dictionaries, whatever the machine has."""
    monkeypatch.setitem(sys.modules, "pandas", None)


@pytest.fixture(scope="module")
def results_file(tmp_path_factory):
    out = tmp_path_factory.mktemp("python") / "smoke.sqlite"
    seen = []
    run = vitx.Run("configs/smoke.yaml", out=out, jobs=1, program=VITX)
    here = os.getcwd()
    os.chdir(TREE)
    try:
        results = run.start(progress=lambda *numbers: seen.append(numbers))
    finally:
        os.chdir(here)
    assert seen[-1][0] == seen[-1][1] == 6  # done of all
    results.close()
    return out


@pytest.fixture()
def results(results_file):
    with vitx.open(results_file) as opened:
        yield opened


def said(results_file, *arguments):
    done = subprocess.run([VITX, *arguments[:1], str(results_file), *arguments[1:], "--format", "json"],
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["rows"]


def test_table_is_the_programs(results, results_file):
    rows = {r["method"]: r for r in said(results_file, "table", "--intervals") if r["kind"] in ("ours", "trivial")}
    table = results.table()
    assert [r["method"] for r in table] == results.methods() and len(table) == len(rows) > 10
    for row in table:
        theirs = rows[row["method"]]
        assert row["n"] == theirs["n"] and row["family"] == theirs["family"]
        for name in ("iou", "iou_low", "iou_high", "f1", "f1_low", "f1_high", "pixel_accuracy_low"):
            assert math.isclose(row[name], theirs[name], rel_tol=0, abs_tol=1e-9), (row["method"], name)


def test_compare_is_the_programs(results, results_file):
    rows = {(r["first"], r["second"]): r for r in said(results_file, "compare", "--pairs")}
    pairs = results.compare()
    assert len(pairs) == len(rows)
    for row in pairs:
        theirs = rows[row["a"], row["b"]]
        for ours, name in (("difference", "difference"), ("low", "low"), ("high", "high"), ("p", "wilcoxon_p"),
                           ("p_holm", "wilcoxon_holm")):
            assert math.isclose(row[ours], theirs[name], rel_tol=0, abs_tol=1e-9), (row["a"], row["b"], name)
    one = results.compare("rollout", "center")
    assert len(one) == 1 and one[0]["wins"] + one[0]["ties"] + one[0]["losses"] == one[0]["n"] == 6


def test_scores_and_maps_are_the_files(results, results_file):
    database = sqlite3.connect(results_file)
    for row in results.scores("rollout"):
        stored = database.execute("SELECT iou, f1 FROM per_image WHERE method = 'rollout' AND image_id = ?",
                                  (row["image"],)).fetchone()
        assert (row["iou"], row["f1"]) == stored
    maps = dict(results.maps("rollout"))
    assert list(maps) == [r["image"] for r in results.scores("rollout")]
    heat = maps[next(iter(maps))]
    grid = database.execute("SELECT grid_side FROM runs").fetchone()[0]
    assert heat.dtype == np.float32 and heat.shape == (grid, grid) and np.isfinite(heat).all() and heat.std() > 0
    pixel = next(results.maps("saliency"))[1]
    assert pixel.dtype == np.uint8 and pixel.max() == 255 and pixel.min() == 0


def test_further_metrics_are_columns(results):
    names = results.metrics()
    assert names[:3] == ["iou", "f1", "pixel_accuracy"]
    for name in names[3:]:
        assert name in results.scores("rollout")[0]


def test_what_is_not_there_is_named(results, results_file, tmp_path):
    with pytest.raises(vitx.VitxError, match="no method 'rolout', but raw-attention"):
        results.scores("rolout")
    with pytest.raises(vitx.VitxError, match="no scoring 'x', but main"):
        results.scores("rollout", scoring="x")
    with pytest.raises(vitx.VitxError, match="no metric 'io'"):
        results.table(metrics=["io"])
    with pytest.raises(vitx.VitxError, match="no such file"):
        vitx.open(tmp_path / "none.sqlite")
    with pytest.raises(vitx.VitxError, match="has no run 7"):
        vitx.open(results_file, run=7)
    other = tmp_path / "other.sqlite"
    sqlite3.connect(other).execute("CREATE TABLE a (b)").connection.commit()
    with pytest.raises(vitx.VitxError, match="no results file of vitx"):
        vitx.open(other)
    (tmp_path / "text").write_text("not a database, but long enough to be taken for one at first sight" * 20)
    with pytest.raises(vitx.VitxError, match="no results file"):
        vitx.open(tmp_path / "text")


def test_nothing_is_written(results_file):
    before = results_file.read_bytes()
    with vitx.open(results_file) as opened:
        opened.table(resamples=100)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            opened._database.execute("DELETE FROM runs")
    assert results_file.read_bytes() == before


def test_a_run_that_fails_says_the_programs_line(tmp_path):
    with pytest.raises(vitx.VitxError, match="no such file|cannot be"):
        vitx.Run(tmp_path / "none.yaml", program=VITX).start()
    with pytest.raises(vitx.VitxError, match="no such program"):
        vitx.Run("x.yaml", program=tmp_path / "vitx")


def test_maps_are_written_whole_and_gone_on_with(tmp_path):
    heat = np.arange(12, dtype=np.float64).reshape(3, 4) / 7
    with vitx.MapWriter(tmp_path / "mine", target="top") as maps:
        maps.add("a", heat)
        maps.add("b", heat, target=3)
    again = vitx.MapWriter(tmp_path / "mine")
    assert "a" in again and "c" not in again and len(again) == 2
    again.add("c", heat.tolist())
    assert (tmp_path / "mine/maps.csv").read_text() == "image,file,target\na,a.npy,top\nb,b.npy,3\nc,c.npy,\n"
    loaded = np.load(tmp_path / "mine/a.npy", allow_pickle=False)
    assert loaded.dtype == np.float32 and (loaded == heat.astype(np.float32)).all()
    for bad, why in ((heat[0], r"shape \(4,\)"), (heat * math.nan, "NaN"), (np.zeros((0, 3)), "shape")):
        with pytest.raises(vitx.VitxError, match=why):
            again.add("d", bad)
    for name in ("../d", "", ".d", "a\nb"):
        with pytest.raises(vitx.VitxError, match="no image id"):
            again.add(name, heat)
    with pytest.raises(vitx.VitxError, match="already"):
        again.add("a", heat)
    assert sorted(p.name for p in (tmp_path / "mine").iterdir()) == ["a.npy", "b.npy", "c.npy", "maps.csv"]


def test_wilcoxon_by_counting_all_signs():
    rng = np.random.default_rng(5)
    for n in (1, 4, 9):
        d = rng.permutation(np.arange(1, n + 1)) * rng.choice([-1.0, 1.0], n)
        plus = d[d > 0].sum()
        low = min(plus, n * (n + 1) / 2 - plus)
        sums = [sum(k + 1 for k in range(n) if signs >> k & 1) for signs in range(1 << n)]
        assert math.isclose(statistics.wilcoxon(d), min(1.0, 2 * sum(s <= low for s in sums) / (1 << n)))
    assert statistics.wilcoxon(np.zeros(4)) == 1.0


def test_holm_by_hand():
    assert statistics.holm([0.01, 0.04, 0.03, math.nan])[:3] == [0.03, 0.06, 0.06]


def test_intervals_leave_missing_numbers_out():
    values = np.array([[1.0, math.nan], [1.0, 2.0], [1.0, 2.0]])
    assert statistics.intervals(values, 200, 1) == [(1.0, 1.0), (2.0, 2.0)]
    assert np.isnan(statistics.intervals(values, 0, 1)).all()
    weights = statistics.bootstrap_weights(1, 0, 50, 7)
    assert (weights.sum(axis=1) == 7).all() and (weights == statistics.bootstrap_weights(1, 0, 50, 7)).all()
    assert (statistics.bootstrap_weights(1, 20, 5, 7) == weights[20:25]).all()  # any part, in any order
