//! The page on local response normalisation: the channels at one place, before and after.

use super::{
    board::{self, CellColours},
    page::{ExamplePage, NamedNumbers, PageKind, SmallExample},
    small::chain,
};
use crate::{
    Result,
    net::{NodeId, Op},
    ui::{
        model::state::{View, layer_name},
        widgets::number,
    },
};
use eframe::egui::Ui;
use serde::{Deserialize, Serialize};

pub(super) const PAGE: PageKind = PageKind {
    name: "normalisation",
    title: "Local response normalisation",
    idea: "AlexNet divides each value by a power of k plus α times a sum of squares: those at the same place in the \
           channels around it, its own included. A strong unit holds back those beside it.",
    exercise: "raise one value a lot and see what happens to its neighbours. With AlexNet or GoogLeNet open, take its values.",
    make: ExamplePage::<LrnExample>::boxed,
};

/// Channels of a network that are shown at once.
const SHOWN: usize = 16;

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct LrnExample {
    values: Vec<f32>,
    size: usize,
    k: f32,
    /// Weight of the sum of squares, in ten-thousandths.
    alpha: f32,
    beta: f32,
    channel: usize,
    /// The values are those of the open network.
    of_network: bool,
    /// The layer and the place that they are of, in words; empty for an example's own.
    from: String,
    first: usize,
}

impl Default for LrnExample {
    fn default() -> Self {
        LrnExample {
            values: vec![0., 12., 80., 30., 150., 8., 0., 40.],
            size: 5,
            k: 2.0,
            alpha: 1.0,
            beta: 0.75,
            channel: 3,
            of_network: false,
            from: String::new(),
            first: 0,
        }
    }
}

/// The first layer of the open network that normalises so.
fn layer_of(view: View) -> Option<NodeId> {
    view.shown.graph().nodes().iter().position(|node| matches!(node.op, Op::Lrn { .. }))
}

impl LrnExample {
    /// The channels within reach of one.
    fn window(&self, channel: usize) -> std::ops::Range<usize> {
        let half = self.size / 2;
        channel.saturating_sub(half)..(channel + self.size - half).min(self.values.len())
    }

    /// The factor that a channel's value is multiplied by.
    fn factor(&self, channel: usize) -> f32 {
        let sum: f32 = self.values[self.window(channel)].iter().map(|value| value * value).sum();
        (self.k + 1e-4 * self.alpha * sum).powf(-self.beta)
    }

    /// Takes over the values of the open network at the selected place, and its constants.
    fn read(&mut self, view: View) {
        let Some(layer) = layer_of(view) else { return };
        let graph = view.shown.graph();
        let node = graph.node(layer);
        let Op::Lrn { size, alpha, beta, k } = node.op else { return };
        let input = node.inputs[0];
        let [units, height, width] = node.extent();
        let is_near = graph.node(view.selection.layer).extent()[1..] == [height, width];
        let [row, column] = view.position().filter(|_| is_near).unwrap_or([height / 2, width / 2]);
        let read = |values: &[f32]| {
            (0..units).map(|unit| values[(unit * height + row) * width + column]).collect::<Vec<f32>>()
        };
        let all = view.run().layers[input].with_values(read).unwrap_or_default();
        (self.size, self.k, self.beta) = (size, k as f32, beta as f32);
        self.alpha = (alpha / size as f64 * 1e4) as f32;
        self.first = self.first.min(units.saturating_sub(SHOWN));
        self.values = all;
        self.channel = self.channel.min(self.values.len().saturating_sub(1));
        self.from = format!("{}, row {row}, column {column}", layer_name(node));
    }
}

impl SmallExample for LrnExample {
    /// The values after the normalisation.
    type Numbers = Vec<f32>;
    const NAME: &'static str = "local response normalisation";

    fn is_sound(&self) -> bool {
        !self.values.is_empty()
            && self.values.len() <= 4096
            && (1..=15).contains(&self.size)
            && self.channel < self.values.len()
            && self.first < self.values.len()
            && [self.k, self.alpha, self.beta].iter().all(|value| (0.0..=1e4).contains(value))
    }

    fn numbers(&self) -> Result<Vec<f32>> {
        let op = Op::lrn(self.size, f64::from(self.alpha) * 1e-4, f64::from(self.beta), f64::from(self.k));
        chain([self.values.len(), 1, 1], &self.values, &[(op, &[])])?.values(1)
    }

