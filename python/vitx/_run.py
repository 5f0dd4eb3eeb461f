"""The program, started from Python."""
from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Callable, Mapping

from ._results import Results, VitxError

_PROGRESS = re.compile(r"^(\d+)/(\d+) images, (\d+) through the gate")


def find_program(program: str | os.PathLike[str] | None = None) -> str:
    """The path of vitx: what is given, the environment's VITX, or the first on the PATH."""
    asked = os.fspath(program) if program is not None else os.environ.get("VITX", "vitx")
    found = shutil.which(asked)
    if not found:
        raise VitxError(f"{asked}: no such program; build vitx, then say Run(…, program=PATH) or set VITX")
    return found


class Run:
    """`vitx run CONFIG`, with its progress.

        results = vitx.Run("configs/demo.yaml", out="results/demo.sqlite").start(progress=print)

    A run that was stopped goes on when it is started again.
    """

    def __init__(
        self, config: str | os.PathLike[str], out: str | os.PathLike[str] | None = None,
        set: Mapping[str, object] | None = None, jobs: int | None = None, limit: int | None = None,
        program: str | os.PathLike[str] | None = None,
    ) -> None:
        self.config = Path(config)
        self.out = Path(out) if out is not None else None
        self.command = [find_program(program), "run", os.fspath(config)]
        for key, value in (set or {}).items():
            self.command += ["--set", f"{key}={value}"]
        for option, value in (("--out", out), ("--jobs", jobs), ("--limit", limit)):
            if value is not None:
                self.command += [option, str(value)]

    def start(self, progress: Callable[[int, int, int], None] | Callable[..., None] | None = None) -> Results:
        """Runs to the end and opens the results. `progress(done, images, passed)` is called when the program says how
        far it is (twice a minute). Raises VitxError with the program's own line when it fails."""
        said: list[str] = []
        with subprocess.Popen(self.command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None and process.stdout is not None
            try:
                for line in process.stderr:
                    found = _PROGRESS.match(line)
                    if found and progress:
                        progress(*map(int, found.groups()))
                    elif not found:
                        said.append(line.rstrip())
                printed = process.stdout.read()
            except BaseException:
                process.terminate()
                raise
        if process.returncode != 0:
            raise VitxError(said[-1] if said else f"vitx ended with status {process.returncode}")
        return Results(self.out if self.out is not None else self._file(printed + "\n".join(said)))

    def _file(self, printed: str) -> Path:
        found = re.search(r"(\S+\.sqlite)", printed)
        if not found:
            raise VitxError("vitx has not said where the results are; say Run(…, out=FILE)")
        return Path(found.group(1))
