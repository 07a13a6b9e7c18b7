//! Networks on synthetic weights against PyTorch's numbers: every module's output, the logits, and the reverse walk
//! under each rule. The numbers are large and stay outside the repository (`../shared/reference`): without them the
//! tests say so and pass.
#![allow(clippy::unwrap_used, clippy::panic)]

use candle_core::{Device, Tensor};
use serde::Deserialize;
use std::{collections::HashMap, path::PathBuf, sync::Arc};
use striate::{
    kernels::to_vec,
    net::{Field, Network, NodeId, Op, Rule, Trace},
    watch::Watch,
    weights, zoo,
};

/// Largest difference over largest magnitude that float32 sums in another order may reach.
const TOLERANCE: f32 = 1e-4;

#[derive(Deserialize)]
struct Module {
    module: String,
    shape: Vec<usize>,
    mean: f64,
    std: f64,
    l2: f64,
    first: Vec<f32>,
}

fn reference(name: &str) -> Option<weights::File> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../shared/reference/{name}.safetensors"));
    if !path.exists() {
        println!("SKIPPED: PyTorch's numbers for {name} are not here");
        return None;
    }
    Some(weights::read_file(&path, &Watch::default()).unwrap())
}

/// Largest difference over largest magnitude.
fn difference(ours: &[f32], theirs: &[f32]) -> f32 {
    assert_eq!(ours.len(), theirs.len());
    let largest = theirs.iter().fold(0f32, |m, v| m.max(v.abs()));
    ours.iter().zip(theirs).fold(0f32, |m, (a, b)| m.max((a - b).abs())) / largest
}

fn close(what: &str, ours: &Tensor, theirs: &Tensor) -> f32 {
    let d = difference(&to_vec(ours).unwrap(), &to_vec(theirs).unwrap());
    assert!(d <= TOLERANCE, "{what}: {d:e}");
    d
}

/// Where float32 cannot decide: a rectifier's input or a max pool's lead over the runner-up is a rounding error away
/// from zero, so two correct programs may let a gradient pass or not, or send it elsewhere. Marks the picture's pixels
/// that such a unit sees; only there may gradients differ by more than rounding.
fn undecided(trace: &Trace) -> Vec<bool> {
    const ROUNDING: f32 = 1e-7;
    let graph = trace.network().graph();
    let costs = graph.costs();
    let [_, height, width] = graph.input_shape();
    let mut marked = vec![false; height * width];
    for (id, node) in graph.nodes().iter().enumerate().skip(1) {
        let [_, rows, columns] = node.extent();
        let before = trace.values(node.inputs[0]).unwrap();
        let largest = before.iter().fold(0f32, |m, v| m.max(v.abs()));
        let close_calls: Vec<usize> = match &node.op {
            Op::Relu => (0..before.len()).filter(|&i| before[i].abs() <= ROUNDING * largest).collect(),
            Op::MaxPool(window) => {
                let [_, h, w] = graph.node(node.inputs[0]).extent();
                let lead = |i: usize| {
                    let (unit, row, column) = (i / (rows * columns), i / columns % rows, i % columns);
                    let mut best = [f32::NEG_INFINITY; 2];
                    for y in (0..window.kernel[0]).map(|k| row * window.stride[0] + k) {
                        for x in (0..window.kernel[1]).map(|k| column * window.stride[1] + k) {
                            let inside = y.checked_sub(window.padding.top).zip(x.checked_sub(window.padding.left));
                            if let Some((y, x)) = inside.filter(|&(y, x)| y < h && x < w) {
                                let value = before[(unit * h + y) * w + x];
                                best = if value > best[0] { [value, best[0]] } else { [best[0], best[1].max(value)] };
                            }
                        }
                    }
                    // A window of zeros behind a rectifier passes nothing, whichever of them it chose.
                    if best[0] == 0.0 { f32::INFINITY } else { best[0] - best[1] }
                };
                (0..trace.values(id).unwrap().len()).filter(|&i| lead(i) <= ROUNDING * largest).collect()
            }
            _ => continue,
        };
        let [field_rows, field_columns] = costs[id].field;
        for i in close_calls {
            let seen = |field: Field, index: usize, size: usize| {
                let start = field.offset + index as f64 * field.stride;
                (start.max(0.0) as usize)..((start + field.size as f64).max(0.0) as usize).min(size)
            };
            for y in seen(field_rows, i / columns % rows, height) {
                seen(field_columns, i % columns, width).for_each(|x| marked[y * width + x] = true);
            }
        }
    }
    marked
}

