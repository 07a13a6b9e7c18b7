//! Networks with parts switched off against torchvision's with hooks (`make_surgery.py` made the numbers), and against the
//! weights that the change is folded into.
#![allow(clippy::unwrap_used, clippy::panic)]

use candle_core::Device;
use serde::Deserialize;
use std::{fs, path::Path, sync::Arc};
use striate::{
    Error,
    net::{
        Backend, Builder, Conv, Graph, Network, Op, Trace,
        surgery::{InPlace, Operation, Removal, Substitute, Surgery, UnitChange},
    },
    watch::Watch,
    weights, zoo,
};

#[derive(Deserialize)]
struct Case {
    network: String,
    size: usize,
    parts: Vec<String>,
    way: String,
    order: Vec<usize>,
    scores: Vec<f32>,
}

fn network(name: &str, size: usize) -> Arc<Network> {
    let graph = (zoo::find(name).unwrap().build)(size).unwrap().without_auxiliary();
    made_up(graph)
}

fn made_up(graph: Graph) -> Arc<Network> {
    let tensors = weights::synthetic(&graph, 0).unwrap();
    Arc::new(Network::new(graph, tensors, "synthetic:0", &Device::Cpu).unwrap())
}

fn run(network: &Arc<Network>) -> Trace {
    let [channels, size, _] = network.graph().input_shape();
    network.forward(&weights::picture(channels, size, 0).unwrap(), &Watch::default()).unwrap()
}

/// Largest difference over largest magnitude.
fn difference(ours: &[f32], theirs: &[f32]) -> f32 {
    assert_eq!(ours.len(), theirs.len());
    let largest = theirs.iter().fold(0f32, |m, v| m.max(v.abs()));
    ours.iter().zip(theirs).fold(0f32, |m, (a, b)| m.max((a - b).abs())) / largest
}

/// The mean of every unit of a layer.
fn means(trace: &Trace, layer: usize) -> Vec<f32> {
    let [_, height, width] = trace.network().graph().node(layer).extent();
    let mean = |map: &[f32]| map.iter().sum::<f32>() / map.len() as f32;
    trace.values(layer).unwrap().chunks_exact(height * width).map(mean).collect()
}

fn removals(trace: &Trace, names: &[String], way: &str) -> Operation {
    let removal = |name: &String| {
        let part = trace.network().graph().part(name).unwrap();
        let with = match way {
            "zero" => Substitute::Zero,
            "identity" => Substitute::Identity,
            _ => Substitute::Constant(means(trace, part.output)),
        };
        Removal { part, with }
    };
    Operation { removals: names.iter().map(removal).collect(), ..Operation::default() }
}

fn shuffle(graph: &Graph, stage: &str, order: &[usize]) -> Operation {
    let blocks = graph.residual_blocks().into_iter().filter(|block| block.part.name.starts_with(stage));
    let blocks: Vec<_> = blocks.collect();
    let moved = order.iter().enumerate().map(|(to, &from)| (blocks[to].clone(), blocks[from].clone()));
    Operation { moved: moved.collect(), ..Operation::default() }
}

#[test]
fn parts_switched_off_agree_with_hooks_in_pytorch() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/surgery.json");
    let cases: Vec<Case> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let mut last: Option<(String, Trace)> = None;
    for case in cases {
        if last.as_ref().is_none_or(|(name, _)| *name != case.network) {
            last = Some((case.network.clone(), run(&network(&case.network, case.size))));
        }
        let (_, trace) = last.as_ref().unwrap();
        let operation = match case.way.as_str() {
            "shuffle" => shuffle(trace.network().graph(), &case.parts[0], &case.order),
            way => removals(trace, &case.parts, way),
        };
        let changed = Arc::new(trace.network().operated(&operation).unwrap());
        let scores: Vec<f32> = run(&changed).scores().unwrap().into_iter().step_by(37).collect();
        let apart = difference(&scores, &case.scores);
        assert!(apart <= 1e-4, "{} without {:?} by {}: {apart}", case.network, case.parts, case.way);
    }
}

