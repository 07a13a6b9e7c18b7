//! A graph together with weights that were checked against it, and each layer run by candle's operators.

use super::{
    graph::{Graph, NodeId},
    ops::{LayerWeights, Op, Rule, Step, Values, table_filters},
    walk::Reverse,
};
use crate::{
    Error, Result,
    kernels::{self, Peak, with_values},
};
use candle_core::{DType, Device, Tensor};
use rayon::prelude::*;
use std::{collections::HashMap, sync::Arc};

/// Weights by full name, as a file holds them.
pub type Tensors = HashMap<String, Tensor>;

/// A [`Graph`] with its weights: every tensor present, every shape right, none left over.
pub(super) struct WeightedGraph {
    graph: Arc<Graph>,
    device: Device,
    weights: Vec<LayerWeights>,
}

/// The values that a forward pass keeps, or computes again when they are asked for.
pub(super) trait Outputs {
    /// The output of a layer, batch first.
    fn output(&self, layer: NodeId) -> &Tensor;
    /// The switches of a max pool.
    fn switches(&self, layer: NodeId) -> Result<Tensor>;
    /// The peak of every map of `area` values.
    fn peaks(&self, layer: NodeId, area: usize) -> Result<Vec<Peak>> {
        Ok(kernels::peaks(self.output(layer), area)?)
    }
}

impl WeightedGraph {
    /// Checks `tensors` against `graph`. `origin` names them in messages. Where they hold nothing of the auxiliary
    /// classifiers, as files do that were saved for running only, the graph loses these.
    pub fn new(graph: Graph, mut tensors: Tensors, origin: &str, device: &Device) -> Result<Self> {
        let main = graph.without_auxiliary();
        let (all, needed) = (graph.parameters(), main.parameters());
        let mut auxiliary = all.keys().filter(|name| !needed.contains_key(*name)).peekable();
        let has_auxiliary = auxiliary.peek().is_some();
        let lacks_auxiliary = has_auxiliary && auxiliary.all(|name| !tensors.contains_key(name));
        let graph = if lacks_auxiliary { main } else { graph };
        check(&graph, &tensors, origin)?;
        let mut weights = Vec::with_capacity(graph.nodes().len());
        for node in graph.nodes() {
            let mut own = Vec::new();
            for parameter in graph.node_parameters(node) {
                let name = format!("{}.{}", node.name, parameter.suffix);
                let tensor = tensors.remove(&name).ok_or_else(|| Error::Failed(format!("{origin} lacks {name}")))?;
                let tensor = tensor.to_device(device)?.contiguous()?;
                if !is_finite(&tensor)? {
                    return Err(Error::Failed(format!(
                        "the weights in {origin} are damaged: {name} holds NaN or infinity"
                    )));
                }
                own.push(tensor);
            }
            weights.push(LayerWeights::new(own));
        }
        Ok(WeightedGraph { graph: Arc::new(graph), device: device.clone(), weights })
    }

    /// The same weights, as many as there are nodes, under another graph.
    pub fn with_graph(&self, graph: Graph) -> Self {
        let weights = self.weights.iter().take(graph.nodes().len());
        let weights = weights.map(|own| LayerWeights::new(own.all().to_vec())).collect();
        WeightedGraph { graph: Arc::new(graph), device: self.device.clone(), weights }
    }

    /// The same graph with each weight changed by `change(layer, index, weight)`.
    pub fn with_weights(&self, change: impl Fn(NodeId, usize, &Tensor) -> Result<Tensor>) -> Result<Self> {
        let of = |(layer, own): (NodeId, &LayerWeights)| {
            let changed = own.all().iter().enumerate().map(|(index, weight)| change(layer, index, weight));
            Ok(LayerWeights::new(changed.collect::<Result<_>>()?))
        };
        let weights = self.weights.iter().enumerate().map(of).collect::<Result<_>>()?;
        Ok(WeightedGraph { graph: Arc::clone(&self.graph), device: self.device.clone(), weights })
    }

    pub fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    pub fn device(&self) -> &Device {
        &self.device
    }

    pub fn weights(&self, layer: NodeId) -> &LayerWeights {
        &self.weights[layer]
    }

