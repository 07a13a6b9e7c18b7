//! The page that compares networks: what accuracy costs, and the errors of the papers by year and by depth.

mod batches;
mod blobs;

use super::{
    board,
    page::{LecturePage, PageKind},
};
use crate::{
    figures::Spreadsheet,
    ui::{
        background::costs::{count_costs, network_cost},
        model::{commands::Command, export::Export, state::View},
        panels::{
            mistakes,
            panel::{keep, take},
        },
        widgets::hollow,
    },
    zoo::{self, CIFAR10, ILSVRC, PublishedAccuracy, TEN_CROPS, ZOO, published},
};
use batches::batches;
use blobs::{NetworkBlob, blobs};
use eframe::egui::{Ui, vec2};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) const PAGE: PageKind = PageKind {
    name: "compared",
    title: "Networks compared",
    idea: "Every network buys accuracy with multiply-adds and parameters, and some pay far less than others for the same. The \
           figures are those that were published, on ImageNet unless it says otherwise.",
    exercise: "find two networks of equal accuracy of which one needs ten times the multiply-adds. Then see what depth costs \
               without shortcuts.",
    make: || Box::<ComparedPage>::default(),
};

/// The charts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum ComparedChart {
    #[default]
    MultiplyAdds,
    Parameters,
    Batches,
    Years,
    Shortcuts,
    Cifar,
}

const CHARTS: [(ComparedChart, &str, &str); 6] = [
    (ComparedChart::MultiplyAdds, "multiply-adds", "Accuracy against the multiply-adds of one picture"),
    (ComparedChart::Parameters, "parameters", "Accuracy against the number of parameters"),
    (ComparedChart::Batches, "time by batch", "The time of a picture by the pictures at once, measured here"),
    (ComparedChart::Years, "by year", "The best entries of ILSVRC by year, and a person"),
    (ComparedChart::Shortcuts, "with and without shortcuts", "Plain and residual networks of equal depth on ImageNet"),
    (ComparedChart::Cifar, "CIFAR-10", "Errors of residual and dense networks on CIFAR-10"),
];

/// Room for the names of bars and for their numbers, in points.
const AROUND: [f32; 2] = [226.0, 50.0];

#[derive(Default)]
struct ComparedPage {
    chart: ComparedChart,
}

impl LecturePage for ComparedPage {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        ui.horizontal_wrapped(|ui| board::choose(ui, &mut self.chart, &CHARTS));
        ui.add_space(4.0);
        match self.chart {
            ComparedChart::MultiplyAdds | ComparedChart::Parameters => self.scattered(ui, view),
            ComparedChart::Batches => batches(ui, view, out),
            ComparedChart::Years => {
                let bars = ILSVRC.iter().map(|(year, name, error)| (format!("{year}  {name}"), *error));
                errors(ui, view, bars, 30.0);
                board::say(
                    ui,
                    "Top-5 error in percent; the entries from 2012 are convolutional. The person is one trained annotator.",
                );
            }
            ComparedChart::Shortcuts => {
                errors(ui, view, titled(TEN_CROPS), 30.0);
                board::say(
                    ui,
                    "Top-1 error in percent, ten crops. Without shortcuts 34 layers are worse than 18, with them better.",
                );
            }
            ComparedChart::Cifar => {
                errors(ui, view, titled(CIFAR10), 10.0);
                board::say(
                    ui,
                    "Error in percent; training pictures were mirrored and shifted. Bare depth ends at 1202 layers.",
                );
            }
        }
    }

    fn export(&self, view: View) -> Option<Export> {
        let mut cells = Spreadsheet::new(["network", "top1", "top5", "source", "parameters", "multiply_adds"]);
        for (name, own) in known() {
            let cost = network_cost(name)?;
            let top5 = own.top5.map_or_else(String::new, |top5| top5.to_string());
            let words = [name.to_owned(), own.top1.to_string(), top5, own.source.to_owned()];
            cells.add(words.into_iter().chain([cost.parameters.to_string(), cost.macs.to_string()]));
        }
        Some(Export::table(view, "networks compared", cells))
    }

    fn options(&self) -> Value {
        keep(&self.chart)
    }

    fn restore(&mut self, options: Value) {
        self.chart = take(options);
    }
}

