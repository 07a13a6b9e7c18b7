//! Networks against PyTorch: those that torchvision lacks, which tests/make_networks.py builds from the papers' tables, and
//! torchvision's later ones, which tests/make_torchvision.py runs. The layers' outputs, the logits and the gradient at the
//! input, on synthetic weights.
#![allow(clippy::unwrap_used, clippy::panic)]

mod numbers;

use candle_core::{DType, Device, Tensor};
use numbers::{Module, TOLERANCE, close, close_calls, walk_agrees};
use serde::Deserialize;
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};
use striate::{
    net::{Network, Rule},
    watch::Watch,
    weights, zoo,
};

fn agrees(name: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/networks/{name}.safetensors"));
    let file = weights::read_file(&path, &Watch::default()).unwrap();
    let size: usize = file.metadata["size"].parse().unwrap();
    let graph = (zoo::find(name).unwrap().build)(size).unwrap();
    let tensors = weights::synthetic(&graph, 0).unwrap();
    let network = Arc::new(Network::new(graph, tensors, "synthetic:0", &Device::Cpu).unwrap());
    let graph = network.graph();
    let learned: u64 = graph.costs().iter().map(|cost| cost.parameters).sum();
    assert_eq!(learned.to_string(), file.metadata["parameters"], "{name}");

    let picture = weights::picture(graph.input_shape()[0], size, 0).unwrap();
    let trace = network.forward(&picture, &Watch::default()).unwrap();
    let modules: Vec<Module> = serde_json::from_str(&file.metadata["modules"]).unwrap();
    assert!(modules.len() * 10 > graph.nodes().len() * 4, "{name}: too few layers are compared");
    let worst = modules.iter().map(|module| {
        let node = graph.find(&module.module).unwrap();
        assert_eq!(graph.node(node).name, module.module);
        module.agrees(trace.output(node))
    });
    let worst = worst.fold(0f32, f32::max);
    let scores = graph.scores();
    let logits = close("logits", trace.output(scores), &file.tensors["logits"]);

    let class: usize = file.metadata["class"].parse().unwrap();
    let calls = close_calls(&trace);
    let mut flips = Vec::new();
    let (_, [before, after]) =
        walk_agrees(&trace, class, Rule::Gradient, &file.tensors["gradient"], &calls, &mut flips);
    assert!(after <= TOLERANCE, "{name} gradient: {before:e}, and {after:e} with close calls decided otherwise");
    let (some, all) = (flips.len(), calls.len());
    let how = if some == 0 { String::new() } else { format!(" ({before:.1e} before {some} of {all} close calls)") };
    println!("{name}: layers {worst:.1e}, logits {logits:.1e}, gradient {after:.1e}{how}");
}

fn all_agree(names: &[&str]) {
    names.iter().for_each(|name| agrees(name));
}

#[test]
fn lenet_alexnet_zfnet_and_vgg_are_the_papers() {
    all_agree(&["lenet5", "lenet5_modern", "alexnet_2012", "alexnet_single", "zfnet", "vgg11_lrn"]);
}

#[test]
fn inceptions_are_the_papers() {
    all_agree(&["googlenet_2014", "bn_inception", "inception_v4"]);
}

#[test]
fn residual_networks_are_the_papers() {
    all_agree(&["resnet50_paper", "resnext101_32x4d", "resnet20", "plain20", "resnet110", "resnet164"]);
}

#[test]
fn orders_of_layers_are_the_papers() {
    for order in ["bn_after", "relu_before", "relu_preact", "preact"] {
        all_agree(&[&format!("resnet110_{order}"), &format!("resnet164_{order}")]);
    }
}

#[test]
fn densenets_and_alphago_are_the_papers() {
    all_agree(&["densenet40_k12", "densenet_bc100_k12", "alphago_policy_192"]);
}

#[test]
fn mobile_networks_are_torchvisions() {
    all_agree(&["mobilenet_v2", "mobilenet_v3_small", "mnasnet0_5", "shufflenet_v2_x0_5"]);
}

#[test]
fn efficientnet_is_torchvisions() {
    all_agree(&["efficientnet_b0"]);
}

#[test]
fn convnext_and_regnets_are_torchvisions() {
    all_agree(&["convnext_tiny", "regnet_x_400mf", "regnet_y_400mf"]);
}

/// The numbers of tests/make_torchvision.py about a network in float64.
#[derive(Deserialize)]
struct Numbers {
    size: usize,
    best: usize,
    /// The largest absolute score and gradient.
    largest: [f64; 2],
    /// The first scores.
    scores: Vec<f64>,
    /// Every 61st value of the gradient of the best score.
    gradient: Vec<f64>,
}

/// In float64, so that nothing but the order and the constants of the layers decides.
fn agrees_in_float64(name: &str, theirs: &Numbers) {
    let graph = (zoo::find(name).unwrap().build)(theirs.size).unwrap();
    let double = |tensor: Tensor| tensor.to_dtype(DType::F64).unwrap();
    let tensors = weights::synthetic(&graph, 0).unwrap().into_iter().map(|(name, tensor)| (name, double(tensor)));
    let network = Arc::new(Network::new(graph, tensors.collect(), "synthetic:0", &Device::Cpu).unwrap());
    let picture = double(weights::picture(3, theirs.size, 0).unwrap());
    let trace = network.forward(&picture, &Watch::default()).unwrap();
    let node = network.graph().scores();
    let apart = |ours: &Tensor, step: usize, theirs: &[f64], largest: f64| {
        let ours: Vec<f64> = ours.flatten_all().unwrap().to_vec1().unwrap();
        ours.iter().step_by(step).zip(theirs).fold(0f64, |worst, (a, b)| worst.max((a - b).abs())) / largest
    };
    let scores = apart(trace.output(node), 1, &theirs.scores, theirs.largest[0]);
    let seed = trace.seed(node, [theirs.best, 0, 0], 1.0).unwrap();
    let gradient = trace.reverse(node, &seed, 0, &Rule::Gradient.into()).unwrap();
    let gradient = apart(&gradient, 61, &theirs.gradient, theirs.largest[1]);
    println!("{name}: scores {scores:.1e}, gradient {gradient:.1e}");
    // EfficientNet v2's gates, open or shut on these weights, magnify even the rounding of float64.
    assert!(scores <= 1e-6 && gradient <= 5e-4, "{name}: {scores:e}, {gradient:e}");
}

fn numbers() -> BTreeMap<String, Numbers> {
    serde_json::from_str(include_str!("data/networks/torchvision_scores.json")).unwrap()
}

#[test]
fn later_networks_are_torchvisions_in_float64() {
    let all = numbers();
    for name in ["efficientnet_v2_s", "mobilenet_v3_large", "shufflenet_v2_x1_0", "mnasnet1_3"] {
        agrees_in_float64(name, &all[name]);
    }
}

#[test]
#[ignore = "networks of up to 200 million weights, some minutes: cargo test --test networks -- --ignored"]
fn their_sisters_are_torchvisions_in_float64() {
    numbers().iter().for_each(|(name, theirs)| agrees_in_float64(name, theirs));
}
