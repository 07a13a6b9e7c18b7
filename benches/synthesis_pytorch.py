#!/usr/bin/env python3
"""Steps per second of `striate maximise` and of the same loop in PyTorch float32, side by side on the same cores.

    python3 -m venv venv && venv/bin/pip install torch torchvision
    venv/bin/python benches/synthesis_pytorch.py target/release/striate [THREADS]

A step is that of the preset simonyan: the score of a class forward, its gradient back to the picture, the penalty on the
picture, a normalised step. Ours is the difference of two runs of different length, so that opening the network does not
count; the two programs take turns, and the median of three rounds is told.
"""
import os, statistics, subprocess, sys, tempfile, time
import torch, torch.nn as nn, torchvision.models as models

CLASS, ROUNDS = 7, 3


def photonet():
    layers = []
    for out, given, kernel, stride, pooled in [(64, 3, 7, 2, 1), (192, 64, 5, 1, 1), (384, 192, 3, 1, 0), (256, 384, 3, 1, 0), (512, 256, 3, 1, 0)]:
        layers += [nn.Conv2d(given, out, kernel, stride, kernel // 2), nn.ReLU()] + [nn.MaxPool2d(3, 2, 1)] * pooled
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 200))


def theirs(model, size, steps):
    pixels = torch.zeros(1, 3, size, size)
    std = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1) * 255

    def run(count):
        start = time.perf_counter()
        for _ in range(count):
            pixels.requires_grad_()
            value = model(pixels / std)[0, CLASS] - 60 * ((pixels / 255) ** 2).sum() / size ** 2
            gradient, = torch.autograd.grad(value, pixels)
            with torch.no_grad():
                pixels.add_(gradient / gradient.abs().mean())
        return time.perf_counter() - start

    run(2)
    return run(steps) / steps


def ours(striate, network, size, steps, folder):
    def run(count):
        start = time.perf_counter()
        subprocess.run([striate, "maximise", "--network", network, "--size", str(size), "--weights", "synthetic:0", "--class", str(CLASS),
                        "--preset", "simonyan", "--steps", str(count), "--out", os.path.join(folder, "out.png")],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return time.perf_counter() - start

    return (run(steps + 2) - run(2)) / steps


def main():
    striate = os.path.abspath(sys.argv[1])
    threads = int(sys.argv[2]) if len(sys.argv) > 2 else len(os.sched_getaffinity(0))
    torch.set_num_threads(threads)
    os.environ["RAYON_NUM_THREADS"] = str(threads)
    with tempfile.TemporaryDirectory() as folder:
        for name, size, model, steps in [("vgg16", 224, models.vgg16(weights=None), 6), ("photonet", 128, photonet(), 60)]:
            model.eval().requires_grad_(False)
            rounds = [(ours(striate, name, size, steps, folder), theirs(model, size, steps)) for _ in range(ROUNDS)]
            a, b = (statistics.median(column) for column in zip(*rounds))
            print(f"{name:9} {size} pixels, {threads} threads: striate {1 / a:.2f}, PyTorch {1 / b:.2f} steps a second, ratio {b / a:.2f}")


if __name__ == "__main__":
    main()
