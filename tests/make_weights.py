"""Writes tests/data/weights: the same few tensors in every format that people have weights in, and files that mean harm.

    python tests/make_weights.py          (needs torch and numpy)

Tensor NAME holds the values that striate::weights::uniform(NAME, count, 0) gives, so that the tests need no second copy.
"""

import collections, os, pickle, struct, sys, zipfile
from pathlib import Path

import numpy as np
import torch
from torch import nn

OUT = Path(__file__).parent / "data" / "weights"
SHAPES = {
    "conv1.weight": (4, 3, 3, 3),
    "conv1.bias": (4,),
    "norm1.weight": (4,),
    "norm1.bias": (4,),
    "norm1.running_mean": (4,),
    "norm1.running_var": (4,),
    "fc.weight": (5, 4),
    "fc.bias": (5,),
}
MASK = 2**64 - 1


def uniform(name, shape):
    state = 0xCBF29CE484222325
    for byte in name.encode():
        state = ((state ^ byte) * 0x100000001B3) & MASK
    values = []
    for i in range(int(np.prod(shape))):
        z = (state + (i + 1) * 0x9E3779B97F4A7C15) & MASK
        z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
        values.append(((z ^ z >> 31) >> 40) * 2.0**-23 - 1)
    return np.array(values, np.float32).reshape(shape)


ARRAYS = {name: uniform(name, shape) for name, shape in SHAPES.items()}
TENSORS = {name: torch.from_numpy(array) for name, array in ARRAYS.items()}


def module():
    net = nn.Sequential(
        collections.OrderedDict(
            conv1=nn.Conv2d(3, 4, 3), norm1=nn.BatchNorm2d(4), pool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), fc=nn.Linear(4, 5)
        )
    )
    net.load_state_dict(TENSORS, strict=False)
    return net.eval()


def torch_files():
    net = module()
    weights = net.state_dict()
    old = {"_use_new_zipfile_serialization": False}
    torch.save(weights, OUT / "state_dict.pth")
    torch.save(weights, OUT / "legacy.pth", **old)
    torch.save(net, OUT / "module.pth")
    torch.save(net, OUT / "legacy_module.pth", **old)
    # Old files quote the source of every class, and where it lay on the machine that wrote them.
    here = str(Path(torch.__file__).parent.parent).encode()
    file = OUT / "legacy_module.pth"
    file.write_bytes(file.read_bytes().replace(here, b"." * len(here)))
    torch.save(dict(net.named_parameters()) | dict(net.named_buffers()), OUT / "parameters.pth")
    optimizer = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9)
    net(torch.zeros(1, 3, 8, 8)).sum().backward()
    optimizer.step()
    wrapped = collections.OrderedDict((f"module.{name}", tensor) for name, tensor in TENSORS.items())
    # What a training script saves; `args` is of a class that no other program has.
    checkpoint = {"epoch": 90, "arch": "tiny", "best_acc1": 71.5, "args": Args(), "optimizer": optimizer.state_dict(), "state_dict": wrapped}
    torch.save(checkpoint, OUT / "checkpoint.pth")
    torch.save(checkpoint, OUT / "legacy_checkpoint.pth", **old)
    compiled = {"ema": {f"_orig_mod.{n}": t * 0 for n, t in TENSORS.items()}, "model": {f"_orig_mod.{n}": t for n, t in TENSORS.items()}}
    torch.save(compiled, OUT / "compiled.pth", pickle_protocol=4)
    for name, dtype in {"f16": torch.float16, "bf16": torch.bfloat16, "f64": torch.float64}.items():
        torch.save({key: tensor.to(dtype) for key, tensor in TENSORS.items()}, OUT / f"{name}.pth")
    torch.save({key: tensor.to(torch.float16) for key, tensor in TENSORS.items()}, OUT / "legacy_f16.pth", **old)
    torch.save(strided(), OUT / "strided.pth")
    torch.save(strided(), OUT / "legacy_strided.pth", **old)
    torch.jit.save(torch.jit.script(module()), OUT / "script.pt")
    with zipfile.ZipFile(OUT / "script.pt") as archive:
        entries = [(name, archive.read(name)) for name in archive.namelist() if not name.endswith(".debug_pkl")]
    with zipfile.ZipFile(OUT / "script.pt", "w") as archive:
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name), data)
    torch.serialization.set_crc32_options(False)
    torch.save(module().state_dict(), OUT / "no_checksums.pth")
    torch.serialization.set_crc32_options(True)


def strided():
    """Every tensor a view: of one long row, transposed, every other one of a larger one."""
    row = torch.cat([torch.zeros(7)] + [tensor.flatten() for tensor in TENSORS.values()])
    views, start = {}, 7
    for name, tensor in TENSORS.items():
        views[name] = row[start : start + tensor.numel()].view(tensor.shape)
        start += tensor.numel()
    views["fc.weight"] = TENSORS["fc.weight"].t().contiguous().t()
    wide = torch.zeros(4, 3, 3, 6)
    wide[..., 1::2] = TENSORS["conv1.weight"]
    views["conv1.weight"] = wide[..., 1::2]
    return views


class Args:
    def __init__(self):
        self.lr = 0.1


