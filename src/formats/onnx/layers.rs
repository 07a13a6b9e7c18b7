//! The layers that a model becomes. They are kept apart from [`crate::net::Graph`] until the last is known: later nodes
//! still change earlier layers, and layers on which the output does not depend are dropped.

use crate::net::{NodeId, Op};
use candle_core::{DType, Tensor};

/// The most values of one layer's output: 16 GiB of float32.
const MAX_VALUES: usize = 1 << 32;
/// The most layers of a network. The largest known have some thousand.
const MAX_LAYERS: usize = 50_000;

/// A layer's weights, by the suffix of their name.
pub(super) type Weights = Vec<(&'static str, Tensor)>;

/// How the model sees a layer's output, beside the network's shape of it, which has no batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AxisOrder {
    /// The batch, then the shape.
    Batched,
    /// The batch, rows, columns, channels, where the shape is channels, rows, columns.
    Last,
    /// The shape itself: the model has merged or moved its batch of one.
    Bare,
}

/// The output of a layer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LayerOutput {
    pub id: NodeId,
    /// The network's shape, without the batch.
    pub shape: Vec<usize>,
    pub order: AxisOrder,
}

impl LayerOutput {
    /// The shape as the model sees it.
    pub fn seen(&self, batch: usize) -> Vec<usize> {
        match (self.order, self.shape.as_slice()) {
            (AxisOrder::Last, &[channels, rows, columns]) => vec![batch, rows, columns, channels],
            (AxisOrder::Bare, shape) => shape.to_vec(),
            (_, shape) => [&[batch], shape].concat(),
        }
    }

    /// Number of axes that the model sees.
    pub fn rank(&self) -> usize {
        self.shape.len() + usize::from(self.order != AxisOrder::Bare)
    }

    /// The network's axis for an axis of the model; `None` for the batch.
    pub fn axis(&self, seen: usize) -> Option<usize> {
        match self.order {
            AxisOrder::Batched => seen.checked_sub(1),
            AxisOrder::Bare => Some(seen),
            AxisOrder::Last => [None, Some(1), Some(2), Some(0)].get(seen).copied().flatten(),
        }
    }
}

/// A layer in the making.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub op: Op,
    pub inputs: Vec<NodeId>,
    pub shape: Vec<usize>,
    /// The number of the model's node that it comes from; `None` for the picture.
    pub node: Option<usize>,
    /// Its weights.
    pub weights: Weights,
}

/// All layers so far, the picture first.
pub(super) struct LayerList {
    pub made: Vec<Made>,
}

impl LayerList {
    /// The picture alone, `[channels, height, width]`.
    pub fn new(picture: [usize; 3]) -> Self {
        let (inputs, weights) = (Vec::new(), Vec::new());
        LayerList { made: vec![Made { op: Op::Input, inputs, shape: picture.to_vec(), node: None, weights }] }
    }

    /// Adds a layer of node number `node`. Two transpositions that undo each other, and two reshapes in a row, become
    /// what they amount to.
    pub fn add(
        &mut self,
        node: usize,
        op: Op,
        inputs: &[&LayerOutput],
        weights: Weights,
        order: AxisOrder,
    ) -> Result<LayerOutput, String> {
        let shapes: Vec<&[usize]> = inputs.iter().map(|layer| layer.shape.as_slice()).collect();
        let shape = op.output_shape(&shapes)?;
        let values = shape.iter().try_fold(1usize, |all, &size| all.checked_mul(size));
        if shape.is_empty() || values.is_none_or(|values| values == 0 || values > MAX_VALUES) {
            return Err(format!("its output has the shape {shape:?}"));
        }
        if self.made.len() >= MAX_LAYERS {
            return Err(format!("the network has more than {MAX_LAYERS} layers"));
        }
        let mut inputs: Vec<NodeId> = inputs.iter().map(|layer| layer.id).collect();
        if let Some(id) = self.undone(&op, &inputs, &shape) {
            return Ok(LayerOutput { id, shape, order });
        }
        if let (Op::Reshape { .. } | Op::Flatten, [input]) = (&op, inputs.as_mut_slice())
            && let Made { op: Op::Reshape { .. }, inputs: earlier, .. } = &self.made[*input]
        {
            *input = earlier[0];
        }
        let weights = checked(&op, &self.made[inputs[0]].shape, weights)?;
        self.made.push(Made { op, inputs, shape: shape.clone(), node: Some(node), weights });
        Ok(LayerOutput { id: self.made.len() - 1, shape, order })
    }

    /// The earlier layer whose output a new one would give back.
    fn undone(&self, op: &Op, inputs: &[NodeId], shape: &[usize]) -> Option<NodeId> {
        let &[input] = inputs else { return None };
        let before = &self.made[input];
        match (op, &before.op) {
            (Op::Reshape { .. }, _) if before.shape == shape => Some(input),
            (Op::Reshape { .. }, Op::Reshape { .. } | Op::Flatten) if self.made[before.inputs[0]].shape == shape => {
                Some(before.inputs[0])
            }
            (Op::Transpose { order: second }, Op::Transpose { order: first }) => {
                let same = second.iter().enumerate().all(|(place, &axis)| first.get(axis) == Some(&place));
                same.then(|| before.inputs[0])
            }
            _ => None,
        }
    }

    /// Gives a layer that has none a bias, where no other layer than the new one takes its output.
    pub fn add_bias(&mut self, id: NodeId, bias: &Tensor) -> Result<bool, String> {
        let made = &mut self.made[id];
        let units = match &mut made.op {
            Op::Conv(conv) if !conv.bias => {
                conv.bias = true;
                conv.out
            }
            Op::ConvTranspose(transposed) if !transposed.conv.bias => {
                transposed.conv.bias = true;
                transposed.conv.out
            }
            Op::Linear { out, bias } if !*bias => {
                *bias = true;
                *out
            }
            _ => return Ok(false),
        };
        let flat = bias.flatten_all().and_then(|bias| match bias.elem_count() {
            1 => bias.broadcast_as(units),
            _ => Ok(bias),
        });
        let flat = flat.and_then(|bias| bias.contiguous()).map_err(|error| error.to_string())?;
        made.weights.push(("bias", flat));
        Ok(true)
    }

    /// For every layer whether one of `ends` depends on it.
    pub fn needed(&self, ends: &[NodeId]) -> Vec<bool> {
        let mut needed = vec![false; self.made.len()];
        needed[0] = true;
        ends.iter().for_each(|&end| needed[end] = true);
        for id in (1..self.made.len()).rev() {
            if needed[id] {
                self.made[id].inputs.iter().for_each(|&input| needed[input] = true);
            }
        }
        needed
    }
}

/// The weights that an operator needs for an input of shape `input`, in float32.
fn checked(op: &Op, input: &[usize], given: Weights) -> Result<Weights, String> {
    let one = |spec: crate::net::WeightSpec| {
        let tensor = given.iter().find(|(suffix, _)| *suffix == spec.suffix).map(|(_, tensor)| tensor);
        let tensor = tensor.ok_or_else(|| format!("it lacks its {}", spec.suffix))?;
        if tensor.dims() != spec.shape {
            let (found, wanted) = (tensor.dims(), &spec.shape);
            return Err(format!("its {} has shape {found:?} where {wanted:?} belongs", spec.suffix));
        }
        let tensor = tensor.to_dtype(DType::F32).and_then(|tensor| tensor.contiguous());
        Ok((spec.suffix, tensor.map_err(|error| error.to_string())?))
    };
    op.parameters(input).into_iter().map(one).collect()
}
