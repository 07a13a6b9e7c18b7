//! Inception v3 (Szegedy, Vanhoucke, Ioffe, Shlens and Wojna 2016), torchvision's layout: 5x5 and 7x7 convolutions
//! factorised into 3x3, 1x7 and 7x1, and one auxiliary classifier.

use super::{Card, Labels, conv_norm_relu};
use crate::{
    Result,
    net::{Builder, Conv, Graph, NodeId, Op, Window},
    picture::Preprocess,
};

pub(super) const INCEPTION_V3: Card = Card {
    name: "inception_v3",
    title: "Inception v3",
    family: "Inception",
    paper: "Szegedy, Vanhoucke, Ioffe, Shlens and Wojna 2016",
    notes: &[
        "27,161,264 parameters with the auxiliary classifier, 23,834,568 without; the paper's 5 billion multiply-adds \
         are 5.71.",
        "The trained network expects values from -1 to 1 (torchvision's transform_input).",
        "The auxiliary classifier needs maps of 17x17: pictures from 299 pixels, or a few less.",
    ],
    labels: Labels::ImageNet,
    preprocess: || Preprocess { mean: vec![0.5; 3], std: vec![0.5; 3], ..Preprocess::imagenet(342, 299) },
    build: &build,
    shipped: None,
};

const HALVE: Op = Op::MaxPool(Window::new(3, 2));
const AVERAGE: Op = Op::AvgPool { window: Window::new(3, 1).pad(1), count_padding: true };

fn build(size: usize) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    chain(
        &mut net,
        "",
        0,
        &[
            ("Conv2d_1a_3x3", Conv::new(32, 3).stride(2)),
            ("Conv2d_2a_3x3", Conv::new(32, 3)),
            ("Conv2d_2b_3x3", Conv::new(64, 3).pad(1)),
        ],
    );
    let pool = net.then("maxpool1", HALVE);
    chain(&mut net, "", pool, &[("Conv2d_3b_1x1", Conv::new(80, 1)), ("Conv2d_4a_3x3", Conv::new(192, 3))]);
    net.then("maxpool2", HALVE);
    for (name, proj) in [("Mixed_5b.", 32), ("Mixed_5c.", 64), ("Mixed_5d.", 64)] {
        module_5(&mut net, name, proj);
    }
    reduction_6(&mut net, "Mixed_6a.");
    for (name, narrow) in [("Mixed_6b.", 128), ("Mixed_6c.", 160), ("Mixed_6d.", 160), ("Mixed_6e.", 192)] {
        module_6(&mut net, name, narrow);
    }
    auxiliary(&mut net);
    reduction_7(&mut net, "Mixed_7a.");
    module_7(&mut net, "Mixed_7b.");
    module_7(&mut net, "Mixed_7c.");
    net.then("avgpool", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("dropout", Op::Dropout { p: 0.5 });
    net.then("flatten", Op::Flatten);
    net.then("fc", Op::Linear { out: 1000, bias: true });
    net.then("softmax", Op::Softmax);
    net.finish()
}

/// Convolutions one after the other, each with normalisation and rectifier. Returns the last node.
fn chain(net: &mut Builder, module: &str, from: NodeId, convs: &[(&str, Conv)]) -> NodeId {
    let on =
        |from, (name, conv): &(&str, Conv)| conv_norm_relu(net, &format!("{module}{name}"), from, conv.clone(), 1e-3);
    convs.iter().fold(from, on)
}

/// The branch that pools, then projects.
fn pooled(net: &mut Builder, module: &str, input: NodeId, proj: usize) -> NodeId {
    let pool = net.add(format!("{module}avg_pool2d"), AVERAGE, &[input]);
    chain(net, module, pool, &[("branch_pool", Conv::new(proj, 1))])
}

/// Maps of 35x35; the paper's figure 5.
fn module_5(net: &mut Builder, name: &str, proj: usize) {
    let x = net.last();
    let branches = [
        chain(net, name, x, &[("branch1x1", Conv::new(64, 1))]),
        chain(net, name, x, &[("branch5x5_1", Conv::new(48, 1)), ("branch5x5_2", Conv::new(64, 5).pad(2))]),
        chain(
            net,
            name,
            x,
            &[
                ("branch3x3dbl_1", Conv::new(64, 1)),
                ("branch3x3dbl_2", Conv::new(96, 3).pad(1)),
                ("branch3x3dbl_3", Conv::new(96, 3).pad(1)),
            ],
        ),
        pooled(net, name, x, proj),
    ];
    net.add(format!("{name}cat"), Op::Concat, &branches);
}

