//! Every operator's reverse against central finite differences in float64, odd sizes, padding, overlap and groups
//! included; and what finite differences cannot see, ties and rules, against values worked out by hand.
#![allow(clippy::unwrap_used)]

use candle_core::{DType, Device, Tensor};
use std::sync::Arc;
use striate::{
    net::{
        Activation, Builder, Conv, ConvTranspose, Coordinates, Network, Op, PadMode, Padding, Reverse, Rule, Slice,
        Tensors, Trace, Upsample, Window,
    },
    watch::Watch,
    weights,
};

/// Central differences are exact up to the third derivative times the step squared, and to rounding over the step.
const STEP: f64 = 1e-5;
const TOLERANCE: f64 = 1e-8;

fn doubles(name: &str, shape: &[usize]) -> Tensor {
    let values = weights::uniform(name, shape.iter().product(), 7);
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap().to_dtype(DType::F64).unwrap()
}

/// A graph of the nodes that `build` adds, in float64, with made-up weights.
fn network(input: [usize; 3], build: impl FnOnce(&mut Builder)) -> Arc<Network> {
    let mut builder = Builder::new(input);
    build(&mut builder);
    let graph = builder.finish().unwrap();
    let tensors: Tensors = weights::synthetic(&graph, 3).unwrap();
    let tensors = tensors.into_iter().map(|(name, t)| (name, t.to_dtype(DType::F64).unwrap())).collect();
    Arc::new(Network::new(graph, tensors, "test", &Device::Cpu).unwrap())
}

fn run(network: &Arc<Network>, x: &Tensor) -> Trace {
    network.forward(x, &Watch::default()).unwrap()
}

/// Adds one operator on top of the picture.
fn only(op: Op) -> impl FnOnce(&mut Builder) {
    move |builder| {
        builder.then("only", op);
    }
}

fn flat(x: &Tensor) -> Vec<f64> {
    x.flatten_all().unwrap().to_vec1().unwrap()
}

/// Compares the reverse walk from the last node to the picture with finite differences of sum(seed * output), for a
/// batch of two pictures.
fn check(what: &str, input: [usize; 3], build: impl FnOnce(&mut Builder)) {
    let network = network(input, build);
    let [channels, height, width] = input;
    let x = doubles(what, &[2, channels, height, width]);
    let trace = run(&network, &x);
    let last = network.graph().nodes().len() - 1;
    let seed = doubles("seed", trace.output(last).dims());
    let ours = flat(&trace.reverse(last, &seed, 0, &Reverse::default()).unwrap());

    let values = flat(&x);
    let loss = |index: usize, delta: f64| -> f64 {
        let mut moved = values.clone();
        moved[index] += delta;
        let moved = Tensor::from_vec(moved, x.shape(), &Device::Cpu).unwrap();
        flat(&(run(&network, &moved).output(last) * &seed).unwrap()).iter().sum()
    };
    let numeric: Vec<f64> =
        (0..values.len()).map(|index| (loss(index, STEP) - loss(index, -STEP)) / (2.0 * STEP)).collect();
    let largest = numeric.iter().fold(0f64, |m, v| m.max(v.abs()));
    assert!(largest > 0.0, "{what}: the gradient is zero everywhere");
    let d = ours.iter().zip(&numeric).fold(0f64, |m, (a, b)| m.max((a - b).abs())) / largest;
    assert!(d <= TOLERANCE, "{what}: {d:e}");
}

