#!/usr/bin/env python3
"""Fine-tuned checkpoints of torchvision and timm, saved as these save them, against PyTorch's scores.

    python3 -m venv venv && venv/bin/pip install torch torchvision timm numpy safetensors
    venv/bin/python tests/make_checkpoints.py check STRIATE [NETWORK ...]     # the table; exit 0 when every file opens
    venv/bin/python tests/make_checkpoints.py data tests/data/checkpoints.safetensors

`check` makes every network of NETWORKS with 2, 10 and 365 classes and 1 and 3 input channels, saves it, and runs
`STRIATE classify --weights FILE --input ARRAY --raw SCORES`: no network is named. Scores may differ by TOLERANCE of the
largest. A file is removed once it was read; the largest has 560 MB.

`data` writes what tests/checkpoints.rs reads of the SMALL ones: the scores `CASE`, and in the metadata CASE as JSON: the
network's name here, the input's size and channels, whether the file alone leads to another network of the same tensors, and
every tensor's name and shape. The tensors' values are
`uniform(name)` scaled as in src/weights/synthetic.rs, the input is its `picture`.
"""
import argparse, json, subprocess, sys, tempfile, time
from pathlib import Path
import numpy as np, torch
from torch import nn
from make_networks import picture, uniform

CLASSES, CHANNELS, TOLERANCE = (2, 10, 365), (1, 3), 1e-4
# Every family that torchvision or timm has.
NETWORKS = """torchvision/alexnet torchvision/vgg11 torchvision/vgg13_bn torchvision/vgg16 torchvision/googlenet
torchvision/inception_v3 torchvision/resnet18 torchvision/resnet34 torchvision/resnet50 torchvision/resnet101
torchvision/resnext50_32x4d torchvision/wide_resnet50_2 torchvision/densenet121 torchvision/densenet161
torchvision/squeezenet1_0 torchvision/squeezenet1_1 timm/resnet18 timm/resnet50 timm/resnet152 timm/resnext101_32x4d
timm/densenet169 timm/vgg11_bn timm/inception_v3 timm/inception_v4 timm/tf_efficientnet_lite0 timm/efficientnet_b0
timm/efficientnet_b5 timm/mobilenetv2_100 timm/mobilenetv3_large_100 timm/mobilenetv3_small_100 timm/mnasnet_100
torchvision/mobilenet_v2 torchvision/mobilenet_v3_large""".split()
SIZES = {"torchvision/inception_v3": 299, "timm/inception_v3": 299, "timm/inception_v4": 299}


def first_of(model, channels):
    """Puts a first convolution of so many input channels in place of torchvision's."""
    name, old = next((name, module) for name, module in model.named_modules() if isinstance(module, nn.Conv2d))
    new = nn.Conv2d(channels, old.out_channels, old.kernel_size, old.stride, old.padding, bias=old.bias is not None)
    parent, _, last = name.rpartition(".")
    setattr(model.get_submodule(parent), last, new)


def made(network, classes, channels):
    library, name = network.split("/")
    if library == "timm":
        import timm
        return timm.create_model(name, num_classes=classes, in_chans=channels)
    import torchvision
    settings = dict(init_weights=False, aux_logits=True) if name in ("googlenet", "inception_v3") else {}
    model = torchvision.models.get_model(name, weights=None, num_classes=classes, **settings)
    if channels != 3:
        first_of(model, channels)
        if settings:
            model.transform_input = False
    return model


