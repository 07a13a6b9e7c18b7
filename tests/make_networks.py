#!/usr/bin/env python3
"""PyTorch's numbers for the networks of the zoo, written from the papers' tables, without a look at src/zoo.

    python3 -m venv venv && venv/bin/pip install torch torchvision numpy safetensors
    venv/bin/python tests/make_networks.py tests/data/networks [NETWORK ...]

One OUT_DIR/NETWORK.safetensors per network that torchvision lacks, on synthetic weights (src/weights/synthetic.rs), and
OUT_DIR/torchvision.json with the figures that torchvision publishes of its own.
"""
import json, sys
from pathlib import Path


def fnv1a(text):
    h = 0xCBF29CE484222325
    for b in text.encode():
        h = ((h ^ b) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return h


TORCHVISION = """alexnet vgg11 vgg13 vgg16 vgg19 vgg11_bn vgg13_bn vgg16_bn vgg19_bn googlenet inception_v3 resnet18 resnet34
resnet50 resnet101 resnet152 resnext50_32x4d resnext101_32x8d resnext101_64x4d densenet121 densenet161 densenet169
densenet201 squeezenet1_0 squeezenet1_1""".split()


def torchvision_table(path):
    """Parameters with auxiliary classifiers, published multiply-adds, digests of the weights' and the layers' names."""
    import torch, torchvision.models as models
    from torchvision.models.feature_extraction import get_graph_node_names
    table = {}
    for name in TORCHVISION:
        kwargs = dict(init_weights=False, aux_logits=True) if name in ("googlenet", "inception_v3") else {}
        with torch.device("meta"):
            model = models.get_model(name, weights=None, **kwargs).eval()
        state = {k: list(v.shape) for k, v in model.state_dict().items() if v.dtype == torch.float32}
        nodes = get_graph_node_names(model)[1][1:]
        table[name] = dict(
            parameters=sum(p.numel() for p in model.parameters()),
            gmacs=models.get_model_weights(name).DEFAULT.meta["_ops"],
            keys=f"{fnv1a(''.join(f'{k} {state[k]}' + chr(10) for k in sorted(state))):016x}",
            nodes=f"{fnv1a(''.join(n + chr(10) for n in nodes)):016x}",
        )
    path.write_text("{\n" + ",\n".join(f'"{k}": {json.dumps(v)}' for k, v in table.items()) + "\n}\n")


if __name__ == "__main__":
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    names = sys.argv[2:] or ["torchvision"]
    if "torchvision" in names:
        torchvision_table(out / "torchvision.json")
