//! The names that other programs give to the layers of networks that Striate knows. A new spelling is a row of
//! [`SPELLINGS`].

use std::{collections::HashMap, sync::LazyLock};

/// A pattern of a layer's last segments and the name that torchvision uses. `#` stands for a number, `#+` for one above 0;
/// `^` in front keeps out the layers of a numbered block. `{0}` repeats the first number, `{1+1}` the second plus one,
/// `{0-3}` the first less three where it is that large, `{2*0+1}` twice the first plus one.
const SPELLINGS: &[(&str, &str)] = &[
    // transformers: ResNet.
    ("embedder.embedder.convolution", "conv1"),
    ("embedder.embedder.normalization", "bn1"),
    ("encoder.stages.#.layers.#.layer.#.convolution", "layer{0+1}.{1}.conv{2+1}"),
    ("encoder.stages.#.layers.#.layer.#.normalization", "layer{0+1}.{1}.bn{2+1}"),
    ("encoder.stages.#.layers.#.shortcut.convolution", "layer{0+1}.{1}.downsample.0"),
    ("encoder.stages.#.layers.#.shortcut.normalization", "layer{0+1}.{1}.downsample.1"),
    // torchvision before 2018: DenseNet.
    ("denselayer#.norm.#", "denselayer{0}.norm{1}"),
    ("denselayer#.conv.#", "denselayer{0}.conv{1}"),
    // torchvision before 2017: VGG with dropout in front of each fully connected layer.
    ("classifier.1", "classifier.0"),
    ("classifier.4", "classifier.3"),
    // timm: VGG's first fully connected layers, written as convolutions.
    ("pre_logits.fc1", "classifier.0"),
    ("pre_logits.fc2", "classifier.3"),
    // ConvNeXt by its authors, in timm and in transformers.
    ("downsample_layers.0.#", "features.0.{0}"),
    ("downsample_layers.#.#", "features.{2*0}.{1}"),
    ("stages.#.#.dwconv", "features.{2*0+1}.{1}.block.0"),
    ("stages.#.#.norm", "features.{2*0+1}.{1}.block.2"),
    ("stages.#.#.pwconv1", "features.{2*0+1}.{1}.block.3"),
    ("stages.#.#.pwconv2", "features.{2*0+1}.{1}.block.5"),
    ("stages.#.#.layer_scale", "features.{2*0+1}.{1}.layer_scale"),
    ("norm", "classifier.0"),
    ("stem.#", "features.0.{0}"),
    ("stages.#.downsample.#", "features.{2*0}.{1}"),
    ("stages.#.blocks.#.conv_dw", "features.{2*0+1}.{1}.block.0"),
    ("stages.#.blocks.#.norm", "features.{2*0+1}.{1}.block.2"),
    ("stages.#.blocks.#.mlp.fc1", "features.{2*0+1}.{1}.block.3"),
    ("stages.#.blocks.#.mlp.fc2", "features.{2*0+1}.{1}.block.5"),
    ("stages.#.blocks.#.layer_scale", "features.{2*0+1}.{1}.layer_scale"),
    ("head.norm", "classifier.0"),
    ("embeddings.patch_embeddings", "features.0.0"),
    ("embeddings.layernorm", "features.0.1"),
    ("encoder.stages.#.downsampling_layer.#", "features.{2*0}.{1}"),
    ("encoder.stages.#.layers.#.dwconv", "features.{2*0+1}.{1}.block.0"),
    ("encoder.stages.#.layers.#.layernorm", "features.{2*0+1}.{1}.block.2"),
    ("encoder.stages.#.layers.#.pwconv1", "features.{2*0+1}.{1}.block.3"),
    ("encoder.stages.#.layers.#.pwconv2", "features.{2*0+1}.{1}.block.5"),
    ("encoder.stages.#.layers.#.layer_scale", "features.{2*0+1}.{1}.layer_scale"),
    ("layernorm", "classifier.0"),
    // timm: RegNet.
    ("stem.conv", "stem.0"),
    ("stem.bn", "stem.1"),
    ("s#.b#.conv1.conv", "trunk_output.block{0}.block{0}-{1-1}.f.a.0"),
    ("s#.b#.conv1.bn", "trunk_output.block{0}.block{0}-{1-1}.f.a.1"),
    ("s#.b#.conv2.conv", "trunk_output.block{0}.block{0}-{1-1}.f.b.0"),
    ("s#.b#.conv2.bn", "trunk_output.block{0}.block{0}-{1-1}.f.b.1"),
    ("s#.b#.conv3.conv", "trunk_output.block{0}.block{0}-{1-1}.f.c.0"),
    ("s#.b#.conv3.bn", "trunk_output.block{0}.block{0}-{1-1}.f.c.1"),
    ("s#.b#.se.fc#", "trunk_output.block{0}.block{0}-{1-1}.f.se.fc{2}"),
    ("s#.b#.downsample.conv", "trunk_output.block{0}.block{0}-{1-1}.proj.0"),
    ("s#.b#.downsample.bn", "trunk_output.block{0}.block{0}-{1-1}.proj.1"),
    // timm: EfficientNet. The blocks of the first stage have no convolution that widens.
    ("conv_stem", "features.0.0"),
    ("^bn1", "features.0.1"),
    ("blocks.0.#.conv_dw", "features.1.{0}.block.0.0"),
    ("blocks.0.#.bn1", "features.1.{0}.block.0.1"),
    ("blocks.0.#.se.conv_reduce", "features.1.{0}.block.1.fc1"),
    ("blocks.0.#.se.conv_expand", "features.1.{0}.block.1.fc2"),
    ("blocks.0.#.conv_pw", "features.1.{0}.block.2.0"),
    ("blocks.0.#.bn2", "features.1.{0}.block.2.1"),
    ("blocks.#+.#.conv_pw", "features.{0+1}.{1}.block.0.0"),
    ("blocks.#+.#.bn1", "features.{0+1}.{1}.block.0.1"),
    ("blocks.#+.#.conv_dw", "features.{0+1}.{1}.block.1.0"),
    ("blocks.#+.#.bn2", "features.{0+1}.{1}.block.1.1"),
    ("blocks.#+.#.se.conv_reduce", "features.{0+1}.{1}.block.2.fc1"),
    ("blocks.#+.#.se.conv_expand", "features.{0+1}.{1}.block.2.fc2"),
    ("blocks.#+.#.conv_pwl", "features.{0+1}.{1}.block.3.0"),
    ("blocks.#+.#.bn3", "features.{0+1}.{1}.block.3.1"),
    ("conv_head", "features.8.0"),
    ("^bn2", "features.8.1"),
    // timm: MobileNet v2. `block#` is a block by its number among those of all stages.
    ("block0.conv_dw", "features.1.conv.0.0"),
    ("block0.bn1", "features.1.conv.0.1"),
    ("block0.conv_pw", "features.1.conv.1"),
    ("block0.bn2", "features.1.conv.2"),
    ("block#+.conv_pw", "features.{0+1}.conv.0.0"),
    ("block#+.bn1", "features.{0+1}.conv.0.1"),
    ("block#+.conv_dw", "features.{0+1}.conv.1.0"),
    ("block#+.bn2", "features.{0+1}.conv.1.1"),
    ("block#+.conv_pwl", "features.{0+1}.conv.2"),
    ("block#+.bn3", "features.{0+1}.conv.3"),
    ("conv_head", "features.18.0"),
    ("^bn2", "features.18.1"),
    // timm: MobileNet v3. The last block is a convolution, and some blocks have no squeeze and excitation.
    ("block0.conv_dw", "features.1.block.0.0"),
    ("block0.bn1", "features.1.block.0.1"),
    ("block0.se.conv_reduce", "features.1.block.1.fc1"),
    ("block0.se.conv_expand", "features.1.block.1.fc2"),
    ("block0.conv_pw", "features.1.block.1.0"),
    ("block0.bn2", "features.1.block.1.1"),
    ("block0.conv_pw", "features.1.block.2.0"),
    ("block0.bn2", "features.1.block.2.1"),
    ("block#+.conv_pw", "features.{0+1}.block.0.0"),
    ("block#+.bn1", "features.{0+1}.block.0.1"),
    ("block#+.conv_dw", "features.{0+1}.block.1.0"),
    ("block#+.bn2", "features.{0+1}.block.1.1"),
    ("block#+.se.conv_reduce", "features.{0+1}.block.2.fc1"),
    ("block#+.se.conv_expand", "features.{0+1}.block.2.fc2"),
    ("block#+.conv_pwl", "features.{0+1}.block.2.0"),
    ("block#+.bn3", "features.{0+1}.block.2.1"),
    ("block#+.conv_pwl", "features.{0+1}.block.3.0"),
    ("block#+.bn3", "features.{0+1}.block.3.1"),
    ("block#+.conv", "features.{0+1}.0"),
    ("block#+.bn1", "features.{0+1}.1"),
    ("conv_head", "classifier.0"),
    ("classifier", "classifier.3"),
    // timm: MNASNet.
    ("conv_stem", "layers.0"),
    ("^bn1", "layers.1"),
    ("blocks.0.0.conv_dw", "layers.3"),
    ("blocks.0.0.bn1", "layers.4"),
    ("blocks.0.0.conv_pw", "layers.6"),
    ("blocks.0.0.bn2", "layers.7"),
    ("blocks.#+.#.conv_pw", "layers.{0+7}.{1}.layers.0"),
    ("blocks.#+.#.bn1", "layers.{0+7}.{1}.layers.1"),
    ("blocks.#+.#.conv_dw", "layers.{0+7}.{1}.layers.3"),
    ("blocks.#+.#.bn2", "layers.{0+7}.{1}.layers.4"),
    ("blocks.#+.#.conv_pwl", "layers.{0+7}.{1}.layers.6"),
    ("blocks.#+.#.bn3", "layers.{0+7}.{1}.layers.7"),
    ("conv_head", "layers.14"),
    ("^bn2", "layers.15"),
    // MMPretrain: DenseNet.
    ("stem.0", "features.conv0"),
    ("stem.1", "features.norm0"),
    ("stages.#.block.#.conv#", "features.denseblock{0+1}.denselayer{1+1}.conv{2}"),
    ("stages.#.block.#.norm#", "features.denseblock{0+1}.denselayer{1+1}.norm{2}"),
    ("stages.3.1", "features.norm5"),
    ("transitions.#.0", "features.transition{0+1}.norm"),
    ("transitions.#.2", "features.transition{0+1}.conv"),
    // detectron2: ResNet.
    ("stem.conv1", "conv1"),
    ("stem.conv1.norm", "bn1"),
    ("res#.#.conv#", "layer{0-1}.{1}.conv{2}"),
    ("res#.#.conv#.norm", "layer{0-1}.{1}.bn{2}"),
    ("res#.#.shortcut", "layer{0-1}.{1}.downsample.0"),
    ("res#.#.shortcut.norm", "layer{0-1}.{1}.downsample.1"),
    // A ResNet taken apart, as in `nn.Sequential(*list(resnet.children()))` and by fastai: modules by their position.
    ("0", "conv1"),
    ("1", "bn1"),
    ("#.#.conv#", "layer{0-3}.{1}.conv{2}"),
    ("#.#.bn#", "layer{0-3}.{1}.bn{2}"),
    ("#.#.downsample.#", "layer{0-3}.{1}.downsample.{2}"),
    // The layers of a VGG's or AlexNet's `features`, saved without the rest.
    ("#", "features.{0}"),
    // pytorch-cifar and torchvision disagree about the shortcut of a residual block.
    ("layer#.#.shortcut.0", "layer{0}.{1}.downsample.0"),
    ("layer#.#.shortcut.1", "layer{0}.{1}.downsample.1"),
    ("layer#.#.downsample.0", "layer{0}.{1}.shortcut.0"),
    ("layer#.#.downsample.1", "layer{0}.{1}.shortcut.1"),
];

