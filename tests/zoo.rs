//! Every network of the zoo: its graph builds, its numbers are the published ones, and it runs both ways.
#![allow(clippy::unwrap_used, clippy::panic)]

use candle_core::Device;
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc};
use striate::{
    net::{Cost, Graph, Network, Op, Rule},
    train::StochasticDepth,
    watch::Watch,
    weights,
    zoo::{self, Card, ZOO},
};

mod made_up;

fn graph(card: &Card) -> Graph {
    (card.build)(card.size()).unwrap_or_else(|error| panic!("{}: {error}", card.name))
}

/// Learned weights, with auxiliary classifiers and without, and multiply-adds without.
fn totals(graph: &Graph) -> [u64; 3] {
    let (costs, auxiliary) = (graph.costs(), graph.auxiliary());
    let sum = |of: fn(&Cost) -> u64, all: bool| {
        costs.iter().zip(&auxiliary).filter(|&(_, &side)| all || !side).map(|(cost, _)| of(cost)).sum()
    };
    [sum(|c| c.parameters, true), sum(|c| c.parameters, false), sum(|c| c.macs, false)]
}

/// The facts that tests/make_networks.py writes about a network of torchvision.
#[derive(Deserialize)]
struct Published {
    /// Learned weights, auxiliary classifiers included.
    parameters: u64,
    /// Billions of multiply-adds, rounded to three places.
    gmacs: f64,
    /// FNV-1a of "key shape" of every floating-point entry of the state dict, sorted, a line each.
    keys: String,
    /// FNV-1a of torch.fx's node names (get_graph_node_names), a line each.
    nodes: String,
}

fn fnv1a(text: &str) -> String {
    let hash = text
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
    format!("{hash:016x}")
}

#[test]
fn names_weights_and_sums_are_torchvisions() {
    let text = include_str!("data/networks/torchvision.json");
    let published: BTreeMap<String, Published> = serde_json::from_str(text).unwrap();
    assert_eq!(published.len(), 68, "torchvision's convolutional classifiers");
    for (name, published) in published {
        let graph = graph(zoo::find(&name).unwrap());
        let [parameters, _, macs] = totals(&graph);
        assert_eq!(parameters, published.parameters, "{name}");
        let gmacs = (macs as f64 / 1e6).round() / 1e3;
        assert!((gmacs - published.gmacs).abs() < 1e-9, "{name}: {gmacs} and {} billion", published.gmacs);
        let keys = graph.parameters().into_iter().map(|(key, (shape, _))| format!("{key} {shape:?}\n"));
        let keys: String = keys.collect();
        let auxiliary = graph.auxiliary();
        let main = graph.nodes().iter().zip(auxiliary).filter(|(_, side)| !side).map(|(node, _)| node.name.as_str());
        // torchvision's networks end in scores, and its GoogLeNets' dropout and rectifiers stand where ours do.
        let nodes: String = main.skip(1).filter(|&name| name != "softmax").map(|name| format!("{name}\n")).collect();
        assert_eq!(fnv1a(&keys), published.keys, "{name}: names or shapes of weights");
        assert_eq!(fnv1a(&nodes), published.nodes, "{name}: names of layers");
        println!("{name}: {parameters} parameters, {gmacs} billion multiply-adds");
    }
}

