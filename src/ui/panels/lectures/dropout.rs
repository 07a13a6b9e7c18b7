//! The page on dropout: masks of training at work, and their mean.

use super::{
    board::{self, CellColours},
    page::{ExamplePage, NamedNumbers, PageKind, SmallExample},
    small::network,
};
use crate::{
    Result,
    kernels::to_vec,
    net::{Builder, Op, Training},
    ui::{model::state::View, widgets::number},
    watch::Watch,
};
use candle_core::{Device, Tensor};
use eframe::egui::Ui;
use serde::{Deserialize, Serialize};

pub(super) const PAGE: PageKind = PageKind {
    name: "dropout",
    title: "Dropout",
    idea: "In training each value is dropped with probability p, another choice in every pass; the others are divided by \
           1 - p. No unit can rely on another. When the network runs, nothing is dropped.",
    exercise: "press next mask a few times. Then raise the number of masks: their mean comes near the values.",
    make: ExamplePage::<DropoutExample>::boxed,
};

const SIDE: usize = 4;
const MOST_MASKS: usize = 300;

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct DropoutExample {
    values: Vec<f32>,
    share: f32,
    /// The number of the mask that is shown.
    mask: u64,
    /// Masks in the mean.
    masks: usize,
}

impl Default for DropoutExample {
    fn default() -> Self {
        let values = (1..=SIDE * SIDE).map(|value| value as f32).collect();
        DropoutExample { values, share: 0.5, mask: 0, masks: 10 }
    }
}

/// The factors and the output under the mask that is shown, and the mean of the outputs under several.
#[derive(Clone)]
struct DropoutNumbers {
    factors: Vec<f32>,
    output: Vec<f32>,
    mean: Vec<f32>,
}

impl SmallExample for DropoutExample {
    type Numbers = DropoutNumbers;
    const NAME: &'static str = "dropout";

    fn is_sound(&self) -> bool {
        self.values.len() == SIDE * SIDE && (0.0..=0.9).contains(&self.share) && (1..=MOST_MASKS).contains(&self.masks)
    }

    fn numbers(&self) -> Result<DropoutNumbers> {
        let mut builder = Builder::new([1, SIDE, SIDE]);
        builder.then("dropout", Op::Dropout { p: f64::from(self.share) });
        let network = network(builder.finish()?, &[])?;
        let run = |values: &[f32], mask: u64| -> Result<Vec<f32>> {
            let input = Tensor::from_slice(values, (1, 1, SIDE, SIDE), &Device::Cpu)?;
            let how = Training { learns: vec![false; 2], dropout: Some(mask) };
            let trace = network.forward_training(&input, how, &Watch::default())?;
            Ok(to_vec(trace.output(1))?)
        };
        let factors = run(&[1.0; SIDE * SIDE], self.mask)?;
        let output = run(&self.values, self.mask)?;
        let mut mean = vec![0.0; SIDE * SIDE];
        for mask in 0..self.masks as u64 {
            let own = run(&self.values, self.mask + mask)?;
            mean.iter_mut().zip(own).for_each(|(sum, value)| *sum += value / self.masks as f32);
        }
        Ok(DropoutNumbers { factors, output, mean })
    }

    fn controls(&mut self, ui: &mut Ui, _: View) {
        board::amount(ui, "p", "Share of values that is dropped", &mut self.share, 0.0..=0.9);
        ui.separator();
        if ui.button("next mask").on_hover_text("As in the next step of training").clicked() {
            self.mask += 1;
        }
        board::size(ui, "masks in the mean", "How many passes the mean is of", &mut self.masks, 1..=MOST_MASKS);
    }

    fn draw(&mut self, ui: &mut Ui, view: View, numbers: &DropoutNumbers) {
        let side = board::cell(ui, 4 * SIDE, 4);
        let at = [SIDE, side as usize];
        board::row(ui, "dropout", |ui| {
            board::editable(ui, view, "values", &mut self.values, at, CellColours::Values);
            board::sign(ui, "×", SIDE, at);
            board::computed(ui, view, "mask / (1 - p)", &numbers.factors, at, CellColours::Values);
            board::sign(ui, "=", SIDE, at);
            board::computed(ui, view, "in training", &numbers.output, at, CellColours::Values);
            ui.add_space(10.0);
            board::computed(ui, view, &format!("mean of {}", self.masks), &numbers.mean, at, CellColours::Values);
        });
        let kept = numbers.factors.iter().filter(|factor| **factor > 0.0).count();
        let count = self.values.len();
        board::formula(
            ui,
            format!(
                "{kept} of {count} values stay, times 1 / (1 - {}) = {}",
                number(self.share),
                number(1.0 / (1.0 - self.share))
            ),
        );
        let far = |of: &[f32]| of.iter().zip(&self.values).map(|(a, b)| (a - b).abs()).sum::<f32>() / count as f32;
        board::say(
            ui,
            format!(
                "From the values, the output of one mask is {} away on average, and the mean of {} masks {}.",
                number(far(&numbers.output)),
                self.masks,
                number(far(&numbers.mean))
            ),
        );
    }

    fn grids(&self, numbers: &DropoutNumbers) -> Vec<NamedNumbers> {
        vec![
            ("values", self.values.clone(), SIDE),
            ("mask", numbers.factors.clone(), SIDE),
            ("output", numbers.output.clone(), SIDE),
            ("mean", numbers.mean.clone(), SIDE),
        ]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_mask_drops_values_and_scales_the_others() {
        let example = DropoutExample { share: 0.75, masks: MOST_MASKS, ..DropoutExample::default() };
        let found = example.numbers().unwrap();
        assert!(found.factors.iter().all(|factor| *factor == 0.0 || *factor == 4.0), "{:?}", found.factors);
        let products: Vec<f32> = example.values.iter().zip(&found.factors).map(|(a, b)| a * b).collect();
        assert_eq!(found.output, products);
        // The deviation of a mean of 300 masks is a tenth of the value: sqrt(0.75 / 0.25 / 300).
        for (mean, value) in found.mean.iter().zip(&example.values) {
            assert!((mean - value).abs() < 0.45 * value, "{mean} is far from {value}");
        }
        let other = DropoutExample { mask: 1, ..example.clone() }.numbers().unwrap();
        assert_ne!(other.factors, found.factors);
        let none = DropoutExample { share: 0.0, ..example.clone() }.numbers().unwrap();
        assert_eq!(none.output, example.values);
    }
}
