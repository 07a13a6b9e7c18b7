//! The page on upsampling: copies, means of neighbours, and the transposed convolution.

use super::{
    board::{self, CellColours},
    page::{ExamplePage, NamedNumbers, PageKind, SmallExample},
    small::chain,
};
use crate::{
    Result,
    net::{Conv, ConvTranspose, Coordinates, Op, Upsample},
    ui::model::state::View,
};
use eframe::egui::Ui;
use serde::{Deserialize, Serialize};

pub(super) const PAGE: PageKind = PageKind {
    name: "upsampling",
    title: "Upsampling",
    idea: "Maps are made larger by copies, by averages of neighbours, or by a transposed convolution: for each value \
           a copy of the filter, times that value, is laid on the output, and copies that overlap are added up.",
    exercise: "choose transposed with stride 2 and a filter of 3: some outputs get more copies than others, a checkerboard. A filter of 2 has none.",
    make: ExamplePage::<UpsamplingExample>::boxed,
};

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
enum UpsamplingWay {
    Nearest,
    Linear,
    Nails,
    Transposed,
}

const WAYS: [(UpsamplingWay, &str, &str); 4] = [
    (UpsamplingWay::Nearest, "nearest", "Each value is copied"),
    (UpsamplingWay::Linear, "bilinear", "Between neighbours, by their distance"),
    (UpsamplingWay::Nails, "bed of nails", "Each value with zeros around it"),
    (UpsamplingWay::Transposed, "transposed convolution", "Each value times the filter, added up"),
];

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct UpsamplingExample {
    way: UpsamplingWay,
    input: Vec<f32>,
    kernel: Vec<f32>,
    taps: usize,
    stride: usize,
}

const SIDE: usize = 2;

impl Default for UpsamplingExample {
    fn default() -> Self {
        let kernel = vec![1., 2., 1., 2., 4., 2., 1., 2., 1.];
        UpsamplingExample { way: UpsamplingWay::Transposed, input: vec![1., 2., 3., 4.], kernel, taps: 3, stride: 2 }
    }
}

/// The output, and the copies of the filter that each output gets.
#[derive(Clone)]
struct UpsamplingNumbers {
    output: Vec<f32>,
    columns: usize,
    copies: Vec<f32>,
}

impl UpsamplingExample {
    fn transposed(&self, taps: usize, extra: usize) -> Op {
        let conv = Conv::new(1, taps).unbiased().stride(self.stride);
        Op::ConvTranspose(ConvTranspose { conv, extra: [extra; 2] })
    }

    fn run(&self, input: &[f32], kernel: &[f32]) -> Result<(Vec<f32>, usize)> {
        let resize = |linear| {
            let scale = [self.stride as f64; 2];
            Op::Upsample(Upsample { scale, linear, coordinates: Coordinates::HalfPixel, floor: false })
        };
        let nails: &[f32] = &[1.0];
        let shape = [1, SIDE, SIDE];
        let trace = match self.way {
            UpsamplingWay::Nearest => chain(shape, input, &[(resize(false), &[])])?,
            UpsamplingWay::Linear => chain(shape, input, &[(resize(true), &[])])?,
            UpsamplingWay::Nails => chain(shape, input, &[(self.transposed(1, self.stride - 1), &[nails])])?,
            UpsamplingWay::Transposed => chain(shape, input, &[(self.transposed(self.taps, 0), &[kernel])])?,
        };
        Ok((trace.values(1)?, trace.dims(1)[3]))
    }
}

impl SmallExample for UpsamplingExample {
    type Numbers = UpsamplingNumbers;
    const NAME: &'static str = "upsampling";

    fn is_sound(&self) -> bool {
        self.input.len() == SIDE * SIDE
            && (1..=4).contains(&self.taps)
            && self.kernel.len() == self.taps * self.taps
            && (1..=3).contains(&self.stride)
    }

    fn numbers(&self) -> Result<UpsamplingNumbers> {
        let (output, columns) = self.run(&self.input, &self.kernel)?;
        let (copies, _) = self.run(&[1.0; SIDE * SIDE], &vec![1.0; self.kernel.len()])?;
        Ok(UpsamplingNumbers { output, columns, copies })
    }

