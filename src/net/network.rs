//! A graph together with weights that were checked against it.

use super::{
    fast::Fast,
    graph::{Graph, NodeId},
    op::Op,
};
use crate::{
    Error, Result,
    kernels::{blocked::Isa, with_values},
};
use candle_core::{DType, Device, Tensor};
use half::f16;
use rayon::prelude::*;
use std::{
    collections::HashMap,
    str::FromStr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Weights from which on a fully connected layer is large: 4 MiB, more than a core's caches.
const LARGE: usize = 1 << 20;

/// Weights by full name, as a file holds them.
pub type Tensors = HashMap<String, Tensor>;

/// How a network runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// Our own kernels: float32 on the CPU.
    #[default]
    Fast,
    /// candle's operators: any float type on any device, and the reference for the other.
    Candle,
}

impl Engine {
    /// What `--engine` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Fast => "fast",
            Engine::Candle => "candle",
        }
    }
}

impl FromStr for Engine {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let known = [Engine::Fast, Engine::Candle].into_iter().find(|engine| engine.name() == text);
        known.ok_or_else(|| Error::Usage(format!("unknown engine '{text}': fast or candle")))
    }
}

/// A [`Graph`] that can run: every tensor present, every shape right, none left over.
pub struct Network {
    graph: Arc<Graph>,
    device: Device,
    /// For every node its weights, in the order of [`Op::parameters`].
    weights: Vec<Vec<Tensor>>,
    /// For every convolution its flipped, transposed filters, made when a reverse walk first needs them.
    transposed: Vec<OnceLock<Tensor>>,
    engine: Engine,
    isa: Isa,
    /// Plan and prepared weights of [`Engine::Fast`], made when it first runs.
    fast: OnceLock<Fast>,
    /// Forward and reverse passes so far.
    passes: [AtomicUsize; 2],
}

impl Network {
    /// Checks `tensors` against `graph`. `origin` names them in messages. Where they hold nothing of the auxiliary
    /// classifiers, as files do that were saved for running only, the graph loses these.
    ///
    /// # Errors
    /// [`Error::Failed`] with all missing, superfluous and wrongly shaped tensors.
    pub fn new(graph: Graph, mut tensors: Tensors, origin: &str, device: &Device) -> Result<Self> {
        let main = graph.without_auxiliary();
        let (all, needed) = (graph.parameters(), main.parameters());
        let lacks_auxiliary = all.keys().all(|name| needed.contains_key(name) || !tensors.contains_key(name));
        let graph = if lacks_auxiliary { main } else { graph };
        check(&graph, &tensors, origin)?;
        let mut weights = Vec::with_capacity(graph.nodes().len());
        for node in graph.nodes() {
            let mut own = Vec::new();
            for parameter in graph.node_parameters(node) {
                let name = format!("{}.{}", node.name, parameter.suffix);
                let tensor = tensors.remove(&name).ok_or_else(|| Error::Failed(format!("{origin} lacks {name}")))?;
                own.push(tensor.to_device(device)?.contiguous()?);
            }
            weights.push(own);
        }
        let transposed = graph.nodes().iter().map(|_| OnceLock::new()).collect();
        let (isa, fast) = (Isa::best(), OnceLock::new());
        let network = Network {
            graph: Arc::new(graph),
            device: device.clone(),
            weights,
            transposed,
            engine: Engine::Candle,
            isa,
            fast,
            passes: Default::default(),
        };
        Ok(network.with_engine(Engine::Fast))
    }

    /// With another way to run: the fast one unless told otherwise. Where it cannot (another device than the CPU, or
    /// weights that are not float32) candle's stays.
    #[must_use]
    pub fn with_engine(self, engine: Engine) -> Self {
        let linear = |id: NodeId| matches!(self.graph.node(id).op, Op::Linear { .. });
        let known = |id: NodeId, dtype: DType| dtype == DType::F32 || dtype == DType::F16 && linear(id);
        let weights = self.weights.iter().enumerate();
        let single = weights.flat_map(|(id, own)| own.iter().map(move |weight| (id, weight.dtype())));
        let possible = self.device.is_cpu() && single.into_iter().all(|(id, dtype)| known(id, dtype));
        Network { engine: if possible { engine } else { Engine::Candle }, ..self }
    }

