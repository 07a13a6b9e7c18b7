//! The reverse walk: one pass from a layer back to an earlier one or to the picture. Saliency, guided
//! backpropagation, deconvnet, Grad-CAM and synthesis are all this walk with another seed, rule or goal.

use super::{
    forward::{Border, adaptive_spans, batch_norm_scale, convolve, size_of},
    graph::NodeId,
    op::{Conv, Op},
    trace::Trace,
};
use crate::{
    Error, Result,
    kernels::{self, Lrn},
    memory,
    watch::Watch,
};
use candle_core::{DType, Tensor};
use serde::Serialize;

/// What the walk does at a rectifier with input x and incoming g.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Rule {
    /// g [x > 0]: the derivative, 0 at x = 0.
    #[default]
    Gradient,
    /// g [x > 0] [g > 0]: guided backpropagation (Springenberg, Dosovitskiy, Brox and Riedmiller 2015).
    Guided,
    /// g [g > 0]: deconvnet (Zeiler and Fergus 2014).
    Deconvnet,
}

/// How to walk back.
#[derive(Clone, Default)]
pub struct Reverse {
    /// What to do at rectifiers.
    pub rule: Rule,
    /// Pass LRN layers by, as some deconvnets do, instead of multiplying by their derivative.
    pub skip_lrn: bool,
    /// Progress and cancelling.
    pub watch: Watch,
}

impl From<Rule> for Reverse {
    fn from(rule: Rule) -> Self {
        Reverse { rule, ..Reverse::default() }
    }
}

impl Trace {
    /// Walks from the output of `from`, where the gradient is `seed`, to the output of `to`.
    ///
    /// The result has the shape of `to`'s output; it is zero where `from` does not depend on `to`.
    ///
    /// # Errors
    /// When the seed's shape is not that of `from`'s output, when `to` comes after `from`, or when cancelled.
    pub fn reverse(&self, from: NodeId, seed: &Tensor, to: NodeId, how: &Reverse) -> Result<Tensor> {
        let graph = self.network().graph();
        let batch = seed.dims().first().copied().unwrap_or(1);
        memory::check("a reverse walk through this network", graph.reverse_bytes(batch))?;
        self.network().count_reverse();
        if self.blocks.is_none() {
            return self.walk(from, seed, to, &how.watch, |id, index, grad| self.step(id, index, grad, how));
        }
        let leads_to = self.between(from, seed, to)?;
        // On one of the threads that compute, as the forward pass.
        let found = rayon::scope(|_| super::fast::reverse(self, from, seed, to, &leads_to, how))?;
        found.map_or_else(|| Ok(self.output(to).zeros_like()?), Ok)
    }

    /// The walk of [`Trace::reverse`] with the caller's own step: `step(node, index, value)` carries what arrived at
    /// the output of `node` to its input number `index`; what several nodes send to one output is added up. Relevance
    /// is propagated this way.
    ///
    /// # Errors
    /// As [`Trace::reverse`], and those of `step`.
    pub fn walk(
        &self,
        from: NodeId,
        seed: &Tensor,
        to: NodeId,
        watch: &Watch,
        mut step: impl FnMut(NodeId, usize, &Tensor) -> Result<Tensor>,
    ) -> Result<Tensor> {
        let leads_to = self.between(from, seed, to)?;
        let graph = self.network().graph();
        let mut grads: Vec<Option<Tensor>> = vec![None; from + 1];
        grads[from] = Some(seed.contiguous()?);
        for id in (to + 1..=from).rev() {
            watch.at(from - id, from - to)?;
            if !leads_to[id] {
                continue;
            }
            let Some(grad) = grads[id].take() else { continue };
            for (index, &input) in graph.node(id).inputs.iter().enumerate() {
                if leads_to[input] {
                    let part = step(id, index, &grad)?;
                    grads[input] = Some(match grads[input].take() {
                        Some(sum) => (sum + part)?,
                        None => part,
                    });
                }
            }
        }
        watch.at(1, 1)?;
        match grads[to].take() {
            Some(grad) => Ok(grad),
            None => Ok(self.output(to).zeros_like()?),
        }
    }

    /// Which nodes lie between the two, `to` included: only these are walked. Refuses what is no walk.
    fn between(&self, from: NodeId, seed: &Tensor, to: NodeId) -> Result<Vec<bool>> {
        if seed.dims() != self.dims(from) {
            let (found, wanted) = (seed.dims(), self.dims(from));
            return Err(Error::Usage(format!("the seed has shape {found:?}, the layer {wanted:?}")));
        }
        let graph = self.network().graph();
        if to > from {
            let (to, from) = (&graph.node(to).name, &graph.node(from).name);
            return Err(Error::Usage(format!("layer {to} comes after layer {from}: there is no way back")));
        }
        let mut leads_to = vec![false; from + 1];
        leads_to[to] = true;
        for id in to + 1..=from {
            leads_to[id] = graph.node(id).inputs.iter().any(|&input| leads_to[input]);
        }
        Ok(leads_to)
    }

