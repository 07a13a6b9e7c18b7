//! The effect of changes: probabilities of the likeliest classes before and after, and the accuracy over the indexed folder.

use crate::{
    engine::{AccuracyInquiry, Inquiry, UnchangedInquiry},
    ui::{
        model::{
            commands::Command,
            state::{FolderView, View},
        },
        panels::mistakes,
        theme::RADIUS,
        widgets::{caption, number},
    },
};
use eframe::egui::{Align2, Rect, RichText, Sense, TextStyle, Ui, WidgetInfo, pos2, vec2};
use std::sync::Arc;

/// Classes that are compared.
const CLASSES: usize = 6;
const ROW: f32 = 21.0;

/// Draws the effect on the picture and on the folder.
pub(super) fn effect(ui: &mut Ui, view: View, out: &mut Vec<Command>) {
    if view.run().model.surgery.is_empty() {
        ui.label("Nothing is changed. Switch a part off, here or on the drawing, and see the scores follow.");
        return;
    }
    let inquiry = UnchangedInquiry { run: Arc::clone(view.run()) };
    out.push(Command::Need(inquiry.clone().into()));
    match view.answers.get(&inquiry.key()) {
        None => drop(caption(ui, "Running the unchanged network")),
        Some(Err(why)) => drop(ui.colored_label(view.palette.warning, why)),
        Some(Ok(before)) => classes(ui, view, &before.scores, &before.probabilities),
    }
    if let Some(folder) = view.folder.filter(|folder| is_of_unchanged(*folder, view)) {
        accuracy(ui, view, folder, out);
    }
}

/// Whether the index is by the network as it was before the changes, prepared alike.
pub(super) fn is_of_unchanged(folder: FolderView, view: View) -> bool {
    let base = view.run().model.unchanged();
    folder.model.base.is_none() && folder.model.is_same_network(base) && folder.model.preprocess == base.preprocess
}

/// The likeliest classes before the changes, each with both values. Scores stand in for an untrained network's probabilities.
fn classes(ui: &mut Ui, view: View, scores: &[f32], probabilities: &[f32]) {
    let run = view.run();
    let untrained = run.model.is_untrained();
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let now = run.predicted();
    let mut shown: Vec<usize> = order.into_iter().take(CLASSES).collect();
    if !shown.contains(&now) {
        shown.pop();
        shown.push(now);
    }
    let most =
        shown.iter().fold(f32::MIN_POSITIVE, |most, &class| most.max(scores[class].abs()).max(run.scores[class].abs()));
    for class in shown {
        let values = match untrained {
            true => [scores[class], run.scores[class]],
            false => [probabilities[class], run.probabilities[class]],
        };
        let shares = values.map(|value| if untrained { value.abs() / most } else { value });
        let words = values.map(|value| if untrained { number(value) } else { format!("{:.1}%", 100.0 * value) });
        let name = run.model.class_name(class);
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
        let said = format!("{name}: {} became {}", words[0], words[1]);
        response.widget_info(|| WidgetInfo::labeled(eframe::egui::Role::Label, true, &said));
        let room = Rect::from_min_max(rect.min, pos2(rect.right() - 112.0, rect.bottom()));
        for (at, (share, colour)) in shares.into_iter().zip([view.palette.bar, view.palette.bar_picked]).enumerate() {
            let (top, height) = (room.top() + 1.0 + at as f32 * (ROW / 2.0 - 1.0), ROW / 2.0 - 2.0);
            let bar = Rect::from_min_size(pos2(room.left(), top), vec2((room.width() * share).max(1.0), height));
            ui.painter().rect_filled(bar, RADIUS / 2, colour);
        }
        let font = TextStyle::Body.resolve(ui.style());
        let ink = ui.visuals().text_color();
        let clipped = ui.painter().with_clip_rect(room);
        clipped.text(room.left_center() + vec2(5.0, 0.0), Align2::LEFT_CENTER, &name, font.clone(), ink);
        let change = format!("{} > {}", words[0], words[1]);
        ui.painter().text(rect.right_center(), Align2::RIGHT_CENTER, change, font, ink);
        let what =
            if untrained { "Scores before and with the changes" } else { "Probabilities before and with the changes" };
        response.on_hover_text(format!("{said}\n{what}"));
    }
}

/// Accuracy before, which the index holds, and after, which takes a pass over the folder.
fn accuracy(ui: &mut Ui, view: View, folder: FolderView, out: &mut Vec<Command>) {
    let Some(index) = folder.state.index.as_ref().filter(|_| !folder.state.running) else {
        caption(ui, "The accuracy over the folder follows when it is indexed");
        return;
    };
    let [pictures, first, _] = mistakes::counts(index, view.run().model.unchanged());
    if pictures == 0 {
        caption(ui, "No folder in the indexed folder is named after a class of the network");
        return;
    }
    let before = 100.0 * first as f64 / pictures as f64;
    let inquiry = AccuracyInquiry { model: Arc::clone(&view.run().model), index: Arc::clone(index) };
    let lane = inquiry.lane();
    let key = inquiry.key();
    out.push(Command::Need(inquiry.into()));
    let text = match view.answers.get(&key) {
        Some(Ok(hits)) => {
            let after = hits.top1();
            format!("top-1 over {pictures} pictures: {before:.1}% > {after:.1}%  ({:+.1})", after - before)
        }
        Some(Err(why)) => why.clone(),
        None => {
            let done = view.status(lane).map_or(0.0, |status| status.fraction);
            format!("top-1 over {pictures} pictures: {before:.1}% > measuring, {:.0}%", 100.0 * done)
        }
    };
    ui.add_space(4.0);
    ui.label(RichText::new(text).strong()).on_hover_text(
        "Share of pictures whose first class is their folder's: before the changes, with them, the difference",
    );
}
