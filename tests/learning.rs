//! Gradients at weights: by candle's operators against central finite differences in float64, and by the fast back end's
//! kernels against candle's operators.
#![allow(clippy::unwrap_used, clippy::needless_range_loop)] // Two lists by layer, side by side.

use candle_core::{DType, Device, Tensor};
use std::sync::Arc;
use striate::{
    net::{
        Backend, Builder, Conv, ConvTranspose, Network, NodeId, Op, Padding, Tensors, Training, TrainingTrace, Window,
    },
    watch::Watch,
    weights,
};

const STEP: f64 = 1e-5;
const TOLERANCE: f64 = 1e-8;

/// Pictures of a batch.
const BATCH: usize = 3;

fn doubles(name: &str, shape: &[usize]) -> Tensor {
    let values = weights::uniform(name, shape.iter().product(), 7);
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap().to_dtype(DType::F64).unwrap()
}

fn network(input: [usize; 3], dtype: DType, build: impl FnOnce(&mut Builder)) -> Arc<Network> {
    let mut builder = Builder::new(input);
    build(&mut builder);
    let graph = builder.finish().unwrap();
    let tensors: Tensors = weights::synthetic(&graph, 3).unwrap();
    let tensors = tensors.into_iter().map(|(name, t)| (name, t.to_dtype(dtype).unwrap())).collect();
    Arc::new(Network::new(graph, tensors, "test", &Device::Cpu).unwrap().for_training())
}

fn run(network: &Arc<Network>, x: &Tensor) -> TrainingTrace {
    let how = Training { learns: vec![true; network.graph().nodes().len()], dropout: Some(5) };
    network.forward_training(x, how, &Watch::default()).unwrap()
}

fn only(op: Op) -> impl FnOnce(&mut Builder) {
    move |builder| {
        builder.then("only", op);
    }
}