/// Tensors that stand beside a block's layers where Striate has a layer with a weight: ConvNeXt's factors.
const FACTORS: [&str; 3] = ["layer_scale", "gamma", "layer_scale_parameter"];

/// Layers that tell which program wrote a file, and the epsilon of all batch normalisations of that program's networks, which
/// no file states. timm takes PyTorch's default where torchvision takes 1e-3 for some.
const EPSILONS: [(&str, f64); 1] = [("conv_stem", 1e-5)];

/// Segments that wrappers add at any depth: DistributedDataParallel, torch.compile, FSDP, activation checkpoints, Fabric.
const WRAPPERS: [&str; 6] = [
    "module",
    "_orig_mod",
    "_fsdp_wrapped_module",
    "_checkpoint_wrapped_module",
    "_forward_module",
    "_original_module",
];

/// Other names of parameters, and PyTorch's: those of TensorFlow, MXNet and Keras.
const PARAMETERS: [(&str, &str); 5] = [
    ("gamma", "weight"),
    ("beta", "bias"),
    ("moving_mean", "running_mean"),
    ("moving_variance", "running_var"),
    ("moving_var", "running_var"),
];

/// The epsilon of the batch normalisations of a network whose file has layers by these names where the graph has none.
pub(super) fn epsilon(in_file: impl Fn(&str) -> bool, in_graph: impl Fn(&str) -> bool) -> Option<f64> {
    EPSILONS.iter().find(|(layer, _)| in_file(layer) && !in_graph(layer)).map(|(_, eps)| *eps)
}