#[test]
fn sums_are_the_papers() {
    // Learned weights without auxiliary classifiers, and multiply-adds as the paper rounds them, where it gives any.
    for (name, parameters, billions) in [
        ("lenet5", 60_850, ""),
        ("lenet5_modern", 61_706, ""),
        ("alexnet_2012", 60_965_224, ""),
        ("alexnet_single", 62_378_344, ""),
        ("zfnet", 62_357_608, ""),
        ("zfnet_512", 107_627_624, ""),
        // Table 2 of the paper: 133, 133, 133, 134, 138 and 144 million.
        ("vgg11", 132_863_336, ""),
        ("vgg11_lrn", 132_863_336, ""),
        ("vgg13", 133_047_848, ""),
        ("vgg16_1x1", 133_638_952, ""),
        ("vgg16", 138_357_544, ""),
        ("vgg19", 143_667_240, ""),
        // Caffe's bvlc_googlenet without its auxiliary classifiers.
        ("googlenet_2014", 6_998_552, "1.6"),
        // The port to PyTorch has 11,295,240 with biases before batch normalisation.
        ("bn_inception", 11_295_240 - 10_016, "2.0"),
        ("inception_v3", 23_834_568, "5.7"),
        // timm's inception_v4.
        ("inception_v4", 42_679_816, "12.3"),
        ("resnet18", 11_689_512, "1.8"),
        ("resnet34", 21_797_672, "3.7"),
        // Table 1 of the paper: 3.8, 7.6 and 11.3 billion; the first is cut, not rounded.
        ("resnet50_paper", 25_557_032, "3.9"),
        ("resnet101_paper", 44_549_160, "7.6"),
        ("resnet152_paper", 60_192_808, "11.3"),
        // Table 6 of the paper (0.27, 0.46, 0.66, 0.85, 1.7 and 19.4 million).
        ("resnet20", 269_722, ""),
        ("resnet32", 464_154, ""),
        ("resnet44", 658_586, ""),
        ("resnet56", 853_018, ""),
        ("resnet110", 1_727_962, ""),
        ("resnet1202", 19_421_274, ""),
        ("plain20", 269_722, ""),
        ("plain56", 853_018, ""),
        // 1.7 million in the paper, 1,703,258 in its authors' code.
        ("resnet164_preact", 1_703_258, ""),
        ("resnext101_32x4d", 44_177_704, "8.0"),
        // Table 2 of the paper: 1.0, 7.0 and 0.8 million.
        ("densenet40_k12", 1_019_722, ""),
        ("densenet100_k12", 6_979_642, ""),
        ("densenet_bc100_k12", 769_162, ""),
        ("alphago_policy_192", 3_882_793, ""),
    ] {
        let [_, found, macs] = totals(&graph(zoo::find(name).unwrap()));
        assert_eq!(found, parameters, "{name}");
        let digits = billions.split_once('.').map_or(0, |(_, digits)| digits.len());
        assert!(billions.is_empty() || format!("{:.digits$}", macs as f64 / 1e9) == billions, "{name}: {macs}");
    }
}

/// Parameters and multiply-adds of the nodes whose names start with `module`.
fn module(graph: &Graph, module: &str) -> [u64; 2] {
    let costs = graph.costs();
    let own = || graph.nodes().iter().zip(&costs).filter(|(node, _)| node.name.starts_with(module));
    [own().map(|(_, cost)| cost.parameters).sum(), own().map(|(_, cost)| cost.macs).sum()]
}

#[test]
fn lenet5s_layers_have_the_papers_counts() {
    let graph = graph(zoo::find("lenet5").unwrap());
    let expected = [("C1", 156), ("S2", 12), ("C3", 1516), ("S4", 32), ("C5", 48_120), ("F6", 10_164), ("output", 850)];
    for (name, parameters) in expected {
        assert_eq!(module(&graph, name)[0], parameters, "{name}");
    }
}

#[test]
fn googlenets_modules_are_the_papers_table() {
    let graph = graph(zoo::find("googlenet_2014").unwrap());
    // K = 1024 weights without biases, and millions of multiply-adds. The weights in brackets and the last digits of
    // 5a are not the paper's (364, 463, 580, 840, 1072, 1388; 54): see the card's notes.
    for (name, thousands, millions, biases) in [
        ("3a", 159, 128, 368),
        ("3b", 379, 304, 640),
        ("4a", 367, 74, 624),
        ("4b", 438, 88, 648),
        ("4c", 498, 100, 664),
        ("4d", 591, 119, 704),
        ("4e", 847, 170, 1024),
        ("5a", 1018, 51, 1024),
        ("5b", 1409, 71, 1264),
    ] {
        let [parameters, macs] = module(&graph, &format!("inception_{name}."));
        let weights = (parameters - biases) as f64 / 1024.0;
        assert!((weights - thousands as f64).abs() < 0.6, "{name}: {weights}");
        assert_eq!((macs as f64 / 1e6).round() as u64, millions, "{name}");
    }
}

#[test]
fn vgg16_has_fifteen_million_activations() {
    let graph = graph(zoo::find("vgg16").unwrap());
    let kept = |op: &Op| matches!(op, Op::Input | Op::Conv(_) | Op::MaxPool(_) | Op::Linear { .. });
    let bytes: u64 =
        graph.nodes().iter().zip(graph.costs()).filter(|(node, _)| kept(&node.op)).map(|(_, cost)| cost.bytes).sum();
    assert_eq!(bytes / 1_000_000, 60);
}

