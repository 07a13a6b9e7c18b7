"""Packs a run of `striate train` for shipping: some checkpoints with filters in float16, and the numbers of all epochs.

    python pack.py RUN NAME EPOCH [EPOCH ...]

writes NAME/metrics.jsonl and NAME/epoch-NNN.safetensors beside this file. Batch normalisation stays in float32. Needs numpy.
"""

import json
import pathlib
import struct
import sys

import numpy as np

KEPT = ("network", "epoch", "recipe")


def pack(source, target):
    data = source.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    facts = {key: value for key, value in header.pop("__metadata__", {}).items() if key in KEPT}
    packed, parts, start = {"__metadata__": facts}, [], 0
    for name in sorted(header):
        entry = header[name]
        begin, end = entry["data_offsets"]
        values = np.frombuffer(data[8 + size + begin : 8 + size + end], "<f4")
        kind = "F16" if len(entry["shape"]) > 1 else "F32"
        part = values.astype("<f2" if kind == "F16" else "<f4").tobytes()
        packed[name] = {"dtype": kind, "shape": entry["shape"], "data_offsets": [start, start + len(part)]}
        parts.append(part)
        start += len(part)
    text = json.dumps(packed, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    target.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))


def main():
    run, name, epochs = pathlib.Path(sys.argv[1]), sys.argv[2], [int(epoch) for epoch in sys.argv[3:]]
    folder = pathlib.Path(__file__).parent / name
    folder.mkdir(exist_ok=True)
    (folder / "metrics.jsonl").write_bytes((run / "metrics.jsonl").read_bytes())
    for epoch in epochs:
        file = f"epoch-{epoch:03}.safetensors"
        pack(run / file, folder / file)


if __name__ == "__main__":
    main()
