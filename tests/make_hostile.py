#!/usr/bin/env python3
"""Writes hostile pictures, weights files and network files, always the same ones, for tests/hostile.rs.

    python3 tests/make_hostile.py OUT [COUNT]          (needs pillow and numpy; COUNT of each kind, 10000 unless said)

OUT/pictures, OUT/weights and OUT/networks hold files made of honest ones: of every format that Striate reads, and of tests/data. Each is
damaged in one to eight places: bits, bytes, sizes overwritten by extreme ones, pieces cut out, repeated, put elsewhere, taken
from another file, the end cut off. Every tenth one is only a header that claims a giant.
"""
import io, random, struct, sys, zlib
from pathlib import Path
import numpy as np
from PIL import Image

HERE = Path(__file__).parent / "data"
EXTREMES = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 40, (1 << 63) - 1]


def exr(width, height, display, compression=0, lines=None):
    """An OpenEXR file of half floats; windows may claim anything."""
    attribute = lambda name, kind, value: name + b"\0" + kind + b"\0" + struct.pack("<I", len(value)) + value
    channels = b"".join(c + b"\0" + struct.pack("<IIII", 1, 0, 1, 1) for c in (b"B", b"G", b"R")) + b"\0"
    head = b"v/1\x01" + struct.pack("<I", 2)
    head += attribute(b"channels", b"chlist", channels) + attribute(b"compression", b"compression", bytes([compression]))
    head += attribute(b"dataWindow", b"box2i", struct.pack("<iiii", 0, 0, width - 1, height - 1))
    head += attribute(b"displayWindow", b"box2i", struct.pack("<iiii", 0, 0, display[0] - 1, display[1] - 1))
    head += attribute(b"lineOrder", b"lineOrder", b"\0") + attribute(b"pixelAspectRatio", b"float", struct.pack("<f", 1))
    head += attribute(b"screenWindowCenter", b"v2f", struct.pack("<ff", 0, 0))
    head += attribute(b"screenWindowWidth", b"float", struct.pack("<f", 1)) + b"\0"
    lines = min(height, 64) if lines is None else lines
    line = struct.pack("<e", 0.5) * min(width, 64) * 3
    body, offsets = b"", []
    for y in range(lines):
        offsets.append(len(head) + 8 * lines + len(body))
        body += struct.pack("<ii", y, len(line)) + line
    return head + b"".join(struct.pack("<Q", o) for o in offsets) + body


