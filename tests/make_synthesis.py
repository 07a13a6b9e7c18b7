#!/usr/bin/env python3
"""The first ten steps of every preset in PyTorch, written from the papers, for tests/synthesis.rs to compare with.

    python3 -m venv venv && venv/bin/pip install torch numpy scipy safetensors
    venv/bin/python tests/make_synthesis.py

photonet on synthetic weights (src/weights/synthetic.rs), 32x32 pixels, no random transforms, in float64. Everything starts
from one picture: on an even one max pools are full of ties, which rounding decides, and Adam makes whole steps of that.
tests/data/synthesis/steps.safetensors holds for every preset PRESET: the normalised picture after steps 1 and 10,
(2, 3, 32, 32), and PRESET.values, the objective without penalties at each of the ten steps; and PICTURE.
transforms.safetensors holds what lucid's chain of random transforms makes of a picture, drawn 20000 times: mean and
deviation of every pixel, and the picture.
"""
import math
from pathlib import Path
import numpy as np, torch, torch.nn.functional as F
from safetensors.numpy import save_file
from scipy.ndimage import gaussian_filter
from make_networks import uniform

SIZE, CLASS, STEPS = 32, 7, 10
OUT = Path(__file__).parent / "data" / "synthesis"
MEAN = torch.tensor([0.485, 0.456, 0.406], dtype=torch.float64).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225], dtype=torch.float64).view(1, 3, 1, 1)


def parameter(name, shape):
    u = uniform(name, math.prod(shape)).reshape(shape)
    w = np.float32(0.1) * u if name.endswith("bias") else u * np.float32(np.sqrt(6.0 / math.prod(shape[1:])))
    return torch.from_numpy(np.ascontiguousarray(w, dtype=np.float32)).double()


CONVS = [(64, 3, 7, 2, 3), (192, 64, 5, 1, 2), (384, 192, 3, 1, 1), (256, 384, 3, 1, 1), (512, 256, 3, 1, 1)]
WEIGHTS = [(parameter(f"conv{i}.weight", (o, c, k, k)), parameter(f"conv{i}.bias", (o,)), stride, pad)
           for i, (o, c, k, stride, pad) in enumerate(CONVS, 1)]
FC = parameter("fc.weight", (200, 512)), parameter("fc.bias", (200,))


def photonet(x, until=None):
    """The scores, or the rectified outputs of convolution number `until`."""
    for i, (weight, bias, stride, pad) in enumerate(WEIGHTS, 1):
        x = F.relu(F.conv2d(x, weight, bias, stride, pad))
        if i == until:
            return x
        if i < 3:
            x = F.max_pool2d(x, 3, 2, 1)
    return F.linear(x.mean((2, 3)), *FC)


def score(x):
    return photonet(x)[0, CLASS]


def make_picture():
    rng = np.random.default_rng(1)
    picture = torch.from_numpy(np.clip(2 * rng.standard_normal((1, 3, SIZE, SIZE)), -3, 3))
    return F.avg_pool2d(picture, 3, 1, 1).float().double()


PICTURE = make_picture()
LOW, HIGH = -255 * MEAN, 255 * (1 - MEAN)


def record(image, step):
    """Runs ten steps of `step`, which returns the objective; keeps the pictures after the first and the last."""
    kept, values = [], []
    for i in range(STEPS):
        values.append(step(i).item())
        if i + 1 in (1, STEPS):
            kept.append(image())
    return torch.cat(kept).detach().numpy(), np.array(values)


def variation(v, power):
    dx = F.pad(v[..., :, 1:] - v[..., :, :-1], (0, 1))
    dy = F.pad(v[..., 1:, :] - v[..., :-1, :], (0, 0, 0, 1))
    square = dx * dx + dy * dy
    return torch.where(square > 0, torch.where(square > 0, square, 1.0) ** (power / 2), 0.0).sum() / (v.shape[2] * v.shape[3])


def pixels(goal, rate, normalised=False, penalty=None, momentum=0.0, after=None):
    """Ascent on pixels in grey levels about the mean."""
    p = (PICTURE * 255 * STD).requires_grad_()
    speed = torch.zeros_like(p)

    def step(i):
        nonlocal speed
        value = goal(p / 255 / STD)
        (value - (penalty(p / 255) if penalty else 0)).backward()
        g = p.grad.clone()
        p.grad = None
        if normalised:
            g = g / g.abs().mean()
        speed = momentum * speed + g
        with torch.no_grad():
            p.add_(rate * speed)
            if after:
                p.copy_(after(p, g, i))
        return value

    return record(lambda: (p / 255 / STD).detach().clone(), step)


def yosinski(rate, decay, width, every, norm_percent, contribution_percent, clipped=False, momentum=0.0):
    def after(p, g, i):
        x = p.numpy()[0] * (1 - decay)
        if every and i % every == 0:
            x = np.stack([gaussian_filter(plane, width) for plane in x])
        if norm_percent:
            norms = np.linalg.norm(x, axis=0)
            x = x * (norms >= np.percentile(norms, norm_percent))
        if contribution_percent:
            contributions = np.abs((x * g.numpy()[0]).sum(0))
            x = x * (contributions >= np.percentile(contributions, contribution_percent))
        x = torch.from_numpy(x[None])
        return torch.minimum(torch.maximum(x, LOW), HIGH) if clipped else x

    return pixels(score, rate, normalised=True, momentum=momentum, after=after)