    fn controls(&mut self, ui: &mut Ui, _: View) {
        board::choose(ui, &mut self.way, &WAYS);
        ui.separator();
        board::size(ui, "stride", "Outputs for an input, along an axis", &mut self.stride, 1..=3);
        if self.way == UpsamplingWay::Transposed {
            let was = self.taps;
            board::size(ui, "filter", "Rows and columns of the filter", &mut self.taps, 1..=4);
            if was != self.taps {
                self.kernel = vec![1.0; self.taps * self.taps];
            }
        }
    }

    fn draw(&mut self, ui: &mut Ui, view: View, numbers: &UpsamplingNumbers) {
        let UpsamplingNumbers { output, columns, copies } = numbers;
        let is_transposed = self.way == UpsamplingWay::Transposed;
        let wide = SIDE + columns + if is_transposed { self.taps + columns } else { 0 };
        let side = board::cell(ui, wide, 4);
        let at = |columns: usize| [columns, side as usize];
        board::row(ui, "upsampling", |ui| {
            board::editable(ui, view, "input", &mut self.input, at(SIDE), CellColours::Values);
            if is_transposed {
                board::sign(ui, "×", SIDE, at(self.taps));
                board::editable(ui, view, "filter", &mut self.kernel, at(self.taps), CellColours::Signed);
            }
            board::sign(ui, "→", SIDE, at(*columns));
            board::computed(ui, view, "output", output, at(*columns), CellColours::Values);
            if is_transposed {
                ui.add_space(8.0);
                board::computed(ui, view, "number of copies added there", copies, at(*columns), CellColours::Values);
            }
        });
        if is_transposed {
            let (taps, stride) = (self.taps, self.stride);
            board::formula(ui, format!("(input - 1) · stride + filter = ({SIDE} - 1) · {stride} + {taps} = {columns}"));
            let even = copies.iter().all(|count| *count == copies[0]) || taps.is_multiple_of(stride);
            let text = match even {
                true => "Inside, every output gets equally many copies.",
                false => {
                    "The stride does not divide the filter: copies overlap unevenly, which shows as a checkerboard."
                }
            };
            board::say(ui, text);
            let text = "This is the backward pass of a convolution with the same filter and stride.";
            board::say(ui, text);
        } else {
            board::formula(ui, format!("input · stride = {SIDE} · {} = {columns}", self.stride));
        }
    }

    fn grids(&self, numbers: &UpsamplingNumbers) -> Vec<NamedNumbers> {
        vec![
            ("input", self.input.clone(), SIDE),
            ("filter", self.kernel.clone(), self.taps),
            ("output", numbers.output.clone(), numbers.columns),
        ]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ui::panels::lectures::small::gradient;

    #[test]
    fn copies_of_the_filter_are_added_up() {
        let found = UpsamplingExample::default().numbers().unwrap();
        let row = |at: usize| found.output[at * 5..][..5].to_vec();
        assert_eq!(row(0), [1., 2., 1. + 2., 4., 2.]);
        assert_eq!(row(2), [1. + 3., 2. + 6., 1. + 2. + 3. + 4., 4. + 8., 2. + 4.]);
        assert_eq!(found.copies[..5], [1., 1., 2., 1., 1.]);
        assert_eq!(found.copies[12], 4.0);
    }

    #[test]
    fn the_other_ways_fill_a_square_of_four() {
        let of = |way| UpsamplingExample { way, ..UpsamplingExample::default() }.numbers().unwrap().output;
        assert_eq!(of(UpsamplingWay::Nearest)[..8], [1., 1., 2., 2., 1., 1., 2., 2.]);
        assert_eq!(of(UpsamplingWay::Nails)[..8], [1., 0., 2., 0., 0., 0., 0., 0.]);
        assert_eq!(of(UpsamplingWay::Linear)[..4], [1., 1.25, 1.75, 2.]);
    }

    #[test]
    fn it_is_the_backward_pass_of_a_convolution() {
        let example = UpsamplingExample::default();
        let conv = Op::Conv(Conv::new(1, 3).unbiased().stride(2));
        let trace = chain([1, 5, 5], &[0.0; 25], &[(conv, &[&example.kernel])]).unwrap();
        let back = gradient(&trace, 1, &example.input, 0).unwrap();
        assert_eq!(back, example.numbers().unwrap().output);
    }
}
