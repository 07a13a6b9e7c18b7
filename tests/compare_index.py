#!/usr/bin/env python3
"""The index of a folder by `striate index` beside a plain PyTorch computation: values, pictures, positions, and the time of the pass.

    python3 -m venv venv && venv/bin/pip install torch numpy pillow safetensors
    venv/bin/python tests/compare_index.py target/release/striate FOLDER [PICTURES] [--time] [--resnet18]

FOLDER holds a folder a class of 64x64 pictures, as Tiny-ImageNet's validation set. Its first PICTURES pictures by path are
linked into a folder of their own, with --time; otherwise they are written there as PNG. PyTorch runs photonet with Pillow's decoder, a data loader, and torch.max over every map.
Ties are decided by the value: a picture may differ where the values agree to TOLERANCE of the unit's largest.
With --time both passes are timed over the same folder on the same cores, PyTorch with as many loading workers as cores.
With --resnet18 (and torchvision) a pass of ResNet-18 with random weights over pictures of 224x224 is timed instead.
"""
import json, os, subprocess, sys, tempfile, time
from pathlib import Path
import numpy as np, torch, torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file

ROOT = Path(__file__).parent.parent
CONVS = [("1", 2, True), ("2", 1, True), ("3", 1, False), ("4", 1, False), ("5", 1, False)]
MEAN, STD = torch.tensor([0.485, 0.456, 0.406])[:, None, None], torch.tensor([0.229, 0.224, 0.225])[:, None, None]
TOLERANCE, TOP, BATCH = 1e-4, 9, 32

class Folder(torch.utils.data.Dataset):
    def __init__(self, files):
        self.files = files
    def __len__(self):
        return len(self.files)
    def __getitem__(self, index):
        pixels = np.array(Image.open(self.files[index]).convert("RGB"))
        return (torch.from_numpy(pixels).permute(2, 0, 1).float() / 255 - MEAN) / STD

