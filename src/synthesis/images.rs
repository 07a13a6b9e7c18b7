//! Batches of pictures, of their gradients, and of what pictures are made from: plain numbers on the CPU.

use super::resize::ResizeAxis;
use crate::{Error, Result};
use candle_core::{DType, Device, Tensor};
use rayon::prelude::*;

/// `(batch, channels, height, width)` values, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Images {
    /// The values.
    pub values: Vec<f32>,
    /// Batch, channels, height and width.
    pub dims: [usize; 4],
}

impl Images {
    /// All zero.
    pub fn zeros(dims: [usize; 4]) -> Self {
        Images { values: vec![0.0; dims.iter().product()], dims }
    }

    /// From a tensor of rank 4, of whatever float type and device.
    ///
    /// # Errors
    /// [`Error::Compute`] for another rank.
    pub fn from_tensor(tensor: &Tensor) -> Result<Self> {
        let (batch, channels, height, width) = tensor.dims4()?;
        let values = tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?;
        Ok(Images { values, dims: [batch, channels, height, width] })
    }

    /// As a float32 tensor.
    ///
    /// # Errors
    /// When the device is out of memory.
    pub fn tensor(&self, device: &Device) -> Result<Tensor> {
        Ok(Tensor::from_slice(&self.values, &self.dims, device)?)
    }

    /// Height and width.
    pub fn size(&self) -> [usize; 2] {
        [self.dims[2], self.dims[3]]
    }

    /// Values of one channel of one picture.
    pub fn area(&self) -> usize {
        self.dims[2] * self.dims[3]
    }

    /// Values of one picture.
    pub fn length(&self) -> usize {
        self.dims[1] * self.area()
    }

    /// Every plane through `f`, which gets its channel and its values; planes of `size`.
    pub(super) fn map_planes(&self, size: [usize; 2], f: impl Fn(usize, &[f32]) -> Vec<f32> + Sync) -> Images {
        let [batch, channels, ..] = self.dims;
        let planes: Vec<Vec<f32>> = self
            .values
            .par_chunks_exact(self.area().max(1))
            .enumerate()
            .map(|(index, plane)| f(index % channels, plane))
            .collect();
        Images { values: planes.concat(), dims: [batch, channels, size[0], size[1]] }
    }

    /// Every value through `f`, which gets its channel.
    #[must_use]
    pub fn map(&self, f: impl Fn(usize, f32) -> f32 + Sync) -> Images {
        self.map_planes(self.size(), |channel, plane| plane.iter().map(|&value| f(channel, value)).collect())
    }

    /// Adds `factor` times another batch of the same shape.
    ///
    /// # Panics
    /// When the shapes differ.
    pub fn add(&mut self, other: &Images, factor: f32) {
        assert_eq!(self.dims, other.dims, "batches of different shapes are not added");
        self.values.iter_mut().zip(&other.values).for_each(|(value, other)| *value += factor * other);
    }

    /// The batch at another size, by a triangle filter that widens where the size shrinks: what Pillow and torch
    /// (`antialias=True`) call bilinear.
    ///
    /// # Errors
    /// [`Error::Usage`] when the size is empty.
    pub fn resized(&self, [height, width]: [usize; 2]) -> Result<Images> {
        if height * width == 0 || self.area() == 0 {
            return Err(Error::Usage(format!("a picture of {height}x{width} pixels is empty")));
        }
        let (rows, columns) = (ResizeAxis::new(self.dims[2], height), ResizeAxis::new(self.dims[3], width));
        let across = self.dims[3];
        Ok(self.map_planes([height, width], |_, plane| {
            let narrow: Vec<f32> = plane.chunks_exact(across).flat_map(|row| columns.apply(row, 1, 0)).collect();
            let mut out = vec![0.0; height * width];
            for x in 0..width {
                for (y, value) in rows.apply(&narrow, width, x).into_iter().enumerate() {
                    out[y * width + x] = value;
                }
            }
            out
        }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn resizing_is_torchs() {
        let row = Images { values: vec![1.0, 2.0, 3.0, 4.0], dims: [1, 1, 1, 4] };
        // torch.nn.functional.interpolate(x, size=(1, n), mode="bilinear", antialias=True, align_corners=False)
        let half = row.resized([1, 2]).unwrap().values;
        let expected = [1.0 + 5.0 / 7.0, 4.0 - 5.0 / 7.0];
        assert!(half.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{half:?}");
        let double = row.resized([1, 8]).unwrap().values;
        assert_eq!(double, [1.0, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 4.0]);
        let column = Images { values: row.values.clone(), dims: [1, 1, 4, 1] };
        assert_eq!(column.resized([8, 1]).unwrap().values, double);
        assert!(row.resized([0, 1]).is_err());
    }
}