/// A name without the segments of wrappers, with dots between its segments.
pub(super) fn unwrapped(name: &str) -> String {
    let dotted = match name.contains(['.', '/']) {
        true => name.replace('/', "."),
        // A name without any dot: `layer1_0_bn1_running_mean`.
        false => name.replace('_', ".").replace("running.", "running_").replace("moving.", "moving_"),
    };
    let kept = dotted.split('.').filter(|segment| !segment.is_empty() && !WRAPPERS.contains(segment));
    kept.collect::<Vec<_>>().join(".")
}

/// The other names that a tensor may have: PyTorch's word for the parameter, and its layer's last segments replaced by each
/// spelling that they match.
pub(super) fn respelled(name: &str) -> Vec<String> {
    let (layer, parameter) = name.rsplit_once('.').unwrap_or(("", name));
    let usual = PARAMETERS.iter().find(|(other, _)| *other == parameter).map(|(_, usual)| *usual);
    let mut found = Vec::new();
    if FACTORS.contains(&parameter) {
        spelled(&format!("{layer}.layer_scale"), "weight", true, &mut found);
    }
    if let Some(usual) = usual {
        spelled(layer, usual, true, &mut found);
    }
    if found.is_empty() {
        spelled(layer, parameter, false, &mut found);
    }
    found
}

