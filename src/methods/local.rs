//! Running a network on pictures that differ from one only within a window, by computing only what the window changes:
//! of each layer the part that sees it, as long as that is small, and whole layers from there on.

use super::Aim;
use crate::{
    Result,
    kernels::{to_vec, with_values},
    net::{Builder, Conv, Network, NodeId, Op, Padding, Tensors, Trace, Window},
    watch::Watch,
};
use candle_core::{DType, Device, Tensor};
use rayon::prelude::*;
use std::{ops::Range, sync::Arc};

/// A layer is computed in part while the part is less than this share of it: parts cannot be batched.
const SMALL: f64 = 0.4;

/// Rows and columns of a layer.
pub(super) type Span = [Range<usize>; 2];

/// New values for a part of a layer, row-major `(units, rows, columns)`.
struct Patch {
    span: Span,
    values: Vec<f32>,
}

/// Which layers are computed in part.
pub(super) struct Plan<'a> {
    trace: &'a Trace,
    /// By node: the layers computed in part.
    local: Vec<bool>,
    /// Those of them that layers computed whole take.
    frontier: Vec<NodeId>,
    aim: &'a Aim,
}

impl<'a> Plan<'a> {
    /// The plan for windows that change what a window at `span` of the picture does; `None` where nothing is gained.
    pub fn new(trace: &'a Trace, aim: &'a Aim, span: &Span) -> Option<Self> {
        let network = trace.network();
        let graph = network.graph();
        if trace.output(0).dtype() != DType::F32 || !matches!(network.device(), Device::Cpu) {
            return None;
        }
        let mut spans: Vec<Option<Span>> = vec![None; aim.node + 1];
        let mut local = vec![false; aim.node + 1];
        let mut changed = vec![false; aim.node + 1];
        (spans[0], local[0], changed[0]) = (Some(span.clone()), true, true);
        for id in 1..=aim.node {
            let node = graph.node(id);
            let inputs = || node.inputs.iter().filter(|&&input| changed[input]);
            let Some(before) = inputs().next().and_then(|&input| spans[input].clone()) else {
                let touched = inputs().count() > 0;
                changed[id] = touched;
                continue;
            };
            let before = inputs().filter_map(|&input| spans[input].clone()).fold(before, union);
            let [_, height, width] = node.extent();
            let after = [0, 1].map(|axis| seen_by(&node.op, &before[axis], axis, [height, width][axis]));
            let share = (after[0].len() * after[1].len()) as f64 / (height * width) as f64;
            let parted = inputs().all(|&input| local[input]) && in_parts(&node.op) && share < SMALL;
            (changed[id], local[id]) = (true, parted);
            spans[id] = local[id].then_some(after);
        }
        let costs = graph.costs();
        let saved: u64 = (0..=aim.node).filter(|&id| local[id]).map(|id| costs[id].macs).sum();
        let all: u64 = costs[..=aim.node].iter().map(|cost| cost.macs).sum();
        let taken = |&id: &NodeId| {
            local[id]
                && (id == aim.node || (id + 1..=aim.node).any(|t| !local[t] && graph.node(t).inputs.contains(&id)))
        };
        let frontier: Vec<NodeId> = (0..=aim.node).filter(taken).collect();
        (saved * 4 > all).then_some(Plan { trace, local, frontier, aim })
    }

    /// The outputs of the target's layer for pictures of which each has new `values` at a window.
    pub fn run(&self, pictures: Vec<(Span, Vec<f32>)>, watch: &Watch) -> Result<Tensor> {
        let network = self.trace.network();
        let count = pictures.len();
        let patches = pictures.into_par_iter().map(|(span, values)| {
            watch.at(0, 1)?;
            self.patches(Patch { span, values })
        });
        let patches: Vec<Vec<Option<Patch>>> = patches.collect::<Result<_>>()?;
        let mut replaced = Vec::with_capacity(self.frontier.len());
        for &node in &self.frontier {
            let output = self.trace.output(node);
            let values = to_vec(&output.narrow(0, 0, 1)?)?;
            let [_, height, width] = network.graph().node(node).extent();
            let mut batch = values.repeat(count);
            for (picture, patches) in batch.chunks_mut(values.len()).zip(&patches) {
                if let Some(patch) = &patches[node] {
                    patch.write(picture, [0..height, 0..width]);
                }
            }
            let mut shape = output.dims().to_vec();
            shape[0] = count;
            replaced.push((node, Tensor::from_vec(batch, shape, network.device())?));
        }
        network.forward_from(self.trace, &replaced, self.aim.node, watch)
    }

    /// What one window changes in each layer computed in part.
    fn patches(&self, window: Patch) -> Result<Vec<Option<Patch>>> {
        let graph = self.trace.network().graph();
        let mut patches: Vec<Option<Patch>> = Vec::with_capacity(self.local.len());
        patches.push(Some(window));
        for id in 1..=self.aim.node {
            let node = graph.node(id);
            let inputs = node.inputs.iter().filter_map(|&input| patches[input].as_ref());
            let patch = match inputs.map(|patch| patch.span.clone()).reduce(union) {
                Some(before) if self.local[id] => Some(self.patch(id, &before, &patches)?),
                _ => None,
            };
            patches.push(patch);
        }
        Ok(patches)
    }

