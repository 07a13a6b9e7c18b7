//! A graph with weights and a back end: the network that runs.

use super::{
    backend::{Backend, Runner},
    graph::{Graph, NodeId},
    layers::{Tensors, WeightedGraph},
    ops::Op,
};
use crate::{
    Error, Result,
    kernels::{blocked::Isa, with_values},
};
use candle_core::{DType, Device, Tensor};
use half::f16;
use rayon::prelude::*;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Weights from which on a fully connected layer is large: 4 MiB, more than a core's caches.
const LARGE: usize = 1 << 20;

/// A [`Graph`] that can run: every tensor present, every shape right, none left over.
pub struct Network {
    runner: Runner,
    /// Forward and reverse passes so far.
    passes: [AtomicUsize; 2],
}

impl Network {
    /// Checks `tensors` against `graph`. `origin` names them in messages. Where they hold nothing of the auxiliary
    /// classifiers, as files do that were saved for running only, the graph loses these. The network runs by the fast
    /// back end where that can.
    ///
    /// # Errors
    /// [`Error::Failed`] with all missing, superfluous and wrongly shaped tensors.
    pub fn new(graph: Graph, tensors: Tensors, origin: &str, device: &Device) -> Result<Self> {
        let layers = WeightedGraph::new(graph, tensors, origin, device)?;
        Ok(Network::by(Runner::new(Arc::new(layers), Backend::Fast, Isa::best())))
    }

    fn by(runner: Runner) -> Self {
        Network { runner, passes: Default::default() }
    }

    /// With another back end. Where the fast one cannot run (another device than the CPU, or weights that are not
    /// float32) candle's stays.
    #[must_use]
    pub fn with_backend(self, backend: Backend) -> Self {
        let isa = self.isa().unwrap_or_else(Isa::best);
        Network::by(Runner::new(Arc::clone(self.layers()), backend, isa))
    }

    /// With the weights of large fully connected layers kept as float16, for the fast back end: half the memory, and as
    /// reading them is all the time such a layer takes, up to twice as fast. Without `rounding`, only where that changes
    /// no weight, as when they come from a file of float16; with it everywhere, which moves scores by about 1e-4 of the
    /// largest.
    ///
    /// # Errors
    /// When memory fails.
    pub fn with_half_linear(self, rounding: bool) -> Result<Self> {
        if self.backend() != Backend::Fast {
            return Ok(self);
        }
        let graph = self.graph();
        let exact = |values: &[f32]| values.par_iter().all(|&value| f16::from_f32(value).to_f32() == value);
        let layers = self.layers().with_weights(|layer, index, weight| {
            let linear = index == 0 && matches!(graph.node(layer).op, Op::Linear { .. });
            let large = linear && weight.dtype() == DType::F32 && weight.elem_count() >= LARGE;
            let half = large && (rounding || with_values::<f32, _>(weight, |values| Ok(exact(values)))?);
            Ok(if half { weight.to_dtype(DType::F16)? } else { weight.clone() })
        })?;
        Ok(Network::by(self.runner.with_layers(layers)))
    }

    /// Takes kernels for another instruction set than the best of this CPU. candle's back end has its own.
    pub fn set_isa(&mut self, isa: Isa) {
        self.runner = Runner::new(Arc::clone(self.layers()), self.backend(), isa);
    }

    /// The instruction set of the fast back end's kernels; `None` with candle's back end.
    pub fn isa(&self) -> Option<Isa> {
        self.runner.isa()
    }

    /// The same weights for pictures of another size, where the network has one for every size.
    ///
    /// # Errors
    /// [`Error::Usage`] when a layer does not fit that size, or would need other weights.
    pub fn resized(&self, size: [usize; 2]) -> Result<Self> {
        Ok(Network::by(self.runner.with_layers(self.layers().with_graph(self.graph().at_size(size)?))))
    }

    /// Whether another network has the same layers and shares this one's weights: it is this one, perhaps at another
    /// input size.
    pub fn shares_weights(&self, other: &Network) -> bool {
        let ids = |network: &Network, layer| network.weights(layer).iter().map(Tensor::id).collect::<Vec<_>>();
        let layers = self.graph().nodes().len();
        layers == other.graph().nodes().len() && (0..layers).all(|layer| ids(self, layer) == ids(other, layer))
    }

