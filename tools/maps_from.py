"""maps_from.py FILE OUT: a folder of .npy, one an image, which `vitx import` reads, from the maps in FILE:
   .h5 (h5py)             data sets at any depth, named by their image; or one array and a data set `ids`, `image_ids` …
   .pkl, .pth, .pt, .bin  a dictionary image: map, or a pair (ids, array)
.pkl runs code that lies in the file: only files that you trust. Wants numpy, and h5py or torch for their own formats;
nothing of vitx needs it."""
import pathlib, sys
import numpy as np

if len(sys.argv) != 3: sys.exit(__doc__)
source, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])

def found():
    if source.suffix in (".h5", ".hdf5"):
        import h5py
        arrays = {}
        h5py.File(source, "r").visititems(lambda n, d: arrays.update({n: d[()]}) if isinstance(d, h5py.Dataset) else None)
        names = next((arrays.pop(n) for n in list(arrays) if n.split("/")[-1] in ("ids", "image_ids", "names", "images") and arrays[n].dtype.kind in "OSU"), None)
        return arrays if names is None else ([n.decode() if isinstance(n, bytes) else n for n in names], max(arrays.values(), key=np.size))
    if source.suffix == ".pkl":
        import pickle
        return pickle.loads(source.read_bytes())
    import torch
    return torch.load(source, map_location="cpu", weights_only=True)

maps = found()
pairs = maps.items() if isinstance(maps, dict) else zip(*maps)
count = 0
for image, heat in pairs:
    path = out / (str(image).lstrip("/").replace("..", "-") + ".npy")  # folders in names stay folders
    path.parent.mkdir(parents=True, exist_ok=True)
    heat = heat.detach().float().cpu().numpy() if hasattr(heat, "detach") else np.asarray(heat)
    np.save(path, np.squeeze(heat), allow_pickle=False)
    count += 1
print(f"{count} maps in {out}; next: vitx import FILE.sqlite {out} --as NAME --target top")