    /// The part of a layer that sees a part of its inputs: the same operator on as much of them as it looks at, with as
    /// much of its padding.
    fn patch(&self, id: NodeId, before: &Span, patches: &[Option<Patch>]) -> Result<Patch> {
        let network = self.trace.network();
        let node = network.graph().node(id);
        let [units, height, width] = node.extent();
        let span = [0, 1].map(|axis| seen_by(&node.op, &before[axis], axis, [height, width][axis]));
        if span.iter().any(Range::is_empty) {
            return Ok(Patch { span, values: Vec::new() });
        }
        let [_, rows, columns] = network.graph().node(node.inputs[0]).extent();
        let looks = [0, 1].map(|axis| looked_at(&node.op, &span[axis], axis, [rows, columns][axis]));
        let from = looks.clone().map(|(range, _)| range);
        let mut inputs = Vec::with_capacity(node.inputs.len());
        for &input in &node.inputs {
            let [channels, _, width] = network.graph().node(input).extent();
            let mut values = with_values::<f32, _>(self.trace.output(input), |whole| {
                let plane = rows * columns;
                let lines = (0..channels).flat_map(|c| from[0].clone().map(move |row| c * plane + row * width));
                Ok(lines.flat_map(|line| whole[line..][from[1].clone()].to_vec()).collect::<Vec<f32>>())
            })?;
            if let Some(patch) = &patches[input] {
                patch.write(&mut values, from.clone());
            }
            inputs.push(Tensor::from_vec(values, (1, channels, from[0].len(), from[1].len()), &Device::Cpu)?);
        }
        let [(_, [top, bottom]), (_, [left, right])] = looks;
        let padding = Padding { top, bottom, left, right };
        let op = match &node.op {
            Op::Conv(conv) => Op::Conv(Conv { padding, ..conv.clone() }),
            Op::MaxPool(window) => Op::MaxPool(Window { padding, ceil_mode: false, ..window.clone() }),
            other => other.clone(),
        };
        let values = to_vec(&alone(network, id, op, inputs)?)?;
        debug_assert_eq!(values.len(), units * span[0].len() * span[1].len());
        Ok(Patch { span, values })
    }
}

impl Patch {
    /// Writes the patch over the part `onto` of its layer.
    fn write(&self, part: &mut [f32], onto: Span) {
        let [rows, columns] =
            [0, 1].map(|axis| self.span[axis].start.max(onto[axis].start)..self.span[axis].end.min(onto[axis].end));
        if rows.is_empty() || columns.is_empty() {
            return;
        }
        let [own, other] = [&self.span, &onto].map(|span| [span[0].len(), span[1].len()]);
        for unit in 0..self.values.len() / (own[0] * own[1]).max(1) {
            for row in rows.clone() {
                let at = |span: &Span, size: [usize; 2]| {
                    (unit * size[0] + row - span[0].start) * size[1] + columns.start - span[1].start
                };
                let (to, from) = (at(&onto, other), at(&self.span, own));
                part[to..to + columns.len()].copy_from_slice(&self.values[from..from + columns.len()]);
            }
        }
    }
}

/// One operator with its weights as a network of its own.
fn alone(network: &Network, id: NodeId, op: Op, mut inputs: Vec<Tensor>) -> Result<Tensor> {
    match op {
        Op::Add => return Ok(inputs[1..].iter().try_fold(inputs[0].clone(), |sum, more| sum + more)?),
        Op::Concat => return Ok(Tensor::cat(&inputs, 1)?),
        _ => {}
    }
    let input = inputs.swap_remove(0);
    let (_, channels, height, width) = input.dims4()?;
    let shape = [channels, height, width];
    let names = op.parameters(&shape).into_iter().map(|parameter| format!("layer.{}", parameter.suffix));
    let tensors: Tensors = names.zip(network.weights(id).iter().cloned()).collect();
    let mut builder = Builder::new(shape);
    builder.then("layer", op);
    let alone = Arc::new(Network::new(builder.finish()?, tensors, "a layer", &Device::Cpu)?);
    Ok(alone.forward(&input, &Watch::default())?.output(1).clone())
}

/// Whether a part of the operator's output depends on a part of its inputs in a way known here.
fn in_parts(op: &Op) -> bool {
    matches!(
        op,
        Op::Conv(_)
            | Op::MaxPool(_)
            | Op::Relu
            | Op::Tanh { .. }
            | Op::Sigmoid
            | Op::BatchNorm { .. }
            | Op::Lrn { .. }
            | Op::Dropout { .. }
            | Op::Add
            | Op::Concat
    )
}

/// Taps' span, stride and padding before, along an axis (0 rows, 1 columns).
fn window(op: &Op, axis: usize) -> [usize; 3] {
    let before = |p: &Padding| [p.top, p.left][axis];
    match op {
        Op::Conv(c) => [c.dilation * (c.kernel[axis] - 1) + 1, c.stride, before(&c.padding)],
        Op::MaxPool(w) => [w.kernel[axis], w.stride[axis], before(&w.padding)],
        _ => [1, 1, 0],
    }
}

/// Outputs, of `size`, that see any of some inputs.
fn seen_by(op: &Op, inputs: &Range<usize>, axis: usize, size: usize) -> Range<usize> {
    let [span, stride, pad] = window(op, axis);
    let first = (inputs.start + pad + 1).saturating_sub(span).div_ceil(stride);
    let last = (inputs.end + pad).saturating_sub(1) / stride;
    first.min(size)..(last + 1).min(size)
}

/// Inputs, of `size`, that some outputs see, and how much padding before and behind them.
fn looked_at(op: &Op, outputs: &Range<usize>, axis: usize, size: usize) -> (Range<usize>, [usize; 2]) {
    let [span, stride, pad] = window(op, axis);
    let (start, end) = (outputs.start * stride, (outputs.end.max(1) - 1) * stride + span);
    let range = start.saturating_sub(pad).min(size)..end.saturating_sub(pad).min(size);
    (range, [pad.saturating_sub(start), end.saturating_sub(size + pad)])
}

fn union(a: Span, b: Span) -> Span {
    [0, 1].map(|axis| a[axis].start.min(b[axis].start)..a[axis].end.max(b[axis].end))
}
