"""Makes tests/data/rectangles.safetensors: PyTorch's numbers at inputs that are no squares. Run in tests/.

Weights and inputs are those of --weights synthetic:0 (the recipe in ../shared/reference/README.md), so that only sampled
values have to be stored: every STEP-th value of each flattened array, and its largest magnitude.
"""

import math
import sys
from pathlib import Path

import numpy as np
import torch
import torchvision
from safetensors.numpy import load_file, save_file

STEP = 997
SIZES = {"resnet18": (193, 257), "densenet121": (160, 224), "googlenet": (300, 500), "photonet": (300, 500)}
PHOTONET = [("conv1", 3, 64, 7, 2), ("conv2", 64, 192, 5, 1), ("conv3", 192, 384, 3, 1), ("conv4", 384, 256, 3, 1), ("conv5", 256, 512, 3, 1)]


def bits(name, count, seed=0):
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001B3) & (1 << 64) - 1
    with np.errstate(over="ignore"):
        z = np.uint64(h ^ seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        z = z ^ z >> np.uint64(31)
    return ((z >> np.uint64(40)).astype(np.float32) * np.float32(2**-23) - np.float32(1)).astype(np.float32)


def value(name, tensor):
    shape = tuple(tensor.shape)
    u = bits(name, tensor.numel()).reshape(shape)
    if name.endswith("running_var"):
        return np.float32(1) + np.float32(0.5) * u
    if name.endswith(("running_mean", "bias")):
        return np.float32(0.1) * u
    if len(shape) == 1:
        return np.float32(1) + np.float32(0.1) * u
    return u * np.float32(math.sqrt(6 / (tensor.numel() / shape[0])))


def picture(height, width):
    """The recipe's picture of the longer side, its left top corner."""
    size = max(height, width)
    x = np.arange(size, dtype=np.float64)[None, :] / size
    y = np.arange(size, dtype=np.float64)[:, None] / size
    planes = []
    for c in range(3):
        rows = bits(f"picture.{c}", 24).astype(np.float64).reshape(6, 4)
        planes.append(sum(a * np.sin(2 * np.pi * (8 * b * x + 8 * d * y + e)) for a, b, d, e in rows))
    whole = np.stack(planes).astype(np.float32)
    return torch.from_numpy(whole[None, :, :height, :width].copy())


class Relu(torch.autograd.Function):
    rule = "gradient"

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        if Relu.rule == "deconvnet":
            return g * (g > 0)
        return g * (x > 0) * ((g > 0) if Relu.rule == "guided" else 1)


class Rectifier(torch.nn.Module):
    def forward(self, x):
        return Relu.apply(x)


class PhotoNet(torch.nn.Module):
    """The network that ships, with the weights that ship."""

    def __init__(self):
        super().__init__()
        for name, i, o, k, s in PHOTONET:
            setattr(self, name, torch.nn.Conv2d(i, o, k, s, k // 2))
        self.fc = torch.nn.Linear(512, 200)
        self.conv5_relu = Rectifier()

    def forward(self, x):
        for name, *_ in PHOTONET:
            x = getattr(self, name)(x)
            x = self.conv5_relu(x) if name == "conv5" else Relu.apply(x)
            if name in ("conv1", "conv2"):
                x = torch.nn.functional.max_pool2d(x, 3, 2, 1)
        return self.fc(x.mean((2, 3)))


def rectified(model):
    for name, child in model.named_children():
        if isinstance(child, torch.nn.ReLU):
            setattr(model, name, Rectifier())
        else:
            rectified(child)
    return model


def numbers(name):
    height, width = SIZES[name]
    options = {"transform_input": False} if name == "googlenet" else {}
    if name == "photonet":
        model = PhotoNet().eval()
        model.load_state_dict({k: torch.from_numpy(v) for k, v in load_file("../weights/photonet.safetensors").items()}, strict=True)
    else:
        model = torchvision.models.get_model(name, weights=None, **options).eval()
        model.load_state_dict({k: torch.from_numpy(value(k, v)) if v.is_floating_point() else v for k, v in model.state_dict().items()})
    rectified(model)
    # In float64 no rounding decides a rectifier or a window of a pool.
    model = model.double()
    # torchvision calls the function where it has no module.
    torch.nn.functional.relu = lambda x, inplace=False: Relu.apply(x)
    layer = dict(resnet18="layer4", densenet121="features.norm5", googlenet="inception5b", photonet="conv5_relu")[name]
    kept = []
    model.get_submodule(layer).register_forward_hook(lambda m, i, o: kept.append(o))
    x = picture(height, width).double().requires_grad_()
    out = {"input": x.detach()}
    for rule in ("gradient", "guided", "deconvnet"):
        Relu.rule = rule
        kept.clear()
        scores = model(x)
        best = scores[0].argmax()
        maps = kept[0]
        gradient, slope = torch.autograd.grad(scores[0, best], (x, maps))
        out[rule] = gradient
        if rule == "gradient":
            out |= {"scores": scores, "saliency": gradient.abs().amax(1), "grad_cam": (maps * slope.mean((2, 3), keepdim=True)).sum(1)}
    print(name, int(best), {k: tuple(v.shape) for k, v in out.items()})
    stored = {}
    for key, values in out.items():
        flat = values.detach().numpy().astype(np.float32).reshape(-1)
        step = 1 if key in ("scores", "grad_cam") else STEP
        stored[f"{name}.{key}"] = flat[::step].copy()
        stored[f"{name}.{key}.largest"] = np.array([np.abs(flat).max()], np.float32)
        stored[f"{name}.{key}.length"] = np.array([np.sqrt((flat.astype(np.float64) ** 2).sum())], np.float32)
    return stored


if __name__ == "__main__":
    torch.set_num_threads(2)
    names = sys.argv[1:] or list(SIZES)
    stored = {}
    for name in names:
        stored |= numbers(name)
    save_file(stored, Path("data") / "rectangles.safetensors")
