#!/usr/bin/env python3
"""PyTorch's numbers for the networks of the zoo, written from the papers' tables, without a look at src/zoo.

    python3 -m venv venv && venv/bin/pip install torch torchvision numpy safetensors
    venv/bin/python tests/make_networks.py tests/data/networks [NETWORK ...]

One OUT_DIR/NETWORK.safetensors per network that torchvision lacks, on synthetic weights (src/weights/synthetic.rs), and
OUT_DIR/torchvision.json with the figures that torchvision publishes of its own. The arrays:
`logits` (1, classes); `gradient`: that of the largest logit at the input; metadata `size`, `class`, `parameters`, and
`modules`: JSON, in execution order {module, shape, mean, std, l2, first: its first four values} of every layer's output.
"""
import json, re, sys
from pathlib import Path
import numpy as np, torch, torch.nn.functional as F
from safetensors.numpy import save_file


def fnv1a(text):
    h = 0xCBF29CE484222325
    for b in text.encode():
        h = ((h ^ b) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return h


def striates_keys(state):
    """The state dict with Striate's names and shapes: ConvNeXt's layer scale is a layer, its layers on maps are convolutions."""
    def one(key, shape):
        if key.endswith("layer_scale"):
            return key + ".weight", shape
        return key, shape + [1, 1] if re.search(r"block\.[35]\.weight$", key) and len(shape) == 2 else shape
    return dict(one(key, list(value.shape)) for key, value in state.items() if value.dtype == torch.float32)


def striates_nodes(model):
    """torch.fx's names, without stochastic depth, which does nothing here, and with one name for each of ConvNeXt's
    normalisations and ShuffleNet's shuffles, which torch.fx takes apart."""
    from torchvision.models.feature_extraction import NodePathTracer
    tracer = NodePathTracer()
    tracer.trace(model)
    names = [name for node, name in tracer.node_to_qualname.items() if node.op not in ("placeholder", "output", "get_attr")]
    kept = []
    for name in names:
        module, _, last = name.rpartition(".")
        if last == "stochastic_depth" or last in ("permute", "permute_1", "transpose", "contiguous", "size", "floordiv", "view"):
            continue
        if last == "mul" and module + ".layer_scale" in dict(model.named_parameters()):
            last = "layer_scale"
        elif last == "layer_norm":
            module, last = module.rpartition(".")[0], module.rpartition(".")[2]
        elif last == "view_1":
            last = "channel_shuffle"
        elif last.startswith("getitem"):
            if module + ".chunk" not in names or last not in ("getitem", "getitem_1"):
                continue
            last = "chunk.1" if last == "getitem_1" else "chunk.0"
        elif last == "chunk":
            continue
        name = f"{module}.{last}" if module else last
        permutes = type(dict(model.named_modules()).get(name)).__name__ in ("Permute", "StochasticDepth")
        kept += [] if permutes else [name]
        # A mean over maps is a global average here, then flattened.
        kept += ["flatten"] if name == "mean" else []
    return kept


def torchvision_table(path):
    """Parameters with auxiliary classifiers, published multiply-adds, digests of the weights' and the layers' names."""
    import torchvision.models as models
    table = {}
    for name in models.list_models(module=models):
        if name.startswith(("vit", "swin", "maxvit")):
            continue
        kwargs = dict(init_weights=False, aux_logits=True) if name in ("googlenet", "inception_v3") else {}
        model = models.get_model(name, weights=None, **kwargs).eval()
        state = striates_keys(model.state_dict())
        table[name] = dict(
            parameters=sum(p.numel() for p in model.parameters()),
            gmacs=list(models.get_model_weights(name))[0].meta["_ops"],
            keys=f"{fnv1a(''.join(f'{k} {state[k]}' + chr(10) for k in sorted(state))):016x}",
            nodes=f"{fnv1a(''.join(n + chr(10) for n in striates_nodes(model))):016x}",
        )
    path.write_text("{\n" + ",\n".join(f'"{k}": {json.dumps(v)}' for k, v in table.items()) + "\n}\n")


def uniform(name, count, seed=0):
    """`count` float32 values in [-1, 1): SplitMix64 at FNV-1a(name) ^ seed, top 24 bits."""
    u64 = np.uint64
    with np.errstate(over="ignore"):
        z = (np.arange(count, dtype=u64) + u64(1)) * u64(0x9E3779B97F4A7C15) + u64(fnv1a(name) ^ seed)
        z = (z ^ (z >> u64(30))) * u64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> u64(27))) * u64(0x94D049BB133111EB)
        z = z ^ (z >> u64(31))
    return (z >> u64(40)).astype(np.float32) * np.float32(2.0 ** -23) - np.float32(1)