def normalised(model):
    """Gives normalisations statistics and factors of their own, so that none can be taken for another."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor, low, high in ((module.weight, 0.7, 1.3), (module.running_var, 0.7, 1.3)):
                nn.init.uniform_(tensor, low, high)
            nn.init.uniform_(module.bias, -0.1, 0.1)
            nn.init.uniform_(module.running_mean, -0.1, 0.1)
            module.num_batches_tracked += 7


def saved(network, model, number, folder):
    """Writes the file as the library's own training script, its users, or its hub's export write it."""
    library, name = network.split("/")
    state = model.state_dict()
    args = argparse.Namespace(model=name, lr=0.1, output_dir=Path("out"), class_names=None)
    if library == "torchvision":
        if number % 3 == 0:
            optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
            file = dict(model=state, optimizer=optimizer.state_dict(), lr_scheduler={"last_epoch": 3}, epoch=3, args=args)
        elif number % 3 == 1:
            file = state
        else:
            file = nn.DataParallel(model).state_dict()
        torch.save(file, folder / "model_3.pth")
        return folder / "model_3.pth"
    if number % 2 == 0:
        optimizer = torch.optim.AdamW(model.parameters())
        torch.save(dict(epoch=3, arch=name, state_dict=state, optimizer=optimizer.state_dict(), version=2, args=args,
                        amp_scaler={"scale": 65536.0}, metric=71.2), folder / "checkpoint-3.pth.tar")
        return folder / "checkpoint-3.pth.tar"
    from safetensors.torch import save_file
    save_file(state, folder / "model.safetensors")
    return folder / "model.safetensors"


def one(binary, network, classes, channels, number):
    """The largest difference of the scores over the largest score; an error's last line in its place."""
    torch.manual_seed(number)
    model = made(network, classes, channels)
    normalised(model)
    model.eval()
    size = SIZES.get(network, 224)
    x = torch.randn(1, channels, size, size)
    with torch.no_grad(), tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        expected = model(x)[0].numpy()
        file = saved(network, model, number, folder)
        np.save(folder / "x.npy", x.numpy())
        command = [binary, "classify", "--weights", file, "--input", folder / "x.npy", "--raw", folder / "scores.npy"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            return done.stderr.strip().splitlines()[-1]
        scores = np.load(folder / "scores.npy").flatten()
    if scores.shape != expected.shape:
        return f"{scores.size} scores, not {expected.size}"
    return float(abs(scores - expected).max() / abs(expected).max())


def check(binary, names):
    good = total = 0
    print(f"| network | {' | '.join(f'{n} classes, {c} ch.' for n in CLASSES for c in CHANNELS)} |")
    print("|" + " --- |" * (1 + len(CLASSES) * len(CHANNELS)))
    for index, network in enumerate(NETWORKS):
        if names and not any(name in network for name in names):
            continue
        cells, errors = [], []
        for number, (classes, channels) in enumerate((n, c) for n in CLASSES for c in CHANNELS):
            found = one(binary, network, classes, channels, 10 * index + number)
            holds = isinstance(found, float) and found <= TOLERANCE
            good, total = good + holds, total + 1
            cells.append(f"{found:.1e}{'' if holds else ' NO'}" if isinstance(found, float) else "refused")
            errors += [] if isinstance(found, float) else [found]
        print(f"| {network} | {' | '.join(cells)} |", flush=True)
        for error in errors:
            print("    " + error)
    print(f"{good} of {total}")
    sys.exit(good < total)


def value(name, shape):
    u = uniform(name, int(np.prod(shape)))
    if name.endswith("running_var"):
        u = np.float32(1) + np.float32(0.5) * u
    elif name.endswith(("running_mean", "bias")):
        u = np.float32(0.1) * u
    elif len(shape) == 1:
        u = np.float32(1) + np.float32(0.1) * u
    else:
        u = u * np.float32(np.sqrt(6.0 / np.prod(shape[1:])))
    return torch.from_numpy(u.reshape(shape))


def vgg_of_cifar(depths):
    """kuangliu's pytorch-cifar: one linear layer behind thirteen or so normalised convolutions."""
    class VGG(nn.Module):
        def __init__(self):
            super().__init__()
            layers, before = [], 3
            for width, depth in zip((64, 128, 256, 512, 512), depths):
                for _ in range(depth):
                    layers += [nn.Conv2d(before, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
                    before = width
                layers.append(nn.MaxPool2d(2, 2))
            self.features = nn.Sequential(*layers, nn.AvgPool2d(1, 1))
            self.classifier = nn.Linear(512, 10)

        def forward(self, x):
            return self.classifier(self.features(x).flatten(1))

    return VGG()


# Case: what makes it, the network's name here, the input's size, what stands in front of the names in the file.
SMALL = {
    "squeezenet1_1-2-1": (lambda: made("torchvision/squeezenet1_1", 2, 1), "squeezenet1_1", 64, ""),
    "squeezenet1_1-365-3": (lambda: made("torchvision/squeezenet1_1", 365, 3), "squeezenet1_1", 64, "module."),
    "resnet18-10-1": (lambda: made("timm/resnet18", 10, 1), "resnet18", 32, ""),
    "densenet121-2-3": (lambda: made("timm/densenet121", 2, 3), "densenet121", 32, ""),
    "efficientnet_lite0-10-3": (lambda: made("timm/tf_efficientnet_lite0", 10, 3), "efficientnet_lite0", 32, ""),
    "efficientnet_lite0_torch-10-3": (lambda: made("timm/efficientnet_lite0", 10, 3), "efficientnet_lite0_torch", 32, ""),
    "mobilenet_v2-5-3": (lambda: made("timm/mobilenetv2_100", 5, 3), "mobilenet_v2", 64, ""),
    "mobilenet_v3_large-7-1": (lambda: made("timm/mobilenetv3_large_100", 7, 1), "mobilenet_v3_large", 64, "model."),
    "mobilenet_v3_small-5-3": (lambda: made("timm/mobilenetv3_small_100", 5, 3), "mobilenet_v3_small", 64, ""),
    "mnasnet1_0-7-3": (lambda: made("timm/mnasnet_100", 7, 3), "mnasnet1_0", 64, "module."),
    "vgg11_cifar": (lambda: vgg_of_cifar((1, 1, 2, 2, 2)), "vgg11_cifar", 32, "module."),
}


def data(path):
    from safetensors.numpy import save_file
    scores, about = {}, {}
    for case, (make, name, size, prefix) in SMALL.items():
        model = make().eval()
        state = {k: v for k, v in model.state_dict().items() if v.is_floating_point()}
        model.load_state_dict({k: value(prefix + k, tuple(v.shape)) for k, v in state.items()}, strict=False)
        channels = next(v for v in state.values() if v.dim() == 4).shape[1]
        with torch.no_grad():
            scores[case] = model(picture(channels, size)).numpy()
        tensors = [[prefix + k, list(v.shape)] for k, v in state.items()]
        named = name == "efficientnet_lite0_torch"
        about[case] = json.dumps(dict(network=name, size=size, channels=channels, named=named, tensors=tensors))
    save_file(scores, path, about)


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in ("check", "data"):
        sys.exit(__doc__.strip())
    started = time.time()
    data(sys.argv[2]) if sys.argv[1] == "data" else check(sys.argv[2], sys.argv[3:])