    /// With the weights of large fully connected layers kept as float16, for the fast engine: half the memory, and as reading them
    /// is all the time such a layer takes, up to twice as fast. Without `rounding`, only where that changes no weight, as
    /// when they come from a file of float16; with it everywhere, which moves scores by about 1e-4 of the largest.
    ///
    /// # Errors
    /// When memory fails.
    pub fn with_half_linear(mut self, rounding: bool) -> Result<Self> {
        if self.engine != Engine::Fast {
            return Ok(self);
        }
        for (id, own) in self.weights.iter_mut().enumerate() {
            let (Op::Linear { .. }, Some(weight)) = (&self.graph.node(id).op, own.first_mut()) else { continue };
            let large = weight.dtype() == DType::F32 && weight.elem_count() >= LARGE;
            let exact = |values: &[f32]| values.par_iter().all(|&value| f16::from_f32(value).to_f32() == value);
            if large && (rounding || with_values::<f32, _>(weight, |values| Ok(exact(values)))?) {
                *weight = weight.to_dtype(DType::F16)?;
            }
        }
        Ok(self)
    }

    /// Takes kernels for another instruction set than the best of this CPU.
    pub fn set_isa(&mut self, isa: Isa) {
        self.isa = isa;
        self.fast = OnceLock::new();
    }

    /// The instruction set of the fast engine's kernels.
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// The same weights for pictures of another size, where the network has one for every size.
    ///
    /// # Errors
    /// [`Error::Usage`] when a layer does not fit that size, or would need other weights.
    pub fn resized(&self, [height, width]: [usize; 2]) -> Result<Self> {
        let graph = self.graph.resized([height, width])?;
        if graph.parameters() != self.graph.parameters() {
            let [_, own, _] = self.graph.input_shape();
            let message = format!("this network runs at {own}x{own} pixels only, not at {height}x{width}");
            return Err(Error::Usage(message));
        }
        Ok(self.with_graph(graph, self.weights.clone()))
    }

    /// The network up to a node, which becomes its last: for whoever needs no more of it.
    pub fn until(&self, node: NodeId) -> Self {
        self.with_graph(self.graph.until(node), self.weights[..=node].to_vec())
    }

    /// Another graph that runs as this one, with nothing prepared yet.
    fn with_graph(&self, graph: Graph, weights: Vec<Vec<Tensor>>) -> Self {
        Network {
            transposed: graph.nodes().iter().map(|_| OnceLock::new()).collect(),
            graph: Arc::new(graph),
            device: self.device.clone(),
            weights,
            engine: self.engine,
            isa: self.isa,
            fast: OnceLock::new(),
            passes: Default::default(),
        }
    }

    /// How it runs.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The layer with which the engine computes this one at once: the fast engine runs a convolution with the
    /// normalisation, the sum and the rectifier that follow it.
    pub fn computed_with(&self, node: NodeId) -> NodeId {
        if self.engine() == Engine::Fast { self.fast().plan.head_of(node) } else { node }
    }

    /// Plan and prepared weights of the fast engine.
    pub(super) fn fast(&self) -> &Fast {
        self.fast.get_or_init(|| Fast::new(&self.graph, self.isa))
    }

    /// The layers.
    pub fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// Where it runs.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// How many forward passes, whole or from a layer on, and how many reverse walks ran so far: what a method costs.
    pub fn passes(&self) -> [usize; 2] {
        [0, 1].map(|direction: usize| self.passes[direction].load(Ordering::Relaxed))
    }

