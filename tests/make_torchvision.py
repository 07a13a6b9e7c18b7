#!/usr/bin/env python3
"""PyTorch's numbers for torchvision's mobile and later networks, on synthetic weights (src/weights/synthetic.rs).

    python3 -m venv venv && venv/bin/pip install torch torchvision numpy safetensors
    venv/bin/python tests/make_torchvision.py tests/data/networks

OUT_DIR/NETWORK.safetensors for one or two of each family, as make_networks.py writes them, and OUT_DIR/torchvision_scores.json
for all others, in float64 (EfficientNet v2's gates make float32 a matter of luck: PyTorch's own scores are 47% off), the scores' largest absolute value, their first eight, and the same of the gradient of the largest score at
the input, of which every 61st value stands there.

Striate's names differ from torchvision's in two places: ConvNeXt's layer scale is a layer of its own with a `weight`, and its
fully connected layers on maps are 1x1 convolutions.
"""
import json, re, sys
from pathlib import Path
import numpy as np, torch, torchvision.models as models
from safetensors.numpy import save_file
from make_networks import picture, uniform

WHOLE = """mobilenet_v2 mobilenet_v3_small efficientnet_b0 convnext_tiny regnet_x_400mf regnet_y_400mf
shufflenet_v2_x0_5 mnasnet0_5""".split()
FAMILIES = ("mobilenet", "efficientnet", "convnext", "regnet", "shufflenet", "mnasnet")
SIZE = 64
# 645 million weights: more than a test should make up.
LEFT_OUT = ["regnet_y_128gf"]


def synthetic(name, shape):
    """The tensor `name` of Striate's graph."""
    u = uniform(name, int(np.prod(shape)))
    if name.endswith("running_var"):
        w = np.float32(1) + np.float32(0.5) * u
    elif name.endswith(("running_mean", "bias")):
        w = np.float32(0.1) * u
    elif len(shape) == 1:
        w = np.float32(1) + np.float32(0.1) * u
    else:
        w = u * np.float32(np.sqrt(6.0 / np.prod(shape[1:])))
    return torch.from_numpy(w.reshape(shape))


def model_of(name):
    with torch.device("cpu"):
        model = models.get_model(name, weights=None).eval()
    state = model.state_dict()
    for key, value in state.items():
        if value.dtype == torch.float32:
            value.copy_(synthetic(re.sub("layer_scale$", "layer_scale.weight", key), tuple(value.shape)))
    model.load_state_dict(state)
    return model


def run(name):
    model, records = model_of(name), []
    number = lambda v: float(f"{v:.8g}")

    def record(module_name):
        def hook(_, __, y):
            y = y.detach()
            if name.startswith("convnext") and re.search(r"block\.[2345]$", module_name):
                y = y.permute(0, 3, 1, 2)
            f = y.double().flatten()
            records.append(dict(module=module_name, shape=list(y.shape), mean=number(f.mean()), std=number(f.std(correction=0)),
                                l2=number(f.norm()), first=[number(v) for v in f[:4]]))
        return hook

    for module_name, module in model.named_modules():
        # Neither stochastic depth nor ConvNeXt's permutations are layers in Striate.
        leaf = not any(True for _ in module.children())
        if leaf and type(module).__name__ not in ("StochasticDepth", "Permute"):
            module.register_forward_hook(record(module_name))
    x = picture(3, SIZE).requires_grad_()
    if name not in WHOLE:
        model, x = model.double(), x.detach().double().requires_grad_()
    scores = model(x)
    best = int(scores.argmax())
    gradient, = torch.autograd.grad(scores[0, best], x)
    return scores.detach()[0], best, gradient, records, sum(p.numel() for p in model.parameters())


def main():
    out, table = Path(sys.argv[1]), {}
    wanted = sys.argv[2:]
    for name in models.list_models(module=models):
        if not name.startswith(FAMILIES) or name in LEFT_OUT or (wanted and name not in wanted):
            continue
        scores, best, gradient, records, parameters = run(name)
        if name in WHOLE:
            meta = {"size": str(SIZE), "class": str(best), "parameters": str(parameters),
                    "modules": json.dumps(records, separators=(",", ":"))}
            arrays = {"logits": scores.numpy()[None], "gradient": gradient.numpy()}
            save_file({k: np.ascontiguousarray(v) for k, v in arrays.items()}, out / f"{name}.safetensors", metadata=meta)
        else:
            g = gradient.flatten()
            short = lambda values: [float(f"{v:.9g}") for v in values]
            table[name] = dict(size=SIZE, best=best, largest=short([scores.abs().max(), g.abs().max()]),
                               scores=short(scores[:8]), gradient=short(g[::61]))
        print(f"{name}: class {best}, {parameters} parameters, {len(records)} modules", flush=True)
    if not wanted:
        (out / "torchvision_scores.json").write_text("{\n" + ",\n".join(f'"{k}": {json.dumps(v)}' for k, v in table.items()) + "\n}\n")


if __name__ == "__main__":
    main()
