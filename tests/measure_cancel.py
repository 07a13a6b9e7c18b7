#!/usr/bin/env python3
"""Measures how long the program runs on after Ctrl-C (SIGINT) and what it exits with.

    python3 tests/measure_cancel.py STRIATE [RUNS]          (needs numpy and pillow; about a minute)

Each case is started RUNS times (8) and interrupted at a random moment while it is at work. The table has the median and the
longest time from signal to exit, and how many exits had code 130. Exit 0 only when all limits hold: 100 ms for passes,
500 ms for decoding a picture and reading weights; and code 130 whenever work was cut.
"""
import random, signal, statistics, struct, subprocess, sys, tempfile, time, zlib
from pathlib import Path


def big_png(path, side):
    """A picture of side x side pixels whose rows unpack slowly."""
    chunk = lambda name, data: struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    packer = zlib.compressobj(1)
    row = b"\1" + bytes(random.Random(1).randrange(256) for _ in range(3 * side))
    packed = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", packed) + chunk(b"IEND", b""))


def big_weights(path):
    """A safetensors file of a gigabyte of half floats, which are converted while they are read."""
    count = 500_000_000
    header = b'{"fc.weight":{"dtype":"F16","shape":[%d],"data_offsets":[0,%d]}}' % (count, 2 * count)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.truncate(8 + len(header) + 2 * count)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__.strip())
    binary, runs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 8
    good = True
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        big_png(folder / "big.png", 12000)
        big_weights(folder / "big.safetensors")
        cases = [
            ("a pass of vgg16 at 1024", 100, 0.6, ["classify", "sample:chelsea", "--network", "vgg16", "--weights", "synthetic:0", "--size", "1024"]),
            ("the same by candle's engine", 100, 0.6, ["classify", "sample:chelsea", "--network", "vgg16", "--weights", "synthetic:0", "--size", "1024", "--engine", "candle"]),
            ("saliency of resnet50 at 1024", 100, 0.4, ["saliency", "sample:chelsea", "--network", "resnet50", "--weights", "synthetic:0", "--size", "1024", "--out", str(folder / "o.png")]),
            ("decoding 144 megapixels", 500, 0.1, ["classify", str(folder / "big.png"), "--network", "lenet5_modern"]),
            ("reading a gigabyte of weights", 500, 0.1, ["classify", "sample:chelsea", "--weights", str(folder / "big.safetensors")]),
        ]
        print("| interrupted | median | longest | code 130 | limit |\n| --- | --- | --- | --- | --- |")
        for name, limit, earliest, command in cases:
            start = time.time()
            subprocess.run([binary, *command], capture_output=True)
            whole = time.time() - start
            times, codes = [], []
            for run in range(runs):
                process = subprocess.Popen([binary, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                earliest_now = min(earliest, whole / 4)
                time.sleep(earliest_now + (0.7 * whole - earliest_now) * run / max(1, runs - 1))
                sent = time.time()
                process.send_signal(signal.SIGINT)
                process.wait()
                times.append(1000 * (time.time() - sent))
                codes.append(process.returncode)
            holds = max(times) <= limit and all(code == 130 for code in codes)
            good &= holds
            print(f"| {name} ({whole:.1f} s) | {statistics.median(times):.0f} ms | {max(times):.0f} ms | {codes.count(130)} of {runs} | "
                  f"{limit} ms{'' if holds else ' NO'} |", flush=True)
    sys.exit(not good)


if __name__ == "__main__":
    main()
