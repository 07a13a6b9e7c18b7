//! The CPU's fast way through a graph: blocked maps ([`crate::kernels::blocked`]), groups of nodes at once, weights
//! prepared once. What no kernel here can do goes through candle's operators, on plain tensors.

mod forward;
mod plan;
mod reverse;

pub(super) use forward::{forward, plain_layer};

use plan::{Held, Plan};
pub(super) use reverse::reverse;

use super::{Conv, Graph, Network, NodeId, Op, forward::batch_norm_scale};
use crate::{
    Result,
    kernels::{
        blocked::{
            Buffer, Direct, Epilogue, Filters, Geometry, Isa, LANES, Maps, MapsMut, Owned, Pool, Thin, Winograd,
        },
        to_vec, with_values,
    },
};
use std::sync::OnceLock;

/// A network's plan, and its weights as the kernels want them.
pub(super) struct Fast {
    pub isa: Isa,
    pub pool: Pool,
    pub plan: Plan,
    forward: Vec<OnceLock<Kernel>>,
    /// Prepared when a reverse walk first comes by; the second with the batch normalisation behind multiplied in.
    reverse: Vec<[OnceLock<Kernel>; 2]>,
    affine: Vec<OnceLock<Affine>>,
}

/// A convolution's prepared weights.
pub(super) enum Kernel {
    Direct(Direct),
    Winograd(Winograd),
    /// Only for a reverse to a planar picture.
    Thin(Thin),
}

/// What is done to every channel: value * scale + shift. Padded to whole blocks.
#[derive(Default)]
pub(super) struct Affine {
    scale: Option<Vec<f32>>,
    shift: Option<Vec<f32>>,
}

/// What a [`super::Trace`] keeps of a fast pass.
pub(super) struct Blocks {
    batch: usize,
    buffers: Vec<Buffer>,
    /// Of max pools, found when a reverse walk first comes by.
    switches: Vec<OnceLock<Owned>>,
}

impl Fast {
    pub fn new(graph: &Graph, isa: Isa) -> Self {
        let nodes = graph.nodes().len();
        Fast {
            isa,
            pool: Pool::default(),
            plan: Plan::new(graph),
            forward: (0..nodes).map(|_| OnceLock::new()).collect(),
            reverse: (0..nodes).map(|_| Default::default()).collect(),
            affine: (0..nodes).map(|_| OnceLock::new()).collect(),
        }
    }

    /// A convolution's weights for the forward pass.
    fn kernel(&self, network: &Network, node: NodeId) -> Result<&Kernel> {
        once(&self.forward[node], || {
            let geometry = geometry(network.graph(), node);
            let planar = self.plan.is_planar(network.graph(), node);
            Ok(with_values::<f32, _>(&network.weights(node)[0], |values| {
                let filters = Filters { values, geometry, transposed: false, scale: None };
                Ok(match winograd(&filters, planar) {
                    Some(tile) => Kernel::Winograd(Winograd::new(self.isa, filters, tile, &self.pool)),
                    None => Kernel::Direct(Direct::new(self.isa, filters, planar, &self.pool)),
                })
            })?)
        })
    }

    /// A convolution's weights for its input gradient, with the batch normalisation `norm` behind it multiplied in.
    fn reverse_kernel(&self, network: &Network, node: NodeId, norm: Option<NodeId>) -> Result<&Kernel> {
        once(&self.reverse[node][usize::from(norm.is_some())], || {
            let geometry = geometry(network.graph(), node);
            let thin = self.plan.is_planar(network.graph(), node);
            let scale = norm.map(|norm| norm_scale(network, norm)).transpose()?;
            Ok(with_values::<f32, _>(&network.weights(node)[0], |values| {
                let filters = Filters { values, geometry, transposed: true, scale: scale.as_deref() };
                if thin {
                    return Ok(Kernel::Thin(Thin::new(self.isa, filters, &self.pool)));
                }
                Ok(match winograd(&filters, false) {
                    Some(tile) => Kernel::Winograd(Winograd::new(self.isa, filters, tile, &self.pool)),
                    None => Kernel::Direct(Direct::new(self.isa, filters, false, &self.pool)),
                })
            })?)
        })
    }