/// From 35x35 to 17x17.
fn reduction_6(net: &mut Builder, name: &str) {
    let x = net.last();
    let branches = [
        chain(net, name, x, &[("branch3x3", Conv::new(384, 3).stride(2))]),
        chain(
            net,
            name,
            x,
            &[
                ("branch3x3dbl_1", Conv::new(64, 1)),
                ("branch3x3dbl_2", Conv::new(96, 3).pad(1)),
                ("branch3x3dbl_3", Conv::new(96, 3).stride(2)),
            ],
        ),
        net.add(format!("{name}max_pool2d"), HALVE, &[x]),
    ];
    net.add(format!("{name}cat"), Op::Concat, &branches);
}

/// Maps of 17x17, 1x7 and 7x1 filters; the paper's figure 6.
fn module_6(net: &mut Builder, name: &str, narrow: usize) {
    let x = net.last();
    let (row, column) = (|out| Conv::rect(out, [1, 7]).same(), |out| Conv::rect(out, [7, 1]).same());
    let branches = [
        chain(net, name, x, &[("branch1x1", Conv::new(192, 1))]),
        chain(
            net,
            name,
            x,
            &[("branch7x7_1", Conv::new(narrow, 1)), ("branch7x7_2", row(narrow)), ("branch7x7_3", column(192))],
        ),
        chain(
            net,
            name,
            x,
            &[
                ("branch7x7dbl_1", Conv::new(narrow, 1)),
                ("branch7x7dbl_2", column(narrow)),
                ("branch7x7dbl_3", row(narrow)),
                ("branch7x7dbl_4", column(narrow)),
                ("branch7x7dbl_5", row(192)),
            ],
        ),
        pooled(net, name, x, 192),
    ];
    net.add(format!("{name}cat"), Op::Concat, &branches);
}

/// From 17x17 to 8x8.
fn reduction_7(net: &mut Builder, name: &str) {
    let x = net.last();
    let branches = [
        chain(net, name, x, &[("branch3x3_1", Conv::new(192, 1)), ("branch3x3_2", Conv::new(320, 3).stride(2))]),
        chain(
            net,
            name,
            x,
            &[
                ("branch7x7x3_1", Conv::new(192, 1)),
                ("branch7x7x3_2", Conv::rect(192, [1, 7]).same()),
                ("branch7x7x3_3", Conv::rect(192, [7, 1]).same()),
                ("branch7x7x3_4", Conv::new(192, 3).stride(2)),
            ],
        ),
        net.add(format!("{name}max_pool2d"), HALVE, &[x]),
    ];
    net.add(format!("{name}cat"), Op::Concat, &branches);
}

/// Maps of 8x8, branches that fan out into 1x3 and 3x1; the paper's figure 7.
fn module_7(net: &mut Builder, name: &str) {
    let x = net.last();
    let one = chain(net, name, x, &[("branch1x1", Conv::new(320, 1))]);
    let three = chain(net, name, x, &[("branch3x3_1", Conv::new(384, 1))]);
    let three = fan(net, name, three, ["branch3x3_2a", "branch3x3_2b", "cat"]);
    let double =
        chain(net, name, x, &[("branch3x3dbl_1", Conv::new(448, 1)), ("branch3x3dbl_2", Conv::new(384, 3).pad(1))]);
    let double = fan(net, name, double, ["branch3x3dbl_3a", "branch3x3dbl_3b", "cat_1"]);
    let pool = pooled(net, name, x, 192);
    net.add(format!("{name}cat_2"), Op::Concat, &[one, three, double, pool]);
}

fn fan(net: &mut Builder, module: &str, input: NodeId, [row, column, cat]: [&str; 3]) -> NodeId {
    let row = chain(net, module, input, &[(row, Conv::rect(384, [1, 3]).same())]);
    let column = chain(net, module, input, &[(column, Conv::rect(384, [3, 1]).same())]);
    net.add(format!("{module}{cat}"), Op::Concat, &[row, column])
}

fn auxiliary(net: &mut Builder) {
    let trunk = net.last();
    let pool = Op::AvgPool { window: Window::new(5, 3), count_padding: true };
    let pool = net.then("AuxLogits.avg_pool2d", pool);
    chain(net, "AuxLogits.", pool, &[("conv0", Conv::new(128, 1)), ("conv1", Conv::new(768, 5))]);
    net.then("AuxLogits.adaptive_avg_pool2d", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("AuxLogits.flatten", Op::Flatten);
    net.then("AuxLogits.fc", Op::Linear { out: 1000, bias: true });
    net.resume(trunk);
}
