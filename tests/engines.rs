//! The fast engine beside candle's operators, on every network: every layer's output, batches, cancelling, inner
//! layers, and the reverse walk under each rule.
#![allow(clippy::unwrap_used)]

use candle_core::{DType, Device, Tensor};
use std::sync::Arc;
use striate::{
    kernels::{blocked::Isa, to_vec},
    net::{Activation, Backend, Builder, Conv, Graph, Network, Op, Padding, Reverse, Rule, Window},
    watch::Watch,
    weights, zoo,
};

mod made_up;

/// Largest difference over largest magnitude of float32 sums in another order, Winograd's included.
const TOLERANCE: f32 = 1e-4;

/// Multiply-adds up to which every layer is compared: the networks of a few seconds.
const MOST_MACS: u64 = 2_100_000_000;

/// Families whose members differ in their numbers of layers and channels only: the small ones stand for all.
const SCALED: [&str; 4] = ["EfficientNet", "RegNet", "ShuffleNet", "MNASNet"];

fn network(graph: &Graph, backend: Backend) -> Arc<Network> {
    let tensors = made_up::finite(graph);
    Arc::new(Network::new(graph.clone(), tensors, "synthetic", &Device::Cpu).unwrap().with_backend(backend))
}

fn difference(ours: &Tensor, theirs: &Tensor) -> f32 {
    assert_eq!(ours.dims(), theirs.dims());
    let (ours, theirs) = (to_vec(ours).unwrap(), to_vec(theirs).unwrap());
    assert!(theirs.iter().all(|value| value.is_finite()));
    let largest = theirs.iter().fold(1e-30f32, |m, v| m.max(v.abs()));
    ours.iter().zip(&theirs).fold(0f32, |m, (a, b)| m.max((a - b).abs())) / largest
}

/// A small graph with everything that plans treat specially, and no near-ties: branches joined in place, a join of a
/// join, a layer that reads beside where it writes, channels that fill no block, residuals, groups, two readers.
fn tangled() -> Graph {
    let mut net = Builder::new([3, 21, 18]);
    let conv = |out, kernel| Op::Conv(Conv::new(out, kernel));
    let stem = net.add("stem", conv(32, 3), &[0]);
    let norm = net.add("norm", Op::BatchNorm { eps: 1e-5 }, &[stem]);
    let a = net.add("a", Op::Relu, &[norm]);
    let b = net.add("b", Op::Conv(Conv::new(16, 3).pad(1)), &[a]);
    let c = net.add("c", Op::Concat, &[a, b]);
    let d = net.add("d", Op::Conv(Conv::new(32, 3).pad(1)), &[c]);
    let e = net.add("e", Op::Concat, &[a, b, d]);
    let square = net.add("square", Op::Relu, &[e]);
    let f = net.add("f", Op::Concat, &[e, square, e]);
    let g = net.add("g", Op::Conv(Conv::new(24, 3).stride(2).pad(1)), &[f]);
    let h = net.add("h", Op::Conv(Conv { groups: 4, ..Conv::new(24, 3).pad(1) }), &[g]);
    let sum = net.add("sum", Op::Add, &[h, g]);
    let i = net.add("i", Op::Relu, &[sum]);
    let odd = net.add("odd", Op::Concat, &[i, g, i]);
    let pads = Padding { top: 0, bottom: 1, left: 2, right: 0 };
    let j = net.add("j", Op::Conv(Conv { padding: pads, dilation: [2, 2], ..Conv::new(40, 2) }), &[odd]);
    let k = net.add("k", Op::Dropout { p: 0.5 }, &[j]);
    let uneven = Conv { stride: [1, 2], dilation: [2, 1], ..Conv::rect(40, [2, 3]).pad(1) };
    let k = net.add("uneven", Op::Conv(uneven), &[k]);
    // No kernel for blocked maps computes this one.
    let k = net.add("tanh", Op::Tanh { amplitude: 1.7, slope: 0.6 }, &[k]);
    let l = net.add("l", Op::AvgPool { window: Window::new(3, 2).pad(1), count_padding: true }, &[k]);
    let m = net.add("m", Op::MaxPool(Window::new(3, 2).pad(1)), &[k]);
    let n = net.add("n", Op::Add, &[l, m]);
    let o = net.add("o", Op::Lrn { size: 5, alpha: 0.1, beta: 0.75, k: 2.0 }, &[n]);
    net.add("p", Op::AdaptiveAvgPool { size: [2, 3] }, &[o]);
    net.then("flatten", Op::Flatten);
    net.then("fc", Op::Linear { out: 10, bias: true });
    net.then("softmax", Op::Softmax);
    net.finish().unwrap()
}

