//! The names and shapes that other programs give to the same weights. [`fit`] makes a file and a graph agree where
//! they can; what then still differs, [`crate::net::Network::new`] reports.

use super::{File, Format};
use crate::{
    Result,
    net::{Graph, Op, Tensors},
};
use candle_core::Tensor;
use std::collections::{BTreeMap, HashMap};

/// Weights of a graph: their shapes by name.
type WantedShapes = BTreeMap<String, (Vec<usize>, bool)>;

/// Modules that serve training only: a graph without them has no use for their weights. Auxiliary classifiers of
/// torchvision's GoogLeNet and Inception v3, and of Caffe's GoogLeNet.
const IGNORED_MODULES: [&str; 5] = ["aux1.", "aux2.", "AuxLogits.", "loss1/", "loss2/"];
/// Counters that tools store beside the weights: PyTorch's batch normalisation and averaging, thop's costs.
const IGNORED_COUNTS: [&str; 4] = ["num_batches_tracked", "n_averaged", "total_ops", "total_params"];
/// Names of the last layer, in torchvision, timm, the ports of Cadene, and here.
const HEADS: [&str; 6] = ["fc", "classifier", "head.fc", "last_linear", "head", "linear"];
/// Other layers that timm renamed: VGG's first two fully connected ones, which it runs as convolutions.
const RENAMED: [(&str, &str); 2] = [("pre_logits.fc1", "classifier.0"), ("pre_logits.fc2", "classifier.3")];

/// Gives a file's tensors the graph's names and shapes, and the graph what only the file knows.
///
/// Names: a prefix that all share (`module.`, `_orig_mod.`, `model.`) goes; DenseNet's of 2017 (`norm.1`), timm's and
/// Caffe's are known; a layer's title in its paper stands for its name, and `/` and `_` for `.`. Shapes: fully
/// connected layers may be written as convolutions and the other way round, with leading ones as Caffe had them;
/// grouped filters are written out or divided between two towers. A Caffe model's first filters are turned from blue,
/// green, red to red, green, blue.
/// The graph loses auxiliary classifiers that the file lacks, and takes a Caffe model's constants of normalisation.
///
/// # Errors
/// When memory runs out.
pub fn fit(mut file: File, mut graph: Graph) -> Result<(Graph, File)> {
    let wanted = graph.parameters();
    let layers = Layers::of(&graph);
    let tensors = strip(std::mem::take(&mut file.tensors), &wanted);
    let (exact, others): (Vec<_>, Vec<_>) = tensors.into_iter().partition(|(name, _)| wanted.contains_key(name));
    let mut fitted: Tensors = exact.into_iter().collect();
    let mut others: Vec<(String, Tensor)> = others;
    others.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, mut tensor) in others {
        // Old Caffe models write a bias as `[1, 1, 1, units]`.
        if name.ends_with(".bias") && tensor.dims().last() == Some(&tensor.elem_count()) {
            tensor = tensor.flatten_all()?;
        }
        let free = |name: &String| wanted.contains_key(name) && !fitted.contains_key(name);
        let candidates = layers.names(&name);
        if let Some(found) = candidates.iter().find(|name| free(name)) {
            fitted.insert(found.clone(), tensor);
        } else if let Some((parts, size)) = candidates.iter().find_map(|name| towers(name, &tensor, &wanted)) {
            for (index, part) in parts.into_iter().enumerate() {
                fitted.insert(part, tensor.narrow(0, index * size, size)?.contiguous()?);
            }
        } else if !is_ignored(&name) {
            fitted.insert(name, tensor);
        }
    }
    for (name, (shape, _)) in &wanted {
        if let Some(tensor) = fitted.get_mut(name)
            && tensor.dims() != shape.as_slice()
            && let Some(reshaped) = reshape(tensor, shape)?
        {
            *tensor = reshaped;
        }
    }
    if file.format == Format::Caffe {
        flip_colours(&mut fitted, &graph)?;
        graph = with_constants(graph, &layers, &file);
    }
    file.tensors = fitted;
    // The auxiliary classifiers go together: a file that has some of their weights is damaged.
    let auxiliary = graph.auxiliary();
    let mut side = graph.nodes().iter().zip(auxiliary).filter(|(_, auxiliary)| *auxiliary).map(|(node, _)| &node.name);
    let has = |layer: &String| file.tensors.keys().any(|name| name.rsplit_once('.').is_some_and(|key| key.0 == layer));
    if !side.any(has) {
        graph = graph.without_auxiliary();
    }
    Ok((graph, file))
}

