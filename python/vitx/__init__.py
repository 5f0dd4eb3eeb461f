"""Results of `vitx`, maps for it, and runs of it; pure Python and numpy.

    results = vitx.open("results/demo.sqlite")
    results.table(), results.scores(), results.maps("rollout"), results.compare("rollout", "center")
    vitx.MapWriter("maps/mine")          heat maps of any program, for `vitx import`
    vitx.Run("configs/demo.yaml").start()
"""
from ._maps import MapWriter
from ._results import Results, VitxError, open
from ._run import Run

__all__ = ["MapWriter", "Results", "Run", "VitxError", "open"]
__version__ = "0.2.0"