    fn controls(&mut self, ui: &mut Ui, view: View) {
        let has = layer_of(view).is_some();
        let choices = [
            (false, "example", "Eight channels whose values can be changed"),
            (true, "open network", "The values of the network at the selected place"),
        ];
        let was = self.of_network;
        ui.add_enabled_ui(has, |ui| board::choose(ui, &mut self.of_network, &choices));
        if self.of_network && has {
            self.read(view);
        } else if was || self.of_network {
            *self = LrnExample::default();
        }
        if !self.of_network {
            board::size(ui, "n", "Channels in a window", &mut self.size, 1..=15);
            board::amount(ui, "k", "Added to the sum of squares", &mut self.k, 0.5..=10.0);
            board::amount(ui, "α in 1/10000", "Weight of the squares", &mut self.alpha, 0.0..=100.0);
            board::amount(ui, "β", "The power", &mut self.beta, 0.0..=2.0);
        }
    }

    fn draw(&mut self, ui: &mut Ui, view: View, numbers: &Vec<f32>) {
        let count = self.values.len();
        if layer_of(view).is_none() {
            board::say(ui, "The open network has no such layer; alexnet_2012 and googlenet_2014 have.");
        }
        ui.horizontal_wrapped(|ui| {
            board::size(ui, "channel", "The channel whose sum is written out", &mut self.channel, 0..=count - 1);
            if count > SHOWN {
                board::size(ui, "first shown", "The first of the channels below", &mut self.first, 0..=count - SHOWN);
                board::say(ui, format!("{} of {count} channels of {}", SHOWN, self.from));
            }
        });
        let shown = self.first..(self.first + SHOWN).min(count);
        let side = board::cell(ui, shown.len(), 0);
        let at = [shown.len(), side as usize];
        board::row(ui, "lrn", |ui| {
            ui.vertical(|ui| {
                if self.of_network {
                    board::computed(ui, view, "a: before", &self.values[shown.clone()], at, CellColours::Values);
                } else {
                    board::editable(ui, view, "a: before", &mut self.values, at, CellColours::Values);
                }
                ui.add_space(4.0);
                board::computed(ui, view, "b: after", &numbers[shown.clone()], at, CellColours::Values);
                ui.add_space(4.0);
                let factor = |(channel, (after, before)): (usize, (&f32, &f32))| match *before {
                    0.0 => self.factor(channel),
                    before => after / before,
                };
                let factors: Vec<f32> = numbers.iter().zip(&self.values).enumerate().map(factor).collect();
                board::computed(ui, view, "b / a: what is left", &factors[shown], at, CellColours::Values);
            })
        });
        let window = self.window(self.channel);
        let squares: Vec<String> =
            self.values[window.clone()].iter().map(|value| format!("{}²", number(*value))).collect();
        let sum: f32 = self.values[window.clone()].iter().map(|value| value * value).sum();
        board::formula(
            ui,
            format!("channels {} to {}:  {} = {}", window.start, window.end - 1, squares.join(" + "), number(sum)),
        );
        let (before, after) = (self.values[self.channel], numbers[self.channel]);
        board::formula(
            ui,
            format!(
                "{} / ({} + {}e-4 · {})^{} = {}",
                number(before),
                number(self.k),
                number(self.alpha),
                number(sum),
                number(self.beta),
                number(after)
            ),
        );
    }

    fn grids(&self, numbers: &Vec<f32>) -> Vec<NamedNumbers> {
        let columns = self.values.len();
        vec![("before", self.values.clone(), columns), ("after", numbers.clone(), columns)]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_value_is_divided_by_the_power_of_its_neighbours() {
        let example = LrnExample::default();
        let found = example.numbers().unwrap();
        // 12² + 80² + 30² + 150² + 8² = 30008; 30 / (2 + 3.0008)^0.75.
        assert_eq!(example.window(3), 1..6);
        let expected = 30.0 / 5.0008f32.powf(0.75);
        assert!((found[3] - expected).abs() < 1e-4, "{} is not {expected}", found[3]);
        // At the edge the window is cut: 0² + 12² + 80².
        let edge = example.window(0);
        assert_eq!(edge, 0..3);
        let expected = 12.0 / (2.0 + 1e-4 * (144.0f32 + 6400.0 + 900.0)).powf(0.75);
        assert!((found[1] - expected).abs() < 1e-4);
    }
}
