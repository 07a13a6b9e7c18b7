//! The page on true convolution against cross-correlation, which frameworks call convolution.

use super::{
    board::{self, CellColours},
    page::{ExamplePage, NamedNumbers, PageKind, SmallExample},
    small::chain,
};
use crate::{
    Result,
    net::{Conv, Op},
    ui::model::state::View,
};
use eframe::egui::Ui;
use serde::{Deserialize, Serialize};

pub(super) const PAGE: PageKind = PageKind {
    name: "correlation",
    title: "Convolution or correlation",
    idea: "Mathematics turns the filter by half a turn before it slides: a convolution. Networks do not: theirs is a \
           cross-correlation. As the weights are learned, it makes no difference.",
    exercise: "the input is one bright dot. The convolution copies the filter to it; the correlation copies it turned. Make the filter symmetric.",
    make: ExamplePage::<CorrelationExample>::boxed,
};

const SIDE: usize = 5;
const TAPS: usize = 3;

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct CorrelationExample {
    input: Vec<f32>,
    kernel: Vec<f32>,
}

impl Default for CorrelationExample {
    fn default() -> Self {
        let dot = |at: usize| if at == SIDE * SIDE / 2 { 1.0 } else { 0.0 };
        let input = (0..SIDE * SIDE).map(dot).collect();
        CorrelationExample { input, kernel: (1..=TAPS * TAPS).map(|value| value as f32).collect() }
    }
}

/// The filter turned by half a turn, and both outputs.
#[derive(Clone)]
struct CorrelationNumbers {
    turned: Vec<f32>,
    correlation: Vec<f32>,
    convolution: Vec<f32>,
}

impl SmallExample for CorrelationExample {
    type Numbers = CorrelationNumbers;
    const NAME: &'static str = "convolution and correlation";

    fn is_sound(&self) -> bool {
        self.input.len() == SIDE * SIDE && self.kernel.len() == TAPS * TAPS
    }

    fn numbers(&self) -> Result<CorrelationNumbers> {
        let slide = |kernel: &[f32]| {
            let conv = Op::Conv(Conv::new(1, TAPS).unbiased());
            chain([1, SIDE, SIDE], &self.input, &[(conv, &[kernel])])?.values(1)
        };
        let turned: Vec<f32> = self.kernel.iter().rev().copied().collect();
        Ok(CorrelationNumbers { correlation: slide(&self.kernel)?, convolution: slide(&turned)?, turned })
    }

    fn controls(&mut self, ui: &mut Ui, _: View) {
        if ui.button("one dot").on_hover_text("All zeros, a one in the middle").clicked() {
            self.input = CorrelationExample::default().input;
        }
        if ui.button("symmetric filter").on_hover_text("The mean of the filter and the filter turned").clicked() {
            let turned: Vec<f32> = self.kernel.iter().rev().copied().collect();
            self.kernel.iter_mut().zip(turned).for_each(|(own, other)| *own = (*own + other) / 2.0);
        }
        if ui.button("reset").on_hover_text("The numbers at first").clicked() {
            *self = CorrelationExample::default();
        }
    }

    fn draw(&mut self, ui: &mut Ui, view: View, numbers: &CorrelationNumbers) {
        let side = board::cell_in_sight(ui, SIDE + 2 * TAPS, 2, 2 * TAPS, 2);
        let at = |columns: usize| [columns, side as usize];
        board::row(ui, "correlation", |ui| {
            board::editable(ui, view, "input", &mut self.input, at(SIDE), CellColours::Values);
            ui.vertical(|ui| {
                board::line(ui, |ui| {
                    board::sign(ui, "⋆", TAPS, at(TAPS));
                    board::editable(ui, view, "filter", &mut self.kernel, at(TAPS), CellColours::Signed);
                    board::sign(ui, "=", TAPS, at(TAPS));
                    board::computed(ui, view, "cross-correlation", &numbers.correlation, at(TAPS), CellColours::Values);
                });
                ui.add_space(6.0);
                board::line(ui, |ui| {
                    board::sign(ui, "⋆", TAPS, at(TAPS));
                    board::computed(ui, view, "filter, turned", &numbers.turned, at(TAPS), CellColours::Signed);
                    board::sign(ui, "=", TAPS, at(TAPS));
                    board::computed(ui, view, "convolution", &numbers.convolution, at(TAPS), CellColours::Values);
                });
            });
        });
        let same = numbers.correlation == numbers.convolution;
        let text =
            if same { "The two are equal." } else { "The two differ: the filter is not symmetric about its middle." };
        board::say(ui, text);
    }

    fn grids(&self, numbers: &CorrelationNumbers) -> Vec<NamedNumbers> {
        vec![
            ("input", self.input.clone(), SIDE),
            ("filter", self.kernel.clone(), TAPS),
            ("cross-correlation", numbers.correlation.clone(), TAPS),
            ("convolution", numbers.convolution.clone(), TAPS),
        ]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_dot_becomes_the_filter_under_convolution_and_the_turned_filter_under_correlation() {
        let example = CorrelationExample::default();
        let found = example.numbers().unwrap();
        assert_eq!(found.convolution, [1., 2., 3., 4., 5., 6., 7., 8., 9.]);
        assert_eq!(found.correlation, [9., 8., 7., 6., 5., 4., 3., 2., 1.]);
    }
}
