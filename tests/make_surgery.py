#!/usr/bin/env python3
"""Scores of torchvision's networks with parts switched off by hooks, for tests/surgery.rs to compare with.

    python3 -m venv venv && venv/bin/pip install torch torchvision numpy
    venv/bin/python tests/make_surgery.py

Weights and picture follow src/weights/synthetic.rs, pictures are SIZE x SIZE. A part's output is replaced by zeros, by its
input, or by the mean of each unit over this one picture; blocks change places in their stage. Every 37th score is kept.
"""
import json
from pathlib import Path
import numpy as np, torch, torchvision.models as models
from make_networks import picture, uniform

SIZE = 96
# The module whose output is replaced, the way, and for a shuffle the order of a stage's blocks.
CASES = {
    "resnet18": [("layer1.1", "identity"), ("layer2.1", "zero"), ("layer3.1.bn2", "mean"), ("layer1.0 layer4.1", "identity"),
                 ("layer3.0.conv1", "mean"), ("layer1", [1, 0])],
    "googlenet": [("inception3a.branch2", "zero"), ("inception4c.branch4", "mean"), ("inception5a", "identity"),
                  ("inception4b", "mean")],
    "vgg16": [("features.7", "identity"), ("features.12 features.14", "identity"), ("features.28", "mean"),
              ("classifier.3", "identity"), ("features.29", "zero")],
}

def fill(model):
    state = model.state_dict()
    for key, value in state.items():
        if value.dtype != torch.float32:
            continue
        u = uniform(key, value.numel()).reshape(value.shape)
        if key.endswith("running_var"):
            w = np.float32(1) + np.float32(0.5) * u
        elif key.endswith(("running_mean", "bias")):
            w = np.float32(0.1) * u
        elif value.dim() == 1:
            w = np.float32(1) + np.float32(0.1) * u
        else:
            w = u * np.float32(np.sqrt(6.0 / value[0].numel()))
        state[key] = torch.from_numpy(np.ascontiguousarray(w, dtype=np.float32))
    model.load_state_dict(state)
    return model.eval()

def load(name):
    kwargs = dict(init_weights=False, aux_logits=True) if name == "googlenet" else {}
    model = fill(models.get_model(name, weights=None, **kwargs))
    if name == "googlenet":
        model.transform_input, model.aux_logits, model.aux1, model.aux2 = False, False, None, None
    return model.double()

def instead(way, kept):
    def hook(module, inputs, output):
        if way == "zero":
            return torch.zeros_like(output)
        if way == "identity":
            return inputs[0].clone()
        return kept[module].expand_as(output).clone()
    return hook

def main():
    found = []
    for name, cases in CASES.items():
        model = load(name)
        modules = dict(model.named_modules())
        x = torch.as_tensor(picture(3, SIZE)).reshape(1, 3, SIZE, SIZE).double()
        for part, way in cases:
            hooks, kept = [], {}
            if isinstance(way, list):
                changed = load(name)
                stage, own = dict(changed.named_modules())[part], modules[part]
                for to, source in enumerate(way):
                    stage[to].load_state_dict(own[source].state_dict())
            else:
                changed = model
                chosen = [modules[one] for one in part.split()]
                keep = lambda module, _, out: kept.__setitem__(module, out.mean((2, 3), keepdim=True) if out.dim() == 4 else out)
                watching = [module.register_forward_hook(keep) for module in chosen]
                with torch.no_grad():
                    model(x)
                [handle.remove() for handle in watching]
                hooks = [module.register_forward_hook(instead(way, kept)) for module in chosen]
            with torch.no_grad():
                scores = changed(x)[0].numpy()
            [handle.remove() for handle in hooks]
            found.append({"network": name, "size": SIZE, "parts": part.split(), "way": "shuffle" if isinstance(way, list) else way,
                          "order": way if isinstance(way, list) else [], "scores": [float(f"{s:.7g}") for s in scores[::37]]})
            print(name, part, way, scores.argmax())
    path = Path(__file__).parent / "data" / "surgery.json"
    path.write_text("[\n" + ",\n".join(json.dumps(case) for case in found) + "\n]\n")

if __name__ == "__main__":
    main()
