"""Writes the files of this folder with NumPy, which is not needed to read them: arrays of 3 rows and 4 columns whose
value in row r, column c is 4 r + c (truth values: whether that is odd)."""
import pathlib
import zipfile

import numpy as np

here = pathlib.Path(__file__).parent
counted = np.arange(12).reshape(3, 4)
for name in ["f2", "f4", "f8", "u1", "i1", "u2", "i2", "i4", "u4", "i8", "u8"]:
    np.save(here / f"little-{name}.npy", counted.astype("<" + name))
for name in ["f2", "f4", "f8", "u2", "i4", "i8"]:
    np.save(here / f"big-{name}.npy", counted.astype(">" + name))
np.save(here / "truth.npy", counted % 2 == 1)
np.save(here / "by-column.npy", np.asfortranarray(counted.astype("<f4")))
np.save(here / "one-channel.npy", counted.astype("<f4")[None, :, :, None])
with open(here / "version-2.npy", "wb") as f:
    np.lib.format.write_array(f, counted.astype("<f4"), version=(2, 0))
with open(here / "version-3.npy", "wb") as f:
    np.lib.format.write_array(f, counted.astype("<f4"), version=(3, 0))
np.save(here / "odd-objects.npy", np.array([[1, None]], dtype=object), allow_pickle=True)
np.save(here / "odd-structures.npy", np.zeros((2, 2), dtype=[("a", "<f4"), ("b", "<i4")]))
np.save(here / "odd-complex.npy", counted.astype("<c8"))
np.save(here / "odd-text.npy", np.array([["a", "bc"]]))
np.save(here / "odd-channels.npy", np.zeros((3, 4, 4), "<f4"))
np.save(here / "odd-line.npy", counted.astype("<f4").ravel())
np.save(here / "odd-empty.npy", np.zeros((0, 4), "<f4"))
maps = {"first": counted.astype("<f4"), "second": (2 * counted).astype("u1")}
np.savez(here / "stored.npz", **maps)
np.savez_compressed(here / "deflated.npz", **maps)
with zipfile.ZipFile(here / "paths.npz", "w") as z:
    for name in ["../../../tmp/away.npy", "/etc/passwd.npy", "notes.txt", "folder/inside.npy"]:
        z.write(here / "little-f4.npy", name)