    /// One operator backwards, from its output to its input number `index`: the product of `grad` with its derivative,
    /// at rectifiers under the rule.
    ///
    /// # Errors
    /// When `grad` has not the shape of the node's output.
    pub fn step(&self, id: NodeId, index: usize, grad: &Tensor, how: &Reverse) -> Result<Tensor> {
        let network = self.network();
        let node = network.graph().node(id);
        let (x, y) = (self.output(node.inputs[index]), self.output(id));
        let weights = network.weights(id);
        Ok(match &node.op {
            Op::Input | Op::Dropout { .. } | Op::Bias | Op::Add => grad.clone(),
            Op::Conv(conv) => conv_reverse(grad, network.transposed(id, conv.groups)?, x, conv)?,
            &Op::TableConv { kernel, ref table } => {
                conv_reverse(grad, network.transposed(id, 1)?, x, &Conv { kernel, ..Conv::new(table.len(), 1) })?
            }
            Op::Linear { .. } => grad.matmul(&network.weight(id)?)?,
            Op::Relu => {
                let open = |t: &Tensor| t.gt(0f64)?.to_dtype(grad.dtype());
                let passed = if how.rule == Rule::Deconvnet { grad.clone() } else { (grad * open(y)?)? };
                if how.rule == Rule::Gradient { passed } else { passed.relu()? }
            }
            // a s (1 - tanh^2) = s (a - y^2 / a).
            &Op::Tanh { amplitude, slope } => (grad * y.sqr()?.affine(-slope / amplitude, slope * amplitude)?)?,
            Op::Sigmoid => (grad * (y - y.sqr()?)?)?,
            Op::MaxPool(window) => {
                let (rows, columns) = window.spans(size_of(x)?, &node.shape, false);
                let switches = self.switches(id)?.ok_or_else(|| lost(&node.name))?;
                kernels::max_pool_reverse(grad, &switches, &rows, &columns)?
            }
            Op::AvgPool { window, count_padding } => {
                let (rows, columns) = window.spans(size_of(x)?, &node.shape, *count_padding);
                kernels::mean_pool_reverse(grad, &rows, &columns)?
            }
            Op::Subsample(window) => {
                let (rows, columns) = window.spans(size_of(x)?, &node.shape, true);
                let grad = grad.broadcast_mul(&(&weights[0] * window.taps())?.reshape((1, (), 1, 1))?)?;
                kernels::mean_pool_reverse(&grad, &rows, &columns)?
            }
            Op::AdaptiveAvgPool { size } => {
                let (rows, columns) = adaptive_spans(size_of(x)?, *size);
                kernels::mean_pool_reverse(grad, &rows, &columns)?
            }
            Op::BatchNorm { eps } => grad.broadcast_mul(&batch_norm_scale(weights, *eps)?.reshape((1, (), 1, 1))?)?,
            Op::Lrn { .. } if how.skip_lrn => grad.clone(),
            &Op::Lrn { size, alpha, beta, k } => kernels::lrn_reverse(x, grad, Lrn { size, alpha, beta, k })?,
            &Op::PadChannels { before, .. } => grad.narrow(1, before, x.dim(1)?)?.contiguous()?,
            Op::Concat => {
                let before: usize = node.inputs[..index].iter().map(|&input| self.output(input).dims()[1]).sum();
                grad.narrow(1, before, x.dim(1)?)?.contiguous()?
            }
            Op::Flatten => grad.reshape(x.shape())?,
            Op::Softmax => (y * grad.broadcast_sub(&(grad * y)?.sum_keepdim(1)?)?)?,
        })
    }
}

fn lost(name: &str) -> Error {
    Error::Failed(format!("the trace holds no switches for {name}"))
}

/// The input gradient of a convolution as a convolution of stride 1 with flipped, transposed filters over the
/// gradient, its values `stride` apart. candle's own transposed convolution is 2 to 4 times slower on the CPU and
/// has no groups.
fn conv_reverse(grad: &Tensor, transposed: &Tensor, x: &Tensor, conv: &Conv) -> Result<Tensor> {
    let (_, _, height, width) = x.dims4()?;
    let (_, _, rows, columns) = grad.dims4()?;
    let spread = spread(grad, conv.stride)?;
    let border = |input: usize, output: usize, kernel: usize, before: usize| {
        let span = conv.dilation * (kernel - 1);
        [span as isize - before as isize, (input + before) as isize - ((output - 1) * conv.stride + 1) as isize]
    };
    let border = Border {
        rows: border(height, rows, conv.kernel[0], conv.padding.top),
        columns: border(width, columns, conv.kernel[1], conv.padding.left),
    };
    convolve(&spread, transposed, border, 1, conv)
}

/// Puts `stride - 1` zeros between neighbouring values.
fn spread(grad: &Tensor, stride: usize) -> Result<Tensor> {
    if stride == 1 {
        return Ok(grad.clone());
    }
    debug_assert!(matches!(grad.dtype(), DType::F32 | DType::F64));
    let (batch, channels, rows, columns) = grad.dims4()?;
    let wide = grad.reshape((batch, channels, rows, 1, columns, 1))?;
    let wide = wide.pad_with_zeros(3, 0, stride - 1)?.pad_with_zeros(5, 0, stride - 1)?;
    let wide = wide.reshape((batch, channels, rows * stride, columns * stride))?;
    Ok(wide.narrow(2, 0, (rows - 1) * stride + 1)?.narrow(3, 0, (columns - 1) * stride + 1)?.contiguous()?)
}
