//! One node of a model and what it works on: what an operator's file is given to make layers of it.

use super::{
    axes::axis_of,
    constants::{numbers, phrase, single},
    layers::{AxisOrder, LayerList, LayerOutput, Weights},
    message::NodeProto,
};
use crate::net::Op;
use candle_core::Tensor;

/// The value that a name of the model stands for.
#[derive(Clone)]
pub(super) enum ModelValue {
    /// Known when the model is opened.
    Constant(Tensor),
    /// The output of a layer.
    LayerOutput(LayerOutput),
}

/// The values that a node makes, or a phrase that says why it cannot be a layer.
pub(super) type Outputs = Result<Vec<ModelValue>, String>;

/// One node and what it works on.
pub(super) struct NodeJob<'a> {
    pub layers: &'a mut LayerList,
    pub node: &'a NodeProto,
    /// The number of the node.
    pub index: usize,
    pub inputs: Vec<Option<ModelValue>>,
    /// Whether nothing else takes the output of input 0, or of input 1.
    pub alone: [bool; 2],
    /// The version of ONNX's operators.
    pub opset: i64,
    /// Pictures that the model was exported for.
    pub batch: usize,
    /// Whether its output is the model's.
    pub is_last: bool,
}

impl NodeJob<'_> {
    /// The layer that input `index` is.
    pub fn layer(&self, index: usize) -> Result<LayerOutput, String> {
        match self.inputs.get(index) {
            Some(Some(ModelValue::LayerOutput(layer))) => Ok(layer.clone()),
            Some(Some(ModelValue::Constant(_))) => {
                Err(format!("its input {index} is a constant where a layer belongs"))
            }
            _ => Err(format!("its input {index} is missing")),
        }
    }

    /// The constant that input `index` is, if it is given.
    pub fn constant(&self, index: usize) -> Result<Option<Tensor>, String> {
        match self.inputs.get(index) {
            Some(Some(ModelValue::Constant(tensor))) => Ok(Some(tensor.clone())),
            Some(Some(ModelValue::LayerOutput(_))) => {
                Err(format!("its input {index} is computed where a constant belongs"))
            }
            _ => Ok(None),
        }
    }

    /// The constant that input `index` is.
    pub fn weight(&self, index: usize) -> Result<Tensor, String> {
        self.constant(index)?.ok_or_else(|| format!("its input {index} is missing"))
    }

    /// Whole numbers that input `index` gives, or the attribute `name`.
    pub fn numbers(&self, index: usize, name: &str) -> Result<Option<Vec<i64>>, String> {
        match self.constant(index)? {
            Some(tensor) => numbers(&tensor).map(Some),
            None => Ok(self.node.ints(name).map(<[i64]>::to_vec)),
        }
    }

    /// A number that input `index` gives, or the attribute `name`.
    pub fn number(&self, index: usize, name: &str) -> Result<Option<f64>, String> {
        match self.constant(index)? {
            Some(tensor) if tensor.elem_count() == 0 => Ok(None),
            Some(tensor) => single(&tensor).map(Some).ok_or_else(|| format!("its {name} is not one number")),
            None => Ok(self.node.attributes.get(name).map(|_| self.node.float(name, 0.0))),
        }
    }

    /// A whole number among the attributes that is a size, at most 65536.
    pub fn sizes(&self, name: &str, default: &[usize]) -> Result<Vec<usize>, String> {
        let Some(stated) = self.node.ints(name) else { return Ok(default.to_vec()) };
        let size = |&size: &i64| usize::try_from(size).ok().filter(|&size| size <= 65536);
        stated.iter().map(size).collect::<Option<_>>().ok_or_else(|| format!("its {name} are {stated:?}"))
    }

    /// An axis of a layer as the model counts them.
    pub fn axis(&self, layer: &LayerOutput, name: &str, default: i64) -> Result<usize, String> {
        axis_of(self.node.int(name, default), layer.rank())
    }

    /// Adds a layer that the model sees as `order`.
    pub fn add_as(
        &mut self,
        order: AxisOrder,
        op: Op,
        inputs: &[&LayerOutput],
        weights: Weights,
    ) -> Result<LayerOutput, String> {
        self.layers.add(self.index, op, inputs, weights, order)
    }

    /// Adds a layer that the model sees as its first input.
    pub fn add(&mut self, op: Op, inputs: &[&LayerOutput], weights: Weights) -> Result<LayerOutput, String> {
        self.add_as(inputs[0].order, op, inputs, weights)
    }

    /// Adds a layer that is the node's only output.
    pub fn done(&mut self, op: Op, inputs: &[&LayerOutput], weights: Weights) -> Outputs {
        Ok(vec![ModelValue::LayerOutput(self.add(op, inputs, weights)?)])
    }

    /// The layer with its batch first and everything else as the model sees it.
    pub fn batched(&mut self, layer: &LayerOutput) -> Result<LayerOutput, String> {
        match layer.order {
            AxisOrder::Batched => Ok(layer.clone()),
            AxisOrder::Last => {
                let op = match layer.shape.as_slice() {
                    // Maps of one value lie the same either way.
                    &[channels, 1, 1] => Op::Reshape { shape: vec![1, 1, channels] },
                    _ => Op::Transpose { order: vec![1, 2, 0] },
                };
                self.add_as(AxisOrder::Batched, op, &[layer], Vec::new())
            }
            AxisOrder::Bare => match layer.shape.as_slice() {
                [1, rest @ ..] if !rest.is_empty() && self.batch == 1 => {
                    self.add_as(AxisOrder::Batched, Op::Reshape { shape: rest.to_vec() }, &[layer], Vec::new())
                }
                shape => Err(format!("its input of shape {shape:?} has no batch")),
            },
        }
    }

    /// The layer in the shape that the model sees, the batch of one included.
    pub fn bare(&mut self, layer: &LayerOutput) -> Result<LayerOutput, String> {
        if layer.order == AxisOrder::Bare {
            return Ok(layer.clone());
        }
        if self.batch != 1 {
            return Err("it mixes the pictures of a batch".to_owned());
        }
        let layer = self.batched(layer)?;
        let shape = layer.seen(1);
        self.add_as(AxisOrder::Bare, Op::Reshape { shape }, &[&layer], Vec::new())
    }

    /// Input 0 as maps: channels, rows, columns.
    pub fn maps(&mut self) -> Result<LayerOutput, String> {
        let layer = self.layer(0)?;
        let layer = self.batched(&layer)?;
        match layer.shape.len() {
            3 => Ok(layer),
            _ => Err(format!("its input of shape {:?} is no maps", layer.seen(self.batch))),
        }
    }

    /// The layer in another shape, which the model sees whole.
    pub fn reshaped(&mut self, layer: &LayerOutput, target: &[usize]) -> Result<LayerOutput, String> {
        if layer.seen(self.batch) == target {
            return Ok(layer.clone());
        }
        // Rows or maps of one value lie the same in either order.
        let layer = match (layer.order, layer.shape.as_slice()) {
            (AxisOrder::Last, [_, 1, 1]) => LayerOutput { order: AxisOrder::Batched, ..layer.clone() },
            _ => self.batched(layer).or_else(|_| self.bare(layer))?,
        };
        let (order, shape) = match target {
            [batch, rest @ ..] if *batch == self.batch && !rest.is_empty() => (AxisOrder::Batched, rest.to_vec()),
            _ if self.batch == 1 => (AxisOrder::Bare, if target.is_empty() { vec![1] } else { target.to_vec() }),
            _ => return Err("it mixes the pictures of a batch".to_owned()),
        };
        if shape == layer.shape {
            return Ok(LayerOutput { order, ..layer });
        }
        let op = if shape.len() == 1 && order == AxisOrder::Batched { Op::Flatten } else { Op::Reshape { shape } };
        self.add_as(order, op, &[&layer], Vec::new())
    }

    /// The layer with the axes that the network counts in another order.
    pub fn turned(&mut self, layer: &LayerOutput, order: Vec<usize>) -> Result<LayerOutput, String> {
        if order.iter().enumerate().all(|(place, &axis)| place == axis) {
            return Ok(layer.clone());
        }
        self.add(Op::Transpose { order }, &[layer], Vec::new())
    }

    /// A constant that meets a layer, in the network's shape of that layer: 1 stands for any size.
    pub fn beside(&self, constant: &Tensor, layer: &LayerOutput) -> Result<Tensor, String> {
        let rank = layer.rank();
        let dims = constant.dims();
        if dims.len() > rank {
            let extra = dims.len() - rank;
            if dims[..extra].iter().any(|&size| size != 1) {
                return Err(format!("its constant of shape {dims:?} has more axes than its input"));
            }
        }
        let kept = &dims[dims.len().saturating_sub(rank)..];
        let full = [vec![1; rank - kept.len()], kept.to_vec()].concat();
        let fit = |constant: Tensor| match layer.order {
            AxisOrder::Bare => Ok(constant),
            _ if full[0] != 1 => Err("its constant differs among the pictures of a batch".to_owned()),
            AxisOrder::Batched => constant.squeeze(0).map_err(|error| phrase(&error)),
            AxisOrder::Last => constant.squeeze(0).and_then(|c| c.permute((2, 0, 1))).map_err(|error| phrase(&error)),
        };
        fit(constant.reshape(full.as_slice()).map_err(|error| phrase(&error))?)
    }
}
