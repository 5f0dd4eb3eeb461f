"""Heat maps of any program, written for `vitx import`."""
from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

import numpy as np

from ._results import VitxError

_FORBIDDEN = set('/\\\0\n\r')


class MapWriter:
    """A folder of maps, one .npy an image, and its list `maps.csv` (image,file,target), which `vitx import` reads.

        with vitx.MapWriter("maps/mine") as maps:
            for image_id in ids:
                if image_id not in maps:                 # a loop that was stopped goes on
                    maps.add(image_id, heat)             # [rows][columns], any sides

    Each map is whole on disk before its line is in the list: what was stopped can be imported and gone on with.
    `target`: the class that the maps explain, where it is the same rule or number for all of them: "top" (the run's
    top class) or an index; add(…, target=…) says it image by image.
    """

    def __init__(self, path: str | os.PathLike[str], target: str | int | None = None) -> None:
        self.path = Path(path)
        self.target = target
        self.path.mkdir(parents=True, exist_ok=True)
        self._list = self.path / "maps.csv"
        self._known: set[str] = set()
        if self._list.exists():
            with self._list.open(newline="") as lines:
                self._known = {row["image"] for row in csv.DictReader(lines) if row.get("target") is not None}
        else:
            self._append(("image", "file", "target"))

    def __contains__(self, image: str) -> bool:
        return image in self._known

    def __len__(self) -> int:
        return len(self._known)

    def __enter__(self) -> "MapWriter":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def add(self, image: str, heat: Any, target: str | int | None = None) -> None:
        """Writes one map: anything that numpy turns into [rows][columns] of numbers, a PyTorch tensor on the CPU too.
        Fails on another shape, on values that are not finite, and on an image that is there already."""
        if not image or image[0] == "." or _FORBIDDEN & set(image):
            raise VitxError(f"MapWriter: {image!r} is no image id that can be a file's name")
        if image in self._known:
            raise VitxError(f"MapWriter: {image} is in {self._list} already")
        if hasattr(heat, "detach"):
            heat = heat.detach().cpu()
        values = np.asarray(heat, dtype=np.float32)
        if values.ndim != 2 or 0 in values.shape:
            raise VitxError(f"MapWriter: the map of {image} has the shape {values.shape}, expected [rows][columns]")
        if not np.isfinite(values).all():
            raise VitxError(f"MapWriter: the map of {image} has values that are NaN or infinite")
        name = f"{image}.npy"
        part = self.path / f".{name}.part"
        with part.open("wb") as file:
            np.save(file, np.ascontiguousarray(values), allow_pickle=False)
        part.replace(self.path / name)
        explained = self.target if target is None else target
        self._append((image, name, "" if explained is None else str(explained)))
        self._known.add(image)

    def _append(self, row: tuple[str, str, str]) -> None:
        with self._list.open("a", newline="") as lines:
            csv.writer(lines, lineterminator="\n").writerow(row)
