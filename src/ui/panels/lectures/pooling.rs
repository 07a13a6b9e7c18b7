//! The page on pooling: the largest or the mean of each window, and what a shift of the picture by one pixel changes.

use super::{
    board::{self, CellColours},
    page::{ExamplePage, NamedNumbers, PageKind, SmallExample},
    small::chain,
};
use crate::{
    Result,
    net::{Op, Window},
    ui::{
        model::state::View,
        widgets::{number, numbers::Placed},
    },
};
use eframe::egui::{Stroke, StrokeKind, Ui};
use serde::{Deserialize, Serialize};

pub(super) const PAGE: PageKind = PageKind {
    name: "pooling",
    title: "Pooling",
    idea: "Pooling keeps one number of each window: the largest, or the mean. Maps get smaller, and a value \
           that moves within its window changes nothing.",
    exercise: "set all numbers but the first to 0: moved by one pixel it stays in its window, and the output is the same. Then choose stride 1.",
    make: ExamplePage::<PoolingExample>::boxed,
};

const SIDE: usize = 4;

/// The number that a window keeps.
#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
enum PoolWay {
    Max,
    Mean,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct PoolingExample {
    input: Vec<f32>,
    way: PoolWay,
    window: usize,
    stride: usize,
}

impl Default for PoolingExample {
    fn default() -> Self {
        let input = vec![1., 1., 2., 4., 5., 6., 7., 8., 3., 2., 1., 0., 1., 2., 3., 4.];
        PoolingExample { input, way: PoolWay::Max, window: 2, stride: 2 }
    }
}

/// The output, the input moved one pixel to the right, and the output of that.
#[derive(Clone)]
struct PoolingNumbers {
    output: Vec<f32>,
    columns: usize,
    shifted: Vec<f32>,
    shifted_output: Vec<f32>,
}

impl PoolingExample {
    fn pool(&self, input: &[f32]) -> Result<(Vec<f32>, usize)> {
        let window = Window::new(self.window, self.stride);
        let op = match self.way {
            PoolWay::Max => Op::MaxPool(window),
            PoolWay::Mean => Op::AvgPool { window, count_padding: false },
        };
        let trace = chain([1, SIDE, SIDE], input, &[(op, &[])])?;
        Ok((trace.values(1)?, trace.dims(1)[3]))
    }
}

impl PoolingExample {
    /// Gaps between windows that do not overlap, and a frame around the one at `[row, column]` of the output.
    fn outline(&self, ui: &Ui, view: View, input: &Placed, [row, column]: [usize; 2]) {
        let window = |row: usize, column: usize| {
            let first = row * self.stride * SIDE + column * self.stride;
            input.cells(first, first + (self.window - 1) * (SIDE + 1))
        };
        if self.stride == self.window {
            let gap = Stroke::new(5.0, view.palette.pane);
            for at in 0..(SIDE / self.stride).pow(2) {
                let rect = window(at / (SIDE / self.stride), at % (SIDE / self.stride));
                ui.painter().rect_stroke(rect, 0.0, gap, StrokeKind::Middle);
            }
        }
        let frame = Stroke::new(2.5, view.palette.accent);
        ui.painter().rect_stroke(window(row, column), 0.0, frame, StrokeKind::Inside);
    }
}

/// The values moved one column to the right; zeros come in at the left.
fn shifted(values: &[f32], columns: usize) -> Vec<f32> {
    (0..values.len()).map(|at| if at % columns == 0 { 0.0 } else { values[at - 1] }).collect()
}

impl SmallExample for PoolingExample {
    type Numbers = PoolingNumbers;
    const NAME: &'static str = "pooling";

    fn is_sound(&self) -> bool {
        self.input.len() == SIDE * SIDE && (2..=3).contains(&self.window) && (1..=2).contains(&self.stride)
    }

    fn numbers(&self) -> Result<PoolingNumbers> {
        let (output, columns) = self.pool(&self.input)?;
        let shifted = shifted(&self.input, SIDE);
        let (shifted_output, _) = self.pool(&shifted)?;
        Ok(PoolingNumbers { output, columns, shifted, shifted_output })
    }

