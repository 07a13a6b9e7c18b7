//! LRP's rules for one linear layer with weights other than its own. The layer is run as a network of one node, so
//! that it is the same convolution, forward and reverse, as everywhere else.

use crate::{
    Result,
    kernels::to_vec,
    net::{Builder, Conv, Network, NodeId, Op, Reverse, Trace},
    watch::Watch,
};
use candle_core::Tensor;
use std::{collections::HashMap, sync::Arc};

/// A rule that shares relevance among a layer's inputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum LrpRule {
    /// In proportion to x w, over z + epsilon.
    Epsilon(f64),
    /// In proportion to x (w + gamma max(w, 0)).
    Gamma(f64),
    /// alpha times in proportion to the positive contributions, less alpha - 1 times to the negative ones.
    AlphaBeta(f64),
    /// Evenly over the window, whatever it holds.
    Flat,
}

/// Keeps the rules without an epsilon of their own from dividing by zero.
const TINY: f64 = 1e-9;

/// Relevance that a rule does not hand to a layer's inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct KeptRelevance {
    /// Shares of the biases.
    pub biases: f64,
    /// Shares of the term that keeps a rule from dividing by zero.
    pub stabiliser: f64,
}

impl KeptRelevance {
    /// The relevance kept by outputs `sum`, of which `bias` is a part; `scaled` is relevance / stable(sum).
    pub fn of(sum: &Tensor, scaled: &Tensor, bias: Option<&Tensor>, epsilon: f64) -> Result<Self> {
        let total =
            |shares: Tensor| -> Result<f64> { Ok(to_vec(&shares)?.iter().map(|&share| f64::from(share)).sum()) };
        let stabiliser = total((scaled * (stable(sum, epsilon)? - sum)?)?)?;
        let biases = match bias {
            Some(bias) => {
                // The units of maps come before rows and columns, those of features and of rows of features last.
                let mut shape = vec![1; sum.rank()];
                let units = if sum.rank() == 4 { 1 } else { sum.rank() - 1 };
                shape[units] = bias.elem_count();
                total(scaled.broadcast_mul(&bias.reshape(shape)?)?)?
            }
            None => 0.0,
        };
        Ok(KeptRelevance { biases, stabiliser })
    }

    /// With `factor` times another.
    pub fn plus(self, other: KeptRelevance, factor: f64) -> Self {
        let (biases, stabiliser) = (factor * other.biases, factor * other.stabiliser);
        KeptRelevance { biases: self.biases + biases, stabiliser: self.stabiliser + stabiliser }
    }
}

/// A convolution or fully connected layer, with the batch normalisation behind it merged in.
pub(super) struct LinearLayer {
    op: Op,
    input: Vec<usize>,
    weight: Tensor,
    bias: Option<Tensor>,
}

/// `y` moved away from zero by `epsilon`, zero itself upwards; never zero, so that 0 / 0 is 0.
pub(super) fn stable(y: &Tensor, epsilon: f64) -> Result<Tensor> {
    let negative = y.lt(0.0)?.to_dtype(y.dtype())?;
    let sign = negative.affine(-2.0, 1.0)?;
    let zero = y.eq(0.0)?.to_dtype(y.dtype())?;
    // With epsilon 0 what is exactly zero is divided by 1: its relevance is zero too.
    let zero = if epsilon == 0.0 { zero } else { (zero * 0.0)? };
    Ok(((y + (sign * epsilon)?)? + zero)?)
}

impl LinearLayer {
    /// The layer at node `id`, followed by the batch normalisation at `norm`.
    pub fn of(network: &Network, id: NodeId, norm: Option<NodeId>) -> Result<Self> {
        let graph = network.graph();
        let node = graph.node(id);
        let weights = network.weights(id);
        let (mut weight, mut bias) = (network.weight(id)?, weights.get(1).cloned());
        if let Some(norm) = norm
            && let Op::BatchNorm { eps } = graph.node(norm).op
        {
            let n = network.weights(norm);
            let scale = (&n[0] / (&n[3] + eps)?.sqrt()?)?;
            let mut shape = vec![1; weight.rank()];
            shape[0] = weight.dim(0)?;
            weight = weight.broadcast_mul(&scale.reshape(shape)?)?;
            let mean = match &bias {
                Some(bias) => (&n[2] - bias)?,
                None => n[2].clone(),
            };
            bias = Some((&n[1] - (mean * &scale)?)?);
        }
        Ok(LinearLayer { op: node.op.clone(), input: graph.node(node.inputs[0]).shape.clone(), weight, bias })
    }