#[test]
fn convolutions() {
    let conv = |c: Conv| only(Op::Conv(c));
    check("3x3 padded", [2, 5, 7], conv(Conv::new(3, 3).pad(1)));
    check("unpadded without bias", [2, 5, 6], conv(Conv::new(3, 3).unbiased()));
    check("stride 2 on sizes that leave rows over", [2, 6, 7], conv(Conv::new(3, 3).stride(2)));
    check("stride 4, kernel 3: rows nobody sees", [1, 9, 10], conv(Conv::new(2, 3).stride(4)));
    check("1x1 stride 2", [3, 5, 6], conv(Conv::new(2, 1).stride(2)));
    check("more padding than kernel", [1, 4, 5], conv(Conv::new(2, 2).pad(3)));
    check("dilated", [1, 8, 7], conv(Conv::new(2, 3).pad(2).dilation(2)));
    check("another step along rows", [2, 9, 7], conv(Conv { stride: [3, 2], ..Conv::new(2, 3).pad(1) }));
    check("another step between taps along rows", [1, 9, 7], conv(Conv { dilation: [1, 2], ..Conv::new(2, 3).pad(2) }));
    let both = Conv { stride: [2, 4], dilation: [3, 1], groups: 2, ..Conv::rect(4, [2, 3]).pad(1) };
    check("steps of both kinds in groups", [2, 9, 10], conv(both));
    check("1x7", [2, 5, 8], conv(Conv { kernel: [1, 7], padding: Padding::of(0, 3), ..Conv::new(2, 1) }));
    let sides = Padding { top: 0, bottom: 2, left: 1, right: 3 };
    check("another padding on each side", [2, 5, 6], conv(Conv { padding: sides, ..Conv::new(2, 3).stride(2) }));
    check("groups", [4, 5, 5], conv(Conv { groups: 2, ..Conv::new(6, 3).pad(1).stride(2) }));
    check("depthwise", [3, 5, 5], conv(Conv { groups: 3, ..Conv::new(6, 3).pad(1) }));
}

#[test]
fn connection_tables() {
    let table = vec![vec![0], vec![2, 0], vec![1, 2, 0], vec![1]];
    check("table", [3, 5, 6], only(Op::TableConv { kernel: [3, 2], table: table.clone() }));
    // The same as a convolution in which what the table leaves out is zero; the weights lie in the table's order.
    let network = network([3, 5, 5], only(Op::TableConv { kernel: [1, 1], table }));
    assert_eq!(network.graph().costs()[1].parameters, 7 + 4);
    assert_eq!(network.graph().costs()[1].macs, 7 * 25);
    let filters = flat(&network.filters(1).unwrap().unwrap());
    let w = flat(&network.weights(1)[0]);
    assert_eq!(filters, [w[0], 0., 0., w[2], 0., w[1], w[5], w[3], w[4], 0., w[6], 0.]);
}

#[test]
fn trainable_subsampling() {
    check("subsample", [3, 6, 8], only(Op::Subsample(Window::new(2, 2))));
    check("subsample with overlap", [2, 7, 7], only(Op::Subsample(Window::new(3, 2))));
    let network = network([1, 2, 2], only(Op::Subsample(Window::new(2, 2))));
    let trace = run(&network, &tensor(&[1., 2., 3., 4.], &[1, 1, 2, 2]));
    let [weight, bias] = [0, 1].map(|index| flat(&network.weights(1)[index])[0]);
    assert!((flat(trace.output(1))[0] - (10.0 * weight + bias)).abs() < 1e-12);
}

#[test]
fn pools() {
    for window in [
        Window::new(2, 2),
        Window::new(3, 2),
        Window::new(3, 1).pad(1),
        Window::new(3, 2).pad(1),
        Window::new(3, 2).ceil(),
        Window::new(2, 3).pad(1).ceil(),
        Window { kernel: [3, 1], stride: [1, 2], padding: Padding::of(1, 0), ..Window::new(3, 1) },
    ] {
        check(&format!("max {window:?}"), [2, 7, 6], only(Op::MaxPool(window.clone())));
        for count_padding in [true, false] {
            let op = Op::AvgPool { window: window.clone(), count_padding };
            check(&format!("average {window:?} {count_padding}"), [2, 7, 6], only(op));
        }
    }
    check("global average", [3, 5, 4], only(Op::AdaptiveAvgPool { size: [1, 1] }));
    check("adaptive average that overlaps", [2, 7, 5], only(Op::AdaptiveAvgPool { size: [3, 2] }));
    check("adaptive average that enlarges", [2, 3, 2], only(Op::AdaptiveAvgPool { size: [7, 7] }));
}