#[test]
fn a_tangled_graph_on_every_instruction_set() {
    let graph = tangled();
    let reference = network(&graph, Backend::Candle);
    let picture = weights::uniform("picture", 3 * 3 * 21 * 18, 1);
    let picture = Tensor::from_vec(picture, (3, 3, 21, 18), &Device::Cpu).unwrap();
    let expected = reference.forward(&picture, &Watch::default()).unwrap();
    for isa in Isa::all() {
        let tensors = weights::synthetic(&graph, 0).unwrap();
        let mut ours = Network::new(graph.clone(), tensors, "synthetic", &Device::Cpu).unwrap();
        ours.set_isa(isa);
        let ours = Arc::new(ours);
        assert_eq!(ours.backend(), Backend::Fast);
        let trace = ours.forward(&picture, &Watch::default()).unwrap();
        for (id, node) in graph.nodes().iter().enumerate() {
            let d = difference(trace.output(id), expected.output(id));
            assert!(d <= 1e-5, "{} {} forward: {d:e}", isa.name(), node.name);
        }
        for rule in [Rule::Gradient, Rule::Guided, Rule::Deconvnet] {
            for (from, to) in
                [("fc", "input"), ("p", "a"), ("n", "stem"), ("norm", "input"), ("stem", "input"), ("f", "norm")]
            {
                let (from, to) = (graph.find(from).unwrap(), graph.find(to).unwrap());
                let dims = expected.dims(from);
                let seed = weights::uniform("seed", dims.iter().product(), 2);
                let seed = Tensor::from_vec(seed, dims, &Device::Cpu).unwrap();
                let how = Reverse::from(rule);
                let [ours, theirs] = [&trace, &expected].map(|t| t.reverse(from, &seed, to, &how).unwrap());
                let d = difference(&ours, &theirs);
                let names = [from, to].map(|id| graph.node(id).name.as_str());
                assert!(d <= 2e-5, "{} {rule:?} {names:?}: {d:e}", isa.name());
                let again = trace.reverse(from, &seed, to, &how).unwrap();
                assert_eq!(to_vec(&ours).unwrap(), to_vec(&again).unwrap(), "not the same twice");
            }
        }
    }
}