#[test]
fn names_find_cards() {
    assert_eq!(zoo::find("ResNet-50").unwrap().name, "resnet50");
    assert_eq!(zoo::find("resnet1202").unwrap().title, "ResNet-1202 (CIFAR-10)");
    assert!(std::ptr::eq(zoo::find("plain32").unwrap(), zoo::find("PLAIN32").unwrap()));
    // ImageNet's networks keep their names; 50 and 152 are 6n + 2 too.
    assert_eq!(zoo::find("resnet50").unwrap().size(), 224);
    assert_eq!(zoo::find("resnet50_cifar").unwrap().size(), 32);
    for unknown in ["resnet21", "resnet1208", "plain", "resnet-2", "vgg17"] {
        assert!(zoo::find(unknown).is_err(), "{unknown}");
    }
    for name in [|card: &Card| card.name.to_lowercase(), |card: &Card| card.title.to_lowercase()] {
        let mut names: Vec<_> = ZOO.iter().map(name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), ZOO.len());
    }
}

#[test]
fn outputs_have_labels_and_inputs_their_channels() {
    for card in ZOO {
        let graph = graph(card);
        let outputs: usize = graph.node(graph.scores()).shape.iter().product();
        assert_eq!(outputs, card.labels.all().len(), "{}", card.name);
        assert_eq!(graph.input_shape()[0], (card.preprocess)().channels(), "{}", card.name);
        assert!(!card.family.is_empty() && !card.paper.is_empty());
        assert!(card.notes.iter().all(|note| note.ends_with('.')), "{}", card.name);
        let [_, rows, columns] = graph.node(graph.last_maps()).extent();
        assert!(rows * columns > 1, "{}", card.name);
        // A gate sees the whole picture, and gates behind gates no more than that. Without any the fields grow by windows.
        let field = graph.costs()[graph.last_maps()].field[0];
        assert!(field.stride <= 64.0 && field.size < 32 * card.size().max(224), "{}: {field:?}", card.name);
        // Files saved without auxiliary classifiers hold a whole network too.
        assert_eq!(totals(&graph.without_auxiliary())[0], totals(&graph)[1], "{}", card.name);
    }
}

#[test]
fn weights_without_auxiliary_classifiers_run_the_same() {
    let graph = graph(zoo::find("googlenet").unwrap());
    let tensors = weights::synthetic(&graph, 0).unwrap();
    let main = graph.without_auxiliary().parameters();
    let fewer = tensors.iter().filter(|(name, _)| main.contains_key(*name)).map(|(n, t)| (n.clone(), t.clone()));
    let open = |tensors| Arc::new(Network::new(graph.clone(), tensors, "test", &Device::Cpu).unwrap());
    let (whole, part) = (open(tensors.clone()), open(fewer.collect()));
    assert!(part.graph().nodes().len() < whole.graph().nodes().len());
    let picture = weights::picture(3, 224, 0).unwrap();
    let scores = |network: Arc<Network>| network.forward(&picture, &Watch::default()).unwrap().scores().unwrap();
    assert_eq!(scores(whole), scores(part));
    let mut half = tensors;
    half.remove("aux1.fc2.bias");
    assert!(Network::new(graph, half, "test", &Device::Cpu).is_err());
}

/// Families with many members, of which tests/networks.rs runs some at a larger size.
const LATER: [&str; 4] = ["EfficientNet", "ConvNeXt", "RegNet", "MNASNet"];

/// Weights that `every_network_runs_both_ways` makes up for one network at most.
const MOST_PARAMETERS: u64 = 9_000_000;

/// Forward and back on synthetic weights, at the smallest size that fits from 32 pixels up. Of a family with larger members
/// the smaller ones stand for them.
#[test]
fn every_network_runs_both_ways() {
    let small = |card: &&Card| totals(&graph(card))[0] <= MOST_PARAMETERS || !LATER.contains(&card.family);
    for card in ZOO.iter().filter(small) {
        let sizes = if card.takes_pictures() { 32..=card.size() } else { card.size()..=card.size() };
        let graph = sizes.into_iter().find_map(|size| (card.build)(size).ok()).unwrap();
        let [channels, size, _] = graph.input_shape();
        let tensors = made_up::finite(&graph);
        let network = Arc::new(Network::new(graph, tensors, "test", &Device::Cpu).unwrap());
        let trace = network.forward(&weights::picture(channels, size, 0).unwrap(), &Watch::default()).unwrap();
        for id in 0..network.graph().nodes().len() {
            assert_eq!(trace.output(id).dims()[1..], network.graph().node(id).shape, "{}", card.name);
        }
        let scores = network.graph().scores();
        let best = trace.scores().unwrap().iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
        let [units, height, width] = network.graph().node(scores).extent();
        assert_eq!([height, width], [1, 1], "{}", card.name);
        assert!(best < units);
        let seed = trace.seed(scores, [best, 0, 0], 1.0).unwrap();
        let gradient = trace.reverse(scores, &seed, 0, &Rule::Gradient.into()).unwrap();
        let largest = gradient.abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap();
        assert!(largest > 0.0 && largest.is_finite(), "{} at {size}: {largest}", card.name);
    }
}

