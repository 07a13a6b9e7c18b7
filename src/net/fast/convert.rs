//! Between plain tensors and blocked maps, from a pool's layer to its windows, and from an operator to the function that
//! kernels know.

use crate::{
    Result,
    kernels::{
        Spans,
        blocked::{BufferPool, Maps, Nonlinearity, Owned, Placement},
        with_values,
    },
    net::{
        graph::{Graph, NodeId},
        ops::{Activation, Op},
        shapes::adaptive_spans,
    },
};
use candle_core::{Device, Tensor};

/// A plain tensor of maps.
pub(super) fn tensor(maps: Maps) -> Result<Tensor> {
    let Placement { batch, channels, height, width, .. } = maps.place;
    Ok(Tensor::from_vec(maps.to_planar(), (batch, channels, height, width), &Device::Cpu)?)
}

/// Blocked maps of a plain tensor.
pub(super) fn block(tensor: &Tensor, pool: &BufferPool) -> Result<Owned> {
    let (batch, channels, height, width) = tensor.dims4()?;
    let place = Placement::alone(batch, [channels, height, width]);
    let mut maps = Owned { buffer: pool.take(place.buffer_length()), place };
    with_values::<f32, _>(tensor, |values| {
        maps.view_mut().fill_from_planar(values);
        Ok(())
    })?;
    Ok(maps)
}

/// The windows of a pool.
pub(super) fn spans(graph: &Graph, id: NodeId) -> [Spans; 2] {
    let node = graph.node(id);
    let [_, height, width] = graph.node(node.inputs[0]).extent();
    match &node.op {
        Op::MaxPool(window) => window.spans([height, width], &node.shape, false),
        Op::AvgPool { window, count_padding } => window.spans([height, width], &node.shape, *count_padding),
        Op::AdaptiveAvgPool { size } => adaptive_spans([height, width], *size),
        other => unreachable!("{} has no windows", other.kind()),
    }
}

/// The activation function of an operator, where kernels have it. The rectifier has a place of its own in their epilogues.
pub(super) fn nonlinearity(op: &Op) -> Option<Nonlinearity> {
    Some(match *op {
        Op::Sigmoid => Nonlinearity::Sigmoid,
        Op::Activation(activation) => match activation {
            Activation::Clip { low, high } => Nonlinearity::Clip { low: low as f32, high: high as f32 },
            Activation::LeakyRelu { slope } if slope > 0.0 => Nonlinearity::LeakyRelu { slope: slope as f32 },
            Activation::HardSigmoid { slope, offset } => {
                Nonlinearity::HardSigmoid { slope: slope as f32, offset: offset as f32 }
            }
            Activation::Silu => Nonlinearity::Silu,
            Activation::HardSwish => Nonlinearity::HardSwish,
            Activation::Gelu => Nonlinearity::Gelu,
            _ => return None,
        },
        _ => return None,
    })
}