def safetensors_files():
    def write(path, tensors, metadata):
        header, data = {"__metadata__": metadata}, b""
        for name, (dtype, shape, values) in tensors.items():
            header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [len(data), len(data) + len(values)]}
            data += values
        import json

        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        path.write_bytes(struct.pack("<Q", len(text)) + text + data)

    mixed = {}
    for index, (name, tensor) in enumerate(TENSORS.items()):
        kind, dtype = [("F32", torch.float32), ("F16", torch.float16), ("BF16", torch.bfloat16), ("F64", torch.float64)][index % 4]
        mixed[name] = (kind, tensor.shape, bytes(tensor.to(dtype).contiguous().view(torch.uint8).numpy()))
    mixed["norm1.num_batches_tracked"] = ("I64", (), struct.pack("<q", 7))
    write(OUT / "mixed.safetensors", mixed, {"epoch": "90"})


def npz_files():
    np.savez(OUT / "stored.npz", **ARRAYS)
    arrays = {name: np.asfortranarray(array) for name, array in ARRAYS.items()}
    arrays["fc.bias"] = arrays["fc.bias"].astype(np.float64)
    arrays["norm1.num_batches_tracked"] = np.array(7)
    np.savez_compressed(OUT / "deflated.npz", **arrays)


def varint(number):
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def caffe_files():
    def blob(array, legacy, packed=True, double=False):
        values, code, number, wire = array.flatten(), "<f4", 5, 5
        if double:
            code, number, wire = "<f8", 8, 1
        data = values.astype(code).tobytes()
        size = int(code[2])
        if packed:
            data = field(number, data)
        else:
            data = b"".join(varint(number << 3 | wire) + data[i : i + size] for i in range(0, len(data), size))
        if legacy:
            shape = (1,) * (4 - array.ndim) + array.shape
            return b"".join(field(i + 1, side) for i, side in enumerate(shape)) + data
        return data + field(7, field(1, b"".join(varint(side) for side in array.shape)))

    layers = [("data", []), ("conv1", ["conv1.weight", "conv1.bias"]), ("norm1", []), ("fc", ["fc.weight", "fc.bias"])]

    def model(generation, **options):
        out = field(1, "tiny") + field(3, "data") + field(4, 3)
        for name, blobs in layers:
            blobs = [blob(ARRAYS[key], generation < 2, **options) for key in blobs]
            # Five channels, alpha 1e-4; beta and k are the defaults.
            lrn = field(18 if generation == 1 else 118, field(1, 5) + varint(2 << 3 | 5) + struct.pack("<f", 1e-4)) if name == "norm1" else b""
            if generation == 2:
                out += field(100, field(1, name) + field(2, "Layer") + field(3, "below") + b"".join(field(7, b) for b in blobs) + field(10, 1) + lrn)
            elif generation == 1:
                out += field(2, field(2, "below") + field(4, name) + field(5, 4) + b"".join(field(6, b) for b in blobs) + lrn)
            else:
                out += field(2, field(1, field(1, name) + field(2, "layer") + b"".join(field(50, b) for b in blobs)))
        return out

    (OUT / "v2.caffemodel").write_bytes(model(2))
    (OUT / "v2_unpacked.caffemodel").write_bytes(model(2, packed=False))
    (OUT / "v2_double.caffemodel").write_bytes(model(2, double=True))
    (OUT / "v1.caffemodel").write_bytes(model(1))
    (OUT / "v1_unpacked.caffemodel").write_bytes(model(1, packed=False))
    (OUT / "v0.caffemodel").write_bytes(model(0))


def class_names_file():
    """A checkpoint of two classes that says their names in three places."""
    state = collections.OrderedDict([("fc.weight", torch.zeros(2, 4)), ("fc.bias", torch.zeros(2))])
    names = {"class_to_idx": {"ant": 0, "bee": 1}, "meta": {"CLASSES": ("ant", "bee")}, "hyper_parameters": {"classes": ["ant", "bee"]}}
    torch.save({"state_dict": state, **names}, OUT / "classes.pth")


class Harm:
    """Unpickling it runs a command."""

    def __reduce__(self):
        return os.system, ("touch HARM",)


def harm(value, protocol):
    return pickle.dumps(value, protocol).replace(b"\x8c\x05posix", b"\x8c\x02os").replace(b"posix", b"os")


def hostile_files():
    for protocol in (0, 2, 4):
        (OUT / f"hostile_{protocol}.pkl").write_bytes(harm(Harm(), protocol))
    with zipfile.ZipFile(OUT / "hostile.pth", "w") as archive:
        archive.writestr(zipfile.ZipInfo("hostile/data.pkl"), harm({"state_dict": Harm()}, 2))
        archive.writestr(zipfile.ZipInfo("hostile/data/0"), bytes(16))
    with zipfile.ZipFile(OUT / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        import io

        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (8 << 20,)})
        archive.writestr(zipfile.ZipInfo("bomb.npy"), header.getvalue() + bytes(32 << 20), zipfile.ZIP_DEFLATED, 9)


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    sys.modules["training"] = sys.modules["__main__"]
    Args.__module__ = "training"
    torch_files()
    safetensors_files()
    npz_files()
    caffe_files()
    hostile_files()
    class_names_file()
