//! The page on switches: the way back through max pooling, beside that through mean pooling.

use super::{
    board::{self, CellColours},
    page::{ExamplePage, NamedNumbers, PageKind, SmallExample},
    small::{chain, gradient},
};
use crate::{
    Result,
    kernels::to_vec,
    net::{Op, Window},
    ui::model::state::View,
};
use candle_core::DType;
use eframe::egui::Ui;
use serde::{Deserialize, Serialize};

pub(super) const PAGE: PageKind = PageKind {
    name: "switches",
    title: "Switches",
    idea: "Max pooling remembers where each window found its largest value: the switch. The gradient goes back to that place \
           alone. Mean pooling gives every place an equal part. A deconvnet puts activations back by the same switches.",
    exercise: "make another value the largest of its window and watch its gradient move.",
    make: ExamplePage::<SwitchExample>::boxed,
};

const SIDE: usize = 4;
const POOLED: usize = 2;

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct SwitchExample {
    input: Vec<f32>,
    gradient: Vec<f32>,
}

impl Default for SwitchExample {
    fn default() -> Self {
        let input = vec![1., 1., 2., 4., 5., 6., 7., 8., 3., 2., 1., 0., 1., 2., 3., 4.];
        SwitchExample { input, gradient: vec![1., -2., 3., 4.] }
    }
}

/// The output of max pooling, its switches, and the gradients at the input behind max and mean pooling.
#[derive(Clone)]
struct SwitchNumbers {
    output: Vec<f32>,
    /// The place of each window's largest value in the input.
    switches: Vec<usize>,
    behind_max: Vec<f32>,
    behind_mean: Vec<f32>,
}

impl SmallExample for SwitchExample {
    type Numbers = SwitchNumbers;
    const NAME: &'static str = "switches";

    fn is_sound(&self) -> bool {
        self.input.len() == SIDE * SIDE && self.gradient.len() == POOLED * POOLED
    }

    fn numbers(&self) -> Result<SwitchNumbers> {
        let window = Window::new(2, 2);
        let shape = [1, SIDE, SIDE];
        let max = chain(shape, &self.input, &[(Op::MaxPool(window.clone()), &[])])?;
        let mean = chain(shape, &self.input, &[(Op::AvgPool { window, count_padding: false }, &[])])?;
        let switches = match max.switches(1)? {
            Some(switches) => to_vec(&switches.to_dtype(DType::F32)?)?.into_iter().map(|at| at as usize).collect(),
            None => Vec::new(),
        };
        Ok(SwitchNumbers {
            output: max.values(1)?,
            switches,
            behind_max: gradient(&max, 1, &self.gradient, 0)?,
            behind_mean: gradient(&mean, 1, &self.gradient, 0)?,
        })
    }

    fn controls(&mut self, ui: &mut Ui, _: View) {
        if ui.button("reset").on_hover_text("The numbers at first").clicked() {
            *self = SwitchExample::default();
        }
    }

    fn draw(&mut self, ui: &mut Ui, view: View, numbers: &SwitchNumbers) {
        let side = board::cell_in_sight(ui, 2 * SIDE + POOLED, 2, 2 * SIDE, 2).min(44.0);
        let at = |columns: usize| [columns, side as usize];
        board::row(ui, "switches", |ui| {
            ui.vertical(|ui| {
                board::line(ui, |ui| {
                    let columns = SIDE;
                    let (title, name) = ("input, its switches framed", "input");
                    let (padding, colours) = (Default::default(), CellColours::Values);
                    let grid = board::EditGrid { title, name, columns, side, padding, colours };
                    let (placed, _) = grid.show(ui, view, &mut self.input);
                    numbers.switches.iter().for_each(|switch| placed.mark(ui, *switch, view.palette));
                    board::sign(ui, "→", SIDE, at(POOLED));
                    board::computed(ui, view, "max pooling", &numbers.output, at(POOLED), CellColours::Values);
                });
                board::line(ui, |ui| {
                    let behind = &numbers.behind_max;
                    board::computed(ui, view, "back through max pooling", behind, at(SIDE), CellColours::Signed);
                    board::sign(ui, "←", SIDE, at(POOLED));
                    board::editable(ui, view, "gradient", &mut self.gradient, at(POOLED), CellColours::Signed);
                    board::sign(ui, "→", SIDE, at(SIDE));
                    let behind = &numbers.behind_mean;
                    board::computed(ui, view, "back through mean pooling", behind, at(SIDE), CellColours::Signed);
                });
            });
        });
        let places: Vec<String> = numbers.switches.iter().map(|at| format!("({}, {})", at / SIDE, at % SIDE)).collect();
        board::formula(ui, format!("switches (row, column): {}", places.join("  ")));
    }

    fn grids(&self, numbers: &SwitchNumbers) -> Vec<NamedNumbers> {
        vec![
            ("input", self.input.clone(), SIDE),
            ("output", numbers.output.clone(), POOLED),
            ("gradient", self.gradient.clone(), POOLED),
            ("back through max", numbers.behind_max.clone(), SIDE),
            ("back through mean", numbers.behind_mean.clone(), SIDE),
        ]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn gradients_go_back_to_the_switches() {
        let found = SwitchExample::default().numbers().unwrap();
        assert_eq!(found.switches, [5, 7, 8, 15]);
        let mut expected = [0.0; 16];
        (expected[5], expected[7], expected[8], expected[15]) = (1., -2., 3., 4.);
        assert_eq!(found.behind_max, expected);
        assert_eq!(found.behind_mean[..4], [0.25, 0.25, -0.5, -0.5]);
        assert_eq!(found.behind_mean[12..], [0.75, 0.75, 1., 1.]);
    }
}
