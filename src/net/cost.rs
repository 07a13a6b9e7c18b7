//! What a layer costs and what it sees, computed from the graph.

use super::{graph::Graph, op::Op};
use serde::Serialize;

/// The part of the picture one value of a layer depends on, along one axis (Araujo, Norris and Sim 2019).
///
/// The value at index i sees picture pixels `offset + i * stride` up to `offset + i * stride + size`, exclusive;
/// with padding the offset is negative.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Field {
    /// Pixels seen.
    pub size: usize,
    /// Pixels between the fields of neighbours (the "jump").
    pub stride: f64,
    /// First pixel that index 0 sees.
    pub offset: f64,
}

impl Field {
    const PIXEL: Field = Field { size: 1, stride: 1.0, offset: 0.0 };

    /// The field after a window of `span` values every `stride`, `pad` of them before the first.
    fn through(self, span: usize, stride: f64, pad: f64) -> Field {
        Field {
            size: self.size + ((span - 1) as f64 * self.stride).round() as usize,
            stride: self.stride * stride,
            offset: self.offset - pad * self.stride,
        }
    }

    /// The smallest field that holds both: where branches meet.
    fn union(self, other: Field) -> Field {
        let offset = self.offset.min(other.offset);
        let end = (self.offset + self.size as f64).max(other.offset + other.size as f64);
        Field { size: (end - offset).ceil() as usize, stride: self.stride.max(other.stride), offset }
    }
}

/// The costs of one layer for one picture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// Learned weights (running statistics of batch normalisation are not counted, as in the papers' tables).
    pub parameters: u64,
    /// Multiply-adds of convolutions, fully connected layers and coefficients of subsampling; padding counted, biases
    /// not.
    pub macs: u64,
    /// Bytes of the output in float32.
    pub bytes: u64,
    /// Receptive field along rows and along columns; clipped at nothing, so it may be larger than the picture.
    pub field: [Field; 2],
}

impl Graph {
    /// The cost of every node, in their order.
    pub fn costs(&self) -> Vec<Cost> {
        let mut costs: Vec<Cost> = Vec::with_capacity(self.nodes().len());
        for node in self.nodes() {
            let parameters = self.node_parameters(node);
            let learned = parameters.iter().filter(|p| p.learned).map(|p| count(&p.shape)).sum();
            let [units, height, width] = node.extent();
            let macs = match node.op {
                Op::Conv(_) | Op::TableConv { .. } | Op::Linear { .. } => {
                    count(&parameters[0].shape) * (height * width) as u64
                }
                // The coefficient; sums and biases are not counted.
                Op::Subsample(_) => (units * height * width) as u64,
                _ => 0,
            };
            let field = match node.inputs.split_first() {
                None => [Field::PIXEL; 2],
                Some((&first, rest)) => {
                    let input = self.node(first).extent();
                    let before = rest.iter().fold(costs[first].field, |fields, &other| {
                        [0, 1].map(|axis| fields[axis].union(costs[other].field[axis]))
                    });
                    [0, 1].map(|axis| through(&node.op, before[axis], axis, input[axis + 1], node.extent()[axis + 1]))
                }
            };
            costs.push(Cost { parameters: learned, macs, bytes: (units * height * width * 4) as u64, field });
        }
        costs
    }
}

/// The field behind one operator along one axis (0 rows, 1 columns) from `input` values to `output` values.
fn through(op: &Op, before: Field, axis: usize, input: usize, output: usize) -> Field {
    let pad = |p: &super::op::Padding| [p.top, p.left][axis] as f64;
    match op {
        Op::Conv(c) => before.through(c.dilation * (c.kernel[axis] - 1) + 1, c.stride as f64, pad(&c.padding)),
        Op::TableConv { kernel, .. } => before.through(kernel[axis], 1.0, 0.0),
        Op::MaxPool(w) | Op::AvgPool { window: w, .. } | Op::Subsample(w) => {
            before.through(w.kernel[axis], w.stride[axis] as f64, pad(&w.padding))
        }
        // Windows ceil((i + 1) n / m) - floor(i n / m) long: the longest is what any of them may see.
        Op::AdaptiveAvgPool { .. } => {
            let longest = (0..output).map(|i| ((i + 1) * input).div_ceil(output) - i * input / output).max();
            before.through(longest.unwrap_or(1), input as f64 / output as f64, 0.0)
        }
        Op::Flatten | Op::Softmax => before.through(input, input as f64, 0.0),
        _ => before,
    }
}

fn count(shape: &[usize]) -> u64 {
    shape.iter().product::<usize>() as u64
}
