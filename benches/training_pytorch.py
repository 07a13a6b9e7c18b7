"""Training speed of Striate beside PyTorch float32, in turns: an epoch here, as many steps there, and again, so that whatever else the
machine does slows both alike. Prints medians in pictures a second and the median of the turns' ratios to the faster of PyTorch's layouts.

    cargo build --release
    python benches/training_pytorch.py target/release/striate [lenet5_modern resnet20 photonet] [--threads 2] [--rounds 5]

Striate's turn is `striate train` on files that this writes: an epoch of several, with reading, changing and batching of the pictures.
PyTorch's batches lie ready in memory. Needs torch, numpy and Pillow.
"""

import argparse
import gzip
import json
import os
import pathlib
import statistics
import struct
import subprocess
import tempfile
import time

import numpy as np
import torch
from PIL import Image
from torch import nn

BATCH = {"lenet5": 64, "lenet5_modern": 64, "resnet20": 128, "photonet": 128}
# Batches of a turn: a few seconds each.
BATCHES = {"lenet5": 150, "lenet5_modern": 150, "resnet20": 12, "photonet": 6}
# The learning rate of both sides: nothing can be learned from random pictures, and at the recipes' rates photonet's values overflow.
RATE = 1e-4


class Block(nn.Module):
    """He et al. 2016, option A."""

    def __init__(self, before, out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(before, out, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(out), nn.BatchNorm2d(out)
        self.stride, self.more = stride, out - before

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu_(self.bn1(self.conv1(x)))))
        if self.stride > 1:
            x = nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.more // 2, self.more - self.more // 2))
        return torch.relu_(y + x)


class Table(nn.Module):
    """LeNet-5's C3: a convolution whose missing connections are zero."""

    ROWS = ["012", "123", "234", "345", "045", "015", "0123", "1234", "2345", "0345", "0145", "0125", "0134", "1245", "0235", "012345"]

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(6, 16, 5)
        mask = torch.tensor([[float(str(i) in row) for i in range(6)] for row in self.ROWS])
        self.register_buffer("mask", mask[:, :, None, None])

    def forward(self, x):
        return nn.functional.conv2d(x, self.conv.weight * self.mask, self.conv.bias)


class Squash(nn.Module):
    def forward(self, x):
        return 1.7159 * torch.tanh(x * (2 / 3))


class Subsample(nn.Module):
    def __init__(self, units):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(units, 1, 1)), nn.Parameter(torch.zeros(units, 1, 1))

    def forward(self, x):
        return nn.functional.avg_pool2d(x, 2) * self.weight + self.bias


def model(name):
    if name == "lenet5":
        layers = [nn.Conv2d(1, 6, 5), Squash(), Subsample(6), Squash(), Table(), Squash(), Subsample(16), Squash()]
        layers += [nn.Conv2d(16, 120, 5), Squash(), nn.Flatten(), nn.Linear(120, 84), Squash(), nn.Linear(84, 10)]
        return nn.Sequential(*layers), [1, 32, 32]
    if name == "lenet5_modern":
        layers = [nn.Conv2d(1, 6, 5), nn.ReLU(True), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(True), nn.MaxPool2d(2)]
        layers += [nn.Flatten(), nn.Linear(400, 120), nn.ReLU(True), nn.Linear(120, 84), nn.ReLU(True), nn.Linear(84, 10)]
        return nn.Sequential(*layers), [1, 32, 32]
    if name == "resnet20":
        layers, before = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(True)], 16
        for out in (16, 32, 64):
            for unit in range(3):
                layers.append(Block(before, out, 2 if unit == 0 and out > 16 else 1))
                before = out
        return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)), [3, 32, 32]
    layers, before = [], 3
    for out, kernel, stride, pooled in [(64, 7, 2, True), (192, 5, 1, True), (384, 3, 1, False), (256, 3, 1, False), (512, 3, 1, False)]:
        layers += [nn.Conv2d(before, out, kernel, stride, kernel // 2), nn.ReLU(True)]
        layers += [nn.MaxPool2d(3, 2, 1)] if pooled else []
        before = out
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10)), [3, 64, 64]


