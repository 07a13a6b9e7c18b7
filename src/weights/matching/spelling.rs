//! The names that other programs give to the layers of networks that Striate knows. A new spelling is a row of
//! [`SPELLINGS`].

/// A pattern of a layer's last segments and the name that torchvision uses. `#` stands for a number; `{0}` repeats the
/// first number, `{1+1}` the second plus one.
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
    // pytorch-cifar and torchvision disagree about the shortcut of a residual block.
    ("layer#.#.shortcut.0", "layer{0}.{1}.downsample.0"),
    ("layer#.#.shortcut.1", "layer{0}.{1}.downsample.1"),
    ("layer#.#.downsample.0", "layer{0}.{1}.shortcut.0"),
    ("layer#.#.downsample.1", "layer{0}.{1}.shortcut.1"),
];

/// Segments that wrappers add at any depth: DistributedDataParallel and torch.compile.
const WRAPPERS: [&str; 2] = ["module", "_orig_mod"];

/// A name without the segments of wrappers.
pub(super) fn unwrapped(name: &str) -> String {
    name.split('.').filter(|segment| !WRAPPERS.contains(segment)).collect::<Vec<_>>().join(".")
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
        all.push(filled(usual, &numbers));
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

/// A name with its numbers filled in.
fn filled(usual: &str, numbers: &[usize]) -> String {
    let mut name = usual.to_owned();
    for (index, number) in numbers.iter().enumerate() {
        name = name.replace(&format!("{{{index}}}"), &number.to_string());
        name = name.replace(&format!("{{{index}+1}}"), &(number.saturating_add(1)).to_string());
    }
    name
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
        assert_eq!(unwrapped("module.features._orig_mod.0.weight"), "features.0.weight");
    }
}
