//! The forward pass of a network, whole or with the outputs of some layers replaced.

use super::{backend::Backend, graph::NodeId, layers::is_finite, network::Network, trace::Trace};
use crate::{Error, Result, memory, watch::Watch};
use candle_core::Tensor;
use std::sync::Arc;

impl Network {
    /// Runs pictures `(batch, channels, height, width)`, normalised, through the network.
    ///
    /// # Errors
    /// [`Error::Usage`] when the picture's shape is not the graph's, or it holds NaN or infinity; [`Error::Failed`] with
    /// the first layer's name when the scores do; [`Error::Cancelled`] between two layers.
    pub fn forward(self: &Arc<Self>, pictures: &Tensor, watch: &Watch) -> Result<Trace> {
        let shape = self.graph().input_shape();
        if pictures.dims().len() != 4 || pictures.dims()[1..] != shape {
            let found = pictures.dims();
            return Err(Error::Usage(format!("the network takes (batch, {shape:?}) but the input is {found:?}")));
        }
        if !is_finite(pictures)? {
            return Err(Error::Usage("the input holds NaN or infinity: its values must be finite numbers".into()));
        }
        self.check_memory(pictures.dims()[0])?;
        self.count_forward();
        let last = self.graph().nodes().len() - 1;
        let trace = Trace::new(Arc::clone(self), self.runner().forward(pictures, last, watch)?);
        match is_finite(trace.output(self.graph().scores()))? {
            true => Ok(trace),
            false => Err(overflow(&trace)?),
        }
    }

    /// Runs the graph up to `to` with the outputs of some layers replaced by others (batches of one size), and returns
    /// the output of `to`. What does not depend on those layers is taken from `trace`, the same for the whole batch.
    /// An output is dropped after its last use, so that large batches fit.
    ///
    /// # Errors
    /// [`Error::Usage`] when a shape is not the layer's or `to` comes before it; [`Error::Cancelled`] between layers.
    pub fn forward_from(
        self: &Arc<Self>,
        trace: &Trace,
        replaced: &[(NodeId, Tensor)],
        to: NodeId,
        watch: &Watch,
    ) -> Result<Tensor> {
        let nodes = self.graph().nodes();
        let mut outputs: Vec<Option<Tensor>> = vec![None; to + 1];
        let batch = replaced.first().map_or(Ok(1), |(_, output)| output.dim(0))?;
        for (layer, output) in replaced {
            let wanted = &trace.output(*layer).dims()[1..];
            if to < *layer || output.dim(0)? != batch || &output.dims()[1..] != wanted {
                let (layer, to, found) = (&nodes[*layer].name, &nodes[to].name, output.dims());
                let message =
                    format!("{found:?} cannot stand for {layer} on the way to {to}: {batch} x {wanted:?} can");
                return Err(Error::Usage(message));
            }
            outputs[*layer] = Some(output.to_device(self.device())?.contiguous()?);
        }
        self.count_forward();
        if let [(0, pictures)] = replaced
            && self.runner().fuses_layers(pictures)
        {
            return self.outputs(pictures, to, watch);
        }
        let first = replaced.iter().map(|(layer, _)| *layer).min().unwrap_or(to);
        // For each node the last one that takes its output; that of `to` is kept.
        let mut last_use = vec![first; to + 1];
        (first + 1..=to).for_each(|id| nodes[id].inputs.iter().for_each(|&input| last_use[input] = id));
        for id in first + 1..=to {
            watch.at(id - first, to - first + 1)?;
            if outputs[id].is_none() && nodes[id].inputs.iter().any(|&input| outputs[input].is_some()) {
                let whole = |input: NodeId| match &outputs[input] {
                    Some(output) => Ok(output.clone()),
                    None => repeated(trace.output(input), batch),
                };
                let inputs = nodes[id].inputs.iter().map(|&input| whole(input)).collect::<Result<Vec<_>>>()?;
                let inputs: Vec<&Tensor> = inputs.iter().collect();
                outputs[id] = Some(self.runner().run(id, &inputs)?);
            }
            for &input in nodes[id].inputs.iter().filter(|&&input| last_use[input] == id) {
                outputs[input] = None;
            }
        }
        watch.at(1, 1)?;
        match outputs[to].take() {
            Some(output) => Ok(output),
            None => repeated(trace.output(to), batch),
        }
    }

    /// The output of `to` for many pictures, by whole passes of as many at once as fit into a quarter of a gigabyte: the
    /// fast back end's fused layers outrun a pass that drops what it no longer needs.
    fn outputs(self: &Arc<Self>, pictures: &Tensor, to: NodeId, watch: &Watch) -> Result<Tensor> {
        let batch = pictures.dim(0)?;
        let bytes: u64 = self.graph().costs().iter().map(|cost| cost.bytes).sum();
        let size = ((256 << 20) / bytes.max(1)).clamp(1, 32) as usize;
        let starts: Vec<usize> = (0..batch).step_by(size).collect();
        let mut outputs = Vec::with_capacity(starts.len());
        for (index, &start) in starts.iter().enumerate() {
            let part = pictures.narrow(0, start, size.min(batch - start))?;
            let pass = self.runner().forward(&part, to, &watch.part(index, starts.len()))?;
            outputs.push(pass.outputs().output(to).clone());
        }
        Ok(Tensor::cat(&outputs, 0)?)
    }

    /// Refuses a pass over more pictures, or larger ones, than memory holds.
    fn check_memory(&self, batch: usize) -> Result<()> {
        let [_, height, width] = self.graph().input_shape();
        let bytes = self.graph().forward_bytes(batch, self.backend() == Backend::Candle);
        memory::check(&format!("a pass over {batch} of {height}x{width} pixels"), bytes)
    }
}

/// Names the first layer whose output is not finite.
fn overflow(trace: &Trace) -> Result<Error> {
    for (id, node) in trace.network().graph().nodes().iter().enumerate() {
        if !is_finite(trace.output(id))? {
            let why = format!(
                "the values of layer {} overflow: they hold NaN or infinity, so there are no scores",
                node.name
            );
            return Ok(Error::Failed(why));
        }
    }
    Ok(Error::Failed("the scores overflow: they hold NaN or infinity".into()))
}

/// The first picture of a batch, `count` times.
fn repeated(output: &Tensor, count: usize) -> Result<Tensor> {
    let mut shape = output.dims().to_vec();
    shape[0] = count;
    Ok(output.narrow(0, 0, 1)?.broadcast_as(shape)?.contiguous()?)
}