class PyTorch:
    """Steps of SGD with Nesterov's momentum on batches that lie ready in memory."""

    def __init__(self, name, channels_last):
        torch.manual_seed(0)
        self.net, shape = model(name)
        self.net.train()
        self.batch = BATCH[name]
        pictures = torch.randn(4, self.batch, *shape)
        self.format = torch.channels_last if channels_last else torch.contiguous_format
        self.net = self.net.to(memory_format=self.format)
        self.pictures = [one.contiguous(memory_format=self.format) for one in pictures]
        self.classes = torch.randint(0, 10, (4, self.batch))
        self.optimiser = torch.optim.SGD(self.net.parameters(), RATE, momentum=0.9, weight_decay=5e-4, nesterov=True)

    def run(self, batches):
        start = time.perf_counter()
        for step in range(batches):
            self.optimiser.zero_grad(set_to_none=True)
            nn.functional.cross_entropy(self.net(self.pictures[step % 4]), self.classes[step % 4]).backward()
            self.optimiser.step()
        return batches * self.batch / (time.perf_counter() - start)


def write_data(name, folder):
    """Random pictures for an epoch, in the network's own kind of file."""
    random, count = np.random.default_rng(0), BATCH[name] * BATCHES[name]
    if name.startswith("lenet5"):
        for part, size in (("train", count), ("t10k", 16)):
            for kind, header, values in (
                ("images-idx3", struct.pack(">IIII", 2051, size, 28, 28), random.integers(0, 256, size * 784, dtype=np.uint8)),
                ("labels-idx1", struct.pack(">II", 2049, size), np.arange(size, dtype=np.int64).astype(np.uint8) % 10),
            ):
                with gzip.open(folder / f"{part}-{kind}-ubyte.gz", "wb", 1) as file:
                    file.write(header + values.tobytes())
        return f"mnist:{folder}"
    side = 32 if name == "resnet20" else 64
    for part, size in (("train", count), ("test", 10)):
        for index in range(size):
            into = folder / part / f"class{index % 10}"
            into.mkdir(parents=True, exist_ok=True)
            Image.fromarray(random.integers(0, 256, (side, side, 3), dtype=np.uint8)).save(into / f"{index}.png")
    return str(folder)


class Striate:
    def __init__(self, args, name, folder):
        self.folder, self.turn = folder, 0
        data = folder / "data"
        data.mkdir()
        self.command = [args.striate, "train", "--quiet", "--network", name, "--data", write_data(name, data)]
        self.command += ["--batch", str(BATCH[name]), "--rate", str(RATE)]
        self.environment = os.environ | {"RAYON_NUM_THREADS": str(args.threads)}

    def run(self):
        """Pictures a second of the second epoch: the first pays for memory that later ones use again."""
        self.turn += 1
        out = self.folder / f"run{self.turn}"
        subprocess.run(
            self.command + ["--epochs", "2", "--out", str(out), "--json"], check=True, env=self.environment, stdout=subprocess.DEVNULL
        )
        lines = (out / "metrics.jsonl").read_text().splitlines()
        return json.loads(lines[-1])["pictures_per_second"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("striate", help="the program")
    parser.add_argument("networks", nargs="*", default=["lenet5_modern", "resnet20", "photonet"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5, help="how often each side has its turn")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(f"{'network':14} {'batch':>5} {'Striate':>9} {'contiguous':>11} {'channels last':>14} {'ratio':>6}  pictures a second, medians of {args.rounds}")
    for name in args.networks:
        with tempfile.TemporaryDirectory() as folder:
            ours = Striate(args, name, pathlib.Path(folder))
            theirs = [PyTorch(name, channels_last) for channels_last in (False, True)]
            for one in theirs:
                one.run(max(1, BATCHES[name] // 4))
            turns = [[ours.run(), *[one.run(BATCHES[name]) for one in theirs]] for _ in range(args.rounds)]
        medians = [statistics.median(column) for column in zip(*turns)]
        best = 1 if medians[1] >= medians[2] else 2
        ratio = statistics.median(turn[0] / turn[best] for turn in turns)
        print(f"{name:14} {BATCH[name]:5} {medians[0]:9.0f} {medians[1]:11.0f} {medians[2]:14.0f} {ratio:6.2f}", flush=True)


if __name__ == "__main__":
    main()