/// Squeeze and excitation, every activation that kernels have, layer normalisation and factors, forward and under each rule.
fn gated() -> Graph {
    let activation = |activation| Op::Activation(activation);
    let mut net = Builder::new([3, 13, 10]);
    net.then("wide", Op::Conv(Conv::new(40, 3).pad(1)));
    net.then("norm", Op::BatchNorm { eps: 1e-3 });
    let maps = net.then("silu", activation(Activation::Silu));
    net.then("pool", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("fc1", Op::Conv(Conv::new(10, 1)));
    net.then("swish", activation(Activation::HardSwish));
    net.then("fc2", Op::Conv(Conv::new(40, 1)));
    let factors = net.then("sigmoid", Op::Sigmoid);
    let mul = net.add("mul", Op::Mul, &[factors, maps]);
    net.then("depthwise", Op::Conv(Conv::new(40, 3).pad(1).groups(40)));
    net.then("layer_norm", Op::LayerNorm2d { eps: 1e-6 });
    net.then("expand", Op::Conv(Conv::new(64, 1)));
    net.then("gelu", activation(Activation::Gelu));
    net.then("narrow", Op::Conv(Conv::new(40, 1)));
    let scaled = net.then("scale", Op::Scale { shape: vec![40, 1, 1] });
    let sum = net.add("sum", Op::Add, &[scaled, mul]);
    let clip = net.add("relu6", activation(Activation::Clip { low: 0.0, high: 0.7 }), &[sum]);
    let leaky = net.add("leaky", activation(Activation::LeakyRelu { slope: 0.1 }), &[sum]);
    let hard = net.add("hard", activation(Activation::HardSigmoid { slope: 0.2, offset: 0.5 }), &[sum]);
    let swish = net.add("swish_alone", activation(Activation::HardSwish), &[mul]);
    net.add("all", Op::Concat, &[clip, leaky, hard, swish]);
    net.then("flatten", Op::Flatten);
    net.then("fc", Op::Linear { out: 7, bias: true });
    net.finish().unwrap()
}

#[test]
fn gates_and_activations_on_every_instruction_set() {
    let graph = gated();
    let reference = network(&graph, Backend::Candle);
    let picture = weights::uniform("picture", 2 * 3 * 13 * 10, 1);
    let picture = Tensor::from_vec(picture, (2, 3, 13, 10), &Device::Cpu).unwrap();
    let expected = reference.forward(&picture, &Watch::default()).unwrap();
    for isa in Isa::all() {
        let tensors = weights::synthetic(&graph, 0).unwrap();
        let mut ours = Network::new(graph.clone(), tensors, "synthetic", &Device::Cpu).unwrap();
        ours.set_isa(isa);
        let ours = Arc::new(ours);
        // The second pass knows that walks follow, and keeps what they need.
        for pass in [1, 2] {
            let trace = ours.forward(&picture, &Watch::default()).unwrap();
            for rule in [Rule::Gradient, Rule::Guided, Rule::Deconvnet] {
                for (from, to) in [("fc", "input"), ("fc", "mul"), ("all", "norm"), ("mul", "wide"), ("sum", "fc1")] {
                    let (from, to) = (graph.find(from).unwrap(), graph.find(to).unwrap());
                    let dims = expected.dims(from);
                    let seed = weights::uniform("seed", dims.iter().product(), 2);
                    let seed = Tensor::from_vec(seed, dims, &Device::Cpu).unwrap();
                    let how = Reverse::from(rule);
                    let [ours, theirs] = [&trace, &expected].map(|t| t.reverse(from, &seed, to, &how).unwrap());
                    let d = difference(&ours, &theirs);
                    let names = [from, to].map(|id| graph.node(id).name.as_str());
                    assert!(d <= 2e-5, "{} pass {pass} {rule:?} {names:?}: {d:e}", isa.name());
                }
            }
            for (id, node) in graph.nodes().iter().enumerate() {
                let d = difference(trace.output(id), expected.output(id));
                assert!(d <= 1e-5, "{} pass {pass} {} forward: {d:e}", isa.name(), node.name);
            }
        }
    }
}

/// Depthwise convolutions with every stride, filters that reach beyond the map, TensorFlow's padding and a last block that
/// is not full.
#[test]
fn depthwise_convolutions_on_every_instruction_set() {
    let cases = [(3, 1, [1, 1]), (3, 2, [0, 1]), (5, 2, [1, 2]), (5, 1, [2, 2]), (2, 3, [0, 0]), (7, 1, [3, 3])];
    for (kernel, stride, [before, after]) in cases {
        let padding = Padding { top: before, bottom: after, left: before, right: after };
        let mut net = Builder::new([3, 14, 19]);
        net.then("wide", Op::Conv(Conv::new(20, 1)));
        net.then("depthwise", Op::Conv(Conv { padding, ..Conv::new(20, kernel).stride(stride).groups(20).unbiased() }));
        net.then("norm", Op::BatchNorm { eps: 1e-3 });
        net.then("relu6", Op::Activation(Activation::Clip { low: 0.0, high: 6.0 }));
        let graph = net.finish().unwrap();
        let last = graph.nodes().len() - 1;
        let reference = network(&graph, Backend::Candle);
        let picture = weights::uniform("picture", 2 * 3 * 14 * 19, 1);
        let picture = Tensor::from_vec(picture, (2, 3, 14, 19), &Device::Cpu).unwrap();
        let expected = reference.forward(&picture, &Watch::default()).unwrap();
        for isa in Isa::all() {
            let tensors = weights::synthetic(&graph, 0).unwrap();
            let mut ours = Network::new(graph.clone(), tensors, "synthetic", &Device::Cpu).unwrap();
            ours.set_isa(isa);
            let trace = Arc::new(ours).forward(&picture, &Watch::default()).unwrap();
            let d = difference(trace.output(last), expected.output(last));
            assert!(d <= 1e-5, "{} kernel {kernel} stride {stride} forward: {d:e}", isa.name());
            let dims = expected.dims(last);
            let seed = weights::uniform("seed", dims.iter().product(), 2);
            let seed = Tensor::from_vec(seed, dims, &Device::Cpu).unwrap();
            let how = Reverse::default();
            let [ours, theirs] = [&trace, &expected].map(|t| t.reverse(last, &seed, 0, &how).unwrap());
            let d = difference(&ours, &theirs);
            assert!(d <= 2e-5, "{} kernel {kernel} stride {stride} reverse: {d:e}", isa.name());
        }
    }
}

/// Every network of the zoo that is not too large: every layer's output.
#[test]
fn every_network_forward() {
    for card in zoo::ZOO {
        let graph = (card.build)(card.size()).unwrap();
        // Larger ones take minutes with candle, and have no layer that a smaller one lacks.
        let macs: u64 = graph.costs().iter().map(|cost| cost.macs).sum();
        if macs > if SCALED.contains(&card.family) { MOST_MACS / 5 } else { MOST_MACS } {
            continue;
        }
        let [channels, height, width] = graph.input_shape();
        let picture = weights::uniform("picture", channels * height * width, 0);
        let picture = Tensor::from_vec(picture, (1, channels, height, width), &Device::Cpu).unwrap();
        let [ours, theirs] = [Backend::Fast, Backend::Candle]
            .map(|backend| network(&graph, backend).forward(&picture, &Watch::default()));
        // Made-up weights may overflow in a very deep network: then they do with both.
        let (Ok(ours), Ok(theirs)) = (&ours, &theirs) else {
            assert!(ours.is_err() && theirs.is_err(), "{}", card.name);
            continue;
        };
        let mut worst = (0f32, "");
        for (id, node) in graph.nodes().iter().enumerate() {
            let d = difference(ours.output(id), theirs.output(id));
            assert!(d <= TOLERANCE, "{} {}: {d:e}", card.name, node.name);
            worst = if d > worst.0 { (d, &node.name) } else { worst };
        }
        println!("{}: {:.1e} at {}", card.name, worst.0, worst.1);
    }
}

#[test]
fn cancelling_stops_between_layers() {
    let network = network(&tangled(), Backend::Fast);
    let picture = Tensor::zeros((1, 3, 21, 18), DType::F32, &Device::Cpu).unwrap();
    let watch = Watch::default();
    let trace = network.forward(&picture, &watch).unwrap();
    let seed = trace.seed(network.graph().scores(), [0, 0, 0], 1.0).unwrap();
    watch.cancel();
    let how = Reverse { watch: watch.clone(), ..Reverse::default() };
    assert!(matches!(network.forward(&picture, &watch), Err(striate::Error::Cancelled)));
    let walk = trace.reverse(network.graph().scores(), &seed, 0, &how);
    assert!(matches!(walk, Err(striate::Error::Cancelled)));
}

/// Large fully connected layers in float16: by themselves only where nothing is lost, and close where told to.
#[test]
fn half_linear_layers() {
    let mut net = Builder::new([1, 32, 32]);
    net.then("flatten", Op::Flatten);
    net.then("large", Op::Linear { out: 1100, bias: true });
    net.then("relu", Op::Relu);
    net.then("small", Op::Linear { out: 10, bias: true });
    let graph = net.finish().unwrap();
    let (large, small, scores) = (2, 4, graph.scores());
    let picture = Tensor::from_vec(weights::uniform("picture", 1024, 1), (1, 1, 32, 32), &Device::Cpu).unwrap();
    let answers = |network: &Arc<Network>| {
        let trace = network.forward(&picture, &Watch::default()).unwrap();
        let seed = trace.seed(scores, [1, 0, 0], 1.0).unwrap();
        [trace.output(scores).clone(), trace.reverse(scores, &seed, 0, &Reverse::default()).unwrap()]
    };
    let open = |tensors, rounding| {
        let network = Network::new(graph.clone(), tensors, "synthetic", &Device::Cpu).unwrap();
        Arc::new(network.with_half_linear(rounding).unwrap())
    };
    let mut tensors = weights::synthetic(&graph, 0).unwrap();
    let single = open(tensors.clone(), false);
    assert_eq!(single.weights(large)[0].dtype(), DType::F32, "it is not float16 by itself");
    let rounded = open(tensors.clone(), true);
    assert_eq!((rounded.weights(large)[0].dtype(), rounded.backend()), (DType::F16, Backend::Fast));
    assert_eq!(rounded.weights(small)[0].dtype(), DType::F32, "a small layer gains nothing");
    for (ours, theirs) in answers(&rounded).iter().zip(&answers(&single)) {
        let off = difference(ours, theirs);
        assert!(off > 0.0 && off < 1e-3, "{off:e}");
    }
    // As read from a file of float16.
    let exact = tensors["large.weight"].to_dtype(DType::F16).unwrap().to_dtype(DType::F32).unwrap();
    tensors.insert("large.weight".to_owned(), exact);
    let exact = open(tensors.clone(), false);
    assert_eq!(exact.weights(large)[0].dtype(), DType::F16);
    let full = Arc::new(Network::new(graph.clone(), tensors, "synthetic", &Device::Cpu).unwrap());
    for (ours, theirs) in answers(&exact).iter().zip(&answers(&full)) {
        assert_eq!(to_vec(ours).unwrap(), to_vec(theirs).unwrap());
    }
    let candle = Arc::new(Arc::into_inner(exact).unwrap().with_backend(Backend::Candle));
    for (ours, theirs) in answers(&candle).iter().zip(&answers(&full)) {
        assert!(difference(ours, theirs) < TOLERANCE);
    }
}

/// NaN and infinity are refused by both back ends in the same words: a rectifier must not turn them into zeros.
#[test]
fn values_that_are_not_numbers_are_refused() {
    let graph = tangled();
    let picture = Tensor::from_vec(weights::uniform("picture", 3 * 21 * 18, 1), (1, 3, 21, 18), &Device::Cpu).unwrap();
    for backend in [Backend::Fast, Backend::Candle] {
        for bad in [f64::NAN, f64::INFINITY] {
            let mut tensors = weights::synthetic(&graph, 0).unwrap();
            let value = tensors["d.bias"].affine(0.0, bad).unwrap();
            tensors.insert("d.bias".into(), value);
            let said = Network::new(graph.clone(), tensors, "a.npz", &Device::Cpu).err().unwrap().to_string();
            assert!(said.contains("a.npz") && said.contains("d.bias holds NaN or infinity"), "{said}");
            let network = network(&graph, backend);
            let said =
                network.forward(&picture.affine(1.0, bad).unwrap(), &Watch::default()).err().unwrap().to_string();
            assert!(said.contains("the input holds NaN or infinity"), "{said}");
        }
        // Finite weights whose products are not: plus and minus infinity make NaN, which the rectifier behind must keep.
        let mut tensors = weights::synthetic(&graph, 0).unwrap();
        for name in ["d.weight", "b.weight"] {
            let huge = (&tensors[name] * 1e38).unwrap();
            tensors.insert(name.into(), huge);
        }
        let network = Network::new(graph.clone(), tensors, "huge", &Device::Cpu).unwrap().with_backend(backend);
        let said = Arc::new(network).forward(&picture, &Watch::default()).err().unwrap().to_string();
        assert!(said.contains("layer d overflow"), "{said}");
    }
}