fn flat(x: &Tensor) -> Vec<f64> {
    x.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

fn last(network: &Network) -> NodeId {
    network.graph().nodes().len() - 1
}

/// The weights with one value of one tensor moved.
fn moved(network: &Network, layer: NodeId, index: usize, place: usize, delta: f64) -> Arc<Network> {
    let mut all: Vec<Vec<Tensor>> = (0..=last(network)).map(|layer| network.weights(layer).to_vec()).collect();
    let mut values = flat(&all[layer][index]);
    values[place] += delta;
    all[layer][index] = Tensor::from_vec(values, all[layer][index].shape(), &Device::Cpu).unwrap();
    Arc::new(network.with_weights(&all).unwrap())
}

/// Compares the gradients at all weights with finite differences of sum(seed * output) over a batch.
fn check(what: &str, input: [usize; 3], build: impl FnOnce(&mut Builder)) {
    let network = network(input, DType::F64, build);
    let x = doubles(what, &[BATCH, input[0], input[1], input[2]]);
    let trace = run(&network, &x);
    let end = last(&network);
    let seed = doubles("seed", trace.output(end).dims());
    let ours = trace.gradients(&[(end, seed.clone())], &Watch::default()).unwrap();
    let loss = |network: &Arc<Network>| flat(&(run(network, &x).output(end) * &seed).unwrap()).iter().sum::<f64>();
    let mut tensors = 0;
    for layer in 1..=end {
        let node = network.graph().node(layer);
        let learned = network.graph().node_parameters(node).iter().filter(|spec| spec.learned).count();
        assert_eq!(ours[layer].len(), learned, "{what}: {}", node.name);
        for index in 0..learned {
            assert_eq!(ours[layer][index].dims(), network.weights(layer)[index].dims(), "{what}");
            let found = flat(&ours[layer][index]);
            let at = |place: usize, delta: f64| loss(&moved(&network, layer, index, place, delta));
            let numeric: Vec<f64> =
                (0..found.len()).map(|place| (at(place, STEP) - at(place, -STEP)) / (2.0 * STEP)).collect();
            let largest = numeric.iter().fold(0f64, |m, v| m.max(v.abs()));
            assert!(largest > 0.0, "{what}: the gradient of {} is zero everywhere", node.name);
            let d = found.iter().zip(&numeric).fold(0f64, |m, (a, b)| m.max((a - b).abs())) / largest;
            assert!(d <= TOLERANCE, "{what}: {} {index}: {d:e}", node.name);
            tensors += 1;
        }
    }
    assert!(tensors > 0, "{what} has no weights");
}

#[test]
fn convolutions() {
    let conv = |c: Conv| only(Op::Conv(c));
    check("3x3 padded", [2, 5, 7], conv(Conv::new(3, 3).pad(1)));
    check("stride 2 on sizes that leave rows over", [2, 6, 7], conv(Conv::new(3, 3).stride(2)));
    check("stride 4, kernel 3: rows nobody sees", [1, 9, 10], conv(Conv::new(2, 3).stride(4)));
    check("more padding than kernel", [1, 4, 5], conv(Conv::new(2, 2).pad(3)));
    check("dilated", [1, 8, 7], conv(Conv::new(2, 3).pad(2).dilation(2)));
    let both = Conv { stride: [2, 4], dilation: [3, 1], groups: 2, ..Conv::rect(4, [2, 3]).pad(1) };
    check("steps of both kinds in groups", [2, 9, 10], conv(both));
    let sides = Padding { top: 0, bottom: 2, left: 1, right: 3 };
    check("another padding on each side", [2, 5, 6], conv(Conv { padding: sides, ..Conv::new(2, 3).stride(2) }));
    check("depthwise", [3, 5, 5], conv(Conv { groups: 3, ..Conv::new(3, 3).pad(1).stride(2).unbiased() }));
    let table = vec![vec![0], vec![2, 0], vec![1, 2, 0], vec![1]];
    check("table", [3, 5, 6], only(Op::TableConv { kernel: [3, 2], table }));
    for (stride, extra, groups) in [(1, 0, 1), (2, 1, 1), (3, 0, 2)] {
        let conv = Conv::new(4, 3).pad(1).stride(stride).groups(groups);
        let op = ConvTranspose { conv, extra: [extra; 2] };
        check(&format!("{op:?}"), [2, 3, 4], only(Op::ConvTranspose(op)));
    }
}

#[test]
fn other_layers_with_weights() {
    check("subsample with overlap", [2, 7, 7], only(Op::Subsample(Window::new(3, 2))));
    check("bias", [2, 3, 4], only(Op::Bias));
    check("prelu", [3, 4, 5], only(Op::PRelu));
    check("scale and shift", [3, 4, 5], |b| {
        b.then("scale", Op::Scale { shape: vec![3, 1, 1] });
        b.then("shift", Op::Shift { shape: vec![3, 4, 1] });
    });
    check("group norm", [4, 3, 5], only(Op::GroupNorm { groups: 2, eps: 1e-5 }));
    check("layer norm of one axis", [3, 3, 5], only(Op::LayerNorm { axes: 1, eps: 1e-5 }));
    check("layer norm of all axes", [3, 3, 5], only(Op::LayerNorm { axes: 3, eps: 1e-5 }));
    check("batch norm", [3, 3, 4], only(Op::BatchNorm { eps: 1e-5 }));
}

/// Convolutions before normalisations of the batch, a residual sum, a concatenation, dropout, and a classifier.
fn block(b: &mut Builder) {
    let a = b.add("a", Op::Conv(Conv::new(17, 3).pad(1).unbiased()), &[0]);
    let norm = b.add("bn_a", Op::BatchNorm { eps: 1e-5 }, &[a]);
    let relu = b.add("relu_a", Op::Relu, &[norm]);
    let deep = b.add("deep", Op::Conv(Conv::new(17, 3).pad(1).groups(17).unbiased()), &[relu]);
    let norm = b.add("bn_b", Op::BatchNorm { eps: 1e-5 }, &[deep]);
    let sum = b.add("sum", Op::Add, &[norm, relu]);
    let open = b.add("relu_b", Op::Relu, &[sum]);
    let wide = b.add("wide", Op::Conv(Conv::new(5, 1).unbiased()), &[open]);
    let cat = b.add("cat", Op::Concat, &[wide, open]);
    b.add("bn_c", Op::BatchNorm { eps: 1e-5 }, &[cat]);
    b.then("pool", Op::MaxPool(Window::new(2, 2)));
    b.then("drop", Op::Dropout { p: 0.4 });
    b.then("mean", Op::AdaptiveAvgPool { size: [2, 2] });
    b.then("flatten", Op::Flatten);
    b.then("fc", Op::Linear { out: 6, bias: true });
}

#[test]
fn a_network_with_normalisations_of_the_batch_and_dropout() {
    check("block", [2, 5, 6], block);
}

/// The gradients of one network by both back ends, in float32.
fn compare(what: &str, input: [usize; 3], tolerance: f64, build: impl FnOnce(&mut Builder)) {
    let network = network(input, DType::F32, build);
    assert_eq!(network.backend(), Backend::Fast);
    let x = doubles(what, &[BATCH, input[0], input[1], input[2]]);
    let single = x.to_dtype(DType::F32).unwrap();
    let fast = run(&network, &single);
    let all: Vec<Vec<Tensor>> = (0..=last(&network))
        .map(|layer| network.weights(layer).iter().map(|weight| weight.to_dtype(DType::F64).unwrap()).collect())
        .collect();
    let graph = network.graph();
    let names = (0..=last(&network)).flat_map(|layer| {
        let node = graph.node(layer);
        graph.node_parameters(node).into_iter().map(|spec| format!("{}.{}", node.name, spec.suffix))
    });
    let tensors: Tensors = names.zip(all.into_iter().flatten()).collect();
    let plain = Network::new((**graph).clone(), tensors, "test", &Device::Cpu).unwrap();
    let plain = run(&Arc::new(plain), &x);
    let end = last(&network);
    let seed = doubles("seed", fast.output(end).dims());
    let ours = fast.gradients(&[(end, seed.to_dtype(DType::F32).unwrap())], &Watch::default()).unwrap();
    let theirs = plain.gradients(&[(end, seed)], &Watch::default()).unwrap();
    let close = |what: &str, ours: &[f64], theirs: &[f64]| {
        assert_eq!(ours.len(), theirs.len(), "{what}");
        let largest = theirs.iter().fold(1e-30f64, |m, v| m.max(v.abs()));
        let d = ours.iter().zip(theirs).fold(0f64, |m, (a, b)| m.max((a - b).abs())) / largest;
        assert!(d <= tolerance, "{what}: {d:e}");
    };
    let mut compared = 0;
    for layer in 1..=end {
        let name = &graph.node(layer).name;
        close(&format!("{what}: output of {name}"), &flat(fast.output(layer)), &flat(plain.output(layer)));
        assert_eq!(ours[layer].len(), theirs[layer].len(), "{what}: {name}");
        for (ours, theirs) in ours[layer].iter().zip(&theirs[layer]) {
            assert_eq!(ours.dims(), theirs.dims());
            close(&format!("{what}: gradient of {name}"), &flat(ours), &flat(theirs));
            compared += 1;
        }
        assert_eq!(fast.statistics(layer).is_some(), plain.statistics(layer).is_some(), "{what}: {name}");
        if let (Some(ours), Some(theirs)) = (fast.statistics(layer), plain.statistics(layer)) {
            assert_eq!(ours.count, theirs.count);
            close(&format!("{what}: means of {name}"), &ours.mean, &theirs.mean);
            close(&format!("{what}: variances of {name}"), &ours.variance, &theirs.variance);
        }
    }
    assert!(compared > 0);
}

#[test]
fn both_back_ends_agree() {
    let on_maps = |conv: Conv| {
        move |b: &mut Builder| {
            b.then("first", Op::Conv(Conv::new(36, 3).pad(1)));
            b.then("second", Op::Conv(conv));
        }
    };
    compare("wide", [3, 9, 11], 1e-5, on_maps(Conv::new(40, 3).pad(1)));
    compare("large", [3, 70, 61], 1e-5, on_maps(Conv::new(7, 5).stride(3)));
    compare("strided", [1, 9, 12], 1e-5, on_maps(Conv::new(5, 5).stride(2).pad(2)));
    compare("dilated", [2, 12, 9], 1e-5, on_maps(Conv { dilation: [2, 1], ..Conv::new(20, 3).pad(1) }));
    compare("groups", [4, 7, 8], 1e-5, on_maps(Conv::new(24, 3).pad(1).groups(12)));
    compare("wide groups", [4, 7, 8], 1e-5, on_maps(Conv::new(72, 1).groups(2)));
    compare("depthwise", [4, 7, 8], 1e-5, on_maps(Conv::new(36, 3).pad(1).stride(2).groups(36)));
    compare("planar", [3, 15, 16], 1e-5, only(Op::Conv(Conv::new(9, 7).stride(2).pad(3).unbiased())));
    compare("no planar picture", [6, 8, 9], 1e-5, only(Op::Conv(Conv::new(9, 3).pad(1))));
    compare("block", [2, 9, 8], 1e-5, block);
}

#[test]
fn layers_that_do_not_learn_keep_their_statistics_and_get_no_gradients() {
    let network = network([2, 5, 6], DType::F32, block);
    let end = last(&network);
    let fixed = network.graph().find("bn_a").unwrap();
    let learns = (0..=end).map(|layer| layer > fixed).collect();
    let x = doubles("x", &[BATCH, 2, 5, 6]).to_dtype(DType::F32).unwrap();
    let trace = network.forward_training(&x, Training { learns, dropout: None }, &Watch::default()).unwrap();
    let shown =
        Arc::new(network.with_weights(&(0..=end).map(|l| network.weights(l).to_vec()).collect::<Vec<_>>()).unwrap());
    let shown = shown.forward(&x, &Watch::default()).unwrap();
    let d =
        (flat(trace.output(fixed)).iter().zip(flat(shown.output(fixed)))).fold(0f64, |m, (a, b)| m.max((a - b).abs()));
    assert!(d < 1e-5, "{d:e}");
    assert!(trace.statistics(fixed).is_none());
    let seed = Tensor::ones(trace.output(end).shape(), DType::F32, &Device::Cpu).unwrap();
    let gradients = trace.gradients(&[(end, seed)], &Watch::default()).unwrap();
    let with_gradients: Vec<bool> = gradients.iter().map(|own| !own.is_empty()).collect();
    let expected: Vec<bool> = (0..=end).map(|layer| layer > fixed && !network.weights(layer).is_empty()).collect();
    assert_eq!(with_gradients, expected);
}
