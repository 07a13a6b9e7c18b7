//! Constants that are moved without being changed.

use super::{
    axes::{axis_of, range_of, squeezed, target_shape, unsqueezed},
    constants::{numbers, phrase},
    message::{Attribute, NodeProto},
};
use candle_core::{DType, Device, Tensor};

/// A node that moves constants.
struct Move<'a> {
    node: &'a NodeProto,
    inputs: &'a [Option<&'a Tensor>],
    /// Values that its output may have.
    room: usize,
}

/// The constant that a node makes by moving others; `None` for a node that computes.
pub(super) fn moved(node: &NodeProto, inputs: &[Option<&Tensor>], room: usize) -> Option<Result<Tensor, String>> {
    let x = inputs.first().copied().flatten()?;
    let this = Move { node, inputs, room };
    Some(match node.op.as_str() {
        "Identity" | "Dropout" => Ok(x.clone()),
        "Reshape" | "Flatten" | "Unsqueeze" | "Squeeze" => this.reshaped(x),
        "Transpose" => this.transposed(x),
        "ConstantOfShape" => this.filled(x),
        "Expand" => this.expanded(x),
        "Tile" => this.repeated(x),
        "Gather" => this.gathered(x),
        "Slice" => this.sliced(x),
        "Concat" => this.joined(x),
        _ => return None,
    })
}

fn folded(tensor: candle_core::Result<Tensor>) -> Result<Tensor, String> {
    tensor.map_err(|error| phrase(&error))
}

impl Move<'_> {
    /// Whole numbers that input `index` gives, or the attribute `name`.
    fn list(&self, index: usize, name: &str) -> Result<Option<Vec<i64>>, String> {
        match (self.inputs.get(index).copied().flatten(), self.node.ints(name)) {
            (Some(tensor), _) => numbers(tensor).map(Some),
            (None, stated) => Ok(stated.map(<[i64]>::to_vec)),
        }
    }

    /// Refuses an output of a shape that is too large.
    fn check(&self, shape: &[usize]) -> Result<(), String> {
        match shape.iter().try_fold(1usize, |all, &size| all.checked_mul(size)) {
            Some(count) if count <= self.room => Ok(()),
            _ => Err(format!("its constant of shape {shape:?} is too large")),
        }
    }

    fn reshaped(&self, x: &Tensor) -> Result<Tensor, String> {
        let (node, dims) = (self.node, x.dims());
        let shape = match node.op.as_str() {
            "Reshape" => {
                let target = self.list(1, "shape")?.ok_or("it has no shape")?;
                target_shape(&target, dims, node.int("allowzero", 0) == 1)?
            }
            "Flatten" => {
                let axis = axis_of(node.int("axis", 1), dims.len() + 1)?;
                vec![dims[..axis].iter().product(), dims[axis..].iter().product()]
            }
            "Unsqueeze" => unsqueezed(dims, &self.list(1, "axes")?.unwrap_or_default())?,
            _ => squeezed(dims, self.list(1, "axes")?.as_deref())?,
        };
        folded(x.reshape(shape))
    }

    fn transposed(&self, x: &Tensor) -> Result<Tensor, String> {
        let rank = x.rank();
        let order: Vec<usize> = match self.node.ints("perm") {
            Some(order) => order.iter().map(|&axis| axis_of(axis, rank)).collect::<Result<_, _>>()?,
            None => (0..rank).rev().collect(),
        };
        folded(x.permute(order).and_then(|x| x.contiguous()))
    }

    fn filled(&self, shape: &Tensor) -> Result<Tensor, String> {
        let shape: Vec<usize> = numbers(shape)?.iter().map(|&size| size.max(0) as usize).collect();
        self.check(&shape)?;
        let value = match self.node.attributes.get("value") {
            Some(Attribute::Tensor(value)) => Ok(value.clone()),
            _ => Tensor::zeros(1, DType::F32, &Device::Cpu),
        };
        folded(value.and_then(|value| value.flatten_all()?.broadcast_as(shape)?.contiguous()))
    }

    fn expanded(&self, x: &Tensor) -> Result<Tensor, String> {
        let wanted = self.list(1, "shape")?.ok_or("it has no shape")?;
        let wanted: Vec<usize> = wanted.iter().map(|&size| size.max(0) as usize).collect();
        let rank = wanted.len().max(x.rank());
        let size = |shape: &[usize], axis: usize| {
            (axis + shape.len()).checked_sub(rank).and_then(|at| shape.get(at)).copied().unwrap_or(1)
        };
        let shape: Vec<usize> = (0..rank).map(|axis| size(&wanted, axis).max(size(x.dims(), axis))).collect();
        self.check(&shape)?;
        folded(x.broadcast_as(shape).and_then(|x| x.contiguous()))
    }

    fn repeated(&self, x: &Tensor) -> Result<Tensor, String> {
        let counts = self.list(1, "repeats")?.ok_or("it does not say how often")?;
        let counts: Vec<usize> = counts.iter().map(|&count| usize::try_from(count).unwrap_or(0)).collect();
        if counts.len() != x.rank() {
            return Err(format!("it repeats {} axes of {}", counts.len(), x.rank()));
        }
        let size = |(size, count): (&usize, &usize)| size.saturating_mul(*count);
        self.check(&x.dims().iter().zip(&counts).map(size).collect::<Vec<usize>>())?;
        folded(x.repeat(counts))
    }

    fn gathered(&self, x: &Tensor) -> Result<Tensor, String> {
        let dims = x.dims();
        let axis = axis_of(self.node.int("axis", 0), dims.len())?;
        let places = self.inputs.get(1).copied().flatten().ok_or("it has no indices")?;
        let at = |&index: &i64| axis_of(index, dims[axis]).map(|index| index as u32);
        let indices: Vec<u32> = numbers(places)?.iter().map(at).collect::<Result<_, _>>()?;
        let shape = [&dims[..axis], places.dims(), &dims[axis + 1..]].concat();
        self.check(&shape)?;
        let count = indices.len();
        let indices = Tensor::from_vec(indices, count, &Device::Cpu);
        folded(indices.and_then(|indices| x.contiguous()?.index_select(&indices, axis)?.reshape(shape)))
    }

    fn sliced(&self, x: &Tensor) -> Result<Tensor, String> {
        let mut x = x.clone();
        for (axis, places) in range_of(self.node, self.inputs, x.dims())? {
            let count = places.len();
            let places: Vec<u32> = places.iter().map(|&place| place as u32).collect();
            let places = Tensor::from_vec(places, count, &Device::Cpu);
            x = folded(places.and_then(|places| x.contiguous()?.index_select(&places, axis)))?;
        }
        Ok(x)
    }

    fn joined(&self, x: &Tensor) -> Result<Tensor, String> {
        let axis = axis_of(self.node.int("axis", 0), x.rank())?;
        let parts: Vec<&Tensor> = self.inputs.iter().flatten().copied().collect();
        let same = parts.iter().all(|part| part.dtype() == x.dtype());
        let kind = if same { x.dtype() } else { DType::F32 };
        let parts: candle_core::Result<Vec<Tensor>> = parts.iter().map(|part| part.to_dtype(kind)).collect();
        folded(parts.and_then(|parts| Tensor::cat(&parts, axis)))
    }
}
