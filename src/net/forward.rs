//! The forward pass: every operator in turn, every output kept.

use super::{
    graph::NodeId,
    network::{Engine, Network},
    op::{Conv, Op, Padding, Window},
    trace::Trace,
};
use crate::{
    Error, Result,
    kernels::{self, Lrn, Spans},
    memory,
    watch::Watch,
};
use candle_core::{DType, Tensor};
use std::sync::{Arc, OnceLock};

impl Network {
    /// Runs pictures `(batch, channels, height, width)`, normalised, through the network.
    ///
    /// # Errors
    /// [`Error::Usage`] when the picture's shape is not the graph's; [`Error::Cancelled`] between two layers.
    pub fn forward(self: &Arc<Self>, pictures: &Tensor, watch: &Watch) -> Result<Trace> {
        let shape = self.graph().input_shape();
        if pictures.dims().len() != 4 || pictures.dims()[1..] != shape {
            let found = pictures.dims();
            return Err(Error::Usage(format!("the network takes (batch, {shape:?}) but the input is {found:?}")));
        }
        self.check_memory(pictures.dims()[0])?;
        self.count_forward();
        if self.engine() == Engine::Fast && pictures.dtype() == DType::F32 {
            return super::fast::forward(self, pictures, self.graph().nodes().len() - 1, watch);
        }
        let nodes = self.graph().nodes();
        let mut outputs: Vec<Tensor> = Vec::with_capacity(nodes.len());
        let mut switches = vec![None; nodes.len()];
        outputs.push(pictures.to_device(self.device())?.contiguous()?);
        for (id, node) in nodes.iter().enumerate().skip(1) {
            watch.at(id, nodes.len())?;
            let inputs: Vec<&Tensor> = node.inputs.iter().map(|&input| &outputs[input]).collect();
            let output = match &node.op {
                Op::MaxPool(window) => {
                    let (rows, columns) = window.spans(size_of(inputs[0])?, &node.shape, false);
                    let (largest, found) = kernels::max_pool(inputs[0], &rows, &columns)?;
                    switches[id] = Some(found);
                    largest
                }
                _ => self.run(id, &inputs)?,
            };
            outputs.push(output);
        }
        watch.at(nodes.len(), nodes.len())?;
        let plain = outputs.into_iter().map(OnceLock::from).collect();
        Ok(Trace { network: Arc::clone(self), plain, blocks: None, switches })
    }

    /// Runs the graph up to `to` with the outputs of some layers replaced by others (batches of one size), and returns
    /// the output of `to`. What does not depend on those layers is taken from `trace`, the same for the whole batch.
    /// Outputs are dropped once nobody needs them: large batches fit.
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
            && self.engine() == Engine::Fast
            && pictures.dtype() == DType::F32
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
                outputs[id] = Some(match &nodes[id].op {
                    Op::MaxPool(window) => {
                        let (rows, columns) = window.spans(size_of(inputs[0])?, &nodes[id].shape, false);
                        kernels::max_pool(inputs[0], &rows, &columns)?.0
                    }
                    _ => self.run(id, &inputs)?,
                });
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
    /// fast engine's fused layers outrun a pass that drops what it no longer needs.
    fn outputs(self: &Arc<Self>, pictures: &Tensor, to: NodeId, watch: &Watch) -> Result<Tensor> {
        let batch = pictures.dim(0)?;
        let bytes: u64 = self.graph().costs().iter().map(|cost| cost.bytes).sum();
        let size = ((256 << 20) / bytes.max(1)).clamp(1, 32) as usize;
        let starts: Vec<usize> = (0..batch).step_by(size).collect();
        let mut outputs = Vec::with_capacity(starts.len());
        for (index, &start) in starts.iter().enumerate() {
            let part = pictures.narrow(0, start, size.min(batch - start))?;
            let trace = super::fast::forward(self, &part, to, &watch.part(index, starts.len()))?;
            outputs.push(trace.output(to).clone());
        }
        Ok(Tensor::cat(&outputs, 0)?)
    }

    /// Refuses a pass over more pictures, or larger ones, than memory holds.
    fn check_memory(&self, batch: usize) -> Result<()> {
        let [_, height, width] = self.graph().input_shape();
        let bytes = self.graph().forward_bytes(batch, self.engine() == Engine::Candle);
        memory::check(&format!("a pass over {batch} of {height}x{width} pixels"), bytes)
    }

