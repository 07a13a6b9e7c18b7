//! Two pictures through one network, layer by layer: how far apart they are.

use crate::{
    engine::{Answer, ComparisonInquiry, Inquiry, PictureSource},
    figures::Spreadsheet,
    picture::offered_samples,
    ui::{
        model::{
            commands::{Command, With},
            export::Export,
            state::{Shown, View, layer_name},
        },
        panels::panel::{Panel, PanelKind},
        theme::RADIUS,
        widgets::{
            caption, fit, hollow, number,
            pointing::{input_at, pixel},
            toolbar,
        },
    },
};
use eframe::egui::{
    self, Align2, Rect, RichText, ScrollArea, Sense, TextStyle, Ui, WidgetInfo, containers::menu::MenuButton, pos2,
    vec2,
};
use std::sync::Arc;

pub(super) const KIND: PanelKind = PanelKind {
    name: "compare",
    title: "A and B",
    about: "Runs a second picture through the same network: how far apart the two are at every layer. Activations then \
            show A, the picture, B, the other, or A\u{a0}\u{2212}\u{a0}B; scores show both.",
    how: "Long bars mark layers at which the two pictures look different to the network.",
    formula: "distance of a layer = |A - B| / |B|, over all its values",
    paper: "Mahendran and Vedaldi 2015, Understanding deep image representations by inverting them",
    make: || Box::new(Compare),
};

struct Compare;

const ROW: f32 = 20.0;

impl Panel for Compare {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        toolbar(ui, |ui| {
            let (menu, _) = MenuButton::new("compare with").ui(ui, |ui| choices(ui, view, out));
            menu.on_hover_text("Choose the second picture, B").accessible_name("Compare with");
            if view.other.is_some() && ui.button("stop").on_hover_text("Compare no more").clicked() {
                out.push(Command::Compare(With::Nothing));
            }
        });
        let Some(other) = view.other else { return hollow(ui, KIND.about, false) };
        let area = ui.available_rect_before_wrap();
        let side = (area.height() * 0.3).clamp(24.0, 96.0);
        let (above, below) = area.split_top_bottom_at_y(area.top() + side + 34.0);
        let (left, right) = above.split_left_right_at_fraction(0.5);
        picture(ui, view, (view.shown, "A"), left, side, out);
        picture(ui, view, (other, "B"), right, side, out);
        let mut list = ui.new_child(egui::UiBuilder::new().id_salt("layers").max_rect(below));
        layers(&mut list, view, other, out);
        ui.allocate_rect(area, Sense::hover());
    }

    fn export(&self, view: View) -> Option<Export> {
        let other = view.other?;
        let mut cells = Spreadsheet::new(["layer", "distance"]);
        let found = distances(view, other, &mut Vec::new())?.as_ref().ok()?;
        for (node, distance) in view.shown.graph().nodes().iter().zip(found.iter()) {
            cells.add([node.name.to_string(), distance.to_string()]);
        }
        Some(Export::table(view, &format!("compared with {}", name(other)), cells))
    }
}

/// The distance of the two runs at every layer; asked for while it is missing.
fn distances<'a>(view: View<'a>, other: &Shown, out: &mut Vec<Command>) -> Option<&'a Answer<Vec<f32>>> {
    let inquiry = ComparisonInquiry { run: Arc::clone(view.run()), other: Arc::clone(&other.run) };
    let found = view.answers.get(&inquiry.key());
    if found.is_none() {
        out.push(Command::Need(inquiry.into()));
    }
    found
}

fn name(shown: &Shown) -> &str {
    shown.run.picture.as_ref().map_or("numbers", |picture| picture.name.as_str())
}

/// The menu of pictures to compare with.
pub(super) fn choices(ui: &mut Ui, view: View, out: &mut Vec<Command>) {
    let mut entry = |ui: &mut Ui, label: &str, hint: &str, with: With| {
        if ui.button(label).on_hover_text(hint).clicked() {
            out.push(Command::Compare(with));
            ui.close();
        }
    };
    entry(ui, "this picture", "As it is now: alter it, or open another, and see the difference", With::Present);
    if !view.run().alteration.is_none() {
        entry(ui, "unaltered picture", "This picture before it was altered", With::Original);
    }
    entry(ui, "picture before", "The one that was open before this one", With::Before);
    entry(ui, "a file\u{2026}", "Choose a picture", With::File);
    ui.separator();
    for sample in offered_samples() {
        let source = PictureSource::Named(format!("sample:{}", sample.name));
        entry(ui, sample.name, sample.title, With::Picture(source));
    }
}

