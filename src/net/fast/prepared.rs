//! A network's plan with the weights as the kernels want them, each prepared when a pass first needs it.

use super::plan::Plan;
use crate::{
    Result,
    kernels::{
        blocked::{
            BufferPool, ConvFilters, ConvGeometry, Depthwise, Direct, Epilogue, Isa, LANES, LayerNorm, Maps, MapsMut,
            Thin, Winograd,
        },
        to_vec, with_values,
    },
    net::{
        graph::{Graph, NodeId},
        layers::WeightedGraph,
        ops::{Conv, Op, batch_norm_scale},
    },
};
use std::sync::{Arc, OnceLock, atomic::AtomicBool};

/// A network's plan, and its weights as the kernels want them.
pub(in crate::net) struct Fast {
    layers: Arc<WeightedGraph>,
    pub isa: Isa,
    pub pool: BufferPool,
    pub plan: Arc<Plan>,
    forward: Vec<OnceLock<Kernel>>,
    /// Prepared for the first reverse walk; the second of each pair has the batch normalisation behind multiplied in.
    reverse: Vec<[OnceLock<Kernel>; 2]>,
    affine: Vec<OnceLock<Affine>>,
    layer_norms: Vec<OnceLock<LayerNorm>>,
    /// Whether a reverse walk has been asked for: forward passes then keep the inputs of activations whose slopes follow
    /// from them, which the walk would compute again.
    pub walked: AtomicBool,
}

/// A convolution's prepared weights.
pub(super) enum Kernel {
    Depthwise(Depthwise),
    Direct(Direct),
    Winograd(Winograd),
    /// Only for the gradient at a planar picture.
    Thin(Thin),
}

/// A scale and a shift for every channel: value * scale + shift. Padded to whole blocks.
#[derive(Default)]
pub(super) struct Affine {
    pub scale: Option<Vec<f32>>,
    pub shift: Option<Vec<f32>>,
}

impl Fast {
    pub fn new(layers: Arc<WeightedGraph>, isa: Isa) -> Self {
        let plan = Plan::new(layers.graph(), false);
        Fast::with(layers, isa, BufferPool::default(), Arc::new(plan))
    }

    /// The same for passes of training.
    pub fn for_training(&self) -> Self {
        let plan = Plan::new(self.graph(), true);
        Fast::with(Arc::clone(&self.layers), self.isa, self.pool.clone(), Arc::new(plan))
    }

    /// The same plan and memory with other weights.
    pub fn again(&self, layers: Arc<WeightedGraph>) -> Self {
        Fast::with(layers, self.isa, self.pool.clone(), Arc::clone(&self.plan))
    }

    fn with(layers: Arc<WeightedGraph>, isa: Isa, pool: BufferPool, plan: Arc<Plan>) -> Self {
        let nodes = layers.graph().nodes().len();
        Fast {
            isa,
            pool,
            plan,
            forward: (0..nodes).map(|_| OnceLock::new()).collect(),
            reverse: (0..nodes).map(|_| Default::default()).collect(),
            affine: (0..nodes).map(|_| OnceLock::new()).collect(),
            layer_norms: (0..nodes).map(|_| OnceLock::new()).collect(),
            walked: AtomicBool::new(false),
            layers,
        }
    }

    pub fn layers(&self) -> &Arc<WeightedGraph> {
        &self.layers
    }

    pub fn graph(&self) -> &Graph {
        self.layers.graph()
    }

    /// A convolution's weights for the forward pass.
    pub(super) fn kernel(&self, node: NodeId) -> Result<&Kernel> {
        once(&self.forward[node], || {
            let geometry = geometry(self.graph(), node);
            let planar = self.plan.is_planar(self.graph(), node);
            Ok(with_values::<f32, _>(&self.layers.weights(node).all()[0], |values| {
                let filters = ConvFilters { values, geometry, transposed: false, scale: None };
                if Depthwise::suits(&geometry) && !planar {
                    return Ok(Kernel::Depthwise(Depthwise::new(self.isa, filters, &self.pool)));
                }
                let has_pool = self.graph().nodes()[node..].iter().any(|node| matches!(node.op, Op::MaxPool(_)));
                Ok(match winograd(&filters, planar) {
                    Some(tile) => {
                        let mut kernel = Winograd::new(self.isa, filters, tile, &self.pool);
                        kernel.keeps_ties = has_pool;
                        Kernel::Winograd(kernel)
                    }
                    None => Kernel::Direct(Direct::new(self.isa, filters, planar, &self.pool)),
                })
            })?)
        })
    }

    /// A convolution's weights for its input gradient, with the batch normalisation `norm` behind it multiplied in.
    pub(super) fn reverse_kernel(&self, node: NodeId, norm: Option<NodeId>) -> Result<&Kernel> {
        once(&self.reverse[node][usize::from(norm.is_some())], || {
            let geometry = geometry(self.graph(), node);
            let thin = self.plan.is_planar(self.graph(), node);
            let scale = norm.map(|norm| self.norm_scale(norm)).transpose()?;
            Ok(with_values::<f32, _>(&self.layers.weights(node).all()[0], |values| {
                let filters = ConvFilters { values, geometry, transposed: true, scale: scale.as_deref() };
                if thin {
                    return Ok(Kernel::Thin(Thin::new(self.isa, filters, &self.pool)));
                }
                if Depthwise::suits(&geometry) {
                    return Ok(Kernel::Depthwise(Depthwise::new(self.isa, filters, &self.pool)));
                }
                Ok(match winograd(&filters, false) {
                    Some(tile) => Kernel::Winograd(Winograd::new(self.isa, filters, tile, &self.pool)),
                    None => Kernel::Direct(Direct::new(self.isa, filters, false, &self.pool)),
                })
            })?)
        })
    }