def layers(weights, x):
    """The layers that the index covers, by name."""
    out = {}
    for name, stride, pooled in CONVS:
        w = weights[f"conv{name}.weight"]
        x = out["relu" + name] = F.relu(F.conv2d(x, w, weights[f"conv{name}.bias"], stride, w.shape[2] // 2))
        if pooled:
            x = out["pool" + name] = F.max_pool2d(x, 3, 2, 1)
    flat = out["flatten"] = x.mean((2, 3))
    out["fc"] = F.linear(flat, weights["fc.weight"], weights["fc.bias"])
    return out

class Resnet18:
    """ResNet-18 with random weights, and the outputs of its layers: rectifiers, the pool, the features and the scores."""
    def __init__(self, file):
        import torchvision
        torch.manual_seed(0)
        self.net, self.out = torchvision.models.resnet18().eval(), {}
        torch.save(self.net.state_dict(), file)
        steps = [torchvision.transforms.Resize(256), torchvision.transforms.CenterCrop(224), torchvision.transforms.ToTensor()]
        self.prepare = torchvision.transforms.Compose([*steps, torchvision.transforms.Normalize(MEAN.flatten(), STD.flatten())])
        for name, module in self.net.named_modules():
            if isinstance(module, (torch.nn.ReLU, torch.nn.MaxPool2d, torch.nn.AdaptiveAvgPool2d, torch.nn.Linear)) or "downsample.1" in name:
                # A block's one rectifier runs twice.
                module.register_forward_hook(lambda _, __, output, name=name: self.out.setdefault(name if name not in self.out else name + "b", output))
    def layers(self, batch):
        self.out.clear()
        self.net(batch)
        return {name: output.flatten(1) if output.shape[2:] == (1, 1) else output for name, output in self.out.items()}

class Resized(Folder):
    def __init__(self, files, prepare):
        super().__init__(files)
        self.prepare = prepare
    def __getitem__(self, index):
        return self.prepare(Image.open(self.files[index]).convert("RGB"))

def photonet(batch, weights={}):
    if not weights:
        weights.update((name, tensor.float()) for name, tensor in load_file(ROOT / "weights/photonet.safetensors").items())
    return layers(weights, batch)

def index(pictures, layers):
    """For every layer the strongest values with picture and position, (TOP, units) each."""
    loader = torch.utils.data.DataLoader(pictures, BATCH, num_workers=os.cpu_count())
    best, at = {}, 0
    with torch.inference_mode():
        for batch in loader:
            for name, output in layers(batch).items():
                value, position = output.flatten(2).max(2) if output.dim() == 4 else (output, torch.zeros_like(output, dtype=torch.long))
                picture = torch.arange(at, at + len(batch))[:, None].expand_as(position)
                parts = [value, picture, position]
                if name in best:
                    parts = [torch.cat([old, new]) for old, new in zip(best[name], parts)]
                order = torch.argsort(parts[0], dim=0, descending=True, stable=True)[:TOP]
                best[name] = [part.gather(0, order) for part in parts]
            at += len(batch)
    return best

def ours(binary, folder, layer, store):
    text = subprocess.run([binary, "top", folder, "--network", "photonet", "--layer", layer, "--index", store, "--json"], check=True,
                          capture_output=True, text=True).stdout
    return json.loads(text)["units"]

def main(binary, source, count):
    with tempfile.TemporaryDirectory() as desk:
        folder, store = Path(desk) / "pictures", str(Path(desk) / "index")
        files = []
        # A spread over all classes, in the order of the paths.
        every = sorted(path for path in Path(source).glob("*/*") if path.suffix != ".txt")
        for path in every[:: max(1, len(every) // count)][:count]:
            linked = folder / path.parent.name / path.name
            linked.parent.mkdir(parents=True, exist_ok=True)
            if "--time" in sys.argv:
                linked.symlink_to(path.resolve())
            else:
                # Decoders of JPEG differ by a level here and there; values are compared on the same pixels.
                linked = linked.with_suffix(".png")
                Image.open(path).convert("RGB").save(linked)
            files.append(linked)
        network, pictures, run = ["--network", "photonet"], Folder(files), photonet
        if "--resnet18" in sys.argv:
            file = str(Path(desk) / "resnet18.pth")
            net = Resnet18(file)
            network, pictures, run = ["--network", "resnet18", "--weights", file], Resized(files, net.prepare), net.layers
        start = time.time()
        subprocess.run([binary, "index", folder, *network, "--index", store, "--json"], check=True, capture_output=True)
        our_time = time.time() - start
        start = time.time()
        reference = index(pictures, run)
        their_time = time.time() - start
        print(f"{len(files)} pictures: striate {our_time:.1f} s, PyTorch {their_time:.1f} s, {their_time / our_time:.2f} times as fast")
        if "--time" in sys.argv or "--resnet18" in sys.argv:
            return
        number = {str(path): index for index, path in enumerate(files)}
        worst, hits, ties = 0.0, 0, 0
        for layer, (values, pictures, positions) in reference.items():
            for own in ours(binary, str(folder), layer, store):
                unit = own["unit"]
                theirs = [(v, p, q) for v, p, q in zip(values[:, unit].tolist(), pictures[:, unit].tolist(), positions[:, unit].tolist()) if v > 0]
                assert len(own["top"]) == len(theirs), (layer, unit, len(own["top"]), len(theirs))
                width = {"relu1": 32, "pool1": 16, "relu2": 16, "pool2": 8, "relu3": 8, "relu4": 8, "relu5": 8}.get(layer, 1)
                largest = theirs[0][0] if theirs else 1
                for hit, (value, picture, position) in zip(own["top"], theirs):
                    hits += 1
                    worst = max(worst, abs(hit["value"] - value) / largest)
                    same = number[hit["file"]] == picture and hit["row"] * width + hit["column"] == position
                    if not same:
                        ties += 1
                        near = [v for v, p, q in theirs if abs(v - hit["value"]) <= TOLERANCE * largest]
                        assert near, (layer, unit, hit, value, picture, position)
        print(f"{hits} hits: values differ by at most {worst:.2e} of a unit's largest; {ties} of them are ties in another order")
        assert worst <= TOLERANCE

if __name__ == "__main__":
    numbers = [int(text) for text in sys.argv[3:] if text.isdigit()]
    main(sys.argv[1], sys.argv[2], numbers[0] if numbers else 2000)