def pictures():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (24, 32, 4), dtype=np.uint8)
    pixels[4:16, 4:20] = 200
    rgba = Image.fromarray(pixels)
    found = []
    for mode, kinds in {"RGB": "PNG JPEG GIF WEBP BMP TIFF TGA ICO PPM", "RGBA": "PNG WEBP TIFF TGA ICO", "L": "PNG JPEG TIFF BMP",
                        "P": "PNG GIF BMP TIFF", "1": "PNG TIFF BMP PPM", "I;16": "PNG TIFF", "F": "TIFF", "CMYK": "JPEG TIFF"}.items():
        image = rgba.convert("L").convert("I").point(lambda v: v * 256).convert("I;16") if mode == "I;16" else rgba.convert(mode)
        for kind in kinds.split():
            for more in [{}] + ([dict(compression=c) for c in ("tiff_lzw", "tiff_deflate", "packbits")] if kind == "TIFF" else []):
                out = io.BytesIO()
                try:
                    image.save(out, kind, **more)
                except (OSError, ValueError, SystemError):
                    continue
                found.append((kind.lower(), out.getvalue()))
    out = io.BytesIO()
    rgba.save(out, "PNG", save_all=True, append_images=[rgba.rotate(90), rgba.rotate(180)])
    found.append(("png", out.getvalue()))
    small = pixels[..., :3]
    found.append(("hdr", b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 24 +X 32\n" + np.dstack([small, small[..., :1]]).tobytes()))
    found.append(("ff", b"farbfeld" + struct.pack(">II", 32, 24) + pixels.astype(">u2").tobytes()))
    found.append(("qoi", b"qoif" + struct.pack(">IIBB", 32, 24, 3, 0) + bytes([0xFE, 9, 8, 7]) * 768 + b"\0" * 7 + b"\1"))
    found += [("exr", exr(32, 24, (32, 24), c)) for c in (0, 2, 3)]
    found += [(p.suffix[1:], p.read_bytes()) for p in sorted(HERE.glob("*.*")) if p.suffix in (".png", ".gif", ".webp", ".jpg")
              and p.stat().st_size < 100_000]
    return found


def giants():
    """Headers alone, which claim pictures that no memory holds."""
    sides = [(1, 1 << 31), (65535, 65535), (1 << 31, 1), (16000, 16000), (30000, 30000), (1_000_000_000, 40), (0, 5), (46341, 46341)]
    found = []
    for w, h in sides:
        chunk = lambda name, data: struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        ihdr = chunk(b"IHDR", struct.pack(">IIBBBBB", w & 0x7FFFFFFF, h & 0x7FFFFFFF, 8, 2, 0, 0, 0))
        found.append(("png", b"\x89PNG\r\n\x1a\n" + ihdr + chunk(b"IDAT", zlib.compress(bytes(5000))) + chunk(b"IEND", b"")))
        found.append(("hdr", b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y %d +X %d\n" % (h, w) + b"\2\2\x7f\xff" * 50))
        found.append(("ff", b"farbfeld" + struct.pack(">II", w & 0xFFFFFFFF, h & 0xFFFFFFFF)))
        found.append(("qoi", b"qoif" + struct.pack(">IIBB", w & 0xFFFFFFFF, h & 0xFFFFFFFF, 4, 0) + b"\xfd" * 100))
        found.append(("ppm", b"P6 %d %d 255\n" % (w, h) + bytes(100)))
        found.append(("bmp", b"BM" + struct.pack("<IHHIIiiHHIIiiII", 70, 0, 0, 54, 40, w & 0x7FFFFFFF, h & 0x7FFFFFFF, 1, 24, 0, 0, 0, 0, 0, 0) + bytes(16)))
        found.append(("gif", b"GIF89a" + struct.pack("<HHBBB", w & 0xFFFF, h & 0xFFFF, 0x80, 0, 0) + bytes(6) + b"," + struct.pack("<HHHHB", 0, 0, w & 0xFFFF, h & 0xFFFF, 0) + b"\2\2\x4c\1\0;"))
        found.append(("exr", exr(max(1, min(w, 1 << 30)), max(1, min(h, 1 << 30)), (48, 40), 3, 3)))
        found.append(("exr", exr(4, 2, (min(w, 1 << 30), min(h, 1 << 30)))))
        entries = [(256, 4, 1, w & 0xFFFFFFFF), (257, 4, 1, h & 0xFFFFFFFF), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, h & 0xFFFFFFFF), (279, 4, 1, 100)]
        found.append(("tif", b"II*\0" + struct.pack("<IH", 8, len(entries)) + b"".join(struct.pack("<HHII", *e) for e in entries) + bytes(104)))
    return found


def weights():
    small = [p for p in sorted((HERE / "weights").iterdir()) if p.stat().st_size < 60_000]
    return [(p.suffix[1:], p.read_bytes()) for p in small]


def networks():
    models = sorted([*(HERE / "onnx").glob("*.onnx"), *(HERE / "keras").glob("*.keras"), *(HERE / "keras").glob("*.h5")])
    return [(p.suffix[1:], p.read_bytes()) for p in models if p.stat().st_size < 200_000]


def claims():
    """Networks that claim more than they hold: tensors of extreme shapes, constants that grow, an HDF5 file of extreme sizes."""
    def number(value):
        out = bytearray()
        value &= (1 << 64) - 1
        while value > 127:
            out.append(value & 127 | 128)
            value >>= 7
        return bytes(out + bytes([value]))
    field = lambda index, data: number(index << 3 | 2) + number(len(data)) + data
    whole = lambda index, value: number(index << 3) + number(value)
    text = lambda index, value: field(index, value.encode())
    shape = lambda sizes: field(2, field(1, whole(1, 1) + field(2, b"".join(field(1, whole(1, size)) for size in sizes))))
    def model(nodes, initializers=(), size=8):
        graph = b"".join(field(1, node) for node in nodes) + b"".join(field(5, tensor) for tensor in initializers)
        graph += field(11, text(1, "x") + shape([1, 3, size, size])) + field(12, text(1, "y") + shape([1, 3]))
        return whole(1, 8) + field(7, graph) + field(8, text(1, "") + whole(2, 17))
    node = lambda op, inputs, output: b"".join(text(1, name) for name in inputs) + text(2, output) + text(4, op)
    numbers = lambda name, values: whole(1, len(values)) + whole(2, 7) + field(7, b"".join(map(number, values))) + text(8, name)
    found = []
    plain = (HERE / "keras" / "plain.h5").read_bytes()
    for size in EXTREMES:
        tensor = whole(1, size) + whole(1, 3) + whole(2, 1) + text(8, "w") + field(9, bytes(64))
        found.append(("onnx", model([node("Conv", ["x", "w"], "y")], [tensor])))
        found.append(("onnx", model([node("Relu", ["x"], "y")], size=size)))
        # A constant that doubles with every node.
        grow = [node("ConstantOfShape", ["s"], "c0")] + [node("Concat", [f"c{i}"] * 2, f"c{i + 1}") for i in range(30)]
        found.append(("onnx", model(grow + [node("Add", ["x", "c30"], "y")], [numbers("s", [size, 3])])))
        again = [node("ConstantOfShape", ["s"], "c0")] + [node("Add", [f"c{i}"] * 2, f"c{i + 1}") for i in range(300)]
        found.append(("onnx", model(again + [node("Add", ["x", "c300"], "y")], [numbers("s", [min(size, 1 << 17), 1])])))
        at = plain.index(b"TREE") + 8 * (size % 5)
        found.append(("h5", plain[:at] + struct.pack("<Q", size & (1 << 64) - 1) + plain[at + 8:]))
    return found


def heads():
    """Weights files that claim more than they hold."""
    found = []
    for size in EXTREMES:
        header = b'{"a":{"dtype":"F32","shape":[%d,3],"data_offsets":[0,%d]}}' % (size, size)
        found.append(("safetensors", struct.pack("<Q", len(header)) + header + bytes(64)))
        found.append(("safetensors", struct.pack("<Q", size & (1 << 64) - 1) + header))
        found.append(("pth", b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.\x80\x02}.\x80\x02X" + struct.pack("<I", size & 0xFFFFFFFF) + b"abc"))
        found.append(("caffemodel", b"\x0a\x03net\xa2\x06" + bytes([0xFF] * 8 + [1]) + struct.pack("<Q", size & (1 << 64) - 1)))
        found.append(("npy", b"\x93NUMPY\1\0" + struct.pack("<H", 80) + b"{'descr': '<f4', 'fortran_order': False, 'shape': (%d,), }" % size))
    return found


def damaged(random, honest, all_):
    data = bytearray(honest)
    for _ in range(random.randint(1, 8)):
        if not data:
            break
        # Headers mean more than values.
        at = random.randrange(min(len(data), 200)) if random.random() < 0.6 else random.randrange(len(data))
        what = random.randrange(9)
        if what == 0:
            data[at] ^= 1 << random.randrange(8)
        elif what == 1:
            data[at] = random.randrange(256)
        elif what == 2:
            form = random.choice(["<H", ">H", "<I", ">I", "<Q", ">Q"])
            size = struct.calcsize(form)
            data[at:at + size] = struct.pack(form, random.choice(EXTREMES) & (1 << 8 * size) - 1)
        elif what == 3:
            del data[at:at + random.randint(1, 64)]
        elif what == 4:
            piece = data[at:at + random.randint(1, 200)]
            data[at:at] = piece * random.randint(1, 20)
        elif what == 5:
            to = random.randrange(len(data))
            piece = data[at:at + random.randint(1, 64)]
            data[to:to + len(piece)] = piece
        elif what == 6:
            other = random.choice(all_)[1]
            start = random.randrange(len(other))
            data[at:at + 32] = other[start:start + random.randint(1, 128)]
        elif what == 7:
            del data[random.randrange(len(data)):]
        else:
            digits = str(random.choice(EXTREMES)).encode()
            data[at:at + len(digits)] = digits
    return bytes(data)


def write(folder, honest, claims, count):
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(folder.name)
    for number in range(count):
        if number % 10 == 9:
            kind, data = chance.choice(claims)
            data = damaged(chance, data, claims) if chance.random() < 0.5 else data
        else:
            kind, data = chance.choice(honest)
            data = damaged(chance, data, honest)
        (folder / f"{number:05}.{kind}").write_bytes(data)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__.strip())
    out, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    write(out / "pictures", pictures(), giants(), count)
    write(out / "weights", weights(), heads(), count)
    write(out / "networks", networks(), claims(), count)
    print(f"{count} pictures, {count} weights files and {count} network files in {out}")