    /// Whether all weights lie in the CPU's memory as float32, those of fully connected layers perhaps as float16.
    pub fn are_single_on_cpu(&self) -> bool {
        let known = |layer: NodeId, weight: &Tensor| match weight.dtype() {
            DType::F32 => true,
            DType::F16 => matches!(self.graph.node(layer).op, Op::Linear { .. }),
            _ => false,
        };
        let mut weights = self.weights.iter().enumerate();
        self.device.is_cpu() && weights.all(|(layer, own)| own.all().iter().all(|weight| known(layer, weight)))
    }

    /// The filters of a convolution, `(units, inputs of a unit, height, width)`, zero where a connection table has no
    /// connection; of a fully connected layer, `(units, inputs, 1, 1)`; `None` for other layers.
    pub fn filters(&self, layer: NodeId) -> Result<Option<Tensor>> {
        let node = self.graph.node(layer);
        let weights = self.weights(layer);
        match &node.op {
            Op::Conv(_) => Ok(Some(weights.all()[0].clone())),
            Op::TableConv { table, .. } => {
                Ok(Some(table_filters(table, self.graph.node(node.inputs[0]).extent()[0], weights)?))
            }
            Op::Linear { .. } => Ok(Some(weights.weight()?.unsqueeze(2)?.unsqueeze(3)?)),
            _ => Ok(None),
        }
    }

    /// The output of a layer for `inputs`, batch first, by candle's operators.
    pub fn run(&self, layer: NodeId, inputs: &[&Tensor]) -> Result<Tensor> {
        let node = self.graph.node(layer);
        node.op.forward(self.weights(layer), inputs, &node.shape)
    }

    /// One layer backwards, from the gradient at its output to that at its input number `index`.
    pub fn step(
        &self,
        outputs: &dyn Outputs,
        layer: NodeId,
        index: usize,
        grad: &Tensor,
        how: &Reverse,
    ) -> Result<Tensor> {
        let op = &self.graph.node(layer).op;
        self.around(outputs, layer, index, grad, |step| {
            op.reverse(&Step { rule: how.rule, skip_lrn: how.skip_lrn, ..*step })
        })
    }

    /// Calls `f` with the values around a layer and the gradient at its output.
    pub fn around<R>(
        &self,
        outputs: &dyn Outputs,
        layer: NodeId,
        index: usize,
        grad: &Tensor,
        f: impl FnOnce(&Step) -> Result<R>,
    ) -> Result<R> {
        let values = Around { graph: &self.graph, outputs, layer };
        let (weights, shape) = (self.weights(layer), self.graph.node(layer).shape.as_slice());
        f(&Step { weights, values: &values, shape, grad, index, rule: Rule::Gradient, skip_lrn: false })
    }

    /// The switches of a max pool for `input`: the position `row * width + column` of each window's maximum, u32. `None`
    /// for other layers.
    pub fn switches(&self, layer: NodeId, input: &Tensor) -> Result<Option<Tensor>> {
        let node = self.graph.node(layer);
        match &node.op {
            Op::MaxPool(window) => Ok(Some(window.maxima(input, &node.shape)?.1)),
            _ => Ok(None),
        }
    }
}

/// The values around one layer.
struct Around<'a> {
    graph: &'a Graph,
    outputs: &'a dyn Outputs,
    layer: NodeId,
}

impl Around<'_> {
    fn source(&self, index: usize) -> NodeId {
        self.graph.node(self.layer).inputs[index]
    }
}

impl Values for Around<'_> {
    fn input_shape(&self, index: usize) -> &[usize] {
        &self.graph.node(self.source(index)).shape
    }

    fn input(&self, index: usize) -> &Tensor {
        self.outputs.output(self.source(index))
    }

    fn output(&self) -> &Tensor {
        self.outputs.output(self.layer)
    }

    fn switches(&self) -> Result<Tensor> {
        self.outputs.switches(self.layer)
    }
}

/// Whether all values are numbers, and finite.
pub(super) fn is_finite(values: &Tensor) -> Result<bool> {
    if values.dtype() == DType::F32 && values.device().is_cpu() {
        let all = |values: &[f32]| values.par_chunks(1 << 16).all(|part| part.iter().all(|value| value.is_finite()));
        return Ok(with_values::<f32, _>(values, |values| Ok(all(values)))?);
    }
    // A value times zero is zero, but for NaN and infinity.
    let sum = values.affine(0.0, 0.0)?.sum_all()?.to_dtype(DType::F32)?.to_scalar::<f32>()?;
    Ok(sum == 0.0)
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