    /// Scale and shift of a convolution's bias, of a batch normalisation, or (`conv` with `norm`) of both.
    pub(super) fn affine(&self, conv: Option<NodeId>, norm: Option<NodeId>) -> Result<&Affine> {
        let Some(node) = norm.or(conv) else {
            static NOTHING: Affine = Affine { scale: None, shift: None };
            return Ok(&NOTHING);
        };
        once(&self.affine[node], || {
            let bias = match conv.map(|conv| self.layers.weights(conv).all()) {
                Some([_, bias]) => Some(padded(to_vec(bias)?)),
                _ => None,
            };
            let Some(norm) = norm else { return Ok(Affine { scale: None, shift: bias }) };
            let weights = self.layers.weights(norm).all();
            let scale = padded(self.norm_scale(norm)?);
            if weights.len() == 1 {
                let shift = bias.map(|bias| bias.iter().zip(&scale).map(|(bias, scale)| bias * scale).collect());
                return Ok(Affine { scale: Some(scale), shift });
            }
            let (beta, mean) = (padded(to_vec(&weights[1])?), padded(to_vec(&weights[2])?));
            let shift = (0..scale.len())
                .map(|i| beta[i] + (bias.as_ref().map_or(0.0, |bias| bias[i]) - mean[i]) * scale[i])
                .collect();
            Ok(Affine { scale: Some(scale), shift: Some(shift) })
        })
    }

    /// The factor of each channel by a batch normalisation, or by a layer of factors.
    pub fn norm_scale(&self, norm: NodeId) -> Result<Vec<f32>> {
        let weights = self.layers.weights(norm);
        match self.graph().node(norm).op {
            Op::BatchNorm { eps } => Ok(to_vec(&batch_norm_scale(weights, eps)?)?),
            _ => Ok(to_vec(&weights.all()[0])?),
        }
    }

    /// A layer normalisation's weights.
    pub fn layer_norm(&self, id: NodeId) -> Result<&LayerNorm> {
        once(&self.layer_norms[id], || {
            let weights = self.layers.weights(id).all();
            let eps = match self.graph().node(id).op {
                Op::LayerNorm2d { eps } => eps,
                _ => 0.0,
            };
            Ok(LayerNorm::new(&to_vec(&weights[0])?, &to_vec(&weights[1])?, eps as f32))
        })
    }
}

impl Kernel {
    pub fn run(&self, source: Maps, out: &mut MapsMut, epilogue: &Epilogue, pool: &BufferPool) {
        match self {
            Kernel::Depthwise(kernel) => kernel.run(source, out, epilogue),
            Kernel::Direct(kernel) => kernel.run(source, out, epilogue, pool),
            Kernel::Winograd(kernel) => kernel.run(source, out, epilogue, pool),
            Kernel::Thin(_) => unreachable!("a thin kernel writes planes"),
        }
    }

    /// Runs a reverse kernel that writes planes.
    pub fn thin(&self, grad: Maps) -> Option<Vec<f32>> {
        match self {
            Kernel::Thin(kernel) => Some(kernel.run(grad)),
            _ => None,
        }
    }
}

/// The value of a cell, made by `make` where it is empty. When two threads make it at once, one result is dropped.
pub(super) fn once<T>(cell: &OnceLock<T>, make: impl FnOnce() -> Result<T>) -> Result<&T> {
    match cell.get() {
        Some(value) => Ok(value),
        None => {
            let made = make()?;
            Ok(cell.get_or_init(|| made))
        }
    }
}

/// Filled with zeros to whole blocks.
pub(super) fn padded(mut channels: Vec<f32>) -> Vec<f32> {
    channels.resize(channels.len().next_multiple_of(LANES), 0.0);
    channels
}

pub(super) fn geometry(graph: &Graph, node: NodeId) -> ConvGeometry {
    let input = graph.node(graph.node(node).inputs[0]).extent();
    let output = graph.node(node).extent();
    match &graph.node(node).op {
        Op::Conv(Conv { kernel, stride, dilation, groups, padding, .. }) => ConvGeometry {
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
/// With few channels the transforms cost more than they save. Up to 14x14 the transformed weights of F(4,3) take longer
/// to read than its fewer products save. At 7x7 a quarter of F(2,3)'s products are discarded too: the forward pass is still
/// a little faster with it, but the reverse goes without, since its weights would take memory beside the forward ones.
fn winograd(filters: &ConvFilters, planar: bool) -> Option<usize> {
    let g = filters.geometry;
    let plain = (g.kernel, g.stride, g.dilation, g.groups) == ([3, 3], [1, 1], [1, 1], 1);
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
