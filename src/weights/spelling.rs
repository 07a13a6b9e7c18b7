//! The names that other programs give to the layers of networks that Striate knows. A new spelling is a row of
//! [`SPELLINGS`].

/// A pattern of a layer's last segments and the name that torchvision uses. `#` stands for a number; `{0}` repeats the
/// first number, `{1+1}` is the second plus one, `{0-3}` the first minus three, where that is 1 or more.
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

/// A name without the segments of wrappers, with dots between its segments and PyTorch's word for the parameter.
pub(super) fn unwrapped(name: &str) -> String {
    let dotted = match name.contains(['.', '/']) {
        true => name.replace('/', "."),
        // A name without any dot: `layer1_0_bn1_running_mean`.
        false => name.replace('_', ".").replace("running.", "running_").replace("moving.", "moving_"),
    };
    let (layer, parameter) = dotted.rsplit_once('.').unwrap_or(("", &dotted));
    let usual = PARAMETERS.iter().find(|(other, _)| *other == parameter).map_or(parameter, |(_, usual)| usual);
    let kept = layer.split('.').filter(|segment| !segment.is_empty() && !WRAPPERS.contains(segment));
    kept.chain([usual]).collect::<Vec<_>>().join(".")
}

/// The other names that a tensor may have: its layer's last segments replaced by each spelling that they match.
pub(super) fn respelled(name: &str) -> impl Iterator<Item = String> + '_ {
    let (layer, parameter) = name.rsplit_once('.').unwrap_or(("", name));
    let segments: Vec<&str> = layer.split('.').collect();
    SPELLINGS.iter().filter_map(move |(pattern, usual)| {
        let wanted = pattern.split('.').count();
        let start = segments.len().checked_sub(wanted)?;
        let numbers = matched(pattern, &segments[start..])?;
        let mut all: Vec<String> = segments[..start].iter().map(|segment| (*segment).to_owned()).collect();
        all.push(filled(usual, &numbers)?);
        all.push(parameter.to_owned());
        Some(all.join("."))
    })
}

/// The numbers of a layer that matches a pattern.
fn matched(pattern: &str, segments: &[&str]) -> Option<Vec<usize>> {
    let mut numbers = Vec::new();
    for (wanted, segment) in pattern.split('.').zip(segments) {
        match wanted.split_once('#') {
            None if wanted == *segment => {}
            Some((before, _)) => numbers.push(segment.strip_prefix(before)?.parse().ok()?),
            None => return None,
        }
    }
    Some(numbers)
}

/// A name with its numbers filled in; `None` where one would be below 1.
fn filled(usual: &str, numbers: &[usize]) -> Option<String> {
    let mut name = usual.to_owned();
    while let Some((front, rest)) = name.split_once('{') {
        let (place, end) = rest.split_once('}')?;
        let number = |index: &str| numbers.get(index.parse::<usize>().ok()?).copied();
        let value = match (place.split_once('+'), place.split_once('-')) {
            (Some((index, more)), _) => number(index)?.checked_add(more.parse().ok()?)?,
            (_, Some((index, less))) => number(index)?.checked_sub(less.parse().ok()?).filter(|&value| value > 0)?,
            _ => number(place)?,
        };
        name = format!("{front}{value}{end}");
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_programs_are_respelled() {
        let one = |name: &str| respelled(name).collect::<Vec<_>>();
        let hub = "resnet.encoder.stages.0.layers.1.layer.0.convolution.weight";
        assert_eq!(one(hub), ["resnet.layer1.1.conv1.weight"]);
        assert_eq!(one("denselayer3.norm.1.bias"), ["denselayer3.norm1.bias"]);
        assert_eq!(one("a.b.classifier.4.weight"), ["a.b.classifier.3.weight"]);
        assert!(one("layer1.0.conv1.weight").is_empty());
        assert_eq!(one("res4.11.conv2.norm.weight"), ["layer3.11.bn2.weight"]);
        assert!(one("body.4.0.conv1.weight").contains(&"body.layer1.0.conv1.weight".to_owned()));
        assert!(!one("body.2.0.conv1.weight").iter().any(|name| name.contains("layer")));
        assert_eq!(unwrapped("module.features._orig_mod.0.weight"), "features.0.weight");
        assert_eq!(unwrapped("layer1/0/bn1/moving_variance"), "layer1.0.bn1.running_var");
        assert_eq!(unwrapped("layer1_0_bn1_running_mean"), "layer1.0.bn1.running_mean");
    }
}
