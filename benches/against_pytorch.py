"""Striate beside PyTorch, ONNX Runtime and OpenVINO, in turns: each network runs a few times here, a few times there, and again, so that whatever
else the machine does slows all alike. Prints medians and least times in milliseconds, and the fastest other's over
Striate's. ONNX Runtime and OpenVINO have no gradients: with these PyTorch alone is beside Striate.

    cargo build --release
    python benches/against_pytorch.py target/release/striate vgg16 resnet50 [--threads 2] [--rounds 6]

Needs torch and torchvision, and where installed takes onnxruntime and openvino (with onnx and onnxscript, for the export);
weights are made up on all sides, since speed does not depend on them.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import tempfile
import time


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("striate", help="the program")
    parser.add_argument("networks", nargs="+")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=6, help="how often each side has its turn")
    parser.add_argument("--runs", type=int, default=5, help="runs in a turn")
    parser.add_argument("--size", type=int, help="side of the picture; the network's own where left out")
    parser.add_argument("--isa", help="instruction set of both sides: avx512 or avx2")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--cpu", action="store_true", help="CPU time: with one thread, for a machine others use too")
    return parser.parse_args()


class Striate:
    """`striate bench --turns`: a line with a count of runs in, a line of JSON with their times out."""

    def __init__(self, args, network):
        command = [args.striate, "bench", network, "--turns", "--threads", str(args.threads)]
        command += ["--size", str(args.size)] if args.size else []
        command += ["--cpu"] if args.cpu else []
        command += ["--isa", args.isa] if args.isa else []
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)

    def run(self, count):
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        times = json.loads(self.process.stdout.readline())
        return times["forward"], times["gradient"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def photonet():
    from torch import nn

    layers, before = [], 3
    for out, kernel, stride, pooled in [(64, 7, 2, True), (192, 5, 1, True), (384, 3, 1, False), (256, 3, 1, False), (512, 3, 1, False)]:
        layers += [nn.Conv2d(before, out, kernel, stride, kernel // 2), nn.ReLU()]
        layers += [nn.MaxPool2d(3, 2, 1)] if pooled else []
        before = out
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 200))


class PyTorch:
    def __init__(self, args, network, channels_last):
        import torch
        import torchvision

        torch.set_num_threads(args.threads)
        torch.manual_seed(0)
        if network == "photonet":
            model = photonet()
        else:
            more = {"aux_logits": False, "init_weights": False} if network in ("googlenet", "inception_v3") else {}
            model = getattr(torchvision.models, network)(weights=None, **more)
        self.clock = time.process_time if args.cpu else time.perf_counter
        self.model = model.eval().requires_grad_(False)
        usual = {"photonet": 64, "inception_v3": 299}.get(network, 224)
        size = args.size or usual
        self.input = torch.randn(1, 3, size, size)
        if channels_last:
            self.model = self.model.to(memory_format=torch.channels_last)
            self.input = self.input.to(memory_format=torch.channels_last)

    def forward(self):
        import torch

        with torch.inference_mode():
            self.model(self.input)

    def gradient(self):
        picture = self.input.detach().requires_grad_(True)
        self.model(picture)[0, 1].backward()

    def run(self, count):
        times = []
        for work in (self.forward, self.gradient):
            these = []
            for _ in range(count):
                start = self.clock()
                work()
                these.append((self.clock() - start) * 1e3)
            times.append(these)
        return tuple(times)


class Exported:
    """A program that runs the network as ONNX: `run_once(array)` computes its output."""

    def __init__(self, args, pytorch):
        self.clock = time.process_time if args.cpu else time.perf_counter
        self.array = pytorch.input.numpy()

    def run(self, count):
        times = []
        for _ in range(count):
            start = self.clock()
            self.run_once(self.array)
            times.append((self.clock() - start) * 1e3)
        return times, []


class OnnxRuntime(Exported):
    def __init__(self, args, pytorch, path):
        import onnxruntime

        super().__init__(args, pytorch)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = args.threads
        options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        self.run_once = lambda array: session.run(None, {name: array})


class OpenVino(Exported):
    def __init__(self, args, pytorch, path):
        import openvino

        super().__init__(args, pytorch)
        # float32 as everywhere else: OpenVINO would take bfloat16 where the processor has it.
        settings = {"INFERENCE_NUM_THREADS": args.threads, "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
        compiled = openvino.Core().compile_model(path, "CPU", settings)
        request = compiled.create_infer_request()
        self.run_once = lambda array: request.infer([array])


def exported(args, pytorch):
    """The programs that are installed of those that run ONNX."""
    import torch

    known = {"ONNX Runtime": ("onnxruntime", OnnxRuntime), "OpenVINO": ("openvino", OpenVino)}
    installed = {name: side for name, (module, side) in known.items() if importlib.util.find_spec(module)}
    if not installed or not importlib.util.find_spec("onnx"):
        return {}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "network.onnx")
        torch.onnx.export(pytorch.model, (pytorch.input,), path, dynamo=False)
        return {name: side(args, pytorch, path) for name, side in installed.items()}


def measure(args, network):
    sides = {"striate": Striate(args, network)}
    sides |= {"NCHW": PyTorch(args, network, False), "channels-last": PyTorch(args, network, True)}
    sides |= exported(args, sides["NCHW"])
    times = {name: ([], []) for name in sides}
    for side in sides.values():
        side.run(2)
    for _ in range(args.rounds):
        for name, side in sides.items():
            for kept, new in zip(times[name], side.run(args.runs)):
                kept.extend(new)
    sides["striate"].close()
    rows = []
    for index, what in enumerate(("forward", "forward + gradient")):
        row = {"network": network, "what": what}
        for statistic, of in (("median", statistics.median), ("least", min)):
            found = {name: of(times[name][index]) for name in sides if times[name][index]}
            faster = min(time for name, time in found.items() if name != "striate")
            row[statistic] = {**found, "ratio": faster / found["striate"]}
        rows.append(row)
    return rows


def main():
    args = arguments()
    if args.isa == "avx2":
        # Before torch is imported.
        os.environ["ONEDNN_MAX_CPU_ISA"] = "AVX2"
        os.environ["ATEN_CPU_CAPABILITY"] = "avx2"
        os.environ["MKL_ENABLE_INSTRUCTIONS"] = "AVX2"
    everything = []
    for network in args.networks:
        rows = measure(args, network)
        everything += rows
        if args.json:
            continue
        for row in rows:
            parts = [f"{row['network']:>18} {row['what']:<18}"]
            for statistic in ("median", "least"):
                found = row[statistic]
                times = ", ".join(f"{side} {time:.1f}" for side, time in found.items() if side != "ratio")
                parts.append(f"{statistic} {times} ms  x{found['ratio']:.2f}")
            print("   ".join(parts), flush=True)
    if args.json:
        print(json.dumps(everything, indent=1))


if __name__ == "__main__":
    main()