/// Removes what all names begin with, unless the graph's do too.
fn strip(mut tensors: Tensors, wanted: &WantedShapes) -> Tensors {
    // `module._orig_mod.model.` is as deep as it gets.
    for _ in 0..4 {
        let mut names = tensors.keys().filter(|name| !is_ignored(name));
        let Some(prefix) = names.next().and_then(|name| name.split_once('.')).map(|(first, _)| format!("{first}."))
        else {
            break;
        };
        if !names.all(|name| name.starts_with(&prefix)) || wanted.keys().any(|name| name.starts_with(&prefix)) {
            break;
        }
        tensors = tensors
            .into_iter()
            .map(|(name, tensor)| (name.strip_prefix(&prefix).map(str::to_owned).unwrap_or(name), tensor))
            .collect();
    }
    tensors
}

pub(super) fn is_ignored(name: &str) -> bool {
    IGNORED_MODULES.iter().any(|module| name.starts_with(module))
        || name.rsplit('.').next().is_some_and(|last| IGNORED_COUNTS.contains(&last))
}

/// A name with one spelling for what separates its parts.
fn squash(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '.' }).collect()
}

/// The names of a graph's layers.
struct Layers {
    /// Layers by squashed name and title.
    squashed: HashMap<String, String>,
    /// The last layer with weights.
    head: String,
}

impl Layers {
    fn of(graph: &Graph) -> Self {
        let named = graph.nodes().iter().map(|node| (squash(&node.name), node.name.clone()));
        let titled = graph.nodes().iter().filter_map(|node| Some((squash(node.title?), node.name.clone())));
        // Names before titles: the later entry wins.
        Layers { squashed: titled.chain(named).collect(), head: graph.node(graph.scores()).name.clone() }
    }

    /// Returns the graph's possible names for a tensor that a file calls `name`, the likeliest first.
    fn names(&self, name: &str) -> Vec<String> {
        let Some((layer, suffix)) = name.rsplit_once('.') else { return Vec::new() };
        // DenseNet's before 2018: `denselayer1.norm.1` for `denselayer1.norm1`.
        let old = layer.rsplit_once('.').filter(|(rest, digit)| {
            ["1", "2"].contains(digit) && ["norm", "relu", "conv"].iter().any(|kind| rest.ends_with(kind))
        });
        let mut layers: Vec<String> = old.map(|(rest, digit)| format!("{rest}{digit}")).into_iter().collect();
        layers.extend(RENAMED.iter().filter(|(from, _)| *from == layer).map(|(_, to)| (*to).to_owned()));
        if HEADS.contains(&layer) {
            layers.push(self.head.clone());
        }
        let squashed = squash(layer);
        // BN-Inception's ports: `conv1_7x7_s2` and `conv1_7x7_s2_bn` for `conv1.7x7_s2.conv` and `.bn`.
        let alike = [squashed.clone(), format!("{squashed}.conv")];
        layers.extend(alike.iter().filter_map(|alike| self.squashed.get(alike).cloned()));
        // The name itself, for towers.
        layers.push(layer.to_owned());
        layers.into_iter().map(|layer| format!("{layer}.{suffix}")).collect()
    }
}

/// The two tensors that one is divided into where a graph has a layer as two towers, and the units of each.
fn towers(name: &str, tensor: &Tensor, wanted: &WantedShapes) -> Option<([String; 2], usize)> {
    let (layer, suffix) = name.rsplit_once('.')?;
    let parts = ["top", "bottom"].map(|side| format!("{layer}.{side}.{suffix}"));
    let size = parts.iter().map(|part| wanted.get(part)?.0.first()).collect::<Option<Vec<_>>>()?;
    (tensor.dims().first() == Some(&(size[0] + size[1])) && size[0] == size[1]).then_some((parts, *size[0]))
}

