//! The page on the backward pass through a convolution: the gradients at its weights and at its input.

use super::{
    board::{self, CellColours, EditGrid},
    page::{ExamplePage, NamedNumbers, PageKind, SmallExample},
    small::{chain, gradient},
};
use crate::{
    Result,
    kernels::to_vec,
    net::{Conv, Op, Padding, Training},
    ui::{model::state::View, widgets::number},
    watch::Watch,
};
use candle_core::{Device, Tensor};
use eframe::egui::Ui;
use serde::{Deserialize, Serialize};

pub(super) const PAGE: PageKind = PageKind {
    name: "backward",
    title: "The backward pass",
    idea: "Both gradients of a convolution are convolutions again. At the weights: the gradient of the output slides over the \
           input. At the input: the filter, turned by half a turn, slides over the gradient with zeros around it.",
    exercise: "set all gradients but one to 0: the weight gradient is then a window of the input, and the input gradient a copy of the filter.",
    make: ExamplePage::<BackwardExample>::boxed,
};

const SIDE: usize = 3;
const TAPS: usize = 2;

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct BackwardExample {
    input: Vec<f32>,
    kernel: Vec<f32>,
    /// The gradient of the loss at each output.
    gradient: Vec<f32>,
}

impl Default for BackwardExample {
    fn default() -> Self {
        let input = (1..=SIDE * SIDE).map(|value| value as f32).collect();
        BackwardExample { input, kernel: vec![1., 2., 3., 4.], gradient: vec![1., 0., 0., -1.] }
    }
}

/// The output, the filter turned by half a turn, and the two gradients.
#[derive(Clone)]
struct BackwardNumbers {
    output: Vec<f32>,
    turned: Vec<f32>,
    weights: Vec<f32>,
    input: Vec<f32>,
}

impl SmallExample for BackwardExample {
    type Numbers = BackwardNumbers;
    const NAME: &'static str = "backward pass";

    fn is_sound(&self) -> bool {
        self.input.len() == SIDE * SIDE && self.kernel.len() == TAPS * TAPS && self.gradient.len() == TAPS * TAPS
    }

    fn numbers(&self) -> Result<BackwardNumbers> {
        let conv = Op::Conv(Conv::new(1, TAPS).unbiased());
        let trace = chain([1, SIDE, SIDE], &self.input, &[(conv, &[&self.kernel])])?;
        let how = Training { learns: vec![false, true], dropout: None };
        let trained = trace.network().forward_training(trace.output(0), how, &Watch::default())?;
        let seed = Tensor::from_slice(&self.gradient, trace.dims(1), &Device::Cpu)?;
        let weights = to_vec(&trained.gradients(&[(1, seed)], &Watch::default())?[1][0])?;
        let input = gradient(&trace, 1, &self.gradient, 0)?;
        let turned = self.kernel.iter().rev().copied().collect();
        Ok(BackwardNumbers { output: trace.values(1)?, turned, weights, input })
    }

    fn controls(&mut self, ui: &mut Ui, _: View) {
        let step = ui.button("learn a step").on_hover_text("The filter minus a hundredth of its gradient");
        if step.clicked()
            && let Ok(numbers) = self.numbers()
        {
            self.kernel.iter_mut().zip(numbers.weights).for_each(|(weight, slope)| *weight -= 0.01 * slope);
        }
        if ui.button("reset").on_hover_text("The numbers at first").clicked() {
            *self = BackwardExample::default();
        }
    }

    fn draw(&mut self, ui: &mut Ui, view: View, numbers: &BackwardNumbers) {
        let side = board::cell_in_sight(ui, 2 * SIDE + TAPS + 2, 2, 2 * SIDE + TAPS + 2, 3).min(40.0);
        let at = |columns: usize| [columns, side as usize];
        board::row(ui, "backward", |ui| {
            ui.vertical(|ui| {
                board::line(ui, |ui| {
                    board::editable(ui, view, "input", &mut self.input, at(SIDE), CellColours::Values);
                    board::sign(ui, "⋆", SIDE, at(TAPS));
                    board::editable(ui, view, "filter", &mut self.kernel, at(TAPS), CellColours::Signed);
                    board::sign(ui, "=", SIDE, at(TAPS));
                    board::computed(ui, view, "output", &numbers.output, at(TAPS), CellColours::Values);
                });
                board::line(ui, |ui| {
                    board::computed(ui, view, "the input again", &self.input, at(SIDE), CellColours::Values);
                    board::sign(ui, "⋆", SIDE, at(TAPS));
                    board::editable(
                        ui,
                        view,
                        "gradient at the output",
                        &mut self.gradient,
                        at(TAPS),
                        CellColours::Signed,
                    );
                    board::sign(ui, "=", SIDE, at(TAPS));
                    let title = "gradient at the filter";
                    board::computed(ui, view, title, &numbers.weights, at(TAPS), CellColours::Signed);
                });
                board::line(ui, |ui| {
                    let padding = Padding::all(TAPS - 1);
                    let (title, name, columns) = ("gradient, padded", "gradient at the output, padded", TAPS);
                    let grid = EditGrid { title, name, columns, side, padding, colours: CellColours::Signed };
                    grid.show(ui, view, &mut self.gradient);
                    board::sign(ui, "⋆", SIDE, at(TAPS));
                    board::computed(ui, view, "filter, turned", &numbers.turned, at(TAPS), CellColours::Signed);
                    board::sign(ui, "=", SIDE, at(SIDE));
                    board::computed(ui, view, "gradient at the input", &numbers.input, at(SIDE), CellColours::Signed);
                });
            });
        });
        let signed = |value: f32| if value < 0.0 { format!("({})", number(value)) } else { number(value) };
        let taps = (0..TAPS * TAPS).map(|at| (self.gradient[at], self.input[at / TAPS * SIDE + at % TAPS]));
        let terms: Vec<String> = taps.map(|(g, x)| format!("{}·{}", signed(g), signed(x))).collect();
        board::formula(ui, format!("first weight:  {} = {}", terms.join(" + "), number(numbers.weights[0])));
        let terms: Vec<String> = (0..TAPS * TAPS)
            .map(|at| format!("{}·{}", signed(self.gradient[at]), signed(numbers.turned[at])))
            .collect();
        board::formula(ui, format!("middle input:  {} = {}", terms.join(" + "), number(numbers.input[SIDE + 1])));
    }

    fn grids(&self, numbers: &BackwardNumbers) -> Vec<NamedNumbers> {
        vec![
            ("input", self.input.clone(), SIDE),
            ("filter", self.kernel.clone(), TAPS),
            ("output", numbers.output.clone(), TAPS),
            ("gradient at the output", self.gradient.clone(), TAPS),
            ("gradient at the filter", numbers.weights.clone(), TAPS),
            ("gradient at the input", numbers.input.clone(), SIDE),
        ]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn both_gradients_are_those_worked_out_by_hand() {
        let example = BackwardExample { gradient: vec![1., 2., 0., -1.], ..BackwardExample::default() };
        let found = example.numbers().unwrap();
        assert_eq!(found.output, [37., 47., 67., 77.]);
        // Input windows: 1 2 4 5, shifted by what a weight sees: 1·1 + 2·2 - 5, 1·2 + 2·3 - 6, ...
        assert_eq!(found.weights, [1. + 4. - 5., 2. + 6. - 6., 4. + 10. - 8., 5. + 12. - 9.]);
        // Each gradient puts the filter, times itself, at its window.
        assert_eq!(found.input, [1., 2. + 2., 4., 3., 4. + 6. - 1., 8. - 2., 0., -3., -4.]);
    }
}
