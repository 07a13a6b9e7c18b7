#!/usr/bin/env python3
"""Attributions by captum and pytorch-grad-cam on synthetic weights, for tests/attribution.rs to compare with.

    python3 -m venv venv && venv/bin/pip install torch torchvision captum grad-cam numpy safetensors
    venv/bin/python tests/make_attribution.py [NETWORK ...]

Weights and picture follow src/weights/synthetic.rs, pictures are SIZE x SIZE. Networks are rewritten with torch.fx so that
every rectifier and every addition is a module of its own, which captum's LRP, DeepLIFT, guided and deconvnet need; what
they compute stays the same. Maps over the picture are stored as means of 8x8 blocks, every 61st value, and the largest
magnitude; maps of layers whole. Everything is computed in float64, so that no rounding decides which rectifier is open.

captum's DeepLIFT runs twice. As it is, a max pool right behind a rectifier is taken by its derivative (the rectifier's
hook sees the gradient before the pool's hook replaces it), overlapping windows overwrite each other, and a pool that
shares its input with other layers drops their part (only this is mended, by a clone). Mended, with a clone before every
pool and a sum where windows overlap, it is the paper's Rescale rule.
"""
import json, operator, sys
from pathlib import Path
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F, torch.fx, torchvision.models as models
import warnings
import captum.attr as ca
from captum.attr._core.noise_tunnel import NoiseTunnel
from captum.attr._utils.custom_modules import Addition_Module
from captum.attr._utils.lrp_rules import Alpha1_Beta0_Rule, EpsilonRule, GammaRule
import pytorch_grad_cam as pgc
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from safetensors.numpy import save_file

warnings.filterwarnings("ignore")
SIZE, IG_STEPS, SAMPLES, SIGMA, PATCH, STRIDE = 96, 16, 6, 0.15, 32, 16
# An inner layer, the last with maps, one with few units for Score-CAM, and one behind a rectifier for Ablation-CAM: of
# layers with negative values pytorch-grad-cam does not ablate to zero.
LAYERS = {"alexnet": ("features.5", "features.11", "features.2", "features.11"),
          "vgg16": ("features.16", "features.29", "features.4", "features.9"),
          "googlenet": ("inception4a", "inception5b", "maxpool1", "inception5b"),
          "resnet50": ("layer2", "layer4", "maxpool", "layer1"),
          "resnet18": ("layer2", "layer4", "maxpool", "layer4"),
          "densenet121": ("features.transition2.pool", "features", "features.pool0", "features.transition1.relu")}

def fnv1a(text):
    h = 0xCBF29CE484222325
    for b in text.encode():
        h = ((h ^ b) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return h

def splitmix(start, count):
    u64 = np.uint64
    with np.errstate(over="ignore"):
        z = u64(start) + (np.arange(count, dtype=u64) + u64(1)) * u64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> u64(30))) * u64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> u64(27))) * u64(0x94D049BB133111EB)
        return z ^ (z >> u64(31))

def uniform(name, count):
    return (splitmix(fnv1a(name), count) >> np.uint64(40)).astype(np.float32) * np.float32(2.0 ** -23) - np.float32(1)

def noise(stream, count, sigma):
    """src/methods/noise.rs: the noise of sample `stream` with seed 0."""
    state = int(splitmix((stream * 0xD1B54A32D192ED03) & 0xFFFFFFFFFFFFFFFF, 1)[0])
    u = (splitmix(state, count + count % 2) >> np.uint64(11)).astype(np.float64) / 2.0 ** 53
    radius, angle = np.sqrt(-2 * np.log(1 - u[0::2])), 2 * np.pi * u[1::2]
    pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).reshape(-1)[:count]
    return torch.from_numpy((pairs * sigma).astype(np.float32))

def fill(model):
    state = model.state_dict()
    for key, value in state.items():
        if value.dtype != torch.float32:
            continue
        u = uniform(key, value.numel()).reshape(value.shape)
        if key.endswith("running_var"):
            w = np.float32(1) + np.float32(0.5) * u
        elif key.endswith(("running_mean", "bias")):
            w = np.float32(0.1) * u
        elif value.dim() == 1:
            w = np.float32(1) + np.float32(0.1) * u
        else:
            w = u * np.float32(np.sqrt(6.0 / value[0].numel()))
        state[key] = torch.from_numpy(np.ascontiguousarray(w, dtype=np.float32))
    model.load_state_dict(state)
    return model.eval()

def picture(size):
    y, x = np.mgrid[0:size, 0:size].astype(np.float64) / size
    planes = []
    for c in range(3):
        k = uniform(f"picture.{c}", 24).astype(np.float64).reshape(6, 4)
        planes.append(sum(a * np.sin(2 * np.pi * (8 * b * x + 8 * d * y + e)) for a, b, d, e in k))
    return torch.from_numpy(np.stack(planes)[None].astype(np.float32))

