//! Between plain tensors and blocked maps, and from a pool's layer to its windows.

use crate::{
    Result,
    kernels::{
        Spans,
        blocked::{BufferPool, Maps, Owned, Placement},
        with_values,
    },
    net::{
        graph::{Graph, NodeId},
        ops::Op,
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