/// A row of [`SPELLINGS`], taken apart.
struct Spelling {
    /// The segments of the pattern.
    pattern: Vec<&'static str>,
    is_outside_blocks: bool,
    usual: &'static str,
}

/// The rows of [`SPELLINGS`] by the last segment of the pattern, under `#` those where it holds a number: a hostile file has
/// a hundred thousand names, and few rows can match each.
static BY_END: LazyLock<HashMap<&str, Vec<Spelling>>> = LazyLock::new(|| {
    let mut rows: HashMap<&str, Vec<Spelling>> = HashMap::new();
    for (pattern, usual) in SPELLINGS {
        let (is_outside_blocks, pattern) = pattern.strip_prefix('^').map_or((false, *pattern), |rest| (true, rest));
        let pattern: Vec<&str> = pattern.split('.').collect();
        let last = pattern.last().copied().filter(|last| !last.contains('#')).unwrap_or("#");
        rows.entry(last).or_default().push(Spelling { pattern, is_outside_blocks, usual });
    }
    rows
});

/// The names of a parameter of a layer in every spelling; with `own`, this one as well.
fn spelled(layer: &str, parameter: &str, own: bool, found: &mut Vec<String>) {
    let segments: Vec<&str> = layer.split('.').collect();
    found.extend(own.then(|| format!("{layer}.{parameter}")));
    let ends = [segments.last().copied().unwrap_or_default(), "#"];
    let rows = ends.iter().filter_map(|end| BY_END.get(end)).flatten();
    found.extend(rows.filter_map(|Spelling { pattern, is_outside_blocks, usual }| {
        let start = segments.len().checked_sub(pattern.len())?;
        if *is_outside_blocks && start > 0 && segments[start - 1].parse::<usize>().is_ok() {
            return None;
        }
        let numbers = matched(pattern, &segments[start..])?;
        let kept: usize = segments[..start].iter().map(|segment| segment.len() + 1).sum();
        Some(format!("{}{}.{parameter}", &layer[..kept], filled(usual, &numbers)?))
    }));
}

