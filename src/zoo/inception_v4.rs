//! Inception v4 (Szegedy, Ioffe, Vanhoucke and Alemi 2017): a purer Inception, with a stem that is Inception-like
//! itself. Weights are named as in the PyTorch port that timm's files come from.

use super::{Card, Labels, conv_norm_relu};
use crate::{
    Result,
    net::{Builder, Conv, Graph, NodeId, Op, Window},
    picture::Preprocess,
};

pub(super) const INCEPTION_V4: Card = Card {
    name: "inception_v4",
    title: "Inception v4",
    family: "Inception",
    paper: "Szegedy, Ioffe, Vanhoucke and Alemi 2017",
    notes: &[
        "The paper's figure 3 repeats the 17x17 module seven times and calls its 1x7 filters of the last branch in \
              another order than its figure 5; the order here is that of the authors' code.",
    ],
    labels: Labels::ImageNet,
    preprocess: || Preprocess { mean: vec![0.5; 3], std: vec![0.5; 3], ..Preprocess::imagenet(342, 299) },
    build: &build,
    shipped: None,
};

/// A convolution with its name in the module; normalisation and rectifier follow each.
type Step = (&'static str, Conv);

fn build(size: usize) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    chain(
        &mut net,
        "features.",
        0,
        &[("0", Conv::new(32, 3).stride(2)), ("1", Conv::new(32, 3)), ("2", Conv::new(64, 3).pad(1))],
    );
    stem(&mut net);
    for index in 6..10 {
        module_a(&mut net, &format!("features.{index}."));
    }
    reduction_a(&mut net, "features.10.");
    for index in 11..18 {
        module_b(&mut net, &format!("features.{index}."));
    }
    reduction_b(&mut net, "features.18.");
    for index in 19..22 {
        module_c(&mut net, &format!("features.{index}."));
    }
    net.then("global_pool", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("flatten", Op::Flatten);
    net.then("head_drop", Op::Dropout { p: 0.2 });
    net.then("last_linear", Op::Linear { out: 1000, bias: true });
    net.then("softmax", Op::Softmax);
    net.finish()
}

fn row(out: usize) -> Conv {
    Conv::rect(out, [1, 7]).same()
}

fn column(out: usize) -> Conv {
    Conv::rect(out, [7, 1]).same()
}

fn chain(net: &mut Builder, module: &str, from: NodeId, steps: &[Step]) -> NodeId {
    let on = |from, (name, conv): &Step| conv_norm_relu(net, &format!("{module}{name}"), from, conv.clone(), 1e-3);
    steps.iter().fold(from, on)
}

fn halve(net: &mut Builder, name: String, input: NodeId) -> NodeId {
    net.add(name, Op::MaxPool(Window::new(3, 2)), &[input])
}

/// The branch that averages, then projects.
fn pooled(net: &mut Builder, module: &str, input: NodeId, proj: usize) -> NodeId {
    let pool = Op::AvgPool { window: Window::new(3, 1).pad(1), count_padding: false };
    let pool = net.add(format!("{module}branch3.0"), pool, &[input]);
    chain(net, module, pool, &[("branch3.1", Conv::new(proj, 1))])
}

/// From 147x147 to 35x35, in three splits that meet again; the paper's figure 3.
fn stem(net: &mut Builder) {
    let x = net.last();
    let pool = halve(net, "features.3.maxpool".into(), x);
    let conv = chain(net, "features.3.", x, &[("conv", Conv::new(96, 3).stride(2))]);
    let x = net.add("features.3.cat", Op::Concat, &[pool, conv]);
    let short = chain(net, "features.4.", x, &[("branch0.0", Conv::new(64, 1)), ("branch0.1", Conv::new(96, 3))]);
    let long = chain(
        net,
        "features.4.",
        x,
        &[
            ("branch1.0", Conv::new(64, 1)),
            ("branch1.1", row(64)),
            ("branch1.2", column(64)),
            ("branch1.3", Conv::new(96, 3)),
        ],
    );
    let x = net.add("features.4.cat", Op::Concat, &[short, long]);
    let conv = chain(net, "features.5.", x, &[("conv", Conv::new(192, 3).stride(2))]);
    let pool = halve(net, "features.5.maxpool".into(), x);
    net.add("features.5.cat", Op::Concat, &[conv, pool]);
}

/// Maps of 35x35; the paper's figure 4.
fn module_a(net: &mut Builder, name: &str) {
    let x = net.last();
    let branches = [
        chain(net, name, x, &[("branch0", Conv::new(96, 1))]),
        chain(net, name, x, &[("branch1.0", Conv::new(64, 1)), ("branch1.1", Conv::new(96, 3).pad(1))]),
        chain(
            net,
            name,
            x,
            &[
                ("branch2.0", Conv::new(64, 1)),
                ("branch2.1", Conv::new(96, 3).pad(1)),
                ("branch2.2", Conv::new(96, 3).pad(1)),
            ],
        ),
        pooled(net, name, x, 96),
    ];
    net.add(format!("{name}cat"), Op::Concat, &branches);
}

/// From 35x35 to 17x17; figure 7 with k = 192, l = 224, m = 256, n = 384.
fn reduction_a(net: &mut Builder, name: &str) {
    let x = net.last();
    let branches = [
        chain(net, name, x, &[("branch0", Conv::new(384, 3).stride(2))]),
        chain(
            net,
            name,
            x,
            &[
                ("branch1.0", Conv::new(192, 1)),
                ("branch1.1", Conv::new(224, 3).pad(1)),
                ("branch1.2", Conv::new(256, 3).stride(2)),
            ],
        ),
        halve(net, format!("{name}branch2"), x),
    ];
    net.add(format!("{name}cat"), Op::Concat, &branches);
}

/// Maps of 17x17; figure 5.
fn module_b(net: &mut Builder, name: &str) {
    let x = net.last();
    let branches = [
        chain(net, name, x, &[("branch0", Conv::new(384, 1))]),
        chain(net, name, x, &[("branch1.0", Conv::new(192, 1)), ("branch1.1", row(224)), ("branch1.2", column(256))]),
        chain(
            net,
            name,
            x,
            &[
                ("branch2.0", Conv::new(192, 1)),
                ("branch2.1", column(192)),
                ("branch2.2", row(224)),
                ("branch2.3", column(224)),
                ("branch2.4", row(256)),
            ],
        ),
        pooled(net, name, x, 128),
    ];
    net.add(format!("{name}cat"), Op::Concat, &branches);
}

/// From 17x17 to 8x8; figure 8.
fn reduction_b(net: &mut Builder, name: &str) {
    let x = net.last();
    let branches = [
        chain(net, name, x, &[("branch0.0", Conv::new(192, 1)), ("branch0.1", Conv::new(192, 3).stride(2))]),
        chain(
            net,
            name,
            x,
            &[
                ("branch1.0", Conv::new(256, 1)),
                ("branch1.1", row(256)),
                ("branch1.2", column(320)),
                ("branch1.3", Conv::new(320, 3).stride(2)),
            ],
        ),
        halve(net, format!("{name}branch2"), x),
    ];
    net.add(format!("{name}cat"), Op::Concat, &branches);
}

/// Maps of 8x8, branches that fan out into 1x3 and 3x1; figure 6.
fn module_c(net: &mut Builder, name: &str) {
    let x = net.last();
    let (row, column) = (|out| Conv::rect(out, [1, 3]).same(), |out| Conv::rect(out, [3, 1]).same());
    let one = chain(net, name, x, &[("branch0", Conv::new(256, 1))]);
    let short = chain(net, name, x, &[("branch1_0", Conv::new(384, 1))]);
    let short = [("branch1_1a", row(256)), ("branch1_1b", column(256))].map(|step| chain(net, name, short, &[step]));
    let short = net.add(format!("{name}cat"), Op::Concat, &short);
    let long =
        chain(net, name, x, &[("branch2_0", Conv::new(384, 1)), ("branch2_1", column(448)), ("branch2_2", row(512))]);
    let long = [("branch2_3a", row(256)), ("branch2_3b", column(256))].map(|step| chain(net, name, long, &[step]));
    let long = net.add(format!("{name}cat_1"), Op::Concat, &long);
    let pool = pooled(net, name, x, 256);
    net.add(format!("{name}cat_2"), Op::Concat, &[one, short, long, pool]);
}
