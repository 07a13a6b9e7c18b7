#!/usr/bin/env python3
"""Small archives of torch.export and their scores, for tests/pt2.rs.

    python3 -m venv venv && venv/bin/pip install torch torchvision numpy
    venv/bin/python tests/make_pt2.py tests/data/pt2

OUT_DIR/NAME.pt2 as exported, OUT_DIR/NAME_core.pt2 decomposed to core ATen, OUT_DIR/early.pt2 in the layout of PyTorch 2.4
to 2.6, and OUT_DIR/scores.json: for each the shape of its input and the outputs for striate's made-up picture
(src/weights/synthetic.rs). With `--torchvision DIR` it writes torchvision's classification CNNs there, with
NAME.input.npy and NAME.scores.npy: these are large, and no test needs them.
"""
import io, json, re, sys, zipfile
from pathlib import Path
import torch
from torch import nn
from torch.nn import functional as F
from make_networks import picture


class Block(nn.Module):
    """A residual block, whose rectifier changes its input."""
    def __init__(self, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(width, 2 * width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(2 * width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(2 * width, 2 * width, 3, 1, 1, groups=2, bias=False)
        self.bn2 = nn.BatchNorm2d(2 * width, affine=False)
        self.downsample = nn.Sequential(nn.Conv2d(width, 2 * width, 1, stride, bias=False), nn.BatchNorm2d(2 * width))

    def forward(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.downsample(x)
        return self.relu(out)


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 5, 2, padding=2)
        self.maxpool = nn.MaxPool2d(3, 2, 1, ceil_mode=True)
        self.layer1 = nn.Sequential(Block(4, 1), Block(8, 2))
        self.avgpool = nn.AdaptiveAvgPool2d((2, 3))
        self.fc = nn.Linear(16 * 6, 7)

    def forward(self, x):
        x = self.layer1(self.maxpool(self.conv1(x)))
        return self.fc(F.dropout(torch.flatten(self.avgpool(x), 1), 0.5, self.training))


class Branches(nn.Module):
    """Parts joined, split and shuffled, gates, and every kind of padding."""
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding="same", dilation=2)
        self.act = nn.ModuleList([nn.Hardswish(), nn.SiLU(), nn.ReLU6(), nn.LeakyReLU(0.1), nn.GELU(),
                                  nn.Mish(), nn.ELU(), nn.Hardsigmoid(), nn.GELU("tanh"), nn.Softplus()])
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(8, 4, 1), nn.ReLU(), nn.Conv2d(4, 8, 1), nn.Sigmoid())
        self.norm = nn.GroupNorm(2, 8)
        self.up = nn.ConvTranspose2d(8, 6, 3, 2, 1, output_padding=1, groups=2)
        self.head = nn.Linear(48, 5)

    def forward(self, x):
        x = self.stem(F.pad(x, (1, 2, 0, 1), mode="reflect"))
        for act in self.act:
            x = act(x) + 0.3 * x
        x = self.norm(x * self.gate(x))
        a, b = x.chunk(2, 1)
        n, c, h, w = x.shape
        x = torch.cat([b, a], 1).view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)
        y = self.up(F.avg_pool2d(F.pad(x, (0, 1, 1, 0)), 3, 2, 1, count_include_pad=False))
        z = F.interpolate(x[:, ::2], scale_factor=2.0, mode="nearest")
        s = torch.stack([x[:, :4], x[:, 4:]], 1).sum(1)
        v = torch.stack([a, b], 1)
        v = (v * torch.softmax(v.mean((3, 4), keepdim=True), 1)).sum(1)
        parts = [x.mean((2, 3)), y.amax((-2, -1)), z.mean([2, 3]), s.flatten(2).mean(-1), v.pow(2).mean((2, 3)).sqrt()]
        parts += [F.adaptive_max_pool2d(y, (2, 1)).flatten(1), F.pixel_shuffle(x, 2).mean((2, 3)), x[:, :, 0, 0] / 2]
        return self.head(torch.cat(parts, 1))


class Permuted(nn.Module):
    """A ConvNeXt block: channels last, layer scale; attention over the positions; standardised filters."""
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 4, 4)
        self.dw = nn.Conv2d(8, 8, 7, padding=3, groups=8)
        self.norm = nn.LayerNorm(8, eps=1e-6)
        self.pw1, self.pw2 = nn.Linear(8, 16), nn.Linear(16, 8)
        self.scale = nn.Parameter(torch.rand(8, 1, 1))
        self.qkv, self.fc = nn.Linear(8, 24), nn.Linear(8, 6)
        self.ws = nn.Parameter(torch.randn(8, 8, 3, 3))

    def forward(self, x):
        x = self.stem(x)
        y = self.pw2(F.gelu(self.pw1(self.norm(self.dw(x).permute(0, 2, 3, 1)))))
        x = x + self.scale * y.permute(0, 3, 1, 2)
        w = F.batch_norm(self.ws.reshape(1, 8, -1), None, None, training=True, eps=1e-6).reshape_as(self.ws)
        x = F.conv2d(x, w, None, padding=1)
        t = x.flatten(2).transpose(1, 2)
        n, l, c = t.shape
        q, k, v = self.qkv(t).reshape(n, l, 3, 2, c // 2).permute(2, 0, 3, 1, 4).unbind(0)
        t = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, l, c)
        return self.fc(t.mean(1))