    /// Scale and shift of a convolution's bias, of a batch normalisation, or (`conv` with `norm`) of both.
    fn affine(&self, network: &Network, conv: Option<NodeId>, norm: Option<NodeId>) -> Result<&Affine> {
        let Some(node) = norm.or(conv) else {
            static NOTHING: Affine = Affine { scale: None, shift: None };
            return Ok(&NOTHING);
        };
        once(&self.affine[node], || {
            let bias = match conv.map(|conv| network.weights(conv)) {
                Some([_, bias]) => Some(padded(to_vec(bias)?)),
                _ => None,
            };
            let Some(norm) = norm else { return Ok(Affine { scale: None, shift: bias }) };
            let weights = network.weights(norm);
            let scale = padded(norm_scale(network, norm)?);
            let (beta, mean) = (padded(to_vec(&weights[1])?), padded(to_vec(&weights[2])?));
            let shift = (0..scale.len())
                .map(|i| beta[i] + (bias.as_ref().map_or(0.0, |bias| bias[i]) - mean[i]) * scale[i])
                .collect();
            Ok(Affine { scale: Some(scale), shift: Some(shift) })
        })
    }
}

impl Kernel {
    fn run(&self, source: Maps, out: &mut MapsMut, epilogue: &Epilogue, pool: &Pool) {
        match self {
            Kernel::Direct(kernel) => kernel.run(source, out, epilogue, pool),
            Kernel::Winograd(kernel) => kernel.run(source, out, epilogue, pool),
            Kernel::Thin(_) => unreachable!("a thin kernel writes planes"),
        }
    }
}

/// The value of a cell, made by `make` where it is empty. Two threads may make it at once; either result serves.
fn once<T>(cell: &OnceLock<T>, make: impl FnOnce() -> Result<T>) -> Result<&T> {
    match cell.get() {
        Some(value) => Ok(value),
        None => {
            let made = make()?;
            Ok(cell.get_or_init(|| made))
        }
    }
}

/// gamma / sqrt(running variance + eps), a channel.
fn norm_scale(network: &Network, norm: NodeId) -> Result<Vec<f32>> {
    let Op::BatchNorm { eps } = network.graph().node(norm).op else { return Ok(Vec::new()) };
    Ok(to_vec(&batch_norm_scale(network.weights(norm), eps)?)?)
}

fn padded(mut channels: Vec<f32>) -> Vec<f32> {
    channels.resize(channels.len().next_multiple_of(LANES), 0.0);
    channels
}

fn geometry(graph: &Graph, node: NodeId) -> Geometry {
    let input = graph.node(graph.node(node).inputs[0]).extent();
    let output = graph.node(node).extent();
    match &graph.node(node).op {
        Op::Conv(Conv { kernel, stride, dilation, groups, padding, .. }) => Geometry {
            input,
            output,
            kernel: *kernel,
            stride: *stride,
            dilation: *dilation,
            groups: *groups,
            before: [padding.top, padding.left],
        },
        _ => unreachable!("only convolutions have kernels"),
    }
}

/// The tile of Winograd's algorithm that suits a convolution, if any does.
///
/// With few channels the transforms outweigh what they save. Up to 14x14 the transformed weights of F(4,3) take longer
/// to read than its fewer products save. At 7x7 a quarter of F(2,3)'s products are thrown away too: it is still a little
/// faster than none, but for the reverse, whose weights are kept beside those of the forward pass, memory counts more.
fn winograd(filters: &Filters, planar: bool) -> Option<usize> {
    let g = filters.geometry;
    let plain = (g.kernel, g.stride, g.dilation, g.groups) == ([3, 3], 1, 1, 1);
    let wide = filters.inputs() >= 32 && filters.outputs() >= 32;
    if planar || !plain || !wide || g.before.iter().any(|&before| before > 2) {
        return None;
    }
    let smaller = if filters.transposed { g.input[1].min(g.input[2]) } else { g.output[1].min(g.output[2]) };
    match smaller {
        0..=7 if filters.transposed => None,
        0..=14 => Some(2),
        _ => Some(4),
    }
}