/// The network's input for a picture, over its name and its predicted class.
fn picture(ui: &mut Ui, view: View, (shown, letter): (&Shown, &str), area: Rect, side: f32, out: &mut Vec<Command>) {
    let (above, below) = area.split_top_bottom_at_y(area.top() + side);
    if let Some(input) = view.cache.pictures(&shown.run).and_then(|pictures| pictures.input.clone()) {
        input_at(ui, view, fit(above.shrink(1.0), 1.0), input.id(), &format!("picture {letter}"), out);
    }
    let best = shown.ranking.first().copied().unwrap_or(0);
    let share = 100.0 * shown.run.probabilities.get(best).copied().unwrap_or(0.0);
    let mut words = ui.new_child(egui::UiBuilder::new().id_salt(letter).max_rect(below.shrink2(vec2(2.0, 0.0))));
    words.spacing_mut().item_spacing.y = 0.0;
    let weak = |text: String| egui::Label::new(RichText::new(text).small().weak()).truncate();
    words.add(egui::Label::new(RichText::new(format!("{letter}  {}", name(shown))).small().strong()).truncate());
    let here = view.selection.hover.and_then(|hover| pixel(shown, hover.place));
    words.add(weak(here.unwrap_or_else(|| match shown.run.model.is_untrained() {
        true => "untrained".to_owned(),
        false => format!("{} {share:.1}%", shown.run.model.class_name(best)),
    })));
}

/// A bar a layer, as long as the two are apart there; a click goes to the layer.
fn layers(ui: &mut Ui, view: View, other: &Shown, out: &mut Vec<Command>) {
    let found = match distances(view, other, out) {
        Some(Err(why)) => return hollow(ui, why, false),
        Some(Ok(found)) => found.as_slice(),
        None => &[],
    };
    let most = found.iter().copied().filter(|distance| distance.is_finite()).fold(0.0, f32::max);
    let nodes = view.shown.graph().nodes();
    caption(ui, "distance |A \u{2212} B| by layer, in lengths of B").on_hover_text(
        "The length of the difference of all values of the layer, over the length of B's: 0 is alike, about 1.4 \
         unrelated",
    );
    ScrollArea::vertical().auto_shrink(false).show_rows(ui, ROW, nodes.len(), |ui, rows| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for id in rows {
            let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
            let picked = id == view.selection.layer;
            let said = found.get(id).map_or_else(|| "\u{2026}".to_owned(), |&distance| number(distance));
            let label = format!("distance at {}: {said}", nodes[id].name);
            response.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, picked, &label));
            let (palette, painter) = (view.palette, ui.painter());
            if picked || response.hovered() {
                painter.rect_filled(rect, RADIUS, if picked { palette.picked } else { palette.hovered });
            }
            let font = TextStyle::Small.resolve(ui.style());
            let text = ui.visuals().text_color();
            let name = layer_name(&nodes[id]);
            let (words, bars) = rect.shrink2(vec2(4.0, 0.0)).split_left_right_at_fraction(0.45);
            let clipped = painter.with_clip_rect(words.intersect(ui.clip_rect()));
            clipped.text(words.left_center(), Align2::LEFT_CENTER, name, font.clone(), text);
            let room = bars.width() - 44.0;
            let share = found.get(id).map_or(0.0, |distance| distance / most.max(f32::MIN_POSITIVE)).clamp(0.0, 1.0);
            let bar = Rect::from_center_size(bars.center(), vec2(room.max(0.0), 5.0));
            let bar = Rect::from_min_size(pos2(bars.left(), bar.top()), vec2(room.max(0.0) * share, 5.0));
            painter.rect_filled(bar, 1.0, if picked { palette.accent } else { palette.weak });
            painter.text(bars.right_center(), Align2::RIGHT_CENTER, said, font, palette.weak);
            if response.on_hover_text(label).clicked() {
                out.push(Command::SelectLayer(id));
            }
        }
    });
}