/// Two residual blocks of one shape on a stem, a pool and a classifier.
fn small() -> Arc<Network> {
    let mut net = Builder::new([3, 12, 12]);
    net.then("stem", Op::Conv(Conv::new(4, 3).same()));
    let mut input = net.then("relu", Op::Relu);
    for block in ["stage.0", "stage.1"] {
        net.add(format!("{block}.conv1"), Op::Conv(Conv::new(4, 3).same()), &[input]);
        net.then(format!("{block}.relu1"), Op::Relu);
        let branch = net.then(format!("{block}.conv2"), Op::Conv(Conv::new(4, 3).same()));
        net.add(format!("{block}.add"), Op::Add, &[branch, input]);
        input = net.then(format!("{block}.relu2"), Op::Relu);
    }
    net.then("pool", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("flatten", Op::Flatten);
    net.then("fc1", Op::Linear { out: 4, bias: true });
    net.then("fc2", Op::Linear { out: 5, bias: true });
    made_up(net.finish().unwrap())
}

#[test]
fn residual_blocks_are_found_by_their_shortcuts() {
    let net = small();
    let blocks: Vec<String> = net.graph().residual_blocks().into_iter().map(|block| block.part.name).collect();
    assert_eq!(blocks, ["stage.0", "stage.1"]);
    let of = |name: &str| -> Vec<String> {
        let graph = (zoo::find(name).unwrap().build)(64).unwrap();
        graph.residual_blocks().into_iter().map(|block| block.part.name).collect()
    };
    assert_eq!(of("resnet18"), ["layer1.0", "layer1.1", "layer2.1", "layer3.1", "layer4.1"]);
    assert!(of("vgg16").is_empty() && of("googlenet").is_empty());
}

#[test]
fn folded_weights_compute_what_the_changed_network_does() {
    let net = small();
    let trace = run(&net);
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    for (parts, way) in [
        (names(&["stage.0"]), "identity"),
        (names(&["stage.0", "stage.1"]), "identity"),
        (names(&["stage.1.conv2"]), "zero"),
        (names(&["stage.0.relu1"]), "mean"),
        (names(&["stage.1.conv1"]), "mean"),
        (names(&["fc1"]), "zero"),
        (names(&["stage"]), "shuffle"),
    ] {
        let operation = match way {
            "shuffle" => shuffle(net.graph(), "stage", &[1, 0]),
            way => removals(&trace, &parts, way),
        };
        let changed = Arc::new(net.operated(&operation).unwrap());
        let graph = Graph::clone(net.graph());
        let folded = net.folded(&operation).unwrap();
        let folded = Arc::new(Network::new(graph, folded, "folded", &Device::Cpu).unwrap());
        let (changed, folded, whole) =
            (run(&changed).scores().unwrap(), run(&folded).scores().unwrap(), trace.scores().unwrap());
        assert!(difference(&folded, &changed) <= 1e-5, "{parts:?} by {way}");
        assert!(difference(&whole, &changed) > 1e-3, "{parts:?} by {way} changes nothing");
    }
    let refused =
        |parts: &[&str], way: &str| net.folded(&removals(&trace, &names(parts), way)).unwrap_err().to_string();
    assert!(refused(&["stage.0.conv1"], "identity").contains("stage.0.conv1"));
    assert!(refused(&["pool"], "zero").contains("pool has no weights"));
}

#[test]
fn both_back_ends_run_a_changed_network() {
    let net = small();
    let trace = run(&net);
    let parts = ["stage.0.conv2".to_owned(), "fc1".to_owned()];
    let operation = removals(&trace, &parts, "mean");
    let fast = Arc::new(net.operated(&operation).unwrap());
    let reference = Arc::new(net.operated(&operation).unwrap().with_backend(Backend::Candle));
    assert!(difference(&run(&fast).scores().unwrap(), &run(&reference).scores().unwrap()) <= 1e-5);
}

#[test]
fn silenced_units_are_zero_and_the_others_stay() {
    let net = small();
    let trace = run(&net);
    let part = net.graph().part("stage.0.conv2").unwrap();
    let layer = part.output;
    let removals = vec![Removal { part, with: Substitute::silence(&[1, 3]) }];
    let changed = Arc::new(net.operated(&Operation { removals, ..Operation::default() }).unwrap());
    let own = run(&changed);
    let off = changed.graph().find("stage.0.conv2.off").unwrap();
    let (before, after) = (trace.values(layer).unwrap(), own.values(off).unwrap());
    for (unit, (before, after)) in before.chunks_exact(144).zip(after.chunks_exact(144)).enumerate() {
        match unit {
            1 | 3 => assert!(after.iter().all(|&value| value == 0.0)),
            _ => assert!(difference(after, before) <= 1e-6),
        }
    }
}

#[test]
fn changed_units_are_folded_into_the_weights_before_their_rectifier() {
    let net = small();
    let change = |unit, factor, shift| UnitChange { unit, factor, shift };
    for (part, changes) in [
        ("stage.0.conv2", vec![change(0, 0.5, -0.25), change(3, -1.0, 0.0)]),
        ("stage.0.relu1", vec![change(1, 2.0, 0.0), change(2, 0.0, 0.75), change(3, 0.0, 0.0)]),
        ("fc1", vec![change(2, 1.0, 1.5)]),
    ] {
        let part = net.graph().part(part).unwrap();
        let removals = vec![Removal { part, with: Substitute::Units(changes) }];
        let operation = Operation { removals, ..Operation::default() };
        let changed = Arc::new(net.operated(&operation).unwrap());
        let tensors = net.folded(&operation).unwrap();
        let folded = Network::new(net.graph().as_ref().clone(), tensors, "folded", &Device::Cpu).unwrap();
        let (changed, folded) = (run(&changed).scores().unwrap(), run(&Arc::new(folded)).scores().unwrap());
        assert!(difference(&folded, &changed) <= 1e-5, "{operation:?}");
        assert!(difference(&changed, &run(&net).scores().unwrap()) > 1e-4, "{operation:?} changes nothing");
    }
    let part = net.graph().part("stage.0.relu1").unwrap();
    let removals = vec![Removal { part, with: Substitute::Units(vec![change(0, 1.0, -1.0)]) }];
    let refused = net.folded(&Operation { removals, ..Operation::default() });
    assert!(refused.is_err(), "a rectifier's output minus one is no rectifier's output");
}

#[test]
fn a_network_that_keeps_its_layers_gives_the_same_scores() {
    let net = small();
    for surgery in [
        Surgery::default().toggled("stage.1", InPlace::Input),
        Surgery::default().toggled("stage.0.conv2", InPlace::Zero).toggled("stage.1.relu1", InPlace::Input),
    ] {
        let operation = surgery.operation(net.graph()).unwrap();
        let whole = Arc::new(net.operated_whole(&operation).unwrap());
        for node in net.graph().nodes() {
            assert!(whole.graph().nodes().iter().any(|other| other.name == node.name), "{} is gone", node.name);
        }
        let less = Arc::new(net.operated(&operation).unwrap());
        let scores = run(&whole).scores().unwrap();
        assert!(difference(&scores, &run(&less).scores().unwrap()) <= 1e-6, "{}", surgery.words());
        assert!(difference(&scores, &run(&net).scores().unwrap()) > 1e-4, "{}", surgery.words());
    }
}

#[test]
fn a_part_whose_input_has_another_shape_is_refused() {
    let net = small();
    let trace = run(&net);
    let refused = |part: &str, with: Substitute| {
        let part = net.graph().part(part).unwrap();
        let operation = Operation { removals: vec![Removal { part, with }], ..Operation::default() };
        match trace.network().operated(&operation) {
            Err(Error::Usage(why)) => why,
            _ => panic!("not refused"),
        }
    };
    let why = refused("stem", Substitute::Identity);
    assert!(why.contains("3x12x12") && why.contains("4x12x12"), "{why}");
    assert!(refused("stage.0.add", Substitute::Identity).contains("several inputs"));
    assert!(refused("fc1", Substitute::Constant(vec![0.0; 3])).contains("4 units"));
    assert!(refused("fc2", Substitute::Zero).contains("scores"));
    assert!(net.graph().part("stagee").is_err());
}

#[test]
fn a_graph_without_parts_passes_their_input_on() {
    let graph = |name: &str| {
        let card = zoo::find(name).unwrap();
        (card.build)(card.size()).unwrap()
    };
    let without = |name: &str, parts: &[&str]| {
        graph(name).without(&parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>())
    };
    // The fifth layer of AlexNet then reads the 192 maps of the second, and the eighth the 4096 values of the sixth.
    let small =
        without("alexnet", &["conv3", "features.7", "conv4", "features.9", "classifier.4", "classifier.5"]).unwrap();
    let shape = |name: &str| small.parameters()[name].0.clone();
    assert_eq!(shape("features.10.weight"), [256, 192, 3, 3]);
    assert_eq!(shape("classifier.6.weight"), [1000, 4096]);
    assert!(!small.parameters().contains_key("features.6.weight"));
    // A residual block or a module goes whole; auxiliary heads stay.
    for (name, module) in [("resnet18", "layer1.1"), ("googlenet", "inception4b")] {
        let changed = without(name, &[module]).unwrap();
        assert!(changed.nodes().iter().all(|node| !node.name.starts_with(&format!("{module}."))), "{module}");
        assert_eq!(changed.auxiliary_heads().len(), graph(name).auxiliary_heads().len(), "{module}");
    }
    for part in ["input", "fc", "nowhere"] {
        assert!(without("resnet18", &[part]).is_err(), "{part}");
    }
    // Behind the block that doubles the maps, branch and shortcut have different ones.
    let misfit = without("resnet18", &["layer2.0"]).unwrap_err().to_string();
    assert!(misfit.starts_with("the network cannot be without layer2.0: layer layer2.1.add"), "{misfit}");
}
