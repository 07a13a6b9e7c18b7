//! Tensors as views of storages: an offset, a shape and a stride along each axis. PyTorch stores them so, and a
//! Fortran-ordered array is one too. Views may overlap, share a storage and lie in any order, but never leave it.

use super::bounded::Context;
use crate::{Result, memory, net::Tensors};
use candle_core::{Device, Tensor};
use std::collections::HashMap;

/// Axes of one tensor.
pub(crate) const MAX_RANK: usize = 8;

/// Where a tensor's values lie in its storage, counted in values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct StridedView {
    pub offset: usize,
    pub shape: Vec<usize>,
    pub stride: Vec<usize>,
}

impl StridedView {
    /// The values of a whole storage, the last axis fastest.
    pub fn whole(shape: Vec<usize>) -> Self {
        let stride = row_major(&shape);
        StridedView { offset: 0, shape, stride }
    }

    /// The same with the first axis fastest.
    pub fn fortran(shape: Vec<usize>) -> Self {
        let reversed: Vec<usize> = shape.iter().rev().copied().collect();
        let stride = row_major(&reversed).into_iter().rev().collect();
        StridedView { offset: 0, shape, stride }
    }

    /// Number of values; `None` when it overflows, there are too many axes, or an axis has no stride.
    pub fn count(&self) -> Option<usize> {
        let fits = self.shape.len() <= MAX_RANK && self.shape.len() == self.stride.len();
        fits.then(|| self.shape.iter().try_fold(1usize, |all, &size| all.checked_mul(size))).flatten()
    }

    /// The first position after the last it uses.
    fn end(&self) -> Option<usize> {
        if self.count()? == 0 {
            return Some(self.offset);
        }
        let mut last = self.shape.iter().zip(&self.stride);
        last.try_fold(self.offset, |end, (&size, &stride)| end.checked_add((size - 1).checked_mul(stride)?))?
            .checked_add(1)
    }

    /// The view's values in row-major order. It must lie within `values`.
    fn gather(&self, values: &[f32]) -> Vec<f32> {
        let count = self.count().unwrap_or(0);
        if self.stride == row_major(&self.shape) {
            return values[self.offset..][..count].to_vec();
        }
        let mut gathered = Vec::with_capacity(count);
        let mut index = vec![0; self.shape.len()];
        let mut position = self.offset;
        while gathered.len() < count {
            gathered.push(values[position]);
            for axis in (0..index.len()).rev() {
                index[axis] += 1;
                // Wrapping: the stride of an axis of size 1 means nothing and may be anything.
                position = position.wrapping_add(self.stride[axis]);
                if index[axis] < self.shape[axis] {
                    break;
                }
                position = position.wrapping_sub(self.stride[axis].wrapping_mul(self.shape[axis]));
                index[axis] = 0;
            }
        }
        gathered
    }
}

fn row_major(shape: &[usize]) -> Vec<usize> {
    let mut stride = vec![1usize; shape.len()];
    for axis in (1..shape.len()).rev() {
        stride[axis - 1] = stride[axis].saturating_mul(shape[axis]);
    }
    stride
}

/// Values that views may unfold to beyond those that are stored: repeated ones, and overlapping views.
const SPARE: usize = 16 << 20;

/// Makes tensors of storages. Their values together are limited: a view that repeats one value, or a thousand views of
/// the same storage, would unfold to gigabytes.
pub(crate) struct Unfolding<'a> {
    context: &'a Context<'a>,
    pub tensors: Tensors,
    /// Values that may still be made.
    budget: usize,
}

impl<'a> Unfolding<'a> {
    pub fn new(context: &'a Context<'a>) -> Self {
        Unfolding { context, tensors: Tensors::new(), budget: SPARE }
    }

    /// Makes the tensors that view one storage.
    pub fn add(&mut self, values: Vec<f32>, views: Vec<(String, StridedView)>) -> Result<()> {
        self.budget = self.budget.saturating_add(values.len());
        for (name, view) in &views {
            if view.end().is_none_or(|end| end > values.len()) {
                let (shape, length) = (&view.shape, values.len());
                return Err(self.context.damaged(format_args!("{name} of shape {shape:?} leaves its {length} values")));
            }
        }
        let whole =
            |view: &StridedView| *view == StridedView::whole(view.shape.clone()) && view.count() == Some(values.len());
        if let [(name, view)] = views.as_slice()
            && whole(view)
        {
            self.claim(values.len())?;
            self.tensors.insert(name.clone(), Tensor::from_vec(values, view.shape.as_slice(), &Device::Cpu)?);
            return Ok(());
        }
        let mut made: HashMap<StridedView, Tensor> = HashMap::new();
        for (name, view) in views {
            let tensor = match made.get(&view) {
                Some(tensor) => tensor.clone(),
                None => {
                    let count = view.count().unwrap_or(0);
                    self.claim(count)?;
                    memory::check(self.context.name, (count as u64).saturating_mul(4))?;
                    let tensor = Tensor::from_vec(view.gather(&values), view.shape.as_slice(), &Device::Cpu)?;
                    made.insert(view, tensor.clone());
                    tensor
                }
            };
            self.tensors.insert(name, tensor);
        }
        Ok(())
    }

    fn claim(&mut self, count: usize) -> Result<()> {
        match self.budget.checked_sub(count) {
            Some(left) => self.budget = left,
            None => return Err(self.context.damaged("its tensors unfold to many times what it stores")),
        }
        Ok(())
    }
}
