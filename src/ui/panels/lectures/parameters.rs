//! The page on parameters: a layer connected fully, locally, and by weights that all places share.

use super::{
    board,
    page::{ExamplePage, NamedNumbers, PageKind, SmallExample},
};
use crate::{
    Result,
    figures::words::thousands,
    net::{Builder, Conv, Op},
    ui::model::state::View,
};
use eframe::egui::Ui;
use serde::{Deserialize, Serialize};

pub(super) const PAGE: PageKind = PageKind {
    name: "parameters",
    title: "Parameters",
    idea: "A fully connected layer has a weight for every pair of input and output. Locally connected, a unit sees a window. \
           Shared, the same few weights serve all places: a convolution.",
    exercise: "choose 30x30x3: 423,360 weights locally connected, 735 shared. Then your own sizes.",
    make: ExamplePage::<ParametersExample>::boxed,
};

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct ParametersExample {
    side: usize,
    channels: usize,
    outputs: usize,
    units: usize,
    window: usize,
    stride: usize,
    biases: bool,
}

impl Default for ParametersExample {
    fn default() -> Self {
        ParametersExample { side: 224, channels: 3, outputs: 1024, units: 5, window: 7, stride: 1, biases: false }
    }
}

/// The maps of a convolution, and the parameters of each way to connect them to the input.
#[derive(Clone, Debug, PartialEq)]
struct ParametersNumbers {
    /// Of a fully connected layer with its own number of outputs.
    dense: u64,
    /// Rows and columns of the maps.
    maps: usize,
    /// Of the maps fully connected, locally connected, and shared.
    ways: [u64; 3],
}

/// Learned weights of one layer on an input, as every table of the program counts them.
fn parameters(input: [usize; 3], flat: bool, op: Op) -> Result<(u64, Vec<usize>)> {
    let mut builder = Builder::new(input);
    if flat {
        builder.then("flat", Op::Flatten);
    }
    let layer = builder.then("layer", op);
    let graph = builder.finish()?;
    Ok((graph.costs()[layer].parameters, graph.node(layer).shape.clone()))
}

impl SmallExample for ParametersExample {
    type Numbers = ParametersNumbers;
    const NAME: &'static str = "parameters";

    fn is_sound(&self) -> bool {
        (1..=1024).contains(&self.side)
            && (1..=1024).contains(&self.channels)
            && (1..=100_000).contains(&self.outputs)
            && (1..=4096).contains(&self.units)
            && (1..=31).contains(&self.window)
            && (1..=16).contains(&self.stride)
    }

    fn numbers(&self) -> Result<ParametersNumbers> {
        let input = [self.channels, self.side, self.side];
        let linear = |out: usize| Op::Linear { out, bias: self.biases };
        let (dense, _) = parameters(input, true, linear(self.outputs))?;
        let conv = Conv { bias: self.biases, ..Conv::new(self.units, self.window).stride(self.stride) };
        let (shared, shape) = parameters(input, false, Op::Conv(conv))?;
        let places = (shape[1] * shape[2]) as u64;
        // Every place has the weights of a convolution for itself.
        let local = shared * places;
        let (full, _) = parameters(input, true, linear(shape.iter().product()))?;
        Ok(ParametersNumbers { dense, maps: shape[1], ways: [full, local, shared] })
    }

    fn controls(&mut self, ui: &mut Ui, _: View) {
        let own = ParametersExample::default();
        let hint = "224x224x3 to 1024 outputs; 5 units of 7x7";
        if ui.button("a photograph").on_hover_text(hint).clicked() {
            *self = own.clone();
        }
        if ui.button("30x30x3").on_hover_text("5 units of 7x7: 423,360 weights locally connected, 735 shared").clicked()
        {
            *self = ParametersExample { side: 30, ..own };
        }
        ui.separator();
        board::size(ui, "side", "Rows and columns of the input", &mut self.side, 1..=1024);
        board::size(ui, "channels", "Channels of the input", &mut self.channels, 1..=1024);
        board::size(ui, "outputs", "Of the fully connected layer", &mut self.outputs, 1..=100_000);
        ui.separator();
        board::size(ui, "units", "Maps of the other layer", &mut self.units, 1..=4096);
        board::size(ui, "window", "Rows and columns that a unit sees", &mut self.window, 1..=31);
        board::size(ui, "stride", "From a window to the next", &mut self.stride, 1..=16);
        ui.checkbox(&mut self.biases, "biases").on_hover_text("Count a bias for each unit too");
    }

    fn draw(&mut self, ui: &mut Ui, view: View, numbers: &ParametersNumbers) {
        let ParametersExample { side, channels, outputs, units, window, .. } = *self;
        let ParametersNumbers { dense, maps, ways } = numbers;
        board::say(ui, format!("All {side}x{side}x{channels} inputs connected to {outputs} outputs:"));
        let inputs = thousands((side * side * channels) as u64);
        board::formula(ui, format!("{inputs} · {} = {}", thousands(outputs as u64), thousands(*dense)));
        ui.add_space(6.0);
        board::say(
            ui,
            format!(
                "{units} maps of {maps}x{maps} on the same input, with three ways to connect (bars are logarithmic):"
            ),
        );
        let most = (ways[0] as f32).ln_1p().max(1.0);
        for (name, count) in ["fully", "locally", "shared"].into_iter().zip(ways) {
            let share = (*count as f32).ln_1p() / most;
            board::bar(ui, [name, &thousands(*count)], board::AROUND, share, view.palette.bar);
        }
        let one = window * window * channels;
        let share = thousands((one * units) as u64);
        board::formula(ui, format!("shared: {window}·{window}·{channels} · {units} = {share}"));
        board::formula(ui, format!("locally: {share} · {maps}·{maps} places = {}", thousands(ways[1])));
        let whole = thousands((side * side * channels) as u64);
        board::formula(ui, format!("fully: {whole} · {maps}·{maps}·{units} = {}", thousands(ways[0])));
        board::say(ui, "Biases, where they are counted, come on top.");
    }

    fn grids(&self, numbers: &ParametersNumbers) -> Vec<NamedNumbers> {
        let ways = numbers.ways.map(|count| count as f32);
        vec![("dense", vec![numbers.dense as f32], 1), ("fully, locally, shared", ways.to_vec(), 3)]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_lectures_counts_come_out() {
        assert_eq!(ParametersExample::default().numbers().unwrap().dense, 154_140_672);
        let small = ParametersExample { side: 30, ..ParametersExample::default() };
        let found = small.numbers().unwrap();
        assert_eq!((found.maps, found.ways), (24, [2700 * 2880, 423_360, 735]));
        let biased = ParametersExample { biases: true, ..small };
        assert_eq!(biased.numbers().unwrap().ways, [2701 * 2880, 148 * 5 * 576, 740]);
        assert!(ParametersExample { side: 3, ..ParametersExample::default() }.numbers().is_err());
    }
}