    /// Any operator but max pooling, which also has switches to give.
    pub(super) fn run(&self, id: NodeId, inputs: &[&Tensor]) -> Result<Tensor> {
        let node = self.graph().node(id);
        let (x, weights) = (inputs[0], self.weights(id));
        if let Some(output) = super::fast::plain_layer(self, id, x)? {
            return Ok(output);
        }
        Ok(match &node.op {
            Op::Input | Op::Dropout { .. } | Op::MaxPool(_) => x.clone(),
            Op::Conv(conv) => {
                let y = convolve(x, &weights[0], conv.padding.into(), conv.stride, conv)?;
                match weights.get(1) {
                    Some(bias) => y.broadcast_add(&bias.reshape((1, (), 1, 1))?)?,
                    None => y,
                }
            }
            Op::TableConv { .. } => {
                let y = x.conv2d(&self.dense_filters(id)?, 0, 1, 1, 1)?;
                y.broadcast_add(&weights[1].reshape((1, (), 1, 1))?)?
            }
            Op::Linear { .. } => {
                let y = x.matmul(&self.weight(id)?.t()?)?;
                match weights.get(1) {
                    Some(bias) => y.broadcast_add(bias)?,
                    None => y,
                }
            }
            Op::Relu => x.relu()?,
            &Op::Tanh { amplitude, slope } => ((x * slope)?.tanh()? * amplitude)?,
            Op::Sigmoid => candle_nn::ops::sigmoid(x)?,
            Op::AvgPool { window, count_padding } => {
                let (rows, columns) = window.spans(size_of(x)?, &node.shape, *count_padding);
                kernels::mean_pool(x, &rows, &columns)?
            }
            Op::Subsample(window) => {
                let (rows, columns) = window.spans(size_of(x)?, &node.shape, true);
                let sum = (kernels::mean_pool(x, &rows, &columns)? * window.taps())?;
                let [weight, bias] = [0, 1].map(|index| weights[index].reshape((1, (), 1, 1)));
                sum.broadcast_mul(&weight?)?.broadcast_add(&bias?)?
            }
            Op::AdaptiveAvgPool { size } => {
                let (rows, columns) = adaptive_spans(size_of(x)?, *size);
                kernels::mean_pool(x, &rows, &columns)?
            }
            Op::BatchNorm { eps } => {
                let scale = batch_norm_scale(weights, *eps)?;
                let shift = (&weights[1] - (&weights[2] * &scale)?)?;
                x.broadcast_mul(&scale.reshape((1, (), 1, 1))?)?.broadcast_add(&shift.reshape((1, (), 1, 1))?)?
            }
            &Op::Lrn { size, alpha, beta, k } => kernels::lrn(x, Lrn { size, alpha, beta, k })?,
            Op::Bias => x.broadcast_add(&weights[0].unsqueeze(0)?)?,
            &Op::PadChannels { before, after } => x.pad_with_zeros(1, before, after)?,
            Op::Concat => Tensor::cat(inputs, 1)?,
            Op::Add => inputs[1..].iter().try_fold(x.clone(), |sum, more| sum + *more)?,
            Op::Flatten => x.flatten_from(1)?,
            Op::Softmax => candle_nn::ops::softmax(x, 1)?,
        })
    }
}

/// The first picture of a batch, `count` times.
fn repeated(output: &Tensor, count: usize) -> Result<Tensor> {
    let mut shape = output.dims().to_vec();
    shape[0] = count;
    Ok(output.narrow(0, 0, 1)?.broadcast_as(shape)?.contiguous()?)
}

impl Window {
    /// Values in a window.
    pub(super) fn taps(&self) -> f64 {
        (self.kernel[0] * self.kernel[1]) as f64
    }

    /// The windows along rows and along columns of an input of some height and width for an output of `shape`.
    pub(super) fn spans(&self, input: [usize; 2], shape: &[usize], count_padding: bool) -> (Spans, Spans) {
        let p = self.padding;
        let along = |axis: usize, pad| {
            let (kernel, stride) = (self.kernel[axis], self.stride[axis]);
            Spans::sliding(input[axis], shape[axis + 1], kernel, stride, pad, count_padding)
        };
        (along(0, [p.top, p.bottom]), along(1, [p.left, p.right]))
    }
}

/// The windows along rows and along columns of adaptive pooling of an input of some height and width.
pub(super) fn adaptive_spans([height, width]: [usize; 2], size: [usize; 2]) -> (Spans, Spans) {
    (Spans::adaptive(height, size[0]), Spans::adaptive(width, size[1]))
}

/// Height and width of maps.
pub(super) fn size_of(maps: &Tensor) -> Result<[usize; 2]> {
    let (_, _, height, width) = maps.dims4()?;
    Ok([height, width])
}

/// gamma / sqrt(running variance + eps), one a channel.
pub(super) fn batch_norm_scale(weights: &[Tensor], eps: f64) -> Result<Tensor> {
    Ok((&weights[0] / (&weights[3] + eps)?.sqrt()?)?)
}

/// Rows and columns to add on each side; negative ones are cut off.
pub(super) struct Border {
    pub rows: [isize; 2],
    pub columns: [isize; 2],
}

impl From<Padding> for Border {
    fn from(p: Padding) -> Self {
        Border { rows: [p.top as isize, p.bottom as isize], columns: [p.left as isize, p.right as isize] }
    }
}

/// candle's convolution, which knows one padding for all sides, with any border. Of `conv` it takes dilation and
/// groups only: a reverse walk comes with its own border and stride.
pub(super) fn convolve(x: &Tensor, filters: &Tensor, border: Border, stride: usize, conv: &Conv) -> Result<Tensor> {
    let Border { rows, columns } = border;
    let common = rows[0].max(0);
    if [rows[1], columns[0], columns[1], rows[0]].iter().all(|&side| side == common) {
        return Ok(x.conv2d(filters, common as usize, stride, conv.dilation, conv.groups)?);
    }
    let x = bordered(&bordered(x, 2, rows)?, 3, columns)?;
    Ok(x.contiguous()?.conv2d(filters, 0, stride, conv.dilation, conv.groups)?)
}

fn bordered(x: &Tensor, dim: usize, [before, after]: [isize; 2]) -> Result<Tensor> {
    let start = (-before).max(0) as usize;
    let end = x.dim(dim)? - (-after).max(0) as usize;
    let x = x.narrow(dim, start, end - start)?;
    Ok(x.pad_with_zeros(dim, before.max(0) as usize, after.max(0) as usize)?)
}
