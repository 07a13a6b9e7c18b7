//! The networks that torchvision lacks against PyTorch ones that tests/make_networks.py builds from the papers' tables:
//! the layers' outputs, the logits and the gradient at the input, on synthetic weights.
#![allow(clippy::unwrap_used, clippy::panic)]

mod numbers;

use candle_core::Device;
use numbers::{Module, TOLERANCE, close, close_calls, walk_agrees};
use std::{path::PathBuf, sync::Arc};
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
