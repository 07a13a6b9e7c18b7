//! One small convolution, by hand: the example of the lectures, to be played with.

use crate::net::{Conv, Op, Padding};
use std::f32::consts::TAU;

/// Where a window begins and how far apart its taps are, along rows and along columns.
pub struct WindowSteps {
    /// Taps along rows and along columns.
    pub kernel: [usize; 2],
    /// From a window to the next.
    pub stride: [usize; 2],
    /// From a tap to the next.
    pub dilation: [usize; 2],
    /// Zeros around the input.
    pub padding: Padding,
}

impl WindowSteps {
    /// Where each tap of a window falls on maps of this size; `None` beyond their edge.
    pub fn taps(&self, at: [usize; 2], [height, width]: [usize; 2]) -> Vec<Option<usize>> {
        let along = |axis: usize, tap: usize, pad: usize, size: usize| {
            (at[axis] * self.stride[axis] + tap * self.dilation[axis]).checked_sub(pad).filter(|&place| place < size)
        };
        let row = |tap: usize| along(0, tap, self.padding.top, height);
        let column = |tap: usize| along(1, tap, self.padding.left, width);
        let place = |y: usize, x: usize| Some(row(y)? * width + column(x)?);
        (0..self.kernel[0]).flat_map(|y| (0..self.kernel[1]).map(move |x| (y, x))).map(|(y, x)| place(y, x)).collect()
    }
}

/// A square input, a filter and how the one goes over the other.
pub struct Example<'a> {
    /// Row by row.
    pub input: &'a [f32],
    /// Rows of the input, and columns.
    pub side: usize,
    /// Row by row.
    pub kernel: &'a [f32],
    /// Rows and columns of the filter.
    pub size: [usize; 2],
    /// From a window to the next.
    pub stride: usize,
    /// Zeros on every side.
    pub padding: usize,
    /// From a tap to the next.
    pub dilation: usize,
}

impl Example<'_> {
    /// Rows and columns of the output.
    ///
    /// # Errors
    /// A phrase that says why there is none.
    pub fn output_size(&self) -> Result<[usize; 2], String> {
        let padding = Padding::all(self.padding);
        let conv = Conv { padding, ..Conv::rect(1, self.size).stride(self.stride).dilation(self.dilation) };
        let shape = Op::Conv(conv).output_shape(&[&[1, self.side, self.side]])?;
        Ok([shape[1], shape[2]])
    }

    /// Where the taps of the window at a row and a column of the output fall on the input; `None` in the padding.
    pub fn taps(&self, at: [usize; 2]) -> Vec<Option<usize>> {
        let (stride, padding) = ([self.stride; 2], Padding::all(self.padding));
        WindowSteps { kernel: self.size, stride, dilation: [self.dilation; 2], padding }.taps(at, [self.side; 2])
    }

    /// Input times filter at every tap of a window.
    pub fn products(&self, at: [usize; 2]) -> Vec<f32> {
        let value = |tap: Option<usize>| tap.map_or(0.0, |tap| self.input[tap]);
        self.taps(at).into_iter().zip(self.kernel).map(|(tap, weight)| value(tap) * weight).collect()
    }

    /// All of the output, row by row.
    ///
    /// # Errors
    /// As [`Example::output_size`].
    pub fn output(&self) -> Result<Vec<f32>, String> {
        let [rows, columns] = self.output_size()?;
        let at = |index: usize| self.products([index / columns, index % columns]).iter().sum();
        Ok((0..rows * columns).map(at).collect())
    }

    /// How the size of the output along an axis (0: rows) comes about.
    pub fn formula(&self, axis: usize) -> String {
        let Example { side, stride, padding, dilation, .. } = self;
        let (kernel, size) = (self.size[axis], self.output_size());
        let size = size.map_or_else(|_| "none".into(), |size| size[axis].to_string());
        format!("floor(({side} + 2·{padding} - {dilation}·({kernel} - 1) - 1) / {stride}) + 1 = {size}")
    }

    /// Number of rows or columns at the end of the padded input that no window reaches.
    pub fn unseen(&self, axis: usize) -> usize {
        let span = self.dilation * (self.size[axis] - 1) + 1;
        (self.side + 2 * self.padding).saturating_sub(span) % self.stride
    }
}

/// Values with a name.
pub struct ExamplePreset {
    /// In the list.
    pub name: &'static str,
    /// The purpose of the values.
    pub about: &'static str,
    /// The side of the square, and its values row by row.
    pub make: fn() -> (usize, Vec<f32>),
}

/// Kernels, that of the lectures first.
pub const KERNELS: &[ExamplePreset] = &[
    ExamplePreset {
        name: "lecture",
        about: "The cross of the lectures' example: counts ones on two diagonals",
        make: lecture,
    },
    ExamplePreset { name: "identity", about: "One in the middle: the input again", make: || (3, one_at(9, 4)) },
    ExamplePreset { name: "blur", about: "The mean of a neighbourhood", make: || (3, vec![1.0 / 9.0; 9]) },
    ExamplePreset {
        name: "Gaussian",
        about: "A mean that prefers the middle",
        make: || (3, [1., 2., 1., 2., 4., 2., 1., 2., 1.].map(|weight: f32| weight / 16.0).to_vec()),
    },
    ExamplePreset {
        name: "sharpen",
        about: "The value, and what sets it apart from its neighbours once more",
        make: || (3, vec![0., -1., 0., -1., 5., -1., 0., -1., 0.]),
    },
    ExamplePreset {
        name: "Sobel across",
        about: "How much brighter it is at the right: vertical edges",
        make: || (3, vec![-1., 0., 1., -2., 0., 2., -1., 0., 1.]),
    },
    ExamplePreset {
        name: "Sobel down",
        about: "How much brighter it is below: horizontal edges",
        make: || (3, vec![-1., -2., -1., 0., 0., 0., 1., 2., 1.]),
    },
    ExamplePreset {
        name: "Laplacian",
        about: "How far the middle lies below its neighbours: dots, ends of lines and edges",
        make: || (3, vec![0., 1., 0., 1., -4., 1., 0., 1., 0.]),
    },
    ExamplePreset {
        name: "Gabor",
        about: "A wave under a Gaussian: what cells of the striate cortex respond to, and what first layers learn",
        make: gabor,
    },
];

