//! SqueezeNet (Iandola, Han, Moskewicz, Ashraf, Dally and Keutzer 2016), torchvision's layout: layer names count the
//! modules of `features`.

use super::{Card, Labels};
use crate::{
    Result,
    net::{Builder, Conv, Graph, Op, Window},
    picture::Preprocess,
};

pub(super) const SQUEEZENET1_0: Card = Card {
    name: "squeezenet1_0",
    title: "SqueezeNet 1.0",
    family: "SqueezeNet",
    paper: "Iandola et al. 2016",
    notes: &[],
    labels: Labels::ImageNet,
    preprocess: || Preprocess::imagenet(256, 224),
    build: &|size| build(size, Conv::new(96, 7).stride(2), [2, 6, 11]),
    shipped: None,
};

pub(super) const SQUEEZENET1_1: Card = Card {
    name: "squeezenet1_1",
    title: "SqueezeNet 1.1",
    paper: "Iandola et al. 2016, as revised by its authors",
    build: &|size| build(size, Conv::new(64, 3).stride(2), [2, 5, 8]),
    ..SQUEEZENET1_0
};

/// Squeezed and expanded channels of the eight fire modules, and their titles.
const FIRES: [(usize, usize, &str); 8] = [
    (16, 64, "fire2"),
    (16, 64, "fire3"),
    (32, 128, "fire4"),
    (32, 128, "fire5"),
    (48, 192, "fire6"),
    (48, 192, "fire7"),
    (64, 256, "fire8"),
    (64, 256, "fire9"),
];

/// `pools` are the numbers of the modules that pool; fire modules lie between them.
fn build(size: usize, first: Conv, pools: [usize; 3]) -> Result<Graph> {
    let mut net = Builder::new([3, size, size]);
    net.then("features.0", Op::Conv(first));
    net.title("conv1");
    net.then("features.1", Op::Relu);
    let mut fires = FIRES.into_iter();
    for module in 2.. {
        if pools.contains(&module) {
            net.then(format!("features.{module}"), Op::MaxPool(Window::new(3, 2).ceil()));
        } else if let Some((squeezed, expanded, title)) = fires.next() {
            fire(&mut net, &format!("features.{module}"), squeezed, expanded);
            net.title(title);
        } else {
            break;
        }
    }
    net.then("classifier.0", Op::Dropout { p: 0.5 });
    net.then("classifier.1", Op::Conv(Conv::new(1000, 1)));
    net.title("conv10");
    net.then("classifier.2", Op::Relu);
    net.then("classifier.3", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("flatten", Op::Flatten);
    net.then("softmax", Op::Softmax);
    net.finish()
}

/// 1x1 convolutions to few channels, then 1x1 and 3x3 convolutions side by side.
fn fire(net: &mut Builder, name: &str, squeezed: usize, expanded: usize) {
    net.then(format!("{name}.squeeze"), Op::Conv(Conv::new(squeezed, 1)));
    let input = net.then(format!("{name}.squeeze_activation"), Op::Relu);
    let branches = [("expand1x1", 1), ("expand3x3", 3)].map(|(branch, kernel)| {
        net.add(format!("{name}.{branch}"), Op::Conv(Conv::new(expanded, kernel).same()), &[input]);
        net.then(format!("{name}.{branch}_activation"), Op::Relu)
    });
    net.add(format!("{name}.cat"), Op::Concat, &branches);
}