/// The same values in another shape, or grouped filters with the zeros between groups written out; `None` where it is
/// not the same weights.
fn reshape(tensor: &Tensor, shape: &[usize]) -> Result<Option<Tensor>> {
    let found = tensor.dims();
    let without_ones = |dims: &[usize]| {
        let end = dims.len() - dims.iter().rev().take_while(|&&size| size == 1).count();
        dims[..end].iter().copied().skip_while(|&size| size == 1).collect::<Vec<_>>()
    };
    let is_linear = |dims: &[usize]| dims.len() == 2 || dims.len() == 4;
    let same_rows =
        found.first() == shape.first() && found.len() != shape.len() && is_linear(found) && is_linear(shape);
    let count = shape.iter().product::<usize>();
    if tensor.elem_count() == count && (without_ones(found) == without_ones(shape) || same_rows) {
        return Ok(Some(tensor.reshape(shape)?));
    }
    let (&[out, inputs, height, width], &[wanted_out, wanted_inputs, h, w]) = (found, shape) else { return Ok(None) };
    let groups = wanted_inputs / inputs.max(1);
    if (out, height, width) != (wanted_out, h, w) || groups < 2 || groups * inputs != wanted_inputs || out % groups != 0
    {
        return Ok(None);
    }
    let per_group = out / groups;
    let rows = (0..groups).map(|group| {
        let own = tensor.narrow(0, group * per_group, per_group)?;
        Ok(own.pad_with_zeros(1, group * inputs, (groups - 1 - group) * inputs)?)
    });
    Ok(Some(Tensor::cat(&rows.collect::<Result<Vec<_>>>()?, 0)?))
}

/// Turns the filters that look at the picture from blue, green, red to red, green, blue.
fn flip_colours(tensors: &mut Tensors, graph: &Graph) -> Result<()> {
    for node in graph.nodes().iter().filter(|node| node.inputs == [0] && matches!(node.op, Op::Conv(_))) {
        if let Some(filters) = tensors.get_mut(&format!("{}.weight", node.name))
            && filters.dims().get(1) == Some(&3)
        {
            *filters = filters.flip(&[1])?.contiguous()?;
        }
    }
    Ok(())
}

