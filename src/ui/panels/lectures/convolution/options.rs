//! The options of the page on convolution: numbers, kernel and steps.

use crate::{
    kernels::to_vec,
    ui::{
        model::state::View,
        panels::lectures::convolution::convolve::{Example, ExamplePreset, INPUTS, KERNELS},
        widgets::{combo, slider_saying},
    },
};
use eframe::egui::{self, Ui};
use serde::{Deserialize, Serialize};

/// The state of the page, kept between sessions.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct ConvolutionOptions {
    pub input: Vec<f32>,
    pub side: usize,
    pub kernel: Vec<f32>,
    pub size: [usize; 2],
    pub stride: usize,
    pub padding: usize,
    pub dilation: usize,
    /// The filter is the selected unit's, for this input of its.
    pub learned: Option<usize>,
}

impl Default for ConvolutionOptions {
    fn default() -> Self {
        let ((side, input), (size, kernel)) = ((INPUTS[0].make)(), (KERNELS[0].make)());
        let size = [size, size];
        ConvolutionOptions { input, side, kernel, size, stride: 1, padding: 0, dilation: 1, learned: None }
    }
}

impl ConvolutionOptions {
    pub fn example(&self) -> Example<'_> {
        let ConvolutionOptions { side, size, stride, padding, dilation, .. } = *self;
        Example { input: &self.input, side, kernel: &self.kernel, size, stride, padding, dilation }
    }

    /// Whether kept options are what a window could have kept.
    pub fn is_sound(&self) -> bool {
        SIDES.contains(&self.side)
            && self.input.len() == self.side * self.side
            && self.size.iter().all(|side| (1..=MOST_TAPS).contains(side))
            && self.kernel.len() == self.size[0] * self.size[1]
            && STRIDES.contains(&self.stride)
            && PADDINGS.contains(&self.padding)
            && DILATIONS.contains(&self.dilation)
    }

    /// Draws the options; returns whether the learned kernel is to be read again.
    pub fn controls(&mut self, ui: &mut Ui, view: View) -> bool {
        let (options, mut anew) = (self, false);
        let is = |preset: &&ExamplePreset, values: &[f32]| (preset.make)().1 == values;
        let found = INPUTS.iter().find(|preset| is(preset, &options.input));
        let shown = format!("input: {}", found.map_or("own", |preset| preset.name));
        combo(ui, "Input", &shown, 92.0, |ui| {
            for preset in INPUTS {
                let picked = found.is_some_and(|found| found.name == preset.name);
                if ui.selectable_label(picked, preset.name).on_hover_text(preset.about).clicked() {
                    (options.side, options.input) = (preset.make)();
                }
            }
        });
        let mut side = options.side;
        if count(ui, "side", "Rows and columns of the input", &mut side, SIDES) {
            let value = |at: usize| match (at / side, at % side) {
                (y, x) if y < options.side && x < options.side => options.input[y * options.side + x],
                _ => 0.0,
            };
            let input = (0..side * side).map(value).collect();
            (options.side, options.input) = (side, input);
        }
        ui.separator();
        let found = KERNELS.iter().find(|preset| is(preset, &options.kernel));
        let own = found.map_or("own", |preset| preset.name);
        let shown = format!("filter: {}", if options.learned.is_some() { "learned" } else { own });
        combo(ui, "Filter", &shown, 122.0, |ui| {
            for preset in KERNELS {
                let picked = options.learned.is_none() && found.is_some_and(|found| found.name == preset.name);
                if ui.selectable_label(picked, preset.name).on_hover_text(preset.about).clicked() {
                    let (size, kernel) = (preset.make)();
                    (options.size, options.kernel, options.learned) = ([size, size], kernel, None);
                }
            }
            let hint = "What the selected unit learned for one of its inputs: pick a convolution and a unit";
            let there = learned(view, 0).is_some();
            let label = egui::Button::selectable(options.learned.is_some(), "learned");
            if ui.add_enabled(there, label).on_hover_text(hint).on_disabled_hover_text(hint).clicked() {
                (options.learned, anew) = (Some(0), true);
            }
        });
        if let Some(mut input) = options.learned {
            let inputs = learned(view, 0).map_or(1, |(.., inputs)| inputs);
            let hint = "Which of the unit's inputs the weights are for";
            if count(ui, "of input", hint, &mut input, 0..=inputs - 1) {
                options.learned = Some(input);
            }
        }
        ui.separator();
        count(ui, "stride", "How far from a window to the next", &mut options.stride, STRIDES);
        count(ui, "padding", "Zeros around the input", &mut options.padding, PADDINGS);
        count(ui, "dilation", "How far from a tap of the filter to the next", &mut options.dilation, DILATIONS);
        anew
    }
}

const SIDES: std::ops::RangeInclusive<usize> = 3..=9;
const STRIDES: std::ops::RangeInclusive<usize> = 1..=4;
const PADDINGS: std::ops::RangeInclusive<usize> = 0..=4;
const DILATIONS: std::ops::RangeInclusive<usize> = 1..=3;
/// AlexNet's first layer has 11x11.
const MOST_TAPS: usize = 11;

/// Weights of a unit for one of its inputs, with how many inputs there are.
pub(super) fn learned(view: View, input: usize) -> Option<(Vec<f32>, [usize; 2], usize)> {
    let filters = view.run().model.network.filters(view.selection.layer).ok()??;
    let (_, inputs, rows, columns) = filters.dims4().ok()?;
    let small = rows * columns > 1 && rows.max(columns) <= MOST_TAPS;
    let filter = filters.get(view.selection.unit).ok()?.get(input.min(inputs - 1)).ok()?;
    small.then(|| Some((to_vec(&filter).ok()?, [rows, columns], inputs))).flatten()
}

/// A number that can be dragged, typed, and stepped by the arrow keys.
fn count(ui: &mut Ui, name: &str, hint: &str, value: &mut usize, range: std::ops::RangeInclusive<usize>) -> bool {
    let was = *value;
    ui.spacing_mut().slider_width = 44.0;
    slider_saying(ui, name, &was.to_string(), egui::Slider::new(value, range)).on_hover_text(format!("{hint}: {was}"));
    *value != was
}