class Clone(nn.Module):
    """Stands behind a concatenation, so that its output has a module to hook."""
    def forward(self, x):
        return x.clone()

def load(name, clones=False, pools="as they are"):
    """The network as an fx.GraphModule in which every rectifier, addition and pooling is a module used once."""
    kwargs = dict(init_weights=False, aux_logits=True) if name == "googlenet" else {}
    model = fill(models.get_model(name, weights=None, **kwargs))
    if hasattr(model, "transform_input"):
        model.transform_input, model.aux_logits, model.aux1, model.aux2 = False, False, None, None
    for p in model.parameters():
        p.requires_grad_(False)
    gm = torch.fx.symbolic_trace(model)
    modules = dict(gm.named_modules())
    for node in list(gm.graph.nodes):
        new = None
        if node.op == "call_module" and isinstance(modules[node.target], nn.ReLU) or node.target in (F.relu, torch.relu):
            new = nn.ReLU()
        elif node.target in (operator.add, operator.iadd, torch.add):
            new = Addition_Module()
        elif node.target is F.adaptive_avg_pool2d:
            new = nn.AdaptiveAvgPool2d(node.args[1])
        if new is not None:
            key = "own_" + node.name
            gm.add_submodule(key, new)
            args = node.args[:2] if isinstance(new, Addition_Module) else node.args[:1]
            with gm.graph.inserting_after(node):
                made = gm.graph.call_module(key, args)
            node.replace_all_uses_with(made)
            gm.graph.erase_node(node)
            made.meta["was"] = node.name
        elif node.op == "call_module" and isinstance(modules[node.target], nn.MaxPool2d) and pools != "as they are":
            if pools == "all" or len(node.args[0].users) > 1:
                with gm.graph.inserting_before(node):
                    node.args = (gm.graph.call_method("clone", (node.args[0],)),)
        elif clones and node.target is torch.cat:
            gm.add_submodule("own_" + node.name, Clone())
            with gm.graph.inserting_after(node):
                made = gm.graph.call_module("own_" + node.name, (node,))
            node.replace_all_uses_with(made, delete_user_cb=lambda user: user is not made)
            made.meta["was"] = node.name
    gm.recompile()
    return gm.eval().double(), model.double()

def leaf(gm, model, name):
    """The module whose output the layer `name` is: the last inside it."""
    at, children = None, [n for n, _ in model.named_modules()]
    inside = [n.replace(".", "_") for n in children if n == name or n.startswith(name + ".")]
    nodes = list(gm.graph.nodes)
    for index, node in enumerate(nodes):
        was = node.meta.get("was", node.name)
        if node.op == "call_module" and any(was == i or was.startswith(i + "_") for i in inside):
            at = index
    # Branches meet in a concatenation, which has no name of its own.
    if name.startswith("inception"):
        at = next(i for i in range(at, len(nodes)) if nodes[i].meta.get("was", "").startswith("cat"))
    return gm.get_submodule(nodes[at].target)

