#!/usr/bin/env python3
"""Makes tests/data/training: steps of training by PyTorch in float64, and pickled batches of pictures.

    STRIATE_GRAPHS=/tmp/graphs.json cargo test --test training_steps write_graphs -- --ignored
    python tests/make_training.py /tmp/graphs.json          (torch, numpy, safetensors)

Weights and batches come from the recipe of src/weights/synthetic.rs, so that nothing but the results is stored: the loss of
every step, and sixteen values of every tensor after one step and after twenty.
"""
import json, pickle, struct, sys
from pathlib import Path
import numpy as np, torch, torch.nn.functional as F
from safetensors.numpy import save_file

OUT = Path(__file__).parent / "data" / "training"
SAMPLES = 16


def uniform(name, count, seed=0):
    """float32 in [-1, 1), as src/weights/synthetic.rs makes them."""
    start = 0xCBF29CE484222325
    for byte in name.encode():
        start = ((start ^ byte) * 0x100000001B3) % 2**64
    with np.errstate(over="ignore"):
        z = np.uint64(start ^ seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(40)).astype(np.float32) * np.float32(2**-23) - np.float32(1)


def weight(name, shape):
    values = uniform(name, int(np.prod(shape)))
    last = name.rsplit(".", 1)[-1]
    if last == "running_var":
        offset, scale = 1.0, 0.5
    elif last in ("running_mean", "bias"):
        offset, scale = 0.0, 0.1
    elif len(shape) == 1:
        offset, scale = 1.0, 0.1
    else:
        offset, scale = 0.0, np.float32((6.0 / np.prod(shape[1:])) ** 0.5)
    values = np.float32(offset) + np.float32(scale) * values
    return torch.from_numpy(values.reshape(shape).astype(np.float64))