    /// The network for pictures whose channels are in the opposite order: blue for red.
    ///
    /// # Errors
    /// [`Error::Usage`] when the picture goes into a layer that is no convolution of three channels.
    pub fn with_turned_colours(&self) -> Result<Self> {
        let reads_picture = |layer: NodeId| self.graph().node(layer).inputs.contains(&0);
        for (layer, node) in self.graph().nodes().iter().enumerate().filter(|&(layer, _)| reads_picture(layer)) {
            let filters = self.weights(layer).first();
            let turns = matches!(&node.op, Op::Conv(conv) if conv.groups == 1)
                && filters.is_some_and(|filters| filters.dims().get(1) == Some(&3));
            if !turns {
                let why = format!("layer {} is no convolution of three channels", node.name);
                return Err(Error::Usage(format!("the order of colours cannot be changed: {why}")));
            }
        }
        let layers = self.layers().with_weights(|layer, index, weight| match reads_picture(layer) && index == 0 {
            true => Ok(weight.flip(&[1])?.contiguous()?),
            false => Ok(weight.clone()),
        })?;
        Ok(Network::by(self.runner.with_layers(layers)))
    }

    /// The network for passes of training.
    #[must_use]
    pub fn for_training(&self) -> Self {
        Network::by(self.runner.for_training())
    }

    /// The same network with other weights, by layer and in the order of [`Op::parameters`], which may change at every step
    /// of training. Memory and plan are used again.
    ///
    /// # Errors
    /// [`Error::Usage`] when there are not as many, or a shape is another.
    pub fn with_weights(&self, weights: &[Vec<Tensor>]) -> Result<Self> {
        let fits = |layer: NodeId, own: &[Tensor]| {
            own.iter().map(Tensor::shape).eq(self.weights(layer).iter().map(Tensor::shape))
        };
        if weights.len() != self.graph().nodes().len() || !weights.iter().enumerate().all(|(id, own)| fits(id, own)) {
            return Err(Error::Usage("the weights are not those of the network's layers".into()));
        }
        let layers = self.layers().with_weights(|layer, index, _| Ok(weights[layer][index].clone()))?;
        Ok(Network::by(self.runner.again(layers)))
    }

    /// The network up to a layer, which becomes its last.
    pub fn until(&self, layer: NodeId) -> Self {
        Network::by(self.runner.with_layers(self.layers().with_graph(self.graph().until(layer))))
    }

    /// The back end it runs by.
    pub fn backend(&self) -> Backend {
        self.runner.backend()
    }

    pub(super) fn runner(&self) -> &Runner {
        &self.runner
    }

    pub(super) fn layers(&self) -> &Arc<WeightedGraph> {
        self.runner.layers()
    }

    /// The first of the layers that are computed at once with this one: the fast back end runs a convolution together
    /// with the normalisation, the sum and the rectifier that follow it.
    pub fn computed_with(&self, layer: NodeId) -> NodeId {
        self.runner.computed_with(layer)
    }

    /// The layers.
    pub fn graph(&self) -> &Arc<Graph> {
        self.layers().graph()
    }

    /// The device it runs on.
    pub fn device(&self) -> &Device {
        self.layers().device()
    }

    /// Forward passes, whole or from a layer on, and reverse walks so far: the cost of a method.
    pub fn passes(&self) -> [usize; 2] {
        [0, 1].map(|direction: usize| self.passes[direction].load(Ordering::Relaxed))
    }

    pub(super) fn count_forward(&self) {
        self.passes[0].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_reverse(&self) {
        self.passes[1].fetch_add(1, Ordering::Relaxed);
    }

    /// The weights of a layer, in the order of [`Op::parameters`]: weight, bias, running mean, running variance; as they
    /// are kept, which for a fully connected layer may be float16.
    pub fn weights(&self, layer: NodeId) -> &[Tensor] {
        self.layers().weights(layer).all()
    }

    /// The first of a layer's weights, never in float16.
    pub(crate) fn weight(&self, layer: NodeId) -> Result<Tensor> {
        self.layers().weights(layer).weight()
    }

    /// The filters of a convolution, `(units, inputs of a unit, height, width)`, zero where a connection table has no
    /// connection; of a fully connected layer, `(units, inputs, 1, 1)`; `None` for other layers.
    pub fn filters(&self, layer: NodeId) -> Result<Option<Tensor>> {
        self.layers().filters(layer)
    }
}
