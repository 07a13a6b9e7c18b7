//! Pieces that torchvision's mobile networks share.

use crate::net::{Builder, Conv, NodeId, Op};

/// Convolution, batch normalisation and, unless it ends a block, an activation, as torchvision's Conv2dNormActivation:
/// layers `NAME.0`, `NAME.1` and `NAME.2`.
pub(super) fn conv_norm(net: &mut Builder, name: &str, conv: Conv, eps: f64, activation: Option<Op>) -> NodeId {
    net.then(format!("{name}.0"), Op::Conv(conv.unbiased()));
    let norm = net.then(format!("{name}.1"), Op::BatchNorm { eps });
    activation.map_or(norm, |activation| net.then(format!("{name}.2"), activation))
}

/// Squeeze and excitation (Hu, Shen and Sun 2018): every map is multiplied by a factor that two small layers compute from
/// the means of all maps.
pub(super) fn squeeze_excitation(net: &mut Builder, name: &str, squeezed: usize, activation: Op, gate: Op) {
    let maps = net.last();
    let units = net.channels(maps);
    net.then(format!("{name}.avgpool"), Op::AdaptiveAvgPool { size: [1, 1] });
    net.then(format!("{name}.fc1"), Op::Conv(Conv::new(squeezed, 1)));
    net.then(format!("{name}.activation"), activation);
    net.then(format!("{name}.fc2"), Op::Conv(Conv::new(units, 1)));
    let factors = net.then(format!("{name}.scale_activation"), gate);
    net.add(format!("{name}.mul"), Op::Mul, &[factors, maps]);
}

/// Adds the input of a block to its output where neither size nor channels change.
pub(super) fn add_input(net: &mut Builder, name: &str, input: NodeId, stride: usize) {
    let body = net.last();
    if stride == 1 && net.channels(input) == net.channels(body) {
        net.add(format!("{name}.add"), Op::Add, &[body, input]);
    }
}

/// A number of channels rounded to a multiple of eight, to no less than nine tenths.
pub(super) fn divisible(channels: f64) -> usize {
    let rounded = ((channels + 4.0) as usize / 8 * 8).max(8);
    if (rounded as f64) < 0.9 * channels { rounded + 8 } else { rounded }
}
