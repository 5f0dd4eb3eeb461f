"""A results file, read only."""
from __future__ import annotations

import math
import os
import sqlite3
from pathlib import Path
from typing import Any, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from . import _statistics as statistics

APPLICATION_ID = 0x76697478  # "vitx"
LAYOUTS = (3, 4)  # user_version of results files that are understood
OWN_COLUMNS = ("iou", "f1", "pixel_accuracy")


class VitxError(Exception):
    """One line: what, where, what to do."""


def _rows(records: list[dict[str, Any]]) -> Any:
    """A pandas DataFrame where pandas is there, else the list of dictionaries."""
    try:
        import pandas
    except ImportError:
        return records
    return pandas.DataFrame.from_records(records)


def open(path: str | os.PathLike[str], run: int | None = None) -> "Results":
    """The results file at `path`, and of its runs the one with this number (default: the newest)."""
    return Results(path, run)


class Results:
    """One run of a results file. Nothing is ever written to the file."""

    def __init__(self, path: str | os.PathLike[str], run: int | None = None) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise VitxError(f"{self.path}: no such file")
        try:
            self._database = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True)
            application = self._one("PRAGMA application_id")
            layout = self._one("PRAGMA user_version")
        except sqlite3.DatabaseError as error:
            raise VitxError(f"{self.path}: is no results file: {error}") from None
        if application != APPLICATION_ID:
            raise VitxError(f"{self.path}: is a SQLite file, but no results file of vitx")
        if layout not in LAYOUTS:
            raise VitxError(f"{self.path}: has layout {layout}, this package reads {', '.join(map(str, LAYOUTS))}")
        numbers = [row["run"] for row in self.runs_list()]
        if not numbers:
            raise VitxError(f"{self.path}: holds no run")
        if run is not None and run not in numbers:
            raise VitxError(f"{self.path}: has no run {run}, but {', '.join(map(str, numbers))}")
        self.run = numbers[-1] if run is None else run

    def close(self) -> None:
        """Gives the file back."""
        self._database.close()

    def __enter__(self) -> "Results":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- what there is ----------------------------------------------------------------------------------------

    def runs_list(self) -> list[dict[str, Any]]:
        """The file's runs as dictionaries: run, name, model, data, images, finished."""
        return self._list(
            "SELECT id AS run, name, model, data, image_count AS images, finished FROM runs ORDER BY id"
        )

    def runs(self) -> Any:
        """The file's runs, a row each."""
        return _rows(self.runs_list())

    def methods(self) -> list[str]:
        """Names of the run's methods, in the order of its table."""
        return [r["name"] for r in self._list("SELECT name FROM run_methods WHERE run = ? ORDER BY place", self.run)]

    def metrics(self) -> list[str]:
        """Names of the numbers that an image has under a method: iou, f1, pixel_accuracy and the further ones."""
        further = self._list(
            "SELECT DISTINCT s.metric AS name FROM scores s JOIN scorings c ON c.id = s.scoring WHERE c.run = ?"
            " ORDER BY s.metric", self.run,
        )
        return [*OWN_COLUMNS, *(r["name"] for r in further)]

    def scorings(self) -> list[str]:
        """Names of the run's scorings: "main", and what `vitx rescore` has added."""
        return [r["name"] for r in self._list("SELECT name FROM scorings WHERE run = ? ORDER BY id", self.run)]

    # ---- rows -------------------------------------------------------------------------------------------------

    def scores(self, method: str | None = None, scoring: str = "main") -> Any:
        """A row an evaluation: image, method, status, every measure as it is stored (0 … 1, not percent)."""
        return _rows(self._scores(method, scoring))

    def _scores(self, method: str | None, scoring: str) -> list[dict[str, Any]]:
        number = self._scoring(scoring)
        if method is not None:
            self._method(method)
        rows = self._list(
            "SELECT i.image_id AS image, m.name AS method, m.family, e.status, p.probability, p.correct,"
            " e.iou, e.f1, e.pixel_accuracy, e.method AS _method, e.image AS _image"
            " FROM evaluations e JOIN run_methods m ON m.id = e.method JOIN images i ON i.id = e.image"
            " JOIN predictions p ON p.image = e.image AND p.passed = 1"
            " WHERE e.scoring = ? AND (? IS NULL OR m.name = ?) ORDER BY m.place, i.position", number, method, method,
        )
        at = {(row.pop("_method"), row.pop("_image")): row for row in rows}
        names: list[str] = []
        for key, image, metric, value in self._database.execute(
            "SELECT method, image, metric, value FROM scores WHERE scoring = ?", (number,)
        ):
            row = at.get((key, image))
            if row is not None:
                row[metric] = value
                if metric not in names:
                    names.append(metric)
        for row in rows:
            for name in names:
                row.setdefault(name, None)
        return rows

    def maps(self, method: str) -> Iterator[tuple[str, NDArray[Any]]]:
        """(image id, map) of every stored map of the method, in the run's order: float32 [grid, grid] of a patch map,
        uint8 [side, side] of a map at input resolution. One at a time: memory stays flat."""
        number = self._method(method)
        found = self._database.execute(
            "SELECT i.image_id, a.kind, a.width, a.height, a.bytes FROM maps a JOIN images i ON i.id = a.image"
            " WHERE a.method = ? ORDER BY i.position", (number,),
        )
        for image, kind, width, height, stored in found:
            dtype = np.dtype("<f4") if kind == "patch" else np.dtype("u1")
            if width < 1 or height < 1 or len(stored) != width * height * dtype.itemsize:
                raise VitxError(f"{self.path}: the map of {image} by {method} has not as many bytes as its sides say")
            yield image, np.frombuffer(stored, dtype).reshape(height, width)

    # ---- what comes of them -----------------------------------------------------------------------------------

    def table(
        self, metrics: Sequence[str] | None = None, scoring: str = "main", resamples: int = 10000, seed: int = 1
    ) -> Any:
        """A row a method: the mean over images of each metric, in percent for iou, f1 and pixel_accuracy; its 95 %
        bootstrap interval (`iou_low`, `iou_high` …; resamples 0: none), and n, the images scored. As `vitx table`."""
        names = list(metrics) if metrics is not None else self.metrics()
        for name in names:
            self._metric(name)
        methods, values = self._matrix(names, scoring)
        records: list[dict[str, Any]] = [{"method": m, "family": self._family(m)} for m in methods]
        for name in names:
            scale = 100.0 if name in OWN_COLUMNS else 1.0
            matrix = values[name] * scale
            bounds = statistics.intervals(matrix, resamples, seed)
            for k, record in enumerate(records):
                there = matrix[:, k][~np.isnan(matrix[:, k])]
                record[name] = float(there.mean()) if len(there) else math.nan
                if resamples:
                    record[f"{name}_low"], record[f"{name}_high"] = bounds[k]
                record["n" if name == names[0] else f"{name}_n"] = len(there)
        return _rows(records)

    def compare(
        self, a: str | None = None, b: str | None = None, metric: str = "iou", scoring: str = "main",
        resamples: int = 10000, seed: int = 1,
    ) -> Any:
        """A row a pair of methods (`a` against `b`; without them all pairs): paired on the images that both have. The
        difference of the means and its 95 % interval, Wilcoxon's p, also after Holm over the rows, wins and losses;
        differs: p after Holm below 0.05. As `vitx compare`."""
        if (a is None) != (b is None):
            raise VitxError("compare: two methods, or none for all pairs")
        self._metric(metric)
        methods, values = self._matrix([metric], scoring)
        matrix = values[metric] * (100.0 if metric in OWN_COLUMNS else 1.0)
        for name in (a, b):
            if name is not None:
                self._method(name)
        pairs = (
            [(i, j) for i in range(len(methods)) for j in range(i + 1, len(methods))]
            if a is None or b is None
            else [(methods.index(a), methods.index(b))]
        )
        complete = ~np.isnan(matrix).any(axis=0)
        few = 0 < len(matrix) <= statistics.NORMAL_BEYOND and resamples > 0
        shared = statistics.bootstrap_means(np.nan_to_num(matrix), resamples, seed) if few and a is None else None
        records = [self._pair(matrix, i, j, methods, complete, shared, resamples, seed) for i, j in pairs]
        for record, p in zip(records, statistics.holm([r["p"] for r in records])):
            record["p_holm"] = p
            record["differs"] = p < 0.05
        return _rows(records)

    @staticmethod
    def _pair(
        matrix: NDArray[np.float64], i: int, j: int, methods: list[str], complete: NDArray[np.bool_],
        shared: NDArray[np.float64] | None, resamples: int, seed: int,
    ) -> dict[str, Any]:
        there = ~np.isnan(matrix[:, i]) & ~np.isnan(matrix[:, j])
        first, second = matrix[there, i], matrix[there, j]
        difference = first - second
        record: dict[str, Any] = {"a": methods[i], "b": methods[j], "n": len(difference)}
        if not len(difference):
            return record | {k: math.nan for k in ("difference", "low", "high", "p")} | {"wins": 0, "ties": 0, "losses": 0}
        if not (difference != 0).any():
            low = high = 0.0 if resamples else math.nan
        elif shared is not None and complete[i] and complete[j]:
            low, high = statistics.percentile_interval(shared[i] - shared[j])
        else:
            low, high = statistics.intervals(difference[:, None], resamples, seed)[0]
        return record | {
            "difference": float(difference.mean()), "low": low, "high": high, "p": statistics.wilcoxon(difference),
            "wins": int((difference > 0).sum()), "ties": int((difference == 0).sum()),
            "losses": int((difference < 0).sum()),
        }

    # ---- hands ------------------------------------------------------------------------------------------------

    def _one(self, query: str) -> Any:
        return self._database.execute(query).fetchone()[0]

    def _list(self, query: str, *values: Any) -> list[dict[str, Any]]:
        found = self._database.execute(query, values)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row)) for row in found]

    def _number(self, what: str, table: str, name: str) -> int:
        rows = self._list(f"SELECT id, name FROM {table} WHERE run = ? ORDER BY id", self.run)
        found = {r["name"]: r["id"] for r in rows}
        if name not in found:
            raise VitxError(f"{self.path}: run {self.run} has no {what} '{name}', but {', '.join(found)}")
        return int(found[name])

    def _method(self, name: str) -> int:
        return self._number("method", "run_methods", name)

    def _scoring(self, name: str) -> int:
        return self._number("scoring", "scorings", name)

    def _metric(self, name: str) -> None:
        names = self.metrics()
        if name not in names:
            raise VitxError(f"{self.path}: run {self.run} has no metric '{name}', but {', '.join(names)}")

    def _family(self, method: str) -> str:
        return str(self._list("SELECT family FROM run_methods WHERE run = ? AND name = ?", self.run, method)[0]["family"])

    def _matrix(self, names: Sequence[str], scoring: str) -> tuple[list[str], dict[str, NDArray[np.float64]]]:
        """Methods, and of each metric [images][methods], NaN where a map has none; images in the run's order."""
        rows = self._scores(None, scoring)
        methods = self.methods()
        column = {name: k for k, name in enumerate(methods)}
        place: dict[str, int] = {
            r["image_id"]: k for k, r in enumerate(self._list(
                "SELECT i.image_id FROM images i JOIN predictions p ON p.image = i.id AND p.passed = 1"
                " WHERE i.run = ? ORDER BY i.position", self.run))
        }
        # As vitx table: only images that some method is scored on take part in a draw.
        scored = {r["image"] for r in rows if r["iou"] is not None}
        place = {image: k for k, image in enumerate(i for i in place if i in scored)}
        out = {name: np.full((len(place), len(methods)), math.nan) for name in names}
        for row in rows:
            at = place.get(row["image"])
            for name in names:
                if at is not None and row.get(name) is not None:
                    out[name][at, column[row["method"]]] = row[name]
        return methods, out