/// The networks with a published accuracy on ImageNet, of one crop.
fn known() -> impl Iterator<Item = (&'static str, PublishedAccuracy)> {
    ZOO.iter().filter_map(|card| Some((card.name, published(card.name).filter(PublishedAccuracy::is_comparable)?)))
}

impl ComparedPage {
    /// A blob for each network.
    fn scattered(&self, ui: &mut Ui, view: View) {
        count_costs(ui.ctx());
        let by_macs = self.chart == ComparedChart::MultiplyAdds;
        let blob = |(name, own): (&'static str, PublishedAccuracy)| {
            let (card, cost) = (zoo::find(name).ok()?, network_cost(name)?);
            let [x, size] = if by_macs { [cost.macs, cost.parameters] } else { [cost.parameters, cost.macs] };
            Some(NetworkBlob { card, accuracy: own, cost, x: x as f64, size: size as f64 })
        };
        let found: Vec<NetworkBlob> = known().filter_map(blob).collect();
        let size = vec2(ui.available_width().min(900.0), board::in_sight(ui).clamp(230.0, 520.0));
        if found.is_empty() {
            let mut room = ui.new_child(
                eframe::egui::UiBuilder::new().max_rect(eframe::egui::Rect::from_min_size(ui.cursor().min, size)),
            );
            hollow(&mut room, "Counting the costs of all networks", true);
            ui.allocate_space(size);
            return;
        }
        let axis = if by_macs { "multiply-adds of one picture" } else { "parameters" };
        blobs(ui, view, size, axis, &found);
        let area = if by_macs { "parameters" } else { "multiply-adds" };
        board::say(
            ui,
            format!(
                "Top-1 accuracy in percent; the area of a blob is the number of {area}. Rest on a blob for its numbers."
            ),
        );
        if let Some(text) = measured(view) {
            board::say(ui, text);
        }
    }
}

/// The accuracy of the open network on the folder that it has indexed.
fn measured(view: View) -> Option<String> {
    let (folder, model) = (view.folder?, view.run().model.unchanged());
    let index = folder.state.index.as_ref().filter(|_| !folder.state.running && folder.model.is_same_network(model))?;
    let [pictures, first, five] = mistakes::counts(index, model);
    let percent = |right: usize| 100.0 * right as f64 / pictures as f64;
    (pictures > 0).then(|| {
        format!(
            "Measured here on the {pictures} pictures of the indexed folder: {} has top-1 {:.1}% and top-5 {:.1}%.",
            model.card.title,
            percent(first),
            percent(five)
        )
    })
}

/// Errors with the titles that the zoo gives networks.
fn titled(errors: &'static [(&'static str, f32)]) -> impl Iterator<Item = (String, f32)> {
    errors
        .iter()
        .map(|&(name, error)| (zoo::find(name).map_or_else(|_| name.to_owned(), |card| card.title.to_owned()), error))
}

/// A bar for each error, in percent; `most` fills the room.
fn errors(ui: &mut Ui, view: View, bars: impl Iterator<Item = (String, f32)>, most: f32) {
    for (name, error) in bars {
        let picked = name == view.run().model.card.title;
        let colour = if picked { view.palette.bar_picked } else { view.palette.bar };
        board::bar(ui, [&name, &error.to_string()], AROUND, error / most, colour);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn networks_without_a_figure_on_imagenet_are_left_out() {
        let names: Vec<&str> = known().map(|(name, _)| name).collect();
        assert!(names.len() > 60 && names.contains(&"vgg16") && names.contains(&"resnet18"));
        assert!(!names.contains(&"photonet") && !names.contains(&"plain34"));
        let mut page = ComparedPage { chart: ComparedChart::Cifar };
        let kept = page.options();
        page.chart = ComparedChart::Years;
        page.restore(kept);
        assert_eq!(page.chart, ComparedChart::Cifar);
    }
}
