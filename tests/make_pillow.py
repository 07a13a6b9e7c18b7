"""Makes tests/data/pillow_* and the small odd pictures of tests/picture.rs, with Pillow 13.0.0. Run in tests/."""

from pathlib import Path

import numpy as np
from PIL import Image

data, samples = Path("data"), Path("../assets/samples")


def preprocessed(picture, resize, crop, filter=Image.Resampling.BILINEAR):
    """torchvision's Resize(resize) and CenterCrop(crop) on a Pillow picture."""
    w, h = picture.size
    short, long = min(w, h), max(w, h)
    new = (resize, int(resize * long / short)) if w <= h else (int(resize * long / short), resize)
    picture = picture.resize(new, filter)
    left, top = (int(round((side - crop) / 2.0)) for side in new)
    return picture.crop((left, top, left + crop, top + crop))


if __name__ == "__main__":
    for path in sorted(samples.glob("*.*g")):
        preprocessed(Image.open(path).convert("RGB"), 73, 64).save(data / f"pillow_{path.stem}.png")
        preprocessed(Image.open(path).convert("RGB"), 61, 48, Image.Resampling.BICUBIC).save(data / f"pillow_bicubic_{path.stem}.png")
    chelsea = Image.open(samples / "chelsea.png")
    preprocessed(chelsea.convert("L"), 32, 28).save(data / "pillow_grey.png")
    edges = chelsea.convert("RGB").resize((33, 22)).point(lambda level: 255 * (level > 110))
    edges.save(data / "pillow_small.png")
    # Short side 80, long side int(80 * 33 / 22).
    edges.resize((120, 80), Image.Resampling.BICUBIC).save(data / "pillow_enlarged.png")

    small = Image.open(samples / "coffee.png").resize((43, 29))
    small.convert("CMYK").save(data / "cmyk.jpg", quality=95)
    Image.open(data / "cmyk.jpg").convert("RGB").save(data / "cmyk.png")
    # The same samples declared YCCK: odd colours, but Pillow says which.
    jpeg = bytearray((data / "cmyk.jpg").read_bytes())
    jpeg[jpeg.index(b"Adobe") + 11] = 2
    (data / "ycck.jpg").write_bytes(jpeg)
    Image.open(data / "ycck.jpg").convert("RGB").save(data / "ycck.png")

    ramp = np.arange(0, 65536, 257, dtype=np.uint16).reshape(16, 16)
    Image.fromarray(ramp).save(data / "grey16.png")
    colours = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    colours[0].save(data / "animated.gif", save_all=True, append_images=colours[1:], duration=100)
    colours[0].save(data / "animated.webp", save_all=True, append_images=colours[1:], duration=100, lossless=True)
    colours[0].save(data / "animated.png", save_all=True, append_images=colours[1:], duration=100)