/// The numbers of a layer that matches a pattern.
fn matched(pattern: &[&str], segments: &[&str]) -> Option<Vec<usize>> {
    let mut numbers = Vec::new();
    for (wanted, segment) in pattern.iter().zip(segments) {
        match wanted.split_once('#') {
            None if wanted == segment => {}
            Some((before, after)) => {
                let number = segment.strip_prefix(before)?.parse().ok()?;
                if after == "+" && number == 0 {
                    return None;
                }
                numbers.push(number);
            }
            None => return None,
        }
    }
    Some(numbers)
}

/// A name with its numbers filled in; `None` where one would be below 0.
fn filled(usual: &str, numbers: &[usize]) -> Option<String> {
    let mut name = String::new();
    let mut rest = usual;
    while let Some((before, inside)) = rest.split_once('{') {
        let (inside, after) = inside.split_once('}')?;
        name.push_str(before);
        name.push_str(&number(inside, numbers)?.to_string());
        rest = after;
    }
    Some(name + rest)
}

/// The value of `1`, `1+1`, `1-1`, `2*0` or `2*0+1`: a factor, the place of a number, a summand.
fn number(text: &str, numbers: &[usize]) -> Option<usize> {
    let (factor, text) = text.split_once('*').unwrap_or(("1", text));
    let place = |text: &str| numbers.get(text.parse::<usize>().ok()?)?.checked_mul(factor.parse().ok()?);
    match (text.split_once('+'), text.split_once('-')) {
        (Some((index, more)), _) => place(index)?.checked_add(more.parse().ok()?),
        (_, Some((index, less))) => place(index)?.checked_sub(less.parse().ok()?),
        _ => place(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_programs_are_respelled() {
        let one = |name: &str| respelled(name);
        let hub = "resnet.encoder.stages.0.layers.1.layer.0.convolution.weight";
        assert_eq!(one(hub), ["resnet.layer1.1.conv1.weight"]);
        assert!(one("denselayer3.norm.1.bias").contains(&"denselayer3.norm1.bias".to_owned()));
        assert!(one("a.b.classifier.4.weight").contains(&"a.b.classifier.3.weight".to_owned()));
        assert!(one("layer1.0.conv1.weight").is_empty());
        assert!(one("layer1.0.bn1.weight").is_empty());
        assert_eq!(one("net.bn1.weight"), ["net.features.0.1.weight", "net.layers.1.weight"]);
        assert_eq!(one("blocks.0.2.conv_dw.weight"), ["features.1.2.block.0.0.weight"]);
        let dw = ["features.4.2.block.1.0.weight", "layers.10.2.layers.3.weight"];
        assert_eq!(one("blocks.3.2.conv_dw.weight"), dw);
        assert_eq!(one("block5.conv_dw.weight"), ["features.6.conv.1.0.weight", "features.6.block.1.0.weight"]);
        assert!(one("res4.11.conv2.norm.weight").contains(&"layer3.11.bn2.weight".to_owned()));
        assert!(one("body.4.0.conv1.weight").contains(&"body.layer1.0.conv1.weight".to_owned()));
        assert!(!one("body.2.0.conv1.weight").iter().any(|name| name.contains("layer")));
        assert!(one("bn1.moving_variance").contains(&"bn1.running_var".to_owned()));
        assert_eq!(one("features.1.2.layer_scale"), ["features.1.2.layer_scale.weight"]);
        assert!(one("stages.3.blocks.1.gamma").contains(&"features.7.1.layer_scale.weight".to_owned()));
        assert!(one("s2.b3.se.fc1.weight").contains(&"trunk_output.block2.block2-2.f.se.fc1.weight".to_owned()));
        assert_eq!(unwrapped("module.features._orig_mod.0.weight"), "features.0.weight");
        assert_eq!(unwrapped("layer1/0/bn1/bias"), "layer1.0.bn1.bias");
        assert_eq!(unwrapped("layer1_0_bn1_running_mean"), "layer1.0.bn1.running_mean");
    }
}