class Unknown(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        x = torch.cumsum(F.relu(self.conv(x)), 2)
        return self.fc(x.mean((2, 3)))


class Changed(nn.Module):
    """Changes values under another name: what `x` is afterwards cannot be followed by names."""
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        x = self.conv(x)
        F.relu_(x[:, :2])
        return x.mean((2, 3))


class Rectified(nn.Module):
    """Goes on with the tensor that a rectifier changed, by its first name."""
    def __init__(self):
        super().__init__()
        self.conv, self.act, self.fc = nn.Conv2d(3, 4, 3), nn.PReLU(4), nn.Linear(4, 3)

    def forward(self, x):
        x = self.act(self.conv(x))
        y = F.relu_(x)
        return self.fc((x * y).mean((2, 3)))


def randomised(model):
    generator = torch.Generator().manual_seed(5)
    draw = lambda like: torch.randn(like.shape, generator=generator)
    with torch.no_grad():
        for name, value in [*model.named_parameters(), *model.named_buffers()]:
            if name.endswith("running_var"):
                value.copy_(torch.rand(value.shape, generator=generator) + 0.5)
            elif value.is_floating_point() and value.dim() > 1:
                value.copy_(draw(value) * (2 / max(1, value[0].numel())) ** 0.5)
            elif value.is_floating_point():
                value.add_(draw(value) * 0.1)
    return model.eval()


def early(program, path):
    """The layout of PyTorch 2.4 to 2.6: the program, and its weights as files of torch.save."""
    from torch._export.serde.serialize import serialize
    saved = serialize(program)
    state = io.BytesIO()
    torch.save(dict(program.state_dict), state)
    constants = io.BytesIO()
    torch.save(dict(program.constants), constants)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("version", "8.2")
        archive.writestr("serialized_exported_program.json", saved.exported_program)
        archive.writestr("serialized_state_dict.pt", state.getvalue())
        archive.writestr("serialized_constants.pt", constants.getvalue())


def smaller(path):
    """The archive without the source lines of its nodes and the sample inputs, deflated: neither is read."""
    with zipfile.ZipFile(path) as archive:
        entries = [(item.filename, archive.read(item)) for item in archive.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            if "sample_inputs" in name:
                continue
            if name.endswith(".json") and b'"graph_module"' in data:
                program = json.loads(data)
                for node in program["graph_module"]["graph"]["nodes"]:
                    node["metadata"] = {k: v for k, v in node["metadata"].items() if k == "nn_module_stack"}
                program["graph_module"]["module_call_graph"] = []
                data = json.dumps(program).encode()
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)


SMALL = {"residual": (Residual, (20, 17)), "branches": (Branches, (11, 12)), "permuted": (Permuted, (16, 12)),
         "unknown": (Unknown, (9, 9)), "changed": (Changed, (9, 9)), "rectified": (Rectified, (9, 9))}


def small(out):
    table = {}
    for name, (make, size) in SMALL.items():
        model = randomised(make())
        x = picture(3, max(size))[:, :, :size[0], :size[1]].contiguous()
        dynamic = {"x": {0: torch.export.Dim.AUTO}} if name == "residual" else None
        with torch.no_grad():
            scores = model(x).flatten().tolist()
            sample = torch.cat([x, x]) if dynamic else x
            program = torch.export.export(model, (sample,), dynamic_shapes=dynamic)
        torch.export.save(program, out / f"{name}.pt2")
        smaller(out / f"{name}.pt2")
        table[name] = {"shape": size, "scores": scores}
        if name in ("residual", "branches", "permuted"):
            torch.export.save(program.run_decompositions(), out / f"{name}_core.pt2")
            smaller(out / f"{name}_core.pt2")
            table[f"{name}_core"] = table[name]
        if name == "rectified":
            early(program, out / "early.pt2")
            smaller(out / "early.pt2")
            table["early"] = table[name]
    model = randomised(Residual()).to(memory_format=torch.channels_last)
    size = SMALL["residual"][1]
    x = picture(3, max(size))[:, :, :size[0], :size[1]].contiguous()
    torch.export.save(torch.export.export(model, (x,)), out / "channels_last.pt2")
    smaller(out / "channels_last.pt2")
    table["channels_last"] = table["residual"]
    (out / "scores.json").write_text(re.sub(r"\],", "],\n ", json.dumps(table, indent=None)) + "\n")


def torchvision_all(out, names):
    import numpy, torchvision
    attention = ("vit", "swin", "maxvit")
    for name in names or torchvision.models.list_models(torchvision.models):
        if name.startswith(attention):
            continue
        given = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
        torch.manual_seed(1)
        model = randomised(torchvision.models.get_model(name, weights=None, **given))
        side = 299 if name == "inception_v3" else 224
        x = picture(3, side)
        with torch.no_grad():
            program = torch.export.export(model, (x,))
            torch.export.save(program, out / f"{name}.pt2")
            numpy.save(out / f"{name}.input.npy", x.numpy())
            numpy.save(out / f"{name}.scores.npy", model(x).numpy())
        print(name, flush=True)


if __name__ == "__main__":
    large = sys.argv[1] == "--torchvision"
    folder = Path(sys.argv[2 if large else 1])
    folder.mkdir(parents=True, exist_ok=True)
    torchvision_all(folder, sys.argv[3:]) if large else small(folder)