def picture(channels, size, seed=0):
    y, x = np.mgrid[0:size, 0:size].astype(np.float64) / size
    planes = []
    for c in range(channels):
        k = uniform(f"picture.{c}", 24, seed).astype(np.float64).reshape(6, 4)
        planes.append(sum(a * np.sin(2 * np.pi * (8 * b * x + 8 * d * y + e)) for a, b, d, e in k))
    return torch.from_numpy(np.stack(planes)[None].astype(np.float32))


class Tape:
    """Layers by name: each makes its own synthetic weights and records its output."""

    def __init__(self):
        self.modules, self.parameters = [], 0

    def weight(self, name, shape, learned=True):
        u = uniform(name, int(np.prod(shape)))
        if name.endswith("running_var"):
            w = np.float32(1) + np.float32(0.5) * u
        elif name.endswith(("running_mean", "bias")):
            w = np.float32(0.1) * u
        elif len(shape) == 1:
            w = np.float32(1) + np.float32(0.1) * u
        else:
            w = u * np.float32(np.sqrt(6.0 / np.prod(shape[1:])))
        self.parameters += u.size if learned else 0
        return torch.from_numpy(w.reshape(shape))

    def note(self, name, y):
        f, short = y.detach().double().flatten(), lambda v: float(f"{v:.8g}")
        self.modules.append(dict(module=name, shape=list(y.shape), mean=short(f.mean()), std=short(f.std(correction=0)),
                                 l2=short(f.norm()), first=[short(v) for v in f[:4]]))
        return y

    def conv(self, name, x, out, kernel, stride=1, pad=0, groups=1, bias=True):
        kernel = (kernel, kernel) if isinstance(kernel, int) else kernel
        w = self.weight(name + ".weight", (out, x.shape[1] // groups, *kernel))
        b = self.weight(name + ".bias", (out,)) if bias else None
        return self.note(name, F.conv2d(x, w, b, stride, pad, 1, groups))

    def linear(self, name, x, out):
        w, b = self.weight(name + ".weight", (out, x.shape[1])), self.weight(name + ".bias", (out,))
        return self.note(name, F.linear(x, w, b))

    def bn(self, name, x, eps=1e-5):
        c = (x.shape[1],)
        w, b = self.weight(name + ".weight", c), self.weight(name + ".bias", c)
        m, v = self.weight(name + ".running_mean", c, False), self.weight(name + ".running_var", c, False)
        return self.note(name, F.batch_norm(x, m, v, w, b, eps=eps))

    def relu(self, name, x):
        return self.note(name, torch.relu(x))

    def max(self, name, x, k, s, p=0, ceil=False):
        return self.note(name, F.max_pool2d(x, k, s, p, ceil_mode=ceil))

    def avg(self, name, x, k, s, p=0, count=True):
        return self.note(name, F.avg_pool2d(x, k, s, p, count_include_pad=count))

    def cat(self, name, *xs):
        return self.note(name, torch.cat(xs, 1))

    def lrn(self, name, x, n=5, alpha=1e-4, beta=0.75, k=2.0):
        """The formula of Krizhevsky et al., section 3.3, channel by channel."""
        square, channels = x * x, x.shape[1]
        sums = [square[:, max(0, i - n // 2):min(channels, i + n // 2 + 1)].sum(1) for i in range(channels)]
        return self.note(name, x / (k + alpha * torch.stack(sums, 1)) ** beta)

    def cr(self, name, x, *args, relu=None, **kwargs):
        """Convolution and rectifier."""
        return self.relu(relu or name + ".relu", self.conv(name, x, *args, **kwargs))

    def cbr(self, name, x, *args, eps=1e-3, **kwargs):
        """Convolution, batch normalisation and rectifier, as parts of one module."""
        x = self.conv(name + ".conv", x, *args, bias=False, **kwargs)
        return self.relu(name + ".relu", self.bn(name + ".bn", x, eps))

    def head(self, name, x, out):
        return self.linear(name, x.mean((2, 3)), out)


def lenet5(t, x):
    squash = lambda name, x: t.note(name + ".tanh", 1.7159 * torch.tanh(2 * x / 3))

    def subsample(name, x):
        total = x[:, :, 0::2, 0::2] + x[:, :, 1::2, 0::2] + x[:, :, 0::2, 1::2] + x[:, :, 1::2, 1::2]
        w, b = t.weight(name + ".weight", (x.shape[1],)), t.weight(name + ".bias", (x.shape[1],))
        return squash(name, t.note(name, total * w[:, None, None] + b[:, None, None]))

    x = squash("C1", t.conv("C1", x, 6, 5))
    x = subsample("S2", x)
    # Table I, a column a map: X where it sees the row's map of S2.
    table = """X...XXX..XXXX.XX
               XX...XXX..XXXX.X
               XXX...XXX..X.XXX
               .XXX..XXXX..X.XX
               ..XXX..XXXX.XX.X
               ...XXX..XXXX.XXX""".split()
    seen = [[row for row in range(6) if table[row][column] == "X"] for column in range(16)]
    w, b = t.weight("C3.weight", (60, 5, 5)), t.weight("C3.bias", (16,))
    maps, at = [], 0
    for unit, rows in enumerate(seen):
        maps.append(F.conv2d(x[:, rows], w[None, at:at + len(rows)], b[unit:unit + 1]))
        at += len(rows)
    x = squash("C3", t.note("C3", torch.cat(maps, 1)))
    x = subsample("S4", x)
    x = squash("C5", t.conv("C5", x, 120, 5))
    x = squash("F6", t.linear("F6", x.flatten(1), 84))
    return t.linear("output", x, 10)


def lenet5_modern(t, x):
    x = t.max("pool2", t.cr("conv1", x, 6, 5, relu="relu1"), 2, 2)
    x = t.max("pool4", t.cr("conv3", x, 16, 5, relu="relu3"), 2, 2)
    x = t.relu("relu5", t.linear("fc5", x.flatten(1), 120))
    x = t.relu("relu6", t.linear("fc6", x, 84))
    return t.linear("fc7", x, 10)


def fully_connected(t, x):
    x = t.relu("relu6", t.linear("fc6", x.flatten(1), 4096))
    x = t.relu("relu7", t.linear("fc7", x, 4096))
    return t.linear("fc8", x, 1000)


def alexnet_2012(t, x):
    """Both towers as one grouped network; each normalises on its own GPU."""
    def both(name, x, out, kernel, groups, **kwargs):
        ws = [t.weight(f"{name}.{side}.weight", (out // 2, x.shape[1] // groups, kernel, kernel)) for side in ("top", "bottom")]
        bs = [t.weight(f"{name}.{side}.bias", (out // 2,)) for side in ("top", "bottom")]
        y = torch.relu(F.conv2d(x, torch.cat(ws), torch.cat(bs), groups=groups, **kwargs))
        for side, half in zip(("top", "bottom"), y.chunk(2, 1)):
            t.note(name.replace("conv", "relu") + "." + side, half)
        return y

    def norm_pool(index, x):
        halves = [t.lrn(f"norm{index}.{side}", half) for side, half in zip(("top", "bottom"), x.chunk(2, 1))]
        return F.max_pool2d(torch.cat(halves, 1), 3, 2)

    x = norm_pool(1, both("conv1", x, 96, 11, 1, stride=4))
    x = norm_pool(2, both("conv2", x, 256, 5, 2, padding=2))
    x = both("conv3", x, 384, 3, 1, padding=1)
    x = both("conv4", x, 384, 3, 2, padding=1)
    x = both("conv5", x, 256, 3, 2, padding=1)
    return fully_connected(t, t.note("cat5", F.max_pool2d(x, 3, 2)))


def alexnet_single(t, x):
    x = t.lrn("norm1", t.max("pool1", t.cr("conv1", x, 96, 11, 4, relu="relu1"), 3, 2))
    x = t.lrn("norm2", t.max("pool2", t.cr("conv2", x, 256, 5, 1, 2, relu="relu2"), 3, 2))
    x = t.cr("conv3", x, 384, 3, 1, 1, relu="relu3")
    x = t.cr("conv4", x, 384, 3, 1, 1, relu="relu4")
    x = t.max("pool5", t.cr("conv5", x, 256, 3, 1, 1, relu="relu5"), 3, 2)
    return fully_connected(t, x)


def zfnet(t, x):
    x = t.lrn("norm1", t.max("pool1", t.cr("conv1", x, 96, 7, 2, 1, relu="relu1"), 3, 2, ceil=True))
    x = t.lrn("norm2", t.max("pool2", t.cr("conv2", x, 256, 5, 2, relu="relu2"), 3, 2, ceil=True))
    x = t.cr("conv3", x, 384, 3, 1, 1, relu="relu3")
    x = t.cr("conv4", x, 384, 3, 1, 1, relu="relu4")
    x = t.max("pool5", t.cr("conv5", x, 256, 3, 1, 1, relu="relu5"), 3, 2, ceil=True)
    return fully_connected(t, x)


def vgg11_lrn(t, x):
    index = 0
    for out in [64, "lrn", "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"]:
        if out == "M":
            x = t.max(f"features.{index}", x, 2, 2)
        elif out == "lrn":
            x = t.lrn(f"features.{index}", x)
        else:
            x = t.cr(f"features.{index}", x, out, 3, 1, 1, relu=f"features.{index + 1}")
            index += 1
        index += 1
    x = F.adaptive_avg_pool2d(x, 7).flatten(1)
    x = t.relu("classifier.1", t.linear("classifier.0", x, 4096))
    x = t.relu("classifier.4", t.linear("classifier.3", x, 4096))
    return t.linear("classifier.6", x, 1000)


def googlenet_2014(t, x):
    """Table 1 of Going Deeper with Convolutions."""
    def inception(name, x, n1, r3, n3, r5, n5, proj):
        name = "inception_" + name
        a = t.cr(name + ".1x1", x, n1, 1)
        b = t.cr(name + ".3x3", t.cr(name + ".3x3_reduce", x, r3, 1), n3, 3, pad=1)
        c = t.cr(name + ".5x5", t.cr(name + ".5x5_reduce", x, r5, 1), n5, 5, pad=2)
        d = t.cr(name + ".pool_proj", t.max(name + ".pool", x, 3, 1, 1), proj, 1)
        return t.cat(name + ".output", a, b, c, d)

    def auxiliary(name, x):
        x = t.cr(name + ".conv", t.avg(name + ".ave_pool", x, 5, 3), 128, 1)
        x = t.relu(name + ".relu_fc", t.linear(name + ".fc", x.flatten(1), 1024))
        t.linear(name + ".classifier", x, 1000)

    x = t.lrn("pool1.norm1", t.max("pool1.3x3_s2", t.cr("conv1.7x7_s2", x, 64, 7, 2, 3), 3, 2, ceil=True))
    x = t.cr("conv2.3x3", t.cr("conv2.3x3_reduce", x, 64, 1), 192, 3, 1, 1)
    x = t.max("pool2.3x3_s2", t.lrn("conv2.norm2", x), 3, 2, ceil=True)
    x = inception("3a", x, 64, 96, 128, 16, 32, 32)
    x = inception("3b", x, 128, 128, 192, 32, 96, 64)
    x = t.max("pool3.3x3_s2", x, 3, 2, ceil=True)
    x = inception("4a", x, 192, 96, 208, 16, 48, 64)
    auxiliary("loss1", x)
    x = inception("4b", x, 160, 112, 224, 24, 64, 64)
    x = inception("4c", x, 128, 128, 256, 24, 64, 64)
    x = inception("4d", x, 112, 144, 288, 32, 64, 64)
    auxiliary("loss2", x)
    x = inception("4e", x, 256, 160, 320, 32, 128, 128)
    x = t.max("pool4.3x3_s2", x, 3, 2, ceil=True)
    x = inception("5a", x, 256, 160, 320, 32, 128, 128)
    x = inception("5b", x, 384, 192, 384, 48, 128, 128)
    return t.head("loss3.classifier", x, 1000)


def bn_inception(t, x):
    """Figure 5 of Batch Normalization."""
    cbr = lambda *args, **kwargs: t.cbr(*args, eps=1e-5, **kwargs)

    def inception(name, x, n1, r3, n3, r33, n33, pool, proj):
        name = "inception_" + name
        a = cbr(name + ".1x1", x, n1, 1)
        b = cbr(name + ".3x3", cbr(name + ".3x3_reduce", x, r3, 1), n3, 3, pad=1)
        c = cbr(name + ".double_3x3_1", cbr(name + ".double_3x3_reduce", x, r33, 1), n33, 3, pad=1)
        c = cbr(name + ".double_3x3_2", c, n33, 3, pad=1)
        d = cbr(name + ".pool_proj", pool(name + ".pool", x, 3, 1, 1), proj, 1)
        return t.cat(name + ".output", a, b, c, d)

    def reduction(name, x, r3, n3, r33, n33):
        name = "inception_" + name
        b = cbr(name + ".3x3", cbr(name + ".3x3_reduce", x, r3, 1), n3, 3, 2, 1)
        c = cbr(name + ".double_3x3_1", cbr(name + ".double_3x3_reduce", x, r33, 1), n33, 3, pad=1)
        c = cbr(name + ".double_3x3_2", c, n33, 3, 2, 1)
        return t.cat(name + ".output", b, c, t.max(name + ".pool", x, 3, 2, ceil=True))

    x = t.max("pool1.3x3_s2", cbr("conv1.7x7_s2", x, 64, 7, 2, 3), 3, 2, ceil=True)
    x = cbr("conv2.3x3", cbr("conv2.3x3_reduce", x, 64, 1), 192, 3, 1, 1)
    x = t.max("pool2.3x3_s2", x, 3, 2, ceil=True)
    x = inception("3a", x, 64, 64, 64, 64, 96, t.avg, 32)
    x = inception("3b", x, 64, 64, 96, 64, 96, t.avg, 64)
    x = reduction("3c", x, 128, 160, 64, 96)
    x = inception("4a", x, 224, 64, 96, 96, 128, t.avg, 128)
    x = inception("4b", x, 192, 96, 128, 96, 128, t.avg, 128)
    x = inception("4c", x, 160, 128, 160, 128, 160, t.avg, 128)
    x = inception("4d", x, 96, 128, 192, 160, 192, t.avg, 128)
    x = reduction("4e", x, 128, 192, 192, 256)
    x = inception("5a", x, 352, 192, 320, 160, 224, t.avg, 128)
    x = inception("5b", x, 352, 192, 320, 192, 224, t.max, 128)
    return t.head("last_linear", x, 1000)


def inception_v4(t, x):
    """Figures 3 to 9 of Inception-v4."""
    row, column = dict(kernel=(1, 7), pad=(0, 3)), dict(kernel=(7, 1), pad=(3, 0))
    average = lambda name, x: t.avg(name, x, 3, 1, 1, count=False)
    x = t.cbr("features.0", x, 32, 3, 2)
    x = t.cbr("features.1", x, 32, 3)
    x = t.cbr("features.2", x, 64, 3, pad=1)
    x = t.cat("features.3.cat", t.max("features.3.maxpool", x, 3, 2), t.cbr("features.3.conv", x, 96, 3, 2))
    a = t.cbr("features.4.branch0.1", t.cbr("features.4.branch0.0", x, 64, 1), 96, 3)
    b = t.cbr("features.4.branch1.0", x, 64, 1)
    b = t.cbr("features.4.branch1.1", b, 64, **row)
    b = t.cbr("features.4.branch1.2", b, 64, **column)
    x = t.cat("features.4.cat", a, t.cbr("features.4.branch1.3", b, 96, 3))
    x = t.cat("features.5.cat", t.cbr("features.5.conv", x, 192, 3, 2), t.max("features.5.maxpool", x, 3, 2))
    for i in range(6, 10):
        n = f"features.{i}."
        a = t.cbr(n + "branch0", x, 96, 1)
        b = t.cbr(n + "branch1.1", t.cbr(n + "branch1.0", x, 64, 1), 96, 3, pad=1)
        c = t.cbr(n + "branch2.1", t.cbr(n + "branch2.0", x, 64, 1), 96, 3, pad=1)
        c = t.cbr(n + "branch2.2", c, 96, 3, pad=1)
        x = t.cat(n + "cat", a, b, c, t.cbr(n + "branch3.1", average(n + "branch3.0", x), 96, 1))
    n = "features.10."
    a = t.cbr(n + "branch0", x, 384, 3, 2)
    b = t.cbr(n + "branch1.1", t.cbr(n + "branch1.0", x, 192, 1), 224, 3, pad=1)
    x = t.cat(n + "cat", a, t.cbr(n + "branch1.2", b, 256, 3, 2), t.max(n + "branch2", x, 3, 2))
    for i in range(11, 18):
        n = f"features.{i}."
        a = t.cbr(n + "branch0", x, 384, 1)
        b = t.cbr(n + "branch1.1", t.cbr(n + "branch1.0", x, 192, 1), 224, **row)
        b = t.cbr(n + "branch1.2", b, 256, **column)
        c = t.cbr(n + "branch2.1", t.cbr(n + "branch2.0", x, 192, 1), 192, **column)
        c = t.cbr(n + "branch2.2", c, 224, **row)
        c = t.cbr(n + "branch2.3", c, 224, **column)
        c = t.cbr(n + "branch2.4", c, 256, **row)
        x = t.cat(n + "cat", a, b, c, t.cbr(n + "branch3.1", average(n + "branch3.0", x), 128, 1))
    n = "features.18."
    a = t.cbr(n + "branch0.1", t.cbr(n + "branch0.0", x, 192, 1), 192, 3, 2)
    b = t.cbr(n + "branch1.1", t.cbr(n + "branch1.0", x, 256, 1), 256, **row)
    b = t.cbr(n + "branch1.3", t.cbr(n + "branch1.2", b, 320, **column), 320, 3, 2)
    x = t.cat(n + "cat", a, b, t.max(n + "branch2", x, 3, 2))
    row, column = dict(kernel=(1, 3), pad=(0, 1)), dict(kernel=(3, 1), pad=(1, 0))
    for i in range(19, 22):
        n = f"features.{i}."
        a = t.cbr(n + "branch0", x, 256, 1)
        b = t.cbr(n + "branch1_0", x, 384, 1)
        b = t.cat(n + "cat", t.cbr(n + "branch1_1a", b, 256, **row), t.cbr(n + "branch1_1b", b, 256, **column))
        c = t.cbr(n + "branch2_1", t.cbr(n + "branch2_0", x, 384, 1), 448, **column)
        c = t.cbr(n + "branch2_2", c, 512, **row)
        c = t.cat(n + "cat_1", t.cbr(n + "branch2_3a", c, 256, **row), t.cbr(n + "branch2_3b", c, 256, **column))
        x = t.cat(n + "cat_2", a, b, c, t.cbr(n + "branch3.1", average(n + "branch3.0", x), 256, 1))
    return t.head("last_linear", x, 1000)


def resnet(blocks, stride_in_1x1, groups=1, width=64):
    """Table 1 of Deep Residual Learning; groups and width as in table 1 of Aggregated Residual Transformations."""
    def network(t, x):
        x = t.relu("relu", t.bn("bn1", t.conv("conv1", x, 64, 7, 2, 3, bias=False)))
        x = t.max("maxpool", x, 3, 2, 1)
        for stage, count in enumerate(blocks):
            for i in range(count):
                n, stride = f"layer{stage + 1}.{i}.", 2 if stage > 0 and i == 0 else 1
                narrow, out = groups * width << stage, 256 << stage
                y = t.conv(n + "conv1", x, narrow, 1, stride if stride_in_1x1 else 1, bias=False)
                y = t.relu(n + "relu", t.bn(n + "bn1", y))
                y = t.conv(n + "conv2", y, narrow, 3, 1 if stride_in_1x1 else stride, 1, groups, bias=False)
                y = t.relu(n + "relu_1", t.bn(n + "bn2", y))
                y = t.bn(n + "bn3", t.conv(n + "conv3", y, out, 1, bias=False))
                if i == 0:
                    x = t.bn(n + "downsample.1", t.conv(n + "downsample.0", x, out, 1, stride, bias=False))
                x = t.relu(n + "relu_2", t.note(n + "add", x + y))
        return t.head("fc", x, 1000)
    return network


def cifar(n, order, bottleneck=False, shortcuts=True):
    """Section 4.2 of Deep Residual Learning; orders (a) to (e) of figure 4 of Identity Mappings."""
    def network(t, x):
        x = t.conv("conv1", x, 16, 3, 1, 1, bias=False)
        if order != "e":
            x = t.bn("bn1", x)
        if order in "abc":
            x = t.relu("relu", x)
        for stage, width in enumerate((16, 32, 64)):
            for i in range(n):
                name, stride = f"layer{stage + 1}.{i}.", 2 if stage > 0 and i == 0 else 1
                out = 4 * width if bottleneck else width
                shapes = [(width, 1, stride), (width, 3, 1), (out, 1, 1)] if bottleneck else [(width, 3, stride), (width, 3, 1)]
                relus = iter(["relu", "relu_1", "relu_2"])
                relu = lambda y: t.relu(name + next(relus), y)
                changes, y = x.shape[1] != out, x
                for j, (channels, kernel, step) in enumerate(shapes):
                    final = j + 1 == len(shapes)
                    conv = lambda y: t.conv(f"{name}conv{j + 1}", y, channels, kernel, step, kernel // 2, bias=False)
                    bn = lambda y: t.bn(f"{name}bn{j + 1}", y)
                    if order == "a":
                        y = bn(conv(y)) if final else relu(bn(conv(y)))
                    elif order == "b":
                        y = conv(y) if final else relu(bn(conv(y)))
                    elif order == "c":
                        y = relu(bn(conv(y)))
                    else:
                        y = relu(y) if order == "d" else relu(bn(y))
                        # The first unit, and those with a projection, activate before the paths split.
                        if j == 0 and ((stage, i) == (0, 0) or (changes and bottleneck)):
                            x = y
                        y = bn(conv(y)) if order == "d" else conv(y)
                if not shortcuts:
                    x = relu(y)
                    continue
                if changes and bottleneck:
                    x = t.conv(name + "shortcut.0", x, out, 1, stride, bias=False)
                    if order in "acd":
                        x = t.bn(name + "shortcut.1", x)
                elif changes:
                    more = (out - x.shape[1]) // 2
                    x = t.note(name + "shortcut.pad", F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, more, more)))
                x = t.note(name + "add", x + y)
                if order == "b":
                    x = t.bn(f"{name}bn{len(shapes)}", x)
                if order in "ab":
                    x = relu(x)
        if order == "e":
            x = t.bn("bn", x)
        if order in "de":
            x = t.relu("relu", x)
        return t.head("linear", x, 10)
    return network


def densenet(layers, bottleneck):
    """Section 3 of Densely Connected Convolutional Networks, k = 12; bottleneck: DenseNet-BC."""
    def network(t, x):
        k = 12
        x = t.conv("features.conv0", x, 2 * k if bottleneck else 16, 3, 1, 1, bias=False)
        for block in (1, 2, 3):
            n = f"features.denseblock{block}."
            for layer in range(1, layers + 1):
                m = f"{n}denselayer{layer}."
                y = t.relu(m + "relu1", t.bn(m + "norm1", x))
                if bottleneck:
                    y = t.relu(m + "relu2", t.bn(m + "norm2", t.conv(m + "conv1", y, 4 * k, 1, bias=False)))
                x = torch.cat([x, t.conv(m + ("conv2" if bottleneck else "conv1"), y, k, 3, 1, 1, bias=False)], 1)
            t.note(n + "cat", x)
            if block < 3:
                n = f"features.transition{block}."
                out = x.shape[1] // 2 if bottleneck else x.shape[1]
                x = t.conv(n + "conv", t.relu(n + "relu", t.bn(n + "norm", x)), out, 1, bias=False)
                x = t.avg(n + "pool", x, 2, 2)
        return t.head("classifier", t.relu("relu", t.bn("features.norm_final", x)), 10)
    return network


def alphago_policy_192(t, x):
    """Methods, Neural network architecture, of Mastering the game of Go."""
    x = t.cr("conv1", x, 192, 5, 1, 2, relu="relu1")
    for layer in range(2, 13):
        x = t.cr(f"conv{layer}", x, 192, 3, 1, 1, relu=f"relu{layer}")
    x = t.conv("conv13", x, 1, 1, bias=False)
    return t.note("position", x + t.weight("position.bias", (1, 19, 19))).flatten(1)


# Name: network, input channels, input size. Small sizes: small files, and few decisions that float32 cannot make.
NETWORKS = {
    "lenet5": (lenet5, 1, 32),
    "lenet5_modern": (lenet5_modern, 1, 32),
    "alexnet_2012": (alexnet_2012, 3, 99),
    "alexnet_single": (alexnet_single, 3, 99),
    "zfnet": (zfnet, 3, 64),
    "vgg11_lrn": (vgg11_lrn, 3, 32),
    "googlenet_2014": (googlenet_2014, 3, 96),
    "bn_inception": (bn_inception, 3, 64),
    "inception_v4": (inception_v4, 3, 75),
    "resnet50_paper": (resnet([3, 4, 6, 3], True), 3, 64),
    "resnext101_32x4d": (resnet([3, 4, 23, 3], False, 32, 4), 3, 32),
    "resnet20": (cifar(3, "a"), 3, 32),
    "plain20": (cifar(3, "a", shortcuts=False), 3, 32),
    "resnet110": (cifar(18, "a"), 3, 16),
    "resnet110_bn_after": (cifar(18, "b"), 3, 16),
    "resnet110_relu_before": (cifar(18, "c"), 3, 16),
    "resnet110_relu_preact": (cifar(18, "d"), 3, 16),
    "resnet110_preact": (cifar(18, "e"), 3, 16),
    "resnet164": (cifar(18, "a", True), 3, 16),
    "resnet164_bn_after": (cifar(18, "b", True), 3, 16),
    "resnet164_relu_before": (cifar(18, "c", True), 3, 16),
    "resnet164_relu_preact": (cifar(18, "d", True), 3, 16),
    "resnet164_preact": (cifar(18, "e", True), 3, 16),
    "densenet40_k12": (densenet(12, False), 3, 32),
    "densenet_bc100_k12": (densenet(16, True), 3, 16),
    "alphago_policy_192": (alphago_policy_192, 48, 19),
}


def store(name, path):
    network, channels, size = NETWORKS[name]
    tape, x = Tape(), picture(channels, size).requires_grad_()
    logits = network(tape, x)
    c = int(logits.argmax())
    gradient, = torch.autograd.grad(logits[0, c], x)
    meta = {"size": str(size), "class": str(c), "parameters": str(tape.parameters), "modules": json.dumps(tape.modules, separators=(",", ":"))}
    arrays = {"logits": logits.detach().numpy(), "gradient": gradient.numpy()}
    save_file({k: np.ascontiguousarray(v) for k, v in arrays.items()}, path, metadata=meta)
    print(f"{name}: class {c}, {tape.parameters} parameters, {len(tape.modules)} modules", flush=True)


if __name__ == "__main__":
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    names = sys.argv[2:] or ["torchvision", *NETWORKS]
    if "torchvision" in names:
        torchvision_table(out / "torchvision.json")
    for name in names:
        if name in NETWORKS:
            store(name, out / f"{name}.safetensors")
