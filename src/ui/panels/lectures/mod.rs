//! The lectures' pages: small examples of one idea each, with numbers that can be changed. [`PAGES`] lists them.

mod activation;
mod backward;
mod board;
mod bottleneck;
mod compared;
pub(super) mod convolution;
mod correlation;
mod dropout;
mod normalisation;
mod padding;
mod page;
mod parameters;
mod pooling;
mod residual;
mod small;
mod softmax;
mod switches;
mod upsampling;

use crate::ui::{
    model::{commands::Command, export::Export, state::View},
    panels::{
        lectures::page::{LecturePage, PageKind},
        panel::{Panel, PanelKind, take},
    },
    widgets::combo,
};
use eframe::egui::{self, RichText, ScrollArea, Ui};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) const KIND: PanelKind = PanelKind {
    name: "lectures",
    title: "Lectures",
    about: "Small examples of one idea each: convolution, padding, pooling, softmax, dropout, the backward pass, and what \
            layers cost. Change any number; all others follow.",
    how: "Choose a page. Numbers in cells are dragged, or clicked and typed. The program's own operators compute the others.",
    formula: "each page writes its own, with the numbers that are on it",
    paper: "Dumoulin and Visin 2016; Goodfellow, Bengio and Courville 2016, Deep Learning, chapters 6 and 9",
    make: || Box::<Lectures>::default(),
};

/// All pages, in the order of a course.
const PAGES: &[PageKind] = &[
    convolution::PAGE,
    correlation::PAGE,
    padding::PAGE,
    pooling::PAGE,
    activation::PAGE,
    softmax::PAGE,
    dropout::PAGE,
    normalisation::PAGE,
    upsampling::PAGE,
    backward::PAGE,
    switches::PAGE,
    parameters::PAGE,
    bottleneck::PAGE,
    residual::PAGE,
    compared::PAGE,
];

/// Width of the list of pages, and of a pane that has room for it, in points.
const LIST: f32 = 158.0;
const WIDE: f32 = 580.0;

/// The page on screen by its name, and the kept state of each.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct LecturesOptions {
    page: String,
    states: BTreeMap<String, Value>,
}

struct Lectures {
    at: usize,
    pages: Vec<Box<dyn LecturePage>>,
}

impl Default for Lectures {
    fn default() -> Self {
        Lectures { at: 0, pages: PAGES.iter().map(|kind| (kind.make)()).collect() }
    }
}

impl Panel for Lectures {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        if ui.available_width() < WIDE {
            // The list's own text is the heading.
            combo(ui, "Page", PAGES[self.at].title, 240.0, |ui| self.list(ui));
            return self.page(ui, view, false, out);
        }
        let area = ui.available_rect_before_wrap();
        let (left, right) = area.split_left_right_at_x(area.left() + LIST);
        let mut list = ui.new_child(egui::UiBuilder::new().id_salt("list").max_rect(left));
        ScrollArea::vertical().auto_shrink(false).show(&mut list, |ui| self.list(ui));
        let line = egui::Stroke::new(1.0, view.palette.line);
        ui.painter().vline(left.right() + 4.0, area.y_range(), line);
        let right = egui::Rect::from_min_max(right.min + egui::vec2(14.0, 0.0), right.max);
        let mut page = ui.new_child(egui::UiBuilder::new().id_salt("page").max_rect(right));
        self.page(&mut page, view, true, out);
        ui.allocate_rect(area, egui::Sense::hover());
    }

    fn export(&self, view: View) -> Option<Export> {
        self.pages[self.at].export(view)
    }

    fn options(&self) -> Value {
        let pages = PAGES.iter().zip(&self.pages);
        let states = pages.map(|(kind, page)| (kind.name.to_owned(), page.options())).collect();
        super::panel::keep(&LecturesOptions { page: PAGES[self.at].name.to_owned(), states })
    }

    fn restore(&mut self, options: Value) {
        let LecturesOptions { page, mut states } = take(options);
        self.at = PAGES.iter().position(|kind| kind.name == page).unwrap_or(0);
        for (kind, page) in PAGES.iter().zip(&mut self.pages) {
            if let Some(state) = states.remove(kind.name) {
                page.restore(state);
            }
        }
    }
}

impl Lectures {
    fn list(&mut self, ui: &mut Ui) {
        for (index, kind) in PAGES.iter().enumerate() {
            if ui.selectable_label(self.at == index, kind.title).on_hover_text(kind.idea).clicked() {
                self.at = index;
            }
        }
    }

    fn page(&mut self, ui: &mut Ui, view: View, headed: bool, out: &mut Vec<Command>) {
        let kind = &PAGES[self.at];
        ScrollArea::vertical().id_salt(kind.name).auto_shrink(false).show(ui, |ui| {
            if headed {
                ui.label(RichText::new(kind.title).size(19.0).strong());
            }
            ui.add(egui::Label::new(RichText::new(kind.idea).size(14.0)).wrap());
            ui.add_space(6.0);
            self.pages[self.at].ui(ui, view, out);
            ui.add_space(8.0);
            let exercise = format!("Try: {}", kind.exercise);
            ui.add(egui::Label::new(RichText::new(exercise).size(13.0).color(view.palette.weak)).wrap());
        });
    }
}