#[test]
fn pointwise_and_normalising() {
    let tanh = |amplitude, slope| Op::Tanh { amplitude, slope };
    for op in [
        Op::Relu,
        tanh(1.0, 1.0),
        tanh(1.7159, 2.0 / 3.0),
        Op::Sigmoid,
        Op::BatchNorm { eps: 1e-5 },
        Op::Dropout { p: 0.5 },
        Op::Bias,
        Op::PadChannels { before: 2, after: 1 },
    ] {
        check(op.kind(), [3, 4, 5], only(op.clone()));
    }
    for size in [1, 2, 3, 5] {
        let op = Op::Lrn { size, alpha: 0.5, beta: 0.75, k: 2.0 };
        check(&format!("lrn of {size}"), [4, 3, 3], only(op));
    }
}

#[test]
fn activations() {
    for activation in [
        Activation::Clip { low: -0.5, high: 0.6 },
        Activation::LeakyRelu { slope: 0.1 },
        Activation::Elu { alpha: 1.3 },
        Activation::Silu,
        Activation::HardSwish,
        Activation::HardSigmoid { slope: 0.4, offset: 0.5 },
        Activation::Gelu,
        Activation::GeluTanh,
        Activation::Softplus,
        Activation::Mish,
        Activation::Erf,
        Activation::Exp,
        Activation::Abs,
        Activation::Power { exponent: 2.0 },
        Activation::Power { exponent: 3.0 },
    ] {
        check(&format!("{activation:?}"), [2, 4, 5], only(Op::Activation(activation)));
    }
    for last in [Activation::Log, Activation::Power { exponent: 0.5 }, Activation::Power { exponent: -1.0 }] {
        check(&format!("{last:?}"), [2, 3, 3], |b| {
            b.then("positive", Op::Activation(Activation::Exp));
            b.then("only", Op::Activation(last));
        });
    }
    check("prelu", [3, 4, 5], only(Op::PRelu));
}

#[test]
fn activations_have_pytorchs_values() {
    // torch.nn.functional of 1.5, in float64.
    for (activation, expected) in [
        (Activation::Silu, 1.226361712969538),
        (Activation::HardSwish, 1.125),
        (Activation::Gelu, 1.3997891920203015),
        (Activation::GeluTanh, 1.3995715769802328),
        (Activation::Softplus, 1.7014132779827524),
        (Activation::Clip { low: 0.0, high: 6.0 }, 1.5),
    ] {
        let found = flat(&activation.apply(&tensor(&[1.5], &[1, 1])).unwrap())[0];
        assert!((found - expected).abs() < 1e-7, "{activation:?}: {found}");
    }
}

#[test]
fn rules_at_a_clip_and_a_smooth_rectifier() {
    let network = network([1, 1, 4], only(Op::Activation(Activation::Clip { low: 0.0, high: 6.0 })));
    let trace = run(&network, &tensor(&[1., -1., 7., 6.], &[1, 1, 1, 4]));
    let seed = tensor(&[3., 3., 3., -3.], &[1, 1, 1, 4]);
    for (rule, expected) in
        [(Rule::Gradient, [3., 0., 0., 0.]), (Rule::Guided, [3., 0., 0., 0.]), (Rule::Deconvnet, [3., 3., 3., 0.])]
    {
        assert_eq!(flat(&trace.reverse(1, &seed, 0, &rule.into()).unwrap()), expected, "{rule:?}");
    }
}

#[test]
fn broadcasting_operators() {
    for op in [Op::Add, Op::Sub, Op::Mul] {
        check(&format!("{op:?} of a gate"), [3, 4, 5], |b| {
            let gate = b.add("gate", Op::AdaptiveAvgPool { size: [1, 1] }, &[0]);
            b.add("only", op, &[0, gate]);
        });
    }
    check("a quotient", [2, 3, 4], |b| {
        let below = b.add("below", Op::Activation(Activation::Exp), &[0]);
        b.add("only", Op::Div, &[0, below]);
    });
    check("scale and shift", [3, 4, 5], |b| {
        b.then("scale", Op::Scale { shape: vec![3, 1, 1] });
        b.then("shift", Op::Shift { shape: vec![3, 4, 1] });
    });
}