/// The graph with the constants that the file states for its layers, towers included.
fn with_constants(graph: Graph, layers: &Layers, file: &File) -> Graph {
    let named = |name: &str| {
        let layer = ["top", "bottom"].iter().find_map(|side| name.strip_suffix(&format!(".{side}"))).unwrap_or(name);
        let of = |stated: &String| {
            squash(stated) == squash(layer) || layers.squashed.get(&squash(stated)).is_some_and(|found| found == name)
        };
        file.constants.iter().find(|(stated, _)| of(stated)).map(|(_, op)| op.clone())
    };
    graph.with_constants(|node| named(&node.name).filter(|_| matches!(node.op, Op::Lrn { .. })))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::net::{Builder, Conv, Network};
    use candle_core::Device;

    fn file(format: Format, tensors: &[(&str, &[usize])]) -> File {
        let tensor = |&(name, shape): &(&str, &[usize])| {
            let values = crate::weights::uniform(name, shape.iter().product(), 0);
            (name.to_owned(), Tensor::from_vec(values, shape, &Device::Cpu).unwrap())
        };
        File::new(format, tensors.iter().map(tensor).collect(), HashMap::new())
    }

    fn values(tensor: &Tensor) -> Vec<f32> {
        tensor.flatten_all().unwrap().to_vec1().unwrap()
    }

    fn check(graph: Graph, file: File) -> (Graph, Tensors) {
        let (graph, file) = fit(file, graph).unwrap();
        if let Err(error) = Network::new(graph.clone(), file.tensors.clone(), "x", &Device::Cpu) {
            panic!("{error}");
        }
        (graph, file.tensors)
    }

    #[test]
    fn prefixes_old_spellings_and_renamed_heads() {
        let mut net = Builder::new([4, 8, 8]);
        net.then("features.norm1", Op::BatchNorm { eps: 1e-5 });
        net.then("features.conv1", Op::Conv(Conv::new(3, 3).unbiased()));
        net.then("avgpool", Op::AdaptiveAvgPool { size: [1, 1] });
        net.then("flatten", Op::Flatten);
        net.then("classifier.6", Op::Linear { out: 5, bias: true });
        let graph = net.finish().unwrap();
        let norms = ["weight", "bias", "running_mean", "running_var"]
            .map(|part| format!("module.model.features.norm.1.{part}"));
        let mut tensors: Vec<(&str, &[usize])> = norms.iter().map(|name| (name.as_str(), &[4][..])).collect();
        tensors.extend([
            ("module.model.features.conv.1.weight", &[3, 4, 3, 3][..]),
            ("module.model.features.norm.1.num_batches_tracked", &[][..]),
            ("module.model.head.fc.weight", &[5, 3, 1, 1][..]),
            ("module.model.head.fc.bias", &[5][..]),
            ("n_averaged", &[][..]),
        ]);
        check(graph, file(Format::PyTorch, &tensors));
    }

    #[test]
    fn caffe_layers_by_title_colours_flipped_and_towers_divided() {
        let mut net = Builder::new([3, 8, 8]);
        let mut sides = [0, 0];
        let lrn = || Op::lrn(5, 1e-4, 0.75, 2.0);
        for (side, name) in sides.iter_mut().zip(["top", "bottom"]) {
            net.add(format!("conv1.{name}"), Op::Conv(Conv::new(2, 3)), &[0]);
            *side = net.then(format!("norm1.{name}"), lrn());
        }
        net.add("cat", Op::Concat, &sides);
        net.then("features.4", Op::Conv(Conv::new(6, 3)));
        net.title("conv2_1");
        net.then("inception_3a.1x1", Op::Conv(Conv::new(2, 1)));
        let trunk = net.last();
        net.then("loss1.flatten", Op::Flatten);
        net.then("loss1.fc", Op::Linear { out: 2, bias: true });
        net.resume(trunk);
        net.then("flatten", Op::Flatten);
        net.then("fc8", Op::Linear { out: 3, bias: true });
        let graph = net.finish().unwrap();
        let mut caffe = file(
            Format::Caffe,
            &[
                ("conv1.weight", &[4, 3, 3, 3]),
                ("conv1.bias", &[1, 1, 1, 4]),
                ("conv2_1.weight", &[6, 2, 3, 3]),
                ("conv2_1.bias", &[6]),
                ("inception_3a/1x1.weight", &[2, 6, 1, 1]),
                ("inception_3a/1x1.bias", &[2]),
                ("fc8.weight", &[1, 1, 3, 32]),
                ("fc8.bias", &[1, 1, 1, 3]),
            ],
        );
        let original = caffe.tensors.clone();
        let stated = Op::Lrn { size: 3, alpha: 1e-4, beta: 0.75, k: 1.0 };
        caffe.constants.push(("norm1".to_owned(), stated.clone()));
        let (graph, tensors) = check(graph, caffe);
        let bottom = original["conv1.weight"].narrow(0, 2, 2).unwrap().flip(&[1]).unwrap();
        assert_eq!(values(&tensors["conv1.bottom.weight"]), values(&bottom));
        assert_eq!(values(&tensors["conv1.top.bias"]), values(&original["conv1.bias"])[..2]);
        // Two groups: the first three units see the first two channels only.
        let wide = &tensors["features.4.weight"];
        assert_eq!(values(&wide.get(1).unwrap())[18..], [0.0; 18]);
        assert_eq!(values(&wide.get(4).unwrap())[18..], values(&original["conv2_1.weight"].get(4).unwrap()));
        assert_eq!(graph.node(graph.find("norm1.bottom").unwrap()).op, stated);
        assert!(graph.find("loss1.fc").is_err(), "the file has no auxiliary classifier");
    }

    #[test]
    fn what_does_not_fit_stays_as_it_is_and_is_named() {
        let mut net = Builder::new([1, 8, 8]);
        net.then("flatten", Op::Flatten);
        net.then("fc", Op::Linear { out: 10, bias: true });
        let graph = net.finish().unwrap();
        let other = file(Format::Npz, &[("fc.weight", &[64, 10]), ("extra.weight", &[1]), ("aux1.fc.weight", &[1])]);
        let (graph, fitted) = fit(other, graph).unwrap();
        let said = Network::new(graph, fitted.tensors, "x", &Device::Cpu).err().unwrap().to_string();
        assert_eq!(
            said,
            "the weights in x do not fit: 1 missing (fc.bias); 1 unknown (extra.weight); 1 wrongly shaped (fc.weight is \
             [64, 10] where [10, 64] belongs)"
        );
    }
}
