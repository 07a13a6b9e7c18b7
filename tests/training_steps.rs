//! Steps of training against PyTorch, from the same weights and batches. `make_training.py` makes the numbers.
#![allow(clippy::unwrap_used)]

use candle_core::{Device, Tensor};
use striate::{
    net::{Builder, Conv, Graph, Network, Op, Window},
    train::{Batch, Learner, Optimiser, Parameters, UpdateRule},
    watch::Watch,
    weights::{self, uniform},
    zoo,
};

/// A network, and how many pictures its batches have.
struct Case {
    name: &'static str,
    graph: Graph,
    batch: usize,
    rate: f64,
}

/// Steps after which weights are compared, and how far they may lie apart: largest difference over largest magnitude.
const COMPARED: [(usize, f64); 2] = [(1, 1e-5), (20, 1e-3)];

/// Values of a tensor that are compared.
const SAMPLES: usize = 16;

fn case(name: &'static str, network: &str, size: usize, batch: usize, rate: f64) -> Case {
    let graph = (zoo::find(network).unwrap().build)(size).unwrap();
    // No other program drops the same values.
    let graph = graph.with_constants(|node| matches!(node.op, Op::Dropout { .. }).then_some(Op::Dropout { p: 0.0 }));
    Case { name, graph, batch, rate }
}

/// Two blocks of DenseNet-40: twelve layers of twelve maps each.
fn densenet() -> Graph {
    let mut net = Builder::new([3, 16, 16]);
    let mut last = net.add("conv0", Op::Conv(Conv::new(16, 3).pad(1).unbiased()), &[0]);
    for block in 1..=2 {
        for layer in 1..=12 {
            let norm = net.add(format!("block{block}.{layer}.norm"), Op::BatchNorm { eps: 1e-5 }, &[last]);
            let relu = net.add(format!("block{block}.{layer}.relu"), Op::Relu, &[norm]);
            let conv = Op::Conv(Conv::new(12, 3).pad(1).unbiased());
            let conv = net.add(format!("block{block}.{layer}.conv"), conv, &[relu]);
            last = net.add(format!("block{block}.{layer}.cat"), Op::Concat, &[last, conv]);
        }
        net.then(format!("norm{block}"), Op::BatchNorm { eps: 1e-5 });
        last = net.then(format!("relu{block}"), Op::Relu);
        if block == 1 {
            let units = net.channels(last);
            net.then("transition", Op::Conv(Conv::new(units, 1).unbiased()));
            last = net.then("pool", Op::AvgPool { window: Window::new(2, 2), count_padding: true });
        }
    }
    net.then("average", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("flatten", Op::Flatten);
    net.then("fc", Op::Linear { out: 10, bias: true });
    net.finish().unwrap()
}

/// Rates are so low that rounding does not decide the end of twenty steps: at ten times these, PyTorch's own float32 ends a
/// hundredth away from its float64.
fn cases() -> Vec<Case> {
    vec![
        case("lenet5", "lenet5", 32, 8, 0.01),
        case("resnet20", "resnet20", 32, 8, 0.001),
        case("plain20", "plain20", 32, 8, 0.0001),
        Case { name: "densenet", graph: densenet(), batch: 8, rate: 0.002 },
        case("photonet", "photonet", 32, 4, 0.002),
        case("googlenet", "googlenet", 64, 2, 0.00003),
    ]
}

/// Writes the graphs that `make_training.py` trains, as JSON, to the file that STRIATE_GRAPHS names.
#[test]
#[ignore = "only for making the numbers anew"]
fn write_graphs() {
    let all: Vec<serde_json::Value> = cases()
        .iter()
        .map(|case| {
            serde_json::json!({"name": case.name, "batch": case.batch, "rate": case.rate, "graph": case.graph,
            "classifiers": striate::train::classifiers(&case.graph)})
        })
        .collect();
    std::fs::write(std::env::var("STRIATE_GRAPHS").unwrap(), serde_json::to_vec(&all).unwrap()).unwrap();
}

fn batch(case: &Case, step: usize) -> Batch {
    let [channels, height, width] = case.graph.input_shape();
    let shape = (case.batch, channels, height, width);
    let values = uniform(&format!("batch.{step}"), case.batch * channels * height * width, 0);
    let classes = case.graph.node(case.graph.scores()).extent()[0];
    let draws = uniform(&format!("classes.{step}"), case.batch, 0);
    let class = |draw: f32| ((f64::from(draw) + 1.0) / 2.0 * classes as f64) as usize;
    Batch {
        pictures: Tensor::from_vec(values, shape, &Device::Cpu).unwrap(),
        classes: draws.into_iter().map(class).collect(),
    }
}

/// Trains one case and compares its weights.
fn compare(name: &str) {
    let case = cases().into_iter().find(|case| case.name == name).unwrap();
    let bytes = std::fs::read("tests/data/training/steps.safetensors").unwrap();
    let file = weights::read_bytes(&bytes, "steps").unwrap();
    let tensors = weights::synthetic(&case.graph, 0).unwrap();
    let parameters = Parameters::new(&case.graph, &tensors).unwrap();
    let network = Network::new(case.graph.clone(), tensors, name, &Device::Cpu).unwrap();
    let optimiser = Optimiser::new(UpdateRule::Sgd, case.rate, 1e-4);
    let mut learner = Learner::new(network, parameters, optimiser, 0.1, 0);
    let losses: Vec<f32> = file.tensors[&format!("{name}.loss")].to_vec1().unwrap();
    // GoogLeNet's normalisations see eight values a channel here, so that rounding decides where it goes: PyTorch's float32
    // ends half of the largest weight away from its float64.
    let steps = if name == "googlenet" { 1 } else { 20 };
    for step in 1..=steps {
        let loss = learner.learn(&batch(&case, step), case.rate, &Watch::default()).unwrap();
        let expected = f64::from(losses[step - 1]);
        assert!(
            (loss.mean - expected).abs() <= 2e-3 * expected.max(1.0),
            "{name}, step {step}: {} {expected}",
            loss.mean
        );
        let Some((_, tolerance)) = COMPARED.iter().find(|(at, _)| *at == step) else { continue };
        let expected: Vec<f32> = file.tensors[&format!("{name}.{step}")].to_vec1().unwrap();
        let mut expected = expected.into_iter();
        let mut worst = (0f32, "");
        let all = learner.parameters.all.iter().flat_map(|tensor| &tensor.values);
        let largest = all.fold(0f32, |m, v| m.max(v.abs()));
        for tensor in &learner.parameters.all {
            let every = tensor.values.len().div_ceil(SAMPLES);
            for value in tensor.values.iter().step_by(every) {
                let difference = (value - expected.next().unwrap()).abs() / largest;
                if difference > worst.0 {
                    worst = (difference, &tensor.name);
                }
            }
        }
        assert!(expected.next().is_none(), "{name} has fewer weights");
        println!("{name} after {step}: {:.1e} in {}", worst.0, worst.1);
        assert!(f64::from(worst.0) <= *tolerance, "{name} after {step}: {:e} in {}", worst.0, worst.1);
    }
}

#[test]
fn lenet5() {
    compare("lenet5");
}

#[test]
fn resnet20() {
    compare("resnet20");
}

#[test]
fn plain20() {
    compare("plain20");
}

#[test]
fn two_blocks_of_densenet40() {
    compare("densenet");
}

#[test]
fn photonet() {
    compare("photonet");
}

#[test]
fn googlenet_with_its_auxiliary_classifiers() {
    compare("googlenet");
}