#[test]
fn normalisations_within_a_picture() {
    check("group norm", [4, 3, 5], only(Op::GroupNorm { groups: 2, eps: 1e-5 }));
    check("instance norm", [3, 3, 5], only(Op::GroupNorm { groups: 3, eps: 1e-5 }));
    check("layer norm over channels", [5, 3, 4], only(Op::LayerNorm2d { eps: 1e-5 }));
    check("layer norm of one axis", [3, 3, 5], only(Op::LayerNorm { axes: 1, eps: 1e-5 }));
    check("layer norm of all axes", [3, 3, 5], only(Op::LayerNorm { axes: 3, eps: 1e-5 }));
}

#[test]
fn arrangements() {
    check("reshape and transpose: channels shuffled", [4, 3, 2], |b| {
        b.then("groups", Op::Reshape { shape: vec![2, 2, 3, 2] });
        b.then("turned", Op::Transpose { order: vec![1, 0, 2, 3] });
        b.then("maps", Op::Reshape { shape: vec![4, 3, 2] });
    });
    check("shuffled channels", [6, 3, 2], only(Op::ChannelShuffle { groups: 2 }));
    check("slice", [5, 4, 6], |b| {
        b.then("channels", Op::Slice(Slice { axis: 0, start: 1, step: 1, count: 3 }));
        b.then("columns", Op::Slice(Slice { axis: 2, start: 5, step: -2, count: 3 }));
    });
    let padding = Padding { top: 1, bottom: 2, left: 0, right: 3 };
    for mode in [PadMode::Constant(0.7), PadMode::Reflect, PadMode::Edge] {
        check(&format!("{mode:?}"), [2, 4, 5], only(Op::Pad { padding, mode }));
    }
    check("mean over channels", [4, 3, 2], only(Op::Mean { axes: vec![0], keep: true }));
    check("mean over maps", [4, 3, 2], only(Op::Mean { axes: vec![1, 2], keep: false }));
    check("global maximum", [4, 3, 5], only(Op::AdaptiveMaxPool { size: [1, 1] }));
}

#[test]
fn sizes_that_grow() {
    for coordinates in [Coordinates::HalfPixel, Coordinates::AlignCorners, Coordinates::Asymmetric] {
        for linear in [false, true] {
            let op = Upsample { scale: [2.0, 1.5], linear, coordinates, floor: false };
            check(&format!("{op:?}"), [2, 3, 4], only(Op::Upsample(op)));
        }
    }
    for (stride, extra, groups) in [(1, 0, 1), (2, 1, 1), (3, 0, 2)] {
        let conv = Conv::new(4, 3).pad(1).stride(stride).groups(groups);
        let op = ConvTranspose { conv, extra: [extra; 2] };
        check(&format!("{op:?}"), [2, 3, 4], only(Op::ConvTranspose(op)));
    }
}

#[test]
fn attention() {
    check("products of matrices and softmax over the last axis", [4, 3, 2], |b| {
        b.then("rows", Op::Reshape { shape: vec![4, 6] });
        let rows = b.last();
        let turned = b.then("turned", Op::Transpose { order: vec![1, 0] });
        b.add("similar", Op::MatMul, &[rows, turned]);
        let weights = b.then("softmax", Op::Softmax);
        b.add("mixed", Op::MatMul, &[weights, rows]);
    });
    check("products of stacks along two axes", [4, 3, 2], |b| {
        b.then("stacks", Op::Reshape { shape: vec![2, 2, 2, 3] });
        let stacks = b.last();
        let turned = b.then("turned", Op::Transpose { order: vec![0, 1, 3, 2] });
        let similar = b.add("similar", Op::MatMul, &[stacks, turned]);
        b.add("mixed", Op::MatMul, &[similar, stacks]);
    });
}

#[test]
fn joins_and_heads() {
    check("branches that meet twice", [2, 5, 5], |b| {
        let a = b.add("a", Op::Conv(Conv::new(3, 3).pad(1)), &[0]);
        let c = b.add("c", Op::Conv(Conv::new(3, 1)), &[0]);
        let sum = b.add("sum", Op::Add, &[a, c]);
        let cat = b.add("cat", Op::Concat, &[sum, 0, c]);
        b.add("again", Op::Add, &[cat, cat]);
        b.then("flatten", Op::Flatten);
        b.then("fc", Op::Linear { out: 6, bias: true });
        b.then("softmax", Op::Softmax);
    });
}