    pub(super) fn count_forward(&self) {
        self.passes[0].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_reverse(&self) {
        self.passes[1].fetch_add(1, Ordering::Relaxed);
    }

    /// The weights of a node, in the order of [`Op::parameters`]: weight, bias, running mean, running variance; as they are
    /// kept, which for a fully connected layer may be float16.
    pub fn weights(&self, node: NodeId) -> &[Tensor] {
        &self.weights[node]
    }

    /// The first of a node's weights, never in float16.
    pub(crate) fn weight(&self, node: NodeId) -> Result<Tensor> {
        let weight = &self.weights[node][0];
        Ok(if weight.dtype() == DType::F16 { weight.to_dtype(DType::F32)? } else { weight.clone() })
    }

    /// The filters of a convolution, `(units, inputs of a unit, height, width)`, zero where a connection table has no
    /// connection; of a fully connected layer, `(units, inputs, 1, 1)`; `None` for other layers.
    pub fn filters(&self, node: NodeId) -> Result<Option<Tensor>> {
        match self.graph.node(node).op {
            Op::Conv(_) | Op::TableConv { .. } => Ok(Some(self.dense_filters(node)?)),
            Op::Linear { .. } => Ok(Some(self.weight(node)?.unsqueeze(2)?.unsqueeze(3)?)),
            _ => Ok(None),
        }
    }

    /// The filters of a convolution, those of a connection table spread over all the channels.
    pub(super) fn dense_filters(&self, node: NodeId) -> Result<Tensor> {
        let filters = &self.weights[node][0];
        let Op::TableConv { kernel: [height, width], table } = &self.graph.node(node).op else {
            return Ok(filters.clone());
        };
        let channels = self.graph.node(self.graph.node(node).inputs[0]).extent()[0];
        let places = table.iter().enumerate().flat_map(|(unit, seen)| seen.iter().map(move |&c| unit * channels + c));
        let places: Vec<u32> = places.map(|place| place as u32).collect();
        let places = Tensor::from_vec(places, filters.dim(0)?, &self.device)?;
        let empty = Tensor::zeros((table.len() * channels, *height, *width), filters.dtype(), &self.device)?;
        Ok(empty.index_add(&places, filters, 0)?.reshape((table.len(), channels, *height, *width))?)
    }

    /// The filters of a convolution as its reverse needs them: `(inputs, units of a group, height, width)`, flipped
    /// along both axes.
    pub(super) fn transposed(&self, node: NodeId, groups: usize) -> Result<&Tensor> {
        if self.transposed[node].get().is_none() {
            let filters = self.dense_filters(node)?;
            let (out, inputs, height, width) = filters.dims4()?;
            let split = filters.reshape((groups, out / groups, inputs, height, width))?;
            let joined = split.transpose(1, 2)?.reshape((groups * inputs, out / groups, height, width))?;
            // Two walks may get here at once; either result serves.
            let _ = self.transposed[node].set(joined.flip(&[2, 3])?.contiguous()?);
        }
        self.transposed[node].get().ok_or(Error::Cancelled)
    }
}

/// Says everything that is wrong with `tensors` in one sentence.
fn check(graph: &Graph, tensors: &Tensors, origin: &str) -> Result<()> {
    let expected = graph.parameters();
    let missing: Vec<String> = expected.keys().filter(|name| !tensors.contains_key(*name)).cloned().collect();
    let mut extra: Vec<String> = tensors.keys().filter(|name| !expected.contains_key(*name)).cloned().collect();
    extra.sort();
    let misshapen: Vec<String> = expected
        .iter()
        .filter_map(|(name, (shape, _))| {
            let found = tensors.get(name)?.dims();
            (found != shape.as_slice()).then(|| format!("{name} is {found:?} where {shape:?} belongs"))
        })
        .collect();
    let faults: Vec<String> = [("missing", missing), ("unknown", extra), ("wrongly shaped", misshapen)]
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(fault, names)| {
            let shown = names.iter().take(4).cloned().collect::<Vec<_>>().join(", ");
            let more = if names.len() > 4 { format!(" and {} more", names.len() - 4) } else { String::new() };
            format!("{} {fault} ({shown}{more})", names.len())
        })
        .collect();
    match faults.is_empty() {
        true => Ok(()),
        false => Err(Error::Failed(format!("the weights in {origin} do not fit: {}", faults.join("; ")))),
    }
}