def store(out, key, values):
    values = values.detach().numpy().astype(np.float32) if torch.is_tensor(values) else np.float32(values)
    values = values.reshape(-1, SIZE, SIZE)
    out[key + ".blocks"] = values.reshape(-1, SIZE // 8, 8, SIZE // 8, 8).astype(np.float64).mean((2, 4)).astype(np.float32)
    out[key + ".samples"] = values.reshape(-1)[::61].copy()
    out[key + ".largest"] = np.array([np.abs(values).max(), np.abs(out[key + ".blocks"]).max()], np.float32)

def neuron(out, gm, model, name, x):
    """The gradient of the strongest unit at row 1, column 2 of the inner layer."""
    layer = leaf(gm, model, LAYERS[name][0]) if name != "googlenet" else gm.get_submodule("maxpool3")
    kept = []
    hook = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    gm(x)
    hook.remove()
    unit = int(kept[0][0, :, 1, 2].argmax())
    store(out, "unit", ca.NeuronGradient(gm, layer).attribute(x, (unit, 1, 2)))
    return unit

def pixels(out, name, x, c, d):
    gm, model = load(name)
    store(out, "gradient", ca.Saliency(gm).attribute(x, c, abs=False))
    store(out, "difference", ca.Saliency(lambda z: (lambda y: y[:, c] - y[:, d])(gm(z))).attribute(x, abs=False))
    store(out, "guided-backprop", ca.GuidedBackprop(gm).attribute(x, c))
    store(out, "deconvnet", ca.Deconvolution(gm).attribute(x, c))
    store(out, "gradient-x-input", ca.InputXGradient(gm).attribute(x, c))
    store(out, "integrated-gradients", ca.IntegratedGradients(gm).attribute(x, target=c, n_steps=IG_STEPS, internal_batch_size=4))
    store(out, "occlusion", ca.Occlusion(gm).attribute(x, (3, PATCH, PATCH), (3, STRIDE, STRIDE), 0, c)[:, :1])
    unit = neuron(out, gm, model, name, x)
    sigma = SIGMA * float(x.max().float() - x.min().float())
    sample = iter(range(10 ** 6))
    NoiseTunnel._add_noise_to_input = staticmethod(
        lambda x, stdev, n: torch.cat([x + noise(next(sample), x.numel(), stdev).reshape(x.shape) for _ in range(n)]))
    for key, kind in [("smoothgrad", "smoothgrad"), ("smoothgrad-squared", "smoothgrad_sq"), ("vargrad", "vargrad")]:
        sample = iter(range(10 ** 6))
        a = NoiseTunnel(ca.Saliency(gm)).attribute(x, nt_type=kind, nt_samples=SAMPLES, nt_samples_batch_size=3, stdevs=sigma,
                                                   target=c, abs=False)
        store(out, key, a if key == "smoothgrad" else a.sum(1))
    store(out, "deeplift-captum", ca.DeepLift(load(name, pools="shared")[0]).attribute(x, torch.zeros_like(x), c))
    overwriting = F.max_unpool2d
    F.max_unpool2d = lambda v, i, k, s, p, size: v.new_zeros(size).flatten(2).scatter_add(2, i.flatten(2), v.flatten(2)).view(size)
    store(out, "deeplift", ca.DeepLift(load(name, pools="all")[0]).attribute(x, torch.zeros_like(x), c))
    F.max_unpool2d = overwriting
    for key, rule in [("epsilon", lambda: EpsilonRule(1e-9)), ("gamma", GammaRule), ("alpha1-beta0", Alpha1_Beta0_Rule)]:
        net, _ = load(name)
        for m in net.modules():
            if isinstance(m, (nn.Conv2d, nn.Linear)):
                m.rule = rule()
        store(out, "lrp-" + key, ca.LRP(net).attribute(x, c))
    return unit

def cams(out, name, x, c):
    gm, model = load(name, clones=True)
    inner, last, few, rectified = [leaf(gm, model, layer) for layer in LAYERS[name]]
    store(out, "guided-grad-cam", ca.GuidedGradCam(gm, last).attribute(x, c))
    x.requires_grad_()
    for place, layer in [("inner", inner), ("last", last)]:
        out[f"captum-grad-cam.{place}"] = ca.LayerGradCam(gm, layer).attribute(x, c).detach().numpy()[0, 0].astype(np.float32)
    def raw(kind, layer, **kwargs):
        """The map before it is rectified, stretched and scaled."""
        kept = []
        with kind(gm, [layer], **kwargs) as cam:
            inside = cam.get_cam_image
            cam.get_cam_image = lambda *a, **k: kept.append(inside(*a, **k)) or kept[-1]
            cam(x, [ClassifierOutputTarget(c)])
        return np.ascontiguousarray(kept[0][0], np.float32)
    for key, kind in [("grad-cam", pgc.GradCAM), ("grad-cam++", pgc.GradCAMPlusPlus), ("xgrad-cam", pgc.XGradCAM),
                      ("hires-cam", pgc.HiResCAM), ("layer-cam", pgc.LayerCAM), ("eigen-cam", pgc.EigenCAM),
                      ("eigen-grad-cam", pgc.EigenGradCAM)]:
        for place, layer in [("inner", inner), ("last", last)]:
            out[f"{key}.{place}"] = raw(kind, layer)
    out["score-cam.few"] = raw(pgc.ScoreCAM, few)
    out["ablation-cam.rectified"] = raw(pgc.AblationCAM, rectified)
    with pgc.GradCAM(gm, [inner, last]) as cam:
        store(out, "grad-cam-mean", cam(x, [ClassifierOutputTarget(c)])[0])

def main(names):
    for name in names:
        out, x = {}, picture(SIZE).double()
        gm, model = load(name)
        logits = gm(x)
        assert torch.allclose(logits, model(x), rtol=1e-9)
        c, d = [int(i) for i in logits[0].argsort(descending=True)[:2]]
        out["logits"] = logits.numpy()[0].astype(np.float32)
        unit = pixels(out, name, x, c, d)
        cams(out, name, x, c)
        meta = {"class": str(c), "other": str(d), "unit": str(unit), "layers": json.dumps(LAYERS[name])}
        out = {k: np.ascontiguousarray(v) for k, v in out.items()}
        save_file(out, Path(__file__).parent / f"data/attribution/{name}.safetensors", metadata=meta)
        print(f"{name}: class {c}, logit {float(logits[0, c]):.6g}", {k: v.shape for k, v in out.items() if "blocks" not in k and "samples" not in k and "largest" not in k}, flush=True)

if __name__ == "__main__":
    main(sys.argv[1:] or ["alexnet", "vgg16", "googlenet", "resnet50", "densenet121"])