    /// The output for `x`, and the layer ready to be walked back.
    fn run(&self, x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Trace> {
        let op = match &self.op {
            Op::Conv(conv) => Op::Conv(Conv { bias: bias.is_some(), ..conv.clone() }),
            Op::Linear { out, .. } => Op::Linear { out: *out, bias: bias.is_some() },
            other => other.clone(),
        };
        let linear = matches!(op, Op::Linear { .. });
        // A graph's picture is maps; features are maps of one value.
        let maps = if linear { [self.input.iter().product(), 1, 1] } else { [0, 1, 2].map(|axis| self.input[axis]) };
        let mut builder = Builder::new(maps);
        match self.input.len() {
            _ if !linear => {}
            1 => drop(builder.then("flat", Op::Flatten)),
            _ => drop(builder.then("rows", Op::Reshape { shape: self.input.clone() })),
        }
        builder.then("layer", op);
        let mut tensors = HashMap::from([("layer.weight".to_owned(), weight.clone())]);
        tensors.extend(bias.map(|bias| ("layer.bias".to_owned(), bias.clone())));
        let network = Arc::new(Network::new(builder.finish()?, tensors, "a layer", x.device())?);
        let [units, height, width] = maps;
        network.forward(&x.reshape((1, units, height, width))?, &Watch::default())
    }

    /// Contributions of `x` through `weight`, and how much of `relevance` they carry: x times the transpose of
    /// `relevance` over the sum of `parts`' outputs.
    fn share(
        &self,
        parts: &[(Tensor, Tensor)],
        bias: Option<&Tensor>,
        relevance: &Tensor,
        epsilon: f64,
    ) -> Result<(Tensor, KeptRelevance)> {
        let mut traces = Vec::with_capacity(parts.len());
        for (index, (x, weight)) in parts.iter().enumerate() {
            traces.push(self.run(x, weight, bias.filter(|_| index == 0))?);
        }
        let last = traces[0].network().graph().nodes().len() - 1;
        let zero = traces[0].output(last).zeros_like()?;
        let sum = traces.iter().try_fold(zero, |sum, trace| sum + trace.output(last))?;
        let scaled = (relevance.reshape(sum.shape())? / stable(&sum, epsilon)?)?;
        let kept = KeptRelevance::of(&sum, &scaled, bias, epsilon)?;
        let mut total = parts[0].0.zeros_like()?;
        for (trace, (x, _)) in traces.iter().zip(parts) {
            let back = trace.reverse(last, &scaled, 0, &Reverse::default())?.reshape(x.shape())?;
            total = (total + (x * back)?)?;
        }
        Ok((total, kept))
    }

    /// The inputs' relevance, and the rest. With `captum`, in the way of that program.
    pub fn hand_back(
        &self,
        rule: LrpRule,
        x: &Tensor,
        relevance: &Tensor,
        captum: bool,
    ) -> Result<(Tensor, KeptRelevance)> {
        let positive = |t: &Tensor| t.relu();
        let negative = |t: &Tensor| t.neg()?.relu()?.neg();
        let (w, bias) = (&self.weight, self.bias.as_ref());
        match rule {
            LrpRule::Epsilon(epsilon) => self.share(&[(x.clone(), w.clone())], bias, relevance, epsilon),
            LrpRule::Gamma(gamma) => {
                let strengthened = |t: &Tensor| t + (t.relu()? * gamma)?;
                let bias = match bias {
                    Some(bias) if !captum => Some(strengthened(bias)?),
                    other => other.cloned(),
                };
                self.share(&[(x.clone(), strengthened(w)?)], bias.as_ref(), relevance, TINY)
            }
            LrpRule::AlphaBeta(_) if captum => self.share(&[(x.clone(), positive(w)?)], bias, relevance, TINY),
            LrpRule::AlphaBeta(alpha) => {
                let bias_of = |part: fn(&Tensor) -> candle_core::Result<Tensor>| bias.map(part).transpose();
                let parts = [(positive(x)?, positive(w)?), (negative(x)?, negative(w)?)];
                let (plus, kept) = self.share(&parts, bias_of(positive)?.as_ref(), relevance, TINY)?;
                if alpha == 1.0 {
                    return Ok((plus, kept));
                }
                let parts = [(positive(x)?, negative(w)?), (negative(x)?, positive(w)?)];
                let (minus, less) = self.share(&parts, bias_of(negative)?.as_ref(), relevance, TINY)?;
                let kept = KeptRelevance::default().plus(kept, alpha).plus(less, 1.0 - alpha);
                Ok((((plus * alpha)? - (minus * (alpha - 1.0))?)?, kept))
            }
            LrpRule::Flat => self.share(&[(x.ones_like()?, w.ones_like()?)], None, relevance, TINY),
        }
    }
}
