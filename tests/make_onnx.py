"""Exports networks of torchvision and timm to ONNX and compares what Striate makes of them with ONNX Runtime and PyTorch.

    python tests/make_onnx.py STRIATE [--timm] [--only NAME,...] [--exporter old|new] [--methods] [--table FILE]
                              [--size PIXELS] [--keep FOLDER]

For each network: synthetic weights, batch statistics measured on noise, an export by PyTorch's older exporter and one by
its newer. Compared are the scores with ONNX Runtime's (largest difference over the largest score) and the input gradient of
the predicted class with PyTorch's in float64 (relative L2). `--keep` keeps models and references in FOLDER and uses those
that are there; with `-` for STRIATE it only fills FOLDER. OMP_NUM_THREADS says how many threads everything uses, 2 where it
is not set. Needs torch, torchvision, onnx, onnxscript, onnxruntime; timm for --timm. `python tests/make_onnx.py --data`
writes the small models of tests/data/onnx.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import warnings

THREADS = int(os.environ.setdefault("OMP_NUM_THREADS", "2"))
warnings.filterwarnings("ignore")
import logging

logging.disable(logging.WARNING)
import numpy as np
import torch

TIMM = [
    "resnet26d", "resnetv2_50", "resnet50_gn", "seresnet50", "ecaresnet26t", "skresnet18", "resnest14d", "res2net50_26w_4s",
    "gernet_s", "cspresnet50", "cspdarknet53", "darknet53", "darknetaa53", "dla34", "dpn68", "vovnet39a", "ese_vovnet19b_dw",
    "hardcorenas_a", "mobilenetv1_100", "mobilenetv2_100", "mobilenetv3_large_100", "mobilenetv4_conv_small", "mnasnet_100",
    "fbnetc_100", "fbnetv3_b", "spnasnet_100", "efficientnet_b0", "efficientnetv2_rw_t", "tf_efficientnet_b0",
    "tf_efficientnet_lite0", "tf_efficientnetv2_b0", "mixnet_s", "tf_mixnet_s", "ghostnet_100", "ghostnetv2_100",
    "tinynet_a", "lcnet_050", "rexnet_100", "regnetx_002", "regnety_002", "regnetz_b16", "nf_regnet_b0", "nfnet_l0",
    "dm_nfnet_f0", "hrnet_w18_small", "selecsls42", "inception_v3", "inception_v4", "inception_resnet_v2", "xception41",
    "legacy_xception", "legacy_senet154", "nasnetalarge", "pnasnet5large", "densenet121", "vgg11_bn", "repvgg_a0", "repghostnet_050",
    "mobileone_s0", "convnext_atto", "convnextv2_atto", "convmixer_768_32", "inception_next_atto", "poolformer_s12",
    "edgenext_xx_small", "fastvit_t8", "hgnet_tiny", "hgnetv2_b0", "starnet_s1", "rdnet_tiny", "coatnet_nano_rw_224", "mambaout_femto",
    "resnetv2_50x1_bit", "botnet26t_256", "halonet26t", "bat_resnext26ts", "visformer_tiny", "efficientvit_b0", "repvit_m1",
    "tresnet_m", "cs3darknet_s", "gcresnet33ts", "seresnext26t_32x4d", "xcit_nano_12_p16_224", "mobilevit_xxs",
    "efficientformer_l1", "caformer_s18", "convformer_s18", "resnet51q", "eca_botnext26ts_256", "lambda_resnet26t", "sebotnet33ts_256",
    "nextvit_small", "swiftformer_xs", "focalnet_tiny_srf", "test_resnet", "test_convnext", "test_efficientnet", "test_byobnet",
]


def torchvision_names():
    from torchvision import models

    skip = ("vit", "swin", "maxvit", "raft", "quantized")
    names = models.list_models(module=models)
    return [name for name in names if not name.startswith(skip)]


def build(name, library, side):
    torch.manual_seed(0)
    if library == "timm":
        import timm

        model = timm.create_model(name, pretrained=False)
        size = model.pretrained_cfg["input_size"][-1]
    else:
        from torchvision import models

        extra = {"aux_logits": False, "init_weights": True} if name in ("googlenet", "inception_v3") else {}
        model = models.get_model(name, weights=None, **extra)
        size = 299 if name == "inception_v3" else 224
    return model, side or size


def calibrate(model, size):
    """Batch statistics of noise, so that activations keep their size through the network."""
    for module in model.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.momentum = None
            module.reset_running_stats()
    model.train()
    for module in model.modules():
        if "rop" in type(module).__name__ and "Drop" in type(module).__name__:
            module.eval()
    with torch.no_grad():
        model(torch.randn(4, 3, size, size))
    model.eval()
    return model


def export(model, x, path, new):
    if new:
        program = torch.onnx.export(model, (x,), dynamo=True, verbose=False, external_data=True)
        program.save(str(path), external_data=True)
    else:
        torch.onnx.export(
            model, (x,), str(path), dynamo=False, opset_version=17, input_names=["input"], output_names=["output"],
            dynamic_axes={"input": {0: "batch"}},
        )


def runtime(path, x):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[0]


def striate(binary, *arguments):
    done = subprocess.run([binary, *map(str, arguments)], capture_output=True, text=True, timeout=500)
    return (None if done.returncode == 0 else done.stderr.strip().splitlines()[-1:] or ["died"]), done.stdout + done.stderr


METHODS = [
    ("saliency", "--method", "gradient"),
    ("saliency", "--method", "guided-backprop"),
    ("saliency", "--method", "lrp"),
    ("cam",),
    ("saliency", "--method", "occlusion", "--set", "patch=64", "--set", "stride=64"),
]


class Reference:
    """The network in PyTorch, made when it is needed, and what was computed of it, kept in a folder."""

    def __init__(self, name, library, side, folder):
        self.name, self.library, self.side, self.folder = name, library, side, folder
        self.made = None

    def model(self):
        if self.made is None:
            model, size = build(self.name, self.library, self.side)
            self.made = calibrate(model, size).requires_grad_(False), size
        return self.made

    def exported(self, new):
        path = self.folder / f"{self.name}.{'new' if new else 'old'}.onnx"
        if not path.exists():
            model, size = self.model()
            torch.manual_seed(1)
            export(model.float(), torch.randn(1, 3, size, size), path, new)
        return path

    def gradients(self, seed):
        """A picture of noise, the predicted class and its gradient in float64 and float32."""
        path = self.folder / f"{self.name}.{seed}.npz"
        if not path.exists():
            model, size = self.model()
            torch.manual_seed(100 + seed)
            x = torch.randn(1, 3, size, size)
            cls = int(model.float()(x)[0].argmax())
            gradients = []
            for kind in (torch.float64, torch.float32):
                z = x.clone().to(kind).requires_grad_()
                model.to(kind)(z)[0, cls].backward()
                gradients.append(z.grad[0].double().numpy())
            np.savez(path, x=x.numpy(), cls=cls, wide=gradients[0], plain=gradients[1])
        return np.load(path)

    def scores(self, new, seed):
        path = self.folder / f"{self.name}.{'new' if new else 'old'}.{seed}.npy"
        if not path.exists():
            np.save(path, runtime(self.exported(new), self.gradients(seed)["x"]).reshape(-1))
        return np.load(path)


def measure(binary, folder, reference, new, seed):
    """Scores and input gradient for one picture of noise. In float32 a value near 0 may fall on the other side of a rectifier
    than in float64, and then gradients differ by far more than rounding, PyTorch's own as well: several pictures are tried."""
    path = reference.exported(new)
    known, expected = reference.gradients(seed), reference.scores(new, seed)
    np.save(folder / "input.npy", known["x"])
    failed, text = striate(binary, "classify", "--input", folder / "input.npy", "--network", path, "--raw", folder / "scores.npy")
    if failed:
        return {"error": failed[0]}
    for line in text.splitlines():
        if "the network ends" in line:
            return {"error": line}
    scores = np.load(folder / "scores.npy").reshape(-1)
    if scores.size != expected.size:
        return {"error": f"{scores.size} scores where {expected.size} belong"}
    failed, _ = striate(
        binary, "saliency", "--input", folder / "input.npy", "--network", path, "--class", int(known["cls"]),
        "--method", "gradient", "--raw", folder / "gradient.npy", "--out", folder / "out.png",
    )
    if failed:
        return {"error": failed[0]}
    apart = lambda a: float(np.linalg.norm(a - known["wide"]) / np.linalg.norm(known["wide"]))
    return {
        "scores": float(np.abs(scores - expected).max() / np.abs(expected).max()),
        "gradient": apart(np.load(folder / "gradient.npy")),
        "PyTorch's float32 gradient": apart(known["plain"]),
        "pictures": seed + 1,
    }