/// Inputs, that of the lectures first.
pub const INPUTS: &[ExamplePreset] = &[
    ExamplePreset {
        name: "lecture",
        about: "The five by five ones and zeros of the lectures",
        make: || {
            let rows = [[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]];
            (5, rows.as_flattened().iter().map(|&value| value as f32).collect())
        },
    },
    ExamplePreset { name: "edge", about: "Dark at the left, bright at the right", make: || painted(|_, x| x >= 4) },
    ExamplePreset {
        name: "dot",
        about: "One bright value: the output is the filter, turned by half a turn",
        make: || painted(|y, x| (y, x) == (3, 3)),
    },
    ExamplePreset { name: "stripes", about: "Two dark, two bright", make: || painted(|_, x| x / 2 % 2 == 1) },
    ExamplePreset { name: "corner", about: "Bright below and at the right", make: || painted(|y, x| y >= 3 && x >= 3) },
];

fn lecture() -> (usize, Vec<f32>) {
    (3, vec![1., 0., 1., 0., 1., 0., 1., 0., 1.])
}

fn one_at(count: usize, place: usize) -> Vec<f32> {
    (0..count).map(|index| if index == place { 1.0 } else { 0.0 }).collect()
}

fn painted(is_bright: fn(usize, usize) -> bool) -> (usize, Vec<f32>) {
    const SIDE: usize = 7;
    let value = |index: usize| if is_bright(index / SIDE, index % SIDE) { 1.0 } else { 0.0 };
    (SIDE, (0..SIDE * SIDE).map(value).collect())
}

/// A wave of four pixels across, under a Gaussian of one and a half; its mean is zero, so that a grey input gives nothing.
fn gabor() -> (usize, Vec<f32>) {
    const SIDE: usize = 5;
    let value = |index: usize| {
        let (y, x) = ((index / SIDE) as f32 - 2.0, (index % SIDE) as f32 - 2.0);
        let under = (-(x * x + y * y) / (2.0 * 1.5 * 1.5)).exp();
        (under, under * (TAU * x / 4.0).cos())
    };
    let all: Vec<(f32, f32)> = (0..SIDE * SIDE).map(value).collect();
    let (under, waves) = all.iter().fold((0.0, 0.0), |sum, value| (sum.0 + value.0, sum.1 + value.1));
    (SIDE, all.iter().map(|(one, wave)| wave - one * waves / under).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn preset(list: &[ExamplePreset], name: &str) -> (usize, Vec<f32>) {
        (list.iter().find(|preset| preset.name == name).unwrap().make)()
    }

    #[test]
    fn the_lectures_example_comes_out_as_in_the_lectures() {
        let ((side, input), (size, kernel)) = (preset(INPUTS, "lecture"), preset(KERNELS, "lecture"));
        let example = |stride, padding, dilation| Example {
            input: &input,
            side,
            kernel: &kernel,
            size: [size, size],
            stride,
            padding,
            dilation,
        };
        assert_eq!(example(1, 0, 1).output().unwrap(), [4., 3., 4., 2., 4., 3., 2., 3., 4.]);
        assert_eq!(example(1, 0, 1).products([0, 0]), [1., 0., 1., 0., 1., 0., 0., 0., 1.]);
        assert_eq!(example(2, 0, 1).output().unwrap(), [4., 4., 2., 4.]);
        assert_eq!(example(1, 1, 1).output_size(), Ok([5, 5]));
        assert_eq!(example(1, 0, 2).output().unwrap(), [2.]);
        assert_eq!((example(3, 0, 1).output_size(), example(3, 0, 1).unseen(0)), (Ok([1, 1]), 2));
        assert!(example(1, 0, 3).output().unwrap_err().contains("larger"), "three taps three apart span seven");
        assert_eq!(example(2, 1, 1).formula(0), "floor((5 + 2·1 - 1·(3 - 1) - 1) / 2) + 1 = 3");
    }

    #[test]
    fn presets_are_what_they_say() {
        for preset in KERNELS.iter().chain(INPUTS) {
            let (side, values) = (preset.make)();
            assert_eq!(values.len(), side * side, "{}", preset.name);
        }
        let sum = |name: &str| preset(KERNELS, name).1.iter().sum::<f32>();
        for (name, expected) in
            [("blur", 1.), ("Gaussian", 1.), ("sharpen", 1.), ("Laplacian", 0.), ("Sobel down", 0.), ("Gabor", 0.)]
        {
            assert!((sum(name) - expected).abs() < 1e-5, "{name}: {}", sum(name));
        }
        // A dot under a filter is the filter, turned by half a turn.
        let ((side, input), (size, kernel)) = (preset(INPUTS, "dot"), preset(KERNELS, "Sobel across"));
        let size = [size, size];
        let example = Example { input: &input, side, kernel: &kernel, size, stride: 1, padding: 0, dilation: 1 };
        let output = example.output().unwrap();
        let turned: Vec<f32> = kernel.iter().rev().copied().collect();
        let around: Vec<f32> = (1..4).flat_map(|y| (1..4).map(move |x| y * 5 + x)).map(|at| output[at]).collect();
        assert_eq!(around, turned);
    }
}