    fn controls(&mut self, ui: &mut Ui, _: View) {
        let ways = [(PoolWay::Max, "max", "The largest value of each window"), (PoolWay::Mean, "mean", "Their mean")];
        board::choose(ui, &mut self.way, &ways);
        ui.separator();
        board::size(ui, "window", "Rows and columns of a window", &mut self.window, 2..=3);
        board::size(ui, "stride", "From a window to the next", &mut self.stride, 1..=2);
    }

    fn draw(&mut self, ui: &mut Ui, view: View, numbers: &PoolingNumbers) {
        let PoolingNumbers { output, columns, shifted, shifted_output } = numbers;
        let wide = 2 * (SIDE + columns);
        let side = board::cell(ui, wide, 4);
        let cells = |columns: usize| [columns, side as usize];
        let [row, column] = board::row(ui, "pooling", |ui| {
            let (title, padding, colours) = ("input", Default::default(), CellColours::Values);
            let grid = board::EditGrid { title, name: title, columns: SIDE, side, padding, colours };
            let (input, _) = grid.show(ui, view, &mut self.input);
            board::sign(ui, "→", SIDE, cells(*columns));
            let placed = board::computed(ui, view, "output", output, cells(*columns), colours);
            ui.add_space(16.0);
            let moved = board::computed(ui, view, "moved one pixel", shifted, cells(SIDE), colours);
            board::sign(ui, "→", SIDE, cells(*columns));
            let its = board::computed(ui, view, "its output", shifted_output, cells(*columns), colours);
            let pointed = [&placed, &its].into_iter().find_map(|grid| Some(grid.under(grid.response.hover_pos()?)));
            let [row, column] = pointed.unwrap_or([0, 0]);
            for (input, output) in [(&input, &placed), (&moved, &its)] {
                self.outline(ui, view, input, [row, column]);
                output.mark(ui, row * columns + column, view.palette);
            }
            [row, column]
        });
        let at = |index: usize| {
            self.input[(row * self.stride + index / self.window) * SIDE + column * self.stride + index % self.window]
        };
        let window: Vec<String> = (0..self.window * self.window).map(|index| number(at(index))).collect();
        let (name, value) =
            (if self.way == PoolWay::Max { "max" } else { "mean" }, number(output[row * columns + column]));
        board::formula(ui, format!("row {row}, column {column}:  {name}({}) = {value}", window.join(", ")));
        let same = |a: &[f32], b: &[f32]| a.iter().zip(b).filter(|(a, b)| a == b).count();
        let (before, after) = (same(&self.input, shifted), same(output, shifted_output));
        board::say(
            ui,
            format!(
                "After the shift {before} of {} values of the input are as before, and {after} of {} values of the output.",
                self.input.len(),
                output.len()
            ),
        );
    }

    fn grids(&self, numbers: &PoolingNumbers) -> Vec<NamedNumbers> {
        vec![
            ("input", self.input.clone(), SIDE),
            ("output", numbers.output.clone(), numbers.columns),
            ("moved", numbers.shifted.clone(), SIDE),
            ("output of moved", numbers.shifted_output.clone(), numbers.columns),
        ]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_lectures_example_gives_6_8_3_4() {
        let example = PoolingExample::default();
        assert_eq!(example.numbers().unwrap().output, [6.0, 8.0, 3.0, 4.0]);
        let mean = PoolingExample { way: PoolWay::Mean, ..example.clone() };
        assert_eq!(mean.numbers().unwrap().output, [3.25, 5.25, 2.0, 2.0]);
        let dense = PoolingExample { stride: 1, ..example };
        assert_eq!(dense.numbers().unwrap().output, [6., 7., 8., 6., 7., 8., 3., 3., 4.]);
    }

    #[test]
    fn a_shift_moves_values_to_the_right() {
        assert_eq!(shifted(&[1., 2., 3., 4.], 2), [0., 1., 0., 3.]);
        // 0 1 1 2 / 0 5 6 7 / 0 3 2 1 / 0 1 2 3
        assert_eq!(PoolingExample::default().numbers().unwrap().shifted_output, [5., 7., 3., 3.]);
    }
}
