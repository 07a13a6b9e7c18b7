"""Writes tests/data/onnx: small ONNX models that cover the operators, made by PyTorch's two exporters and by hand, and in
cases.safetensors an input and ONNX Runtime's output for each.

    python tests/make_onnx.py --data

Needs torch, onnx, onnxscript, onnxruntime, safetensors.
"""

import pathlib

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file
from torch import nn
from torch.nn import functional as F

FOLDER = pathlib.Path(__file__).parent / "data" / "onnx"
CASES = {}


class Residual(nn.Module):
    """Convolutions with groups, stride and dilation, batch normalisation, a residual sum."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(8)
        self.relu = nn.ReLU()
        self.layer1 = nn.Sequential(nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=4, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, (1, 3), padding=(0, 1)))
        self.fc = nn.Linear(8, 5)

    def forward(self, x):
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.layer1(x) + x)
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


class Inverted(nn.Module):
    """Depthwise convolution, ReLU6, HardSwish, squeeze and excitation, log-softmax."""

    def __init__(self):
        super().__init__()
        self.expand, self.depthwise = nn.Conv2d(3, 8, 1), nn.Conv2d(8, 8, 5, padding=2, groups=8, stride=2)
        self.fc1, self.fc2 = nn.Conv2d(8, 4, 1), nn.Conv2d(4, 8, 1)
        self.last = nn.Linear(8, 5)

    def forward(self, x):
        x = F.hardswish(self.depthwise(F.relu6(self.expand(x))))
        gate = F.hardsigmoid(self.fc2(F.relu(self.fc1(F.adaptive_avg_pool2d(x, 1)))))
        x = x * gate
        return F.softmax(self.last(F.silu(x).mean([2, 3])), 1)


class Pools(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.fc = nn.Linear(16, 5)

    def forward(self, x):
        x = self.conv(x)
        a = F.max_pool2d(x, 3, 2, padding=1, ceil_mode=True)
        b = F.avg_pool2d(x, 3, 2, padding=1, ceil_mode=True, count_include_pad=False)
        c = F.avg_pool2d(x, 3, 2, padding=1, ceil_mode=False, count_include_pad=True)
        rows = [F.adaptive_max_pool2d(a, 1), F.adaptive_avg_pool2d(b, 1), c.amax((2, 3), keepdim=True), x.mean((2, 3), keepdim=True)]
        return self.fc(torch.cat(rows, 1).view(x.size(0), -1))


class Activations(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.prelu, self.fc = nn.Conv2d(3, 4, 3, padding=1), nn.PReLU(4), nn.Linear(4, 5)

    def forward(self, x):
        x = self.conv(x) * 2
        total = F.gelu(x) + F.gelu(x, approximate="tanh") + F.silu(x) + F.mish(x) + F.elu(x, 0.7) + F.selu(x)
        total = total + F.leaky_relu(x, 0.2) + self.prelu(x) + F.softplus(x) + torch.tanh(x) + torch.sigmoid(x)
        total = total - x.clamp(-0.5, 0.8) + x.abs().sqrt() + (x**2) / (1 + torch.exp(-x)) + 3 / (x * x + 1) - (1 - x)
        return self.fc(torch.minimum(total, torch.maximum(x, -x) * 4).mean([2, 3]))


class Shuffle(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 8, 1), nn.Linear(12, 5)

    def forward(self, x):
        x = self.conv(x)
        b, c, h, w = x.shape
        x = x.view(b, 2, c // 2, h, w).transpose(1, 2).contiguous().view(b, c, h, w)
        one, two = x.chunk(2, 1)
        x = torch.cat((F.relu(one), two[:, ::2], two[:, 1:3, 1:-1, ::2].mean((2, 3), keepdim=True).expand(b, 2, h, w) * 0 + two[:, :2], x[:, -4:]), 1)
        return self.fc(F.pixel_unshuffle(F.pixel_shuffle(x, 2), 2).mean([2, 3]))


class ConvNext(nn.Module):
    """A block that moves channels last and back, and a layer normalisation that is taken apart."""

    def __init__(self):
        super().__init__()
        self.stem, self.dw = nn.Conv2d(3, 8, 4, stride=4), nn.Conv2d(8, 8, 7, padding=3, groups=8)
        self.norm, self.up, self.down = nn.LayerNorm(8), nn.Linear(8, 16), nn.Linear(16, 8)
        self.gamma = nn.Parameter(torch.rand(8, 1, 1))
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        x = self.stem(x)
        y = self.down(F.gelu(self.up(self.norm(self.dw(x).permute(0, 2, 3, 1)))))
        x = x + self.gamma * y.permute(0, 3, 1, 2)
        mean = x.mean(1, keepdim=True)
        x = (x - mean) / torch.sqrt(((x - mean) ** 2).mean(1, keepdim=True) + 1e-6)
        return self.head(F.layer_norm(x.mean([2, 3]), (8,)))


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.qkv, self.out, self.head = nn.Conv2d(3, 8, 4, stride=4), nn.Linear(8, 24), nn.Linear(8, 8), nn.Linear(8, 5)

    def forward(self, x):
        x = self.stem(x).flatten(2).transpose(1, 2)
        b, n, c = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, 2, c // 2).permute(2, 0, 3, 1, 4).unbind(0)
        weights = ((q * 0.5) @ k.transpose(-2, -1)).softmax(-1)
        x = x + self.out((weights @ v).transpose(1, 2).reshape(b, n, c))
        return self.head(x.mean(1))


class Norms(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.group, self.instance = nn.Conv2d(3, 8, 3), nn.GroupNorm(2, 8), nn.InstanceNorm2d(8, affine=True)
        self.fc, self.bn, self.fc2 = nn.Linear(8, 6), nn.BatchNorm1d(6), nn.Linear(6, 5)
        for parameter in [*self.group.parameters(), *self.instance.parameters()]:
            nn.init.uniform_(parameter, 0.5, 1.5)

    def forward(self, x):
        x = F.relu(self.group(self.conv(x)))
        x = self.instance(x) + x
        return self.fc2(self.bn(self.fc(F.normalize(x.amax((2, 3)), dim=1))))


class Sizes(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.up, self.fc = nn.Conv2d(3, 4, 3, stride=2), nn.ConvTranspose2d(4, 4, 3, stride=2, padding=1, output_padding=1), nn.Linear(4, 5)

    def forward(self, x):
        x = self.conv(F.pad(x, (1, 2, 0, 1), mode="reflect"))
        x = self.up(x) + F.interpolate(x, scale_factor=2, mode="nearest")
        x = F.pad(F.pad(x, (1, 1, 2, 0), mode="replicate"), (0, 1, 1, 0), value=0.3)
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False) + F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
        return self.fc((x * x).sum([2, 3]) / 100)


class Channels(nn.Module):
    """A convolution over the row of channels (efficient channel attention), and a softmax among branches."""

    def __init__(self):
        super().__init__()
        self.conv, self.eca, self.fc = nn.Conv2d(3, 8, 3), nn.Conv1d(1, 1, 3, padding=1, bias=False), nn.Linear(4, 5)

    def forward(self, x):
        x = self.conv(x)
        y = self.eca(x.mean((2, 3)).view(x.shape[0], 1, -1))
        x = x * y.view(x.shape[0], -1, 1, 1).sigmoid()
        both = torch.stack(x.chunk(2, 1), 1)
        weights = both.mean((3, 4), keepdim=True).softmax(1)
        return self.fc((both * weights).sum(1).mean((2, 3)))


class Standardised(nn.Module):
    """Filters that are standardised when the network runs, as NFNets' are, and TensorFlow's padding computed from the size, as
    timm computes it."""

    def __init__(self):
        super().__init__()
        self.conv, self.wide, self.fc = nn.Conv2d(3, 8, 3, stride=2), nn.Conv2d(8, 8, 5, stride=2, groups=8), nn.Linear(8, 5)
        self.gain = nn.Parameter(torch.rand(8, 1, 1, 1) + 0.5)

    def same(self, x, conv):
        sides = []
        for size in (x.size()[-1], x.size()[-2]):
            step, kernel = conv.stride[0], conv.kernel_size[0]
            if isinstance(size, torch.Tensor):
                pad = torch.clamp(((size / step).ceil() - 1) * step + kernel - size, min=0)
            else:
                pad = max((-(-size // step) - 1) * step + kernel - size, 0)
            sides += [pad // 2, pad - pad // 2]
        return F.pad(x, sides)

    def forward(self, x):
        weight = self.conv.weight
        weight = F.batch_norm(weight.reshape(1, 8, -1), None, None, weight=(self.gain * 0.4).view(-1), training=True, momentum=0.0, eps=1e-6)
        x = F.relu(F.conv2d(self.same(x, self.conv), weight.reshape_as(self.conv.weight), self.conv.bias, 2))
        deviation, mean = torch.std_mean(self.wide.weight, dim=[1, 2, 3], keepdim=True, unbiased=False)
        x = F.conv2d(self.same(x, self.wide), (self.wide.weight - mean) / (deviation + 1e-5), self.wide.bias, 2, groups=8)
        return self.fc(x.mean((2, 3)))


class Tokens(nn.Module):
    """An encoding of positions that is computed when the network runs, a token before all positions, copies, largest and least
    values over channels, rows that are merged with the batch."""

    def __init__(self):
        super().__init__()
        self.conv, self.project, self.gate = nn.Conv2d(3, 8, 4, stride=4), nn.Conv2d(6, 8, 3, padding=1), nn.Conv2d(2, 1, 3, padding=1)
        self.token, self.fc = nn.Parameter(torch.randn(1, 1, 8)), nn.Linear(24, 5)

    def forward(self, x):
        x = self.conv(x)
        b, c, h, w = x.shape
        rows, columns = torch.ones(1, h, w).cumsum(1), torch.ones(1, h, w).cumsum(2)
        steps = 10 ** (2 * torch.div(torch.arange(3.0), 2, rounding_mode="floor") / 3)
        places = torch.cat(((rows[..., None] / steps).sin(), (columns[..., None] / steps).cos()), 3)
        x = x + self.project(places.permute(0, 3, 1, 2))
        x = x + F.layer_norm(x.reshape(b * c, h, w), (4,)).reshape(b, c, h, w)
        x = x * self.gate(torch.cat((x.amax(1, keepdim=True), x.amin(1, keepdim=True)), 1)).sigmoid()
        tokens = torch.cat((self.token.expand(b, -1, -1), x.flatten(2).transpose(1, 2)), 1)
        row = tokens[:, 0] * tokens.mean(1) + tokens.abs().sum(1)
        return self.fc(torch.cat((row, x.mean((2, 3)).repeat(1, 2)), 1))


def keep(name, path, x):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    kind = {"tensor(float16)": np.float16, "tensor(double)": np.float64}.get(session.get_inputs()[0].type, np.float32)
    y = session.run(None, {session.get_inputs()[0].name: x.astype(kind)})[0]
    CASES[f"{name}.input"], CASES[f"{name}.scores"] = x.astype(np.float32), y.astype(np.float32).reshape(-1)


def exported():
    modules = [Residual, Inverted, Pools, Activations, Shuffle, ConvNext, Attention, Norms, Sizes, Channels, Standardised, Tokens]
    for module in modules:
        torch.manual_seed(1)
        model = module()
        model(torch.randn(8, 3, 16, 16))
        x = torch.randn(1, 3, 16, 16)
        model.eval()
        for exporter, opset in (("old", 13), ("new", None)):
            name = f"{module.__name__.lower()}_{exporter}"
            path = FOLDER / f"{name}.onnx"
            if exporter == "new":
                program = torch.onnx.export(model, (x,), dynamo=True, verbose=False)
                program.save(str(path), external_data=module is Residual)
            else:
                axes = {"input": {0: "batch"}}
                torch.onnx.export(model, (x,), str(path), dynamo=False, opset_version=opset, input_names=["input"], dynamic_axes=axes)
            strip(path)
            keep(name, path, x.numpy())


def strip(path):
    """Without documentation and stack traces, which are most of a small file."""
    model = onnx.load(str(path), load_external_data=False)
    for node in model.graph.node:
        node.doc_string = ""
        for entry in [entry for entry in node.metadata_props if entry.key != "pkg.torch.onnx.name_scopes"]:
            node.metadata_props.remove(entry)
    del model.graph.value_info[:]
    del model.graph.metadata_props[:]
    del model.metadata_props[:]
    onnx.save(model, str(path))


def made(name, nodes, weights, opset, shape, kind=TensorProto.FLOAT, check=True, inputs_too=False):
    tensors = [numpy_helper.from_array(value, key) if isinstance(value, np.ndarray) else value for key, value in weights.items()]
    inputs = [helper.make_tensor_value_info("x", kind, shape)]
    if inputs_too:
        inputs += [helper.make_tensor_value_info(t.name, t.data_type, list(t.dims)) for t in tensors]
    graph = helper.make_graph(nodes, name, inputs, [helper.make_tensor_value_info("y", kind, None)], tensors)
    ops = [helper.make_opsetid("", opset)]
    model = helper.make_model(graph, opset_imports=ops, producer_name="by hand", ir_version=min(10, 4 if opset < 10 else 8))
    path = FOLDER / f"{name}.onnx"
    onnx.save(model, str(path))
    if check:
        rng = np.random.default_rng(0)
        keep(name, path, rng.standard_normal([1 if not isinstance(s, int) else s for s in shape]).astype(np.float32))


def by_hand():
    rng = np.random.default_rng(1)
    random = lambda *shape: rng.standard_normal(shape).astype(np.float32) * 0.4
    node = helper.make_node
    # Opset 9 states as attributes what later ones take as inputs; weights are among the inputs.
    made("opset9", [
        node("Conv", ["x", "w"], ["a"], auto_pad="SAME_UPPER", strides=[2, 2], kernel_shape=[3, 3], name="conv"),
        node("Clip", ["a"], ["b"], min=0.0, max=1.5),
        node("Pad", ["b"], ["c"], pads=[0, 0, 1, 0, 0, 0, 0, 2], mode="constant", value=0.0),
        node("Upsample", ["c", "s"], ["d"], mode="nearest"),
        node("Conv", ["d", "v", "bias"], ["e"], auto_pad="SAME_LOWER", strides=[2, 2], kernel_shape=[2, 2]),
        node("ReduceMean", ["e"], ["f"], axes=[2, 3], keepdims=0),
        node("Squeeze", ["g4"], ["g"], axes=[0]), node("Unsqueeze", ["f"], ["h"], axes=[1]),
        node("Mul", ["h", "g"], ["i"]), node("Flatten", ["i"], ["j"]), node("Softmax", ["j"], ["y"]),
    ], {"w": random(4, 3, 3, 3), "v": random(5, 4, 2, 2), "bias": random(5), "s": np.array([1, 1, 2, 2], np.float32), "g4": random(1, 1, 5)}, 9, ["N", 3, 9, 12], inputs_too=True)
    # As tf2onnx writes Keras: channels last outside, layer normalisation taken apart, MatMul and Add.
    made("channels_last", [
        node("Transpose", ["x"], ["a"], perm=[0, 3, 1, 2], name="StatefulPartitionedCall/net/conv/Conv2D__1"),
        node("Conv", ["a", "w", "b"], ["c"], pads=[0, 0, 1, 1], strides=[2, 2], name="StatefulPartitionedCall/net/conv/Conv2D"),
        node("Transpose", ["c"], ["d"], perm=[0, 2, 3, 1]), node("Add", ["d", "shift"], ["e"]), node("Relu", ["e"], ["f"]),
        node("MatMul", ["f", "m"], ["g"]), node("Add", ["g", "n"], ["h"]), node("Sigmoid", ["h"], ["i"]), node("Mul", ["h", "i"], ["j"]),
        node("ReduceMean", ["j"], ["k"], axes=[1, 2], keepdims=1), node("Mul", ["j", "k"], ["l"]),
        node("GlobalAveragePool", ["t"], ["u"]), node("Transpose", ["l"], ["t"], perm=[0, 3, 1, 2]), node("Squeeze", ["u", "axes"], ["y"]),
    ][:11] + [
        node("Transpose", ["l"], ["t"], perm=[0, 3, 1, 2]), node("GlobalAveragePool", ["t"], ["u"]), node("Squeeze", ["u", "axes"], ["y"]),
    ], {"w": random(6, 3, 3, 3), "b": random(6), "shift": random(6), "m": random(6, 5), "n": random(5), "axes": np.array([2, 3], np.int64)}, 13, [1, 10, 10, 3])
    # Half precision, and weights in every float type behind a cast.
    made("half", [
        node("Conv", ["x", "w", "b"], ["a"]), node("Relu", ["a"], ["c"]), node("GlobalMaxPool", ["c"], ["d"]), node("Flatten", ["d"], ["y"]),
    ], {"w": random(5, 3, 3, 3).astype(np.float16), "b": random(5).astype(np.float16)}, 13, [1, 3, 8, 8], TensorProto.FLOAT16)
    made("lrn", [
        node("Conv", ["x", "w"], ["a"]), node("LRN", ["a"], ["b"], size=3, alpha=0.5, beta=0.6, bias=1.5), node("GlobalAveragePool", ["b"], ["c"]), node("Flatten", ["c"], ["y"]),
    ], {"w": random(6, 3, 3, 3)}, 13, [1, 3, 8, 8])
    bf16 = helper.make_tensor("w", TensorProto.BFLOAT16, [4, 3, 3, 3], random(4, 3, 3, 3).reshape(-1))
    made("types", [
        node("Cast", ["w"], ["w32"], to=1), node("Cast", ["b"], ["b32"], to=1), node("Conv", ["x", "w32", "b32"], ["a"]),
        node("GlobalAveragePool", ["a"], ["c"]), node("Shape", ["c"], ["s"]), node("Gather", ["s", "zero"], ["n"], axis=0),
        node("Unsqueeze", ["n", "axis"], ["n1"]), node("Concat", ["n1", "rest"], ["t"], axis=0), node("Reshape", ["c", "t"], ["d"]),
        node("Gemm", ["d", "m", "k"], ["y"], alpha=0.5, beta=2.0),
    ], {"w": bf16, "b": random(4).astype(np.float64), "zero": np.array(0, np.int64), "axis": np.array([0], np.int64), "rest": np.array([-1], np.int64), "m": random(4, 5), "k": random(1, 5)}, 13, ["batch", 3, 8, 8])
    # A picture of any size, and a channel that only the filters tell.
    made("any_size", [node("Conv", ["x", "w"], ["a"]), node("GlobalAveragePool", ["a"], ["b"]), node("Flatten", ["b"], ["y"])], {"w": random(4, 1, 3, 3)}, 13, ["n", "c", "h", "w_"], check=False)
    # Quantised: int8 weights with a scale a filter, activations rounded in between. Without the rounding the scores differ.
    weight = rng.integers(-127, 128, (6, 3, 3, 3)).astype(np.int8)
    made("quantised", [
        node("QuantizeLinear", ["x", "xs", "xz"], ["q"]), node("DequantizeLinear", ["q", "xs", "xz"], ["a"]),
        node("DequantizeLinear", ["w", "ws", "wz"], ["wf"], axis=0), node("Conv", ["a", "wf", "b"], ["c"]), node("Relu", ["c"], ["d"]),
        node("QuantizeLinear", ["d", "ds", "dz"], ["e"]), node("DequantizeLinear", ["e", "ds", "dz"], ["f"]),
        node("GlobalAveragePool", ["f"], ["g"]), node("Flatten", ["g"], ["y"]),
    ], {"w": weight, "ws": (rng.random(6) * 0.01).astype(np.float32), "wz": np.zeros(6, np.int8), "b": random(6), "xs": np.array(0.04, np.float32), "xz": np.array(128, np.uint8), "ds": np.array(0.05, np.float32), "dz": np.array(0, np.uint8)}, 13, [1, 3, 8, 8])
    # An operator that no one knows in the middle, a cycle, a weights file outside the folder.
    body = [node("Conv", ["x", "w"], ["a"], name="/stem/Conv"), node("Relu", ["a"], ["b"], name="/relu/Relu")]
    made("unknown", body + [node("Fancy", ["b"], ["c"], domain="com.example", name="/fancy/Fancy"), node("GlobalAveragePool", ["c"], ["d"]), node("Flatten", ["d"], ["y"])], {"w": random(4, 3, 3, 3)}, 13, [1, 3, 8, 8], check=False)
    made("cycle", body + [node("Add", ["b", "d"], ["c"]), node("Relu", ["c"], ["d"]), node("GlobalAveragePool", ["d"], ["y"])], {"w": random(4, 3, 3, 3)}, 13, [1, 3, 8, 8], check=False)
    outside = TensorProto(name="w", data_type=1, dims=[4, 3, 3, 3], data_location=TensorProto.EXTERNAL)
    for key, value in (("location", "../weights/" + "outside.data"), ("offset", "0"), ("length", "432")):
        outside.external_data.add(key=key, value=value)
    made("outside", body + [node("GlobalAveragePool", ["b"], ["d"]), node("Flatten", ["d"], ["y"])], {"w": outside}, 13, [1, 3, 8, 8], check=False)


def main():
    FOLDER.mkdir(exist_ok=True)
    exported()
    by_hand()
    save_file(CASES, FOLDER / "cases.safetensors")
    for path in sorted(FOLDER.iterdir()):
        print(path.name, path.stat().st_size)
