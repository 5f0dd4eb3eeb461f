"""to_safetensors.py DIR: DIR/model.safetensors from the weights that PyTorch saved there (pytorch_model.bin, *.pth, …).
Wants Python with torch and safetensors; nothing of vitx needs it."""
import glob, sys, torch
from safetensors.torch import save_file
folder = sys.argv[1]
files = sorted(f for e in ("bin", "pth", "pt", "ckpt") for f in glob.glob(f"{folder}/*.{e}") if "training" not in f)
weights = {}
for f in files:
    state = torch.load(f, map_location="cpu", weights_only=True)
    for key in ("state_dict", "model_state_dict", "model"):  # a trainer's checkpoint around it
        state = state[key] if isinstance(state.get(key), dict) else state
    weights.update({k: v.clone().contiguous() for k, v in state.items() if isinstance(v, torch.Tensor)})
if not weights: sys.exit(f"{folder}: no weights found in {files}")
save_file(weights, f"{folder}/model.safetensors", metadata={"format": "pt"})
print(f"{folder}/model.safetensors: {len(weights)} tensors of {', '.join(files)}")