def shapes(kind, how, inputs):
    """The weights of a layer: suffix, shape."""
    channels = inputs[0][0]
    if kind == "Conv":
        all = [("weight", [how["out"], channels // how["groups"], *how["kernel"]])]
        return all + ([("bias", [how["out"]])] if how["bias"] else [])
    if kind == "Linear":
        return [("weight", [how["out"], channels])] + ([("bias", [how["out"]])] if how["bias"] else [])
    if kind == "TableConv":
        return [("weight", [sum(map(len, how["table"])), *how["kernel"]]), ("bias", [len(how["table"])])]
    if kind == "BatchNorm":
        return [(suffix, [channels]) for suffix in ("weight", "bias", "running_mean", "running_var")]
    if kind == "Subsample":
        return [("weight", [channels]), ("bias", [channels])]
    return []


def padded(x, p, value=0.0):
    return F.pad(x, (p["left"], p["right"], p["top"], p["bottom"]), value=value)


def run(kind, how, w, xs, shape):
    """One layer, forward, in training."""
    x = xs[0]
    if kind == "Conv":
        return F.conv2d(padded(x, how["padding"]), w["weight"], w.get("bias"), how["stride"], 0, how["dilation"], how["groups"])
    if kind == "Linear":
        return F.linear(x, w["weight"], w.get("bias"))
    if kind == "TableConv":
        units, at = [], 0
        for seen in how["table"]:
            units.append(F.conv2d(x[:, seen], w["weight"][None, at : at + len(seen)]))
            at += len(seen)
        return torch.cat(units, 1) + w["bias"][:, None, None]
    if kind == "BatchNorm":
        return F.batch_norm(x, w["running_mean"], w["running_var"], w["weight"], w["bias"], True, 0.1, how["eps"])
    if kind == "Subsample":
        area = how["kernel"][0] * how["kernel"][1]
        return F.avg_pool2d(x, how["kernel"], how["stride"]) * area * w["weight"][:, None, None] + w["bias"][:, None, None]
    if kind == "Relu":
        return F.relu(x)
    if kind == "Tanh":
        return how["amplitude"] * torch.tanh(how["slope"] * x)
    if kind == "MaxPool":
        p = how["padding"]
        return F.max_pool2d(x, how["kernel"], how["stride"], (p["top"], p["left"]), 1, how["ceil_mode"])
    if kind == "AvgPool":
        window, p = how["window"], how["window"]["padding"]
        return F.avg_pool2d(x, window["kernel"], window["stride"], (p["top"], p["left"]), window["ceil_mode"], how["count_padding"])
    if kind == "AdaptiveAvgPool":
        return F.adaptive_avg_pool2d(x, how["size"])
    if kind == "Lrn":
        return F.local_response_norm(x, how["size"], how["alpha"], how["beta"], how["k"])
    if kind == "PadChannels":
        return F.pad(x, (0, 0, 0, 0, how["before"], how["after"]))
    if kind == "Concat":
        return torch.cat(xs, 1)
    if kind == "Add":
        return sum(xs[1:], xs[0])
    if kind == "Flatten":
        return x.flatten(1)
    if kind in ("Dropout", "Softmax"):
        return x
    raise SystemExit(f"no {kind} here")


def train(case):
    torch.set_default_dtype(torch.float64)
    nodes = case["graph"]["nodes"]
    kinds = [(n["op"], {}) if isinstance(n["op"], str) else next(iter(n["op"].items())) for n in nodes]
    weights, decays, rests = [{} for _ in nodes], [], []
    for node, (kind, how), own in zip(nodes, kinds, weights):
        for suffix, shape in shapes(kind, how, [nodes[i]["shape"] for i in node["inputs"]]) if node["inputs"] else []:
            tensor = weight(f"{node['name']}.{suffix}", shape)
            if not suffix.startswith("running"):
                tensor.requires_grad_()
                (decays if suffix == "weight" and kind != "BatchNorm" else rests).append(tensor)
            own[suffix] = tensor
    groups = [{"params": decays, "weight_decay": 1e-4}, {"params": rests, "weight_decay": 0.0}]
    optimiser = torch.optim.SGD(groups, case["rate"], 0.9)
    losses, found = [], {}
    classes = nodes[case["classifiers"][-1][0]]["shape"][0]
    for step in range(1, 21):
        shape = [case["batch"], *nodes[0]["shape"]]
        outputs = [torch.from_numpy(uniform(f"batch.{step}", int(np.prod(shape))).reshape(shape).astype(np.float64))]
        target = (uniform(f"classes.{step}", case["batch"]).astype(np.float64) + 1) / 2 * classes
        target = torch.from_numpy(target.astype(np.int64))
        for node, (kind, how), own in list(zip(nodes, kinds, weights))[1:]:
            outputs.append(run(kind, how, own, [outputs[i] for i in node["inputs"]], node["shape"]))
            assert list(outputs[-1].shape[1:]) == node["shape"], node
        parts = [F.cross_entropy(outputs[id], target, label_smoothing=0.1) for id, _ in case["classifiers"]]
        losses.append(parts[-1].item())
        optimiser.zero_grad()
        sum(part * share for part, (_, share) in zip(parts, case["classifiers"])).backward()
        optimiser.step()
        if step in (1, 20):
            values = [t.detach().flatten()[:: -(-t.numel() // SAMPLES)] for own in weights for t in own.values()]
            found[f"{case['name']}.{step}"] = torch.cat(values).numpy().astype(np.float32)
    found[f"{case['name']}.loss"] = np.array(losses, np.float32)
    print(case["name"], losses[0], losses[-1])
    return found


def python2(labels, data):
    """The pickle that Python 2 with NumPy writes, opcode by opcode."""
    text = lambda t: b"U" + bytes([len(t)]) + t
    array = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\0\x85" + text(b"b") + b"tR(K\1(K" + bytes([len(labels)])
    array += b"M\0\x0ctcnumpy\ndtype\n(" + text(b"u1") + b"K\0K\1tR(K\3" + text(b"|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89"
    array += b"T" + struct.pack("<I", len(data)) + data + b"tb"
    numbers = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    return b"\x80\2}(" + text(b"data") + array + text(b"labels") + numbers + b"u."


def batches():
    values = (np.arange(2 * 3072) * 37 % 256).astype(np.uint8).reshape(2, 3072)
    batch = {b"labels": [6, 9], b"data": values, b"filenames": [b"a.png", b"b.png"]}
    (OUT / "pickle2.batch").write_bytes(pickle.dumps(batch, 2))
    (OUT / "pickle4.batch").write_bytes(pickle.dumps({k.decode(): v for k, v in batch.items()}, 4))
    (OUT / "python2.batch").write_bytes(python2([6, 9], values.tobytes()))


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    batches()
    found = {}
    for case in json.loads(Path(sys.argv[1]).read_text()):
        found.update(train(case))
    save_file(found, OUT / "steps.safetensors")