/// As [`close`] for values at the picture's pixels, but for those that float32 cannot decide. Returns the largest
/// difference among the decided.
fn close_where_decided(what: &str, ours: &Tensor, theirs: &Tensor, undecided: &[bool]) -> f32 {
    let (ours, theirs) = (to_vec(ours).unwrap(), to_vec(theirs).unwrap());
    let largest = theirs.iter().fold(0f32, |m, v| m.max(v.abs()));
    let differences = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs() / largest);
    let mut worst = 0f32;
    for (index, d) in differences.enumerate() {
        if undecided[index % undecided.len()] {
            assert!(d <= 0.1, "{what} at an undecided pixel: {d:e}");
        } else {
            assert!(d <= TOLERANCE, "{what}: {d:e}");
            worst = worst.max(d);
        }
    }
    worst
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
        let values = to_vec(output).unwrap();
        assert_eq!(values.len(), module.shape.iter().product::<usize>(), "{}", module.module);
        let count = values.len() as f64;
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / count;
        let squares = values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>();
        let std = (values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / count).sqrt();
        let largest = f64::from(values.iter().fold(0f32, |m, v| m.max(v.abs())));
        let first = values.iter().zip(&module.first).fold(0f32, |m, (a, b)| m.max((a - b).abs()));
        for (what, d) in [
            ("mean", (mean - module.mean).abs() / largest),
            ("std", (std - module.std).abs() / largest),
            ("l2", (squares.sqrt() - module.l2).abs() / module.l2),
            ("first values", f64::from(first) / largest),
        ] {
            assert!(d <= f64::from(TOLERANCE), "{} {what}: {d:e}", module.module);
            worst = worst.max(d as f32);
        }
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

    if let Some(gradient) = file.tensors.get("gradient") {
        let class: usize = file.metadata["class"].parse().unwrap();
        let seed = trace.seed(scores, [class, 0, 0], 1.0).unwrap();
        let undecided = undecided(&trace);
        let share = undecided.iter().filter(|&&marked| marked).count() as f32 / undecided.len() as f32;
        found.push(("share of pixels undecided", share));
        let mut compare = |what, ours: &Tensor, theirs| {
            found.push((what, close_where_decided(what, ours, theirs, &undecided)));
            found.push(("everywhere", difference(&to_vec(ours).unwrap(), &to_vec(theirs).unwrap())));
        };
        let ours = trace.reverse(scores, &seed, 0, &Rule::Gradient.into()).unwrap();
        compare("gradient", &ours, gradient);
        compare("saliency", &ours.abs().unwrap().max(1).unwrap(), &file.tensors["saliency"]);
        for (what, rule) in [("guided", Rule::Guided), ("deconvnet", Rule::Deconvnet)] {
            compare(what, &trace.reverse(scores, &seed, 0, &rule.into()).unwrap(), &file.tensors[what]);
        }
        let layer = network.graph().find(&file.metadata["cam_layer"]).unwrap();
        let maps = &file.tensors["cam_layer_activation"];
        found.push(("cam activation", close("cam activation", trace.output(layer), maps)));
        let weights =
            trace.reverse(scores, &seed, layer, &Rule::Gradient.into()).unwrap().mean_keepdim((2, 3)).unwrap();
        let cam = trace.output(layer).broadcast_mul(&weights).unwrap().sum(1).unwrap();
        found.push(("grad_cam", close("grad_cam", &cam, &file.tensors["grad_cam"])));
    }
    let row: Vec<String> = found.iter().map(|(what, d)| format!("{what} {d:.1e}")).collect();
    println!("{name}: {}", row.join(", "));
}

#[test]
fn vgg16_is_pytorchs() {
    agrees("vgg16");
}

#[test]
fn resnet18_is_pytorchs() {
    agrees("resnet18");
}