SVD_SQRT = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
COLOURS = torch.from_numpy(SVD_SQRT / np.max(np.linalg.norm(SVD_SQRT, axis=0)))


def waves(decay_power, rate, penalty=None):
    """lucid: fft_image, to_valid_rgb(decorrelate, sigmoid), Adam."""
    fy, fx = np.fft.fftfreq(SIZE)[:, None], np.fft.rfftfreq(SIZE)
    frequencies = np.sqrt(fx * fx + fy * fy)
    scale = torch.from_numpy(SIZE / np.maximum(frequencies, 1.0 / SIZE) ** decay_power)
    shades = (PICTURE * STD + MEAN).clamp(0.02, 0.98)
    mixed = torch.einsum("ij,bjhw->bihw", torch.linalg.inv(COLOURS), torch.log(shades / (1 - shades)))
    spectrum = torch.view_as_real(torch.fft.rfft2(mixed) * 4 / scale).clone().requires_grad_()
    adam = torch.optim.Adam([spectrum], lr=rate)

    def image():
        t = torch.fft.irfft2(torch.view_as_complex(spectrum) * scale, s=(SIZE, SIZE)) / 4
        return (torch.sigmoid(torch.einsum("ij,bjhw->bihw", COLOURS, t)) - MEAN) / STD

    def step(_):
        x = image()
        value = score(x)
        adam.zero_grad()
        ((penalty(x * STD) if penalty else 0) - value).backward()
        adam.step()
        return value

    return record(lambda: image().detach().clone(), step)


def striate():
    return waves(1, 0.05, lambda v: 0.5 * variation(v, 1))


def main():
    wanted = photonet(PICTURE.flip(3), 3).detach()
    arrays = {"PICTURE": PICTURE.numpy()}
    presets = {
        "striate": striate,
        "simonyan": lambda: pixels(score, 1.0, normalised=True, penalty=lambda v: 60 * (v * v).sum() / SIZE ** 2),
        "yosinski-1": lambda: yosinski(2, 0, 0.5, 4, 50, 0),
        "yosinski-2": lambda: yosinski(6, 0.3, 0, 0, 20, 0),
        "yosinski-3": lambda: yosinski(1.5, 0.0001, 1.0, 4, 0, 0),
        "yosinski-4": lambda: yosinski(1.5, 0, 0.5, 4, 0, 90, clipped=True, momentum=0.9),
        "lucid": lambda: waves(1, 0.05),
        "deepdream": lambda: pixels(lambda x: 0.5 * (photonet(x, 4) ** 2).mean(), 1.5, normalised=True,
                                    after=lambda p, g, i: torch.minimum(torch.maximum(p, LOW), HIGH)),
        "mahendran": lambda: pixels(lambda x: -((photonet(x, 3) - wanted) ** 2).sum() / (wanted ** 2).sum(), 1.0,
                                    normalised=True, momentum=0.9,
                                    penalty=lambda v: 0.05 * (v ** 6).sum() / SIZE ** 2 + 0.5 * variation(v, 2)),
    }
    for name, make in presets.items():
        images, values = make()
        arrays[name], arrays[name + ".values"] = images, values
        print(f"{name:12} {values[0]:.5f} -> {values[-1]:.5f}")
    OUT.mkdir(parents=True, exist_ok=True)
    save_file({k: np.ascontiguousarray(v, dtype=np.float32) for k, v in arrays.items()}, OUT / "steps.safetensors")
    transforms()


def transforms(side=24, draws=20000):
    """pad 12, jitter 8, scale 0.9 to 1.1, rotate by up to 10 degrees, jitter 4, cut the centre."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:side, :side] / side
    picture = torch.from_numpy((np.sin(5 * x + 3 * y) + np.cos(7 * y - 2 * x)).astype(np.float32))
    total, squares = torch.zeros(side, side), torch.zeros(side, side)
    for _ in range(draws):
        t = F.pad(picture[None, None], (12,) * 4)
        t = crop(rng, t, 8)
        scale = 1 + (int(rng.integers(11)) - 5) / 50
        size = round(t.shape[2] * scale)
        t = F.interpolate(t, size=(size, size), mode="bilinear", align_corners=False)
        angle = math.radians(rng.choice(list(range(-10, 11)) + 5 * [0]))
        turn = torch.tensor([[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0]])[None]
        t = F.grid_sample(t, F.affine_grid(turn, t.shape, align_corners=False), align_corners=False)
        t = crop(rng, t, 4)
        # lucid's cut of an odd rest lies half a pixel before the centre; here as often behind it.
        start = (t.shape[2] - side + rng.integers(2)) // 2
        t = t[0, 0, start:start + side, start:start + side]
        total, squares = total + t, squares + t * t
    mean = total / draws
    deviation = (squares / draws - mean * mean).clamp(min=0).sqrt()
    save_file({"picture": picture.numpy(), "mean": mean.numpy(), "deviation": deviation.numpy()}, OUT / "transforms.safetensors")


def crop(rng, t, by):
    top, left = rng.integers(by + 1, size=2)
    return t[..., top:t.shape[2] - by + top, left:t.shape[3] - by + left]


if __name__ == "__main__":
    main()
