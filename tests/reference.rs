//! Networks on synthetic weights against PyTorch's numbers: every module's output, the logits, and the reverse walk
//! under each rule. The numbers are large and stay outside the repository (`../shared/reference`): without them the
//! tests say so and pass.
#![allow(clippy::unwrap_used, clippy::panic)]

mod numbers;

use candle_core::Device;
use numbers::{Module, TOLERANCE, close, close_calls, walk_agrees};
use std::{collections::HashMap, path::PathBuf, sync::Arc};
use striate::{
    kernels::to_vec,
    net::{Network, NodeId, Rule, Trace},
    watch::Watch,
    weights, zoo,
};

fn reference(name: &str) -> Option<weights::File> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../shared/reference/{name}.safetensors"));
    if !path.exists() {
        println!("SKIPPED: PyTorch's numbers for {name} are not here");
        return None;
    }
    Some(weights::read_file(&path, &Watch::default()).unwrap())
}

/// The node behind the `visit`-th call of a module: its own node, torch.fx's `_1` for the second call, or for a
/// module that holds others the last node inside it.
fn node_of(trace: &Trace, module: &str, visit: usize) -> NodeId {
    let name = if visit == 0 { module.to_owned() } else { format!("{module}_{visit}") };
    trace.network().graph().find(&name).unwrap()
}

/// Every module's mean, standard deviation, norm and first values; returns the largest difference.
fn modules_agree(trace: &Trace, modules: &[Module]) -> f32 {
    let mut visits: HashMap<&str, usize> = HashMap::new();
    let mut worst = 0f32;
    for module in modules {
        let visit = visits.entry(&module.module).or_default();
        let output = trace.output(node_of(trace, &module.module, *visit));
        *visit += 1;
        worst = worst.max(module.agrees(output));
    }
    worst
}

fn agrees(name: &str) {
    let Some(file) = reference(name) else { return };
    let card = zoo::find(name).unwrap();
    let graph = (card.build)(card.size()).unwrap();
    let tensors = weights::synthetic(&graph, 0).unwrap();
    let network = Arc::new(Network::new(graph, tensors, "synthetic:0", &Device::Cpu).unwrap());
    let learned: u64 = network.graph().costs().iter().map(|cost| cost.parameters).sum();
    assert_eq!(learned.to_string(), file.metadata["parameters"]);

    let input = weights::picture(3, card.size(), 0).unwrap();
    close("input", &input, &file.tensors["input"]);
    let trace = network.forward(&file.tensors["input"], &Watch::default()).unwrap();
    let modules: Vec<Module> = serde_json::from_str(&file.metadata["modules"]).unwrap();
    let mut found = vec![("modules", modules_agree(&trace, &modules))];
    let scores = network.graph().scores();
    found.push(("logits", close("logits", trace.output(scores), &file.tensors["logits"])));

    let mut text = String::new();
    if let Some(gradient) = file.tensors.get("gradient") {
        let class: usize = file.metadata["class"].parse().unwrap();
        let seed = trace.seed(scores, [class, 0, 0], 1.0).unwrap();
        let calls = close_calls(&trace);
        let mut flips = Vec::new();
        let mut compare = |what, rule, theirs| {
            let (ours, [before, after]) = walk_agrees(&trace, class, rule, theirs, &calls, &mut flips);
            text += &format!("; {what} {after:.1e}");
            if after < before {
                let (some, all) = (flips.len(), calls.len());
                text += &format!(" ({before:.1e} before {some} of {all} close calls were decided as PyTorch did)");
            }
            // Flips do not add up under rules that clip sums at every rectifier: what they leave must be small, and few
            // pixels (GoogLeNet's deconvnet, 8e-4 at some).
            let (mine, its) = (to_vec(&ours).unwrap(), to_vec(theirs).unwrap());
            let largest = its.iter().fold(0f32, |m, v| m.max(v.abs()));
            let apart = mine.iter().zip(&its).filter(|(a, b)| (*a - *b).abs() > TOLERANCE * largest).count();
            let share = apart as f32 / its.len() as f32;
            let clipped = rule != Rule::Gradient && after <= 1e-3 && share <= 0.01;
            if apart > 0 {
                text += &format!(" (share of values still apart: {share:.1e})");
            }
            assert!(
                after <= TOLERANCE || clipped,
                "{name} {what}: {before:e}, and {after:e} ({share:e} of the values) with calls decided otherwise"
            );
            ours
        };
        let ours = compare("gradient", Rule::Gradient, gradient);
        compare("guided", Rule::Guided, &file.tensors["guided"]);
        compare("deconvnet", Rule::Deconvnet, &file.tensors["deconvnet"]);
        found.push(("saliency", close("saliency", &ours.abs().unwrap().max(1).unwrap(), &file.tensors["saliency"])));
        let layer = network.graph().find(&file.metadata["cam_layer"]).unwrap();
        let maps = &file.tensors["cam_layer_activation"];
        found.push(("cam activation", close("cam activation", trace.output(layer), maps)));
        let weights =
            trace.reverse(scores, &seed, layer, &Rule::Gradient.into()).unwrap().mean_keepdim((2, 3)).unwrap();
        let cam = trace.output(layer).broadcast_mul(&weights).unwrap().sum(1).unwrap();
        found.push(("grad_cam", close("grad_cam", &cam, &file.tensors["grad_cam"])));
    }
    let row: Vec<String> = found.iter().map(|(what, d)| format!("{what} {d:.1e}")).collect();
    println!("{name}: {}{text}", row.join(", "));
}

/// The networks of a test run one after the other: some hold a gigabyte.
fn all_agree(names: &[&str]) {
    names.iter().for_each(|name| agrees(name));
}

#[test]
fn plain_networks_are_pytorchs() {
    all_agree(&["alexnet", "vgg16"]);
}

#[test]
fn branching_networks_are_pytorchs() {
    all_agree(&["resnet18", "resnet50", "googlenet", "densenet121"]);
}

#[test]
#[ignore = "more of the same kinds, a few minutes: cargo test --test reference -- --ignored"]
fn their_sisters_are_pytorchs() {
    all_agree(&["vgg11", "vgg13", "vgg19", "vgg11_bn", "vgg16_bn", "resnet34", "resnet101", "resnet152"]);
    all_agree(&["resnext50_32x4d", "resnext101_32x8d", "inception_v3", "densenet161", "densenet169", "densenet201"]);
}