def compare(binary, reference, exporters, methods, folder):
    rows = []
    for new in exporters:
        row = {"name": reference.name, "exporter": "new" if new else "old"}
        rows.append(row)
        started = time.time()
        try:
            path = reference.exported(new)
        except Exception as error:  # noqa: BLE001
            row["exporter failed"] = (str(error).splitlines() or [repr(error)])[0][:120]
            continue
        row["export"] = round(time.time() - started, 1)
        if binary == "-":
            reference.scores(new, 0)
            continue
        started = time.time()
        best = None
        for seed in range(5):
            measured = measure(binary, folder, reference, new, seed)
            if "error" in measured or best is None or measured["gradient"] < best["gradient"]:
                best = measured
            if "error" in measured or measured["gradient"] <= 5e-4:
                break
        row.update(best)
        row["open and run"] = round(time.time() - started, 1)
        if "error" in row:
            continue
        for command in methods:
            failed, _ = striate(binary, *command, "--input", folder / "input.npy", "--network", path, "--out", folder / "out.png")
            row[" ".join(command[0:3:2])] = failed[0] if failed else "runs"
    return rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("striate", nargs="?")
    parser.add_argument("--data", action="store_true")
    parser.add_argument("--timm", action="store_true")
    parser.add_argument("--only")
    parser.add_argument("--exporter", choices=["old", "new"])
    parser.add_argument("--methods", action="store_true")
    parser.add_argument("--table")
    parser.add_argument("--size", type=int)
    parser.add_argument("--keep")
    args = parser.parse_args()
    if args.data:
        import make_onnx_data

        return make_onnx_data.main()
    torch.set_num_threads(THREADS)
    names = args.only.split(",") if args.only else TIMM if args.timm else torchvision_names()
    exporters = [False, True] if args.exporter is None else [args.exporter == "new"]
    library = "timm" if args.timm else "torchvision"
    table = open(args.table, "a") if args.table else None
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            kept = pathlib.Path(args.keep) if args.keep else folder
            kept.mkdir(parents=True, exist_ok=True)
            try:
                reference = Reference(name, library, args.size, kept)
                rows = compare(args.striate, reference, exporters, METHODS if args.methods else [], folder)
            except Exception as error:  # noqa: BLE001
                rows = [{"name": name, "script failed": (str(error).splitlines() or [repr(error)])[0][:200]}]
        for row in rows:
            good = row.get("scores", 1) <= 1e-4 and row.get("gradient", 1) <= 5e-4
            print("pass" if good else "FAIL", json.dumps(row), flush=True)
            if table:
                table.write(json.dumps(row) + "\n")
                table.flush()


main()