fn tensor(values: &[f64], shape: &[usize]) -> Tensor {
    Tensor::from_vec(values.to_vec(), shape, &Device::Cpu).unwrap()
}

#[test]
fn of_equal_maxima_the_first_in_row_major_order_gets_the_gradient() {
    let network = network([1, 3, 3], only(Op::MaxPool(Window::new(2, 1))));
    let trace = run(&network, &tensor(&[1., 1., 0., 1., 1., 0., 0., 0., 0.], &[1, 1, 3, 3]));
    let seed = tensor(&[1., 2., 4., 8.], &[1, 1, 2, 2]);
    let back = flat(&trace.reverse(1, &seed, 0, &Reverse::default()).unwrap());
    // Window (0,0) takes (0,0), window (0,1) takes (0,1), window (1,0) takes (1,0), window (1,1) takes (1,1).
    assert_eq!(back, [1., 2., 0., 4., 8., 0., 0., 0., 0.]);
}

#[test]
fn rules_at_a_rectifier() {
    let network = network([1, 2, 3], only(Op::Relu));
    let trace = run(&network, &tensor(&[1., -1., 0., 1., -1., 0.], &[1, 1, 2, 3]));
    let seed = tensor(&[3., 3., 3., -3., -3., -3.], &[1, 1, 2, 3]);
    for (rule, expected) in [
        (Rule::Gradient, [3., 0., 0., -3., 0., 0.]),
        (Rule::Guided, [3., 0., 0., 0., 0., 0.]),
        (Rule::Deconvnet, [3., 3., 3., 0., 0., 0.]),
    ] {
        assert_eq!(flat(&trace.reverse(1, &seed, 0, &rule.into()).unwrap()), expected, "{rule:?}");
    }
}

#[test]
fn lrn_can_be_passed_by() {
    let network = network([2, 1, 1], only(Op::Lrn { size: 2, alpha: 1.0, beta: 0.75, k: 1.0 }));
    let trace = run(&network, &tensor(&[1., 2.], &[1, 2, 1, 1]));
    // d_0 = 1 + 1/2 * 1, d_1 = 1 + 1/2 * (1 + 4).
    let expected = [1.5f64.powf(-0.75), 2.0 * 3.5f64.powf(-0.75)];
    let found = flat(trace.output(1));
    assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-15), "{found:?} {expected:?}");
    let seed = tensor(&[5., -6.], &[1, 2, 1, 1]);
    let skip = Reverse { skip_lrn: true, ..Reverse::default() };
    assert_eq!(flat(&trace.reverse(1, &seed, 0, &skip).unwrap()), [5., -6.]);
}

#[test]
fn a_walk_between_inner_layers_is_the_chain_rule() {
    let network = network([2, 6, 6], |b| {
        b.then("conv1", Op::Conv(Conv::new(3, 3).pad(1)));
        b.then("tanh", Op::Tanh { amplitude: 1.0, slope: 1.0 });
        b.then("conv2", Op::Conv(Conv::new(2, 3).stride(2)));
    });
    let trace = run(&network, &doubles("chain", &[1, 2, 6, 6]));
    let seed = doubles("chain seed", trace.output(3).dims());
    let how = Reverse::default();
    let middle = trace.reverse(3, &seed, 1, &how).unwrap();
    let two_steps = flat(&trace.reverse(1, &middle, 0, &how).unwrap());
    let one_walk = flat(&trace.reverse(3, &seed, 0, &how).unwrap());
    assert_eq!(one_walk, two_steps);
    assert!(trace.reverse(1, &middle, 2, &how).is_err());
}

#[test]
fn cancelling_stops_between_layers() {
    let network = network([1, 4, 4], only(Op::Conv(Conv::new(1, 3))));
    let watch = Watch::default();
    watch.cancel();
    assert!(matches!(network.forward(&doubles("x", &[1, 1, 4, 4]), &watch), Err(striate::Error::Cancelled)));
}