#[test]
fn weight_layers_are_counted_as_the_papers_count_them() {
    for (name, deep) in [
        ("lenet5", 5),
        ("alexnet_2012", 8),
        ("zfnet", 8),
        ("vgg11", 11),
        ("vgg16", 16),
        ("vgg19", 19),
        ("googlenet_2014", 22),
        ("resnet18", 18),
        ("resnet34", 34),
        ("resnet50", 50),
        ("resnet152", 152),
        ("resnet200", 200),
        ("plain34", 34),
        ("resnext50_32x4d", 50),
        ("resnet20", 20),
        ("resnet110", 110),
        ("resnet164_preact", 164),
        ("resnet1001_preact", 1001),
        ("densenet121", 121),
        ("densenet40_k12", 40),
        ("densenet_bc100_k12", 100),
        ("alphago_policy_192", 13),
    ] {
        assert_eq!(graph(zoo::find(name).unwrap()).weight_layers().deep, deep, "{name}");
    }
    // The projections of three shortcuts stand beside the longest way; auxiliary classifiers are not counted.
    assert_eq!(graph(zoo::find("resnet18").unwrap()).weight_layers().all, 21);
    assert_eq!(graph(zoo::find("googlenet_2014").unwrap()).weight_layers().all, 3 + 9 * 6 + 1);
}

#[test]
fn modules_have_the_sums_of_their_layers() {
    let graph = graph(zoo::find("googlenet_2014").unwrap());
    let modules = graph.modules(1);
    // Szegedy et al. 2015, table 1: millions of multiply-adds. Of conv1 and 5a the paper has others (34 and 54 for 118 and 51).
    for (name, millions) in [
        ("conv1", 118),
        ("conv2", 360),
        ("inception_3a", 128),
        ("inception_3b", 304),
        ("inception_4a", 73),
        ("inception_4b", 88),
        ("inception_4c", 100),
        ("inception_4d", 119),
        ("inception_4e", 170),
        ("inception_5a", 51),
        ("inception_5b", 71),
    ] {
        let module = modules.iter().find(|module| module.name == name).unwrap();
        assert!((module.macs as f64 / 1e6 - f64::from(millions)).abs() < 1.0, "{name}: {}", module.macs);
    }
    let first = modules.iter().find(|module| module.name == "inception_3a").unwrap();
    assert_eq!((first.parameters, &first.output[..]), (163_328 + 368, &[256, 28, 28][..]));
    let sums: u64 = modules.iter().map(|module| module.parameters).sum();
    assert_eq!(sums, totals(&graph)[0]);
    let layers: usize = graph.modules(9).iter().map(|module| module.layers).sum();
    assert_eq!(layers, graph.nodes().len() - 1);
}

#[test]
fn deeper_residual_branches_are_left_out_more_often() {
    let of = |name: &str, last: f64| StochasticDepth::of(&graph(zoo::find(name).unwrap()), last);
    let (depth, steps) = (of("resnet20", 0.5), 4000);
    let (mut left_out, mut mean) = ([0.0; 9], [0.0; 9]);
    for step in 0..steps {
        let factors = depth.factors(7, step);
        assert_eq!(factors.len(), 9, "a branch for each block, with those that halve the maps");
        for (at, (_, factor)) in factors.into_iter().enumerate() {
            left_out[at] += f64::from(factor == 0.0) / steps as f64;
            mean[at] += factor / steps as f64;
        }
    }
    for at in 0..9 {
        let share = 0.5 * (at + 1) as f64 / 9.0;
        // Four deviations of a share, and of the mean factor, over so many steps.
        assert!((left_out[at] - share).abs() < 0.033, "{at}: {}", left_out[at]);
        assert!((mean[at] - 1.0).abs() < 0.065, "{at}: {}", mean[at]);
    }
    assert_eq!(depth.factors(7, 3), depth.factors(7, 3));
    for name in ["plain20", "vgg16", "googlenet", "densenet40_k12"] {
        assert!(of(name, 0.5).is_empty(), "{name}");
    }
    assert!(of("resnet20", 0.0).is_empty());
    // The branch of a pre-activation block ends in a convolution, that of a bottleneck in a normalisation.
    assert_eq!([of("resnet164_preact", 0.2), of("resnet50", 0.2)].map(|depth| depth.factors(0, 0).len()), [54, 16]);
}
