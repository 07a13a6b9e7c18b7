//! Captions, the text of a pane that has nothing to show, and the remarks on a weights file.

use crate::{
    engine::Model,
    figures::words::sentence,
    ui::{
        theme::Palette,
        widgets::{controls::is_figure, spinner::spinner},
    },
};
use eframe::egui::{self, Align2, Color32, Rect, Response, RichText, Sense, Ui, WidgetInfo, vec2};

/// One line that says what a pane shows; the whole of it on hover where it is cut. In a figure it goes over several lines.
pub fn caption(ui: &mut Ui, text: impl Into<String>) -> Response {
    let label = egui::Label::new(RichText::new(text).small().weak());
    ui.add(if is_figure(ui) { label.wrap() } else { label.truncate() })
}

/// The text of a pane that has nothing to show, with a spinner while it waits.
pub fn hollow(ui: &mut Ui, text: &str, busy: bool) {
    let rect = ui.available_rect_before_wrap();
    let wrapped = (rect.width() - 32.0).clamp(60.0, 360.0);
    let font = egui::TextStyle::Body.resolve(ui.style());
    let colour = Palette::of(ui.ctx()).weak;
    let mut job = egui::text::LayoutJob::simple(text.to_owned(), font.clone(), colour, wrapped);
    // In a low pane, as much of it as there is room for.
    let line = ui.fonts_mut(|fonts| fonts.row_height(&font));
    job.wrap.max_rows = ((rect.height() / line) as usize).max(1);
    let galley = ui.painter().layout_job(job);
    let at = Align2::CENTER_CENTER.anchor_size(rect.center(), galley.size());
    if busy {
        spinner(ui, at.center_top() - vec2(0.0, 18.0), 16.0);
    }
    let is_cut = galley.elided;
    ui.painter().galley(at.min, galley, Color32::PLACEHOLDER);
    let response = ui.interact(at, ui.scope_id().with("hollow"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, text));
    if is_cut {
        response.on_hover_text(text);
    }
}

/// Time that an old result stays on screen without a sign while the next is computed, in seconds.
const BRIEF_SECS: f64 = 0.2;

/// Whether something is lacking for a moment only; `since` is since when, `None` while nothing is.
pub fn is_brief(ui: &Ui, since: &mut Option<f64>) -> bool {
    let now_secs = ui.input(|input| input.time);
    let left_secs = BRIEF_SECS - (now_secs - *since.get_or_insert(now_secs));
    if left_secs > 0.0 {
        ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(left_secs));
    }
    left_secs > 0.0
}

/// Share of a pane that remarks on the network take at most, and the height of a pane that is too low for any.
const REMARKS: f32 = 0.3;
const LOW: f32 = 150.0;

/// The remarks on a network in a strip along the lower edge of a pane; returns the room above it.
pub fn remarks_below(ui: &mut Ui, notes: &[String]) -> Rect {
    let whole = ui.available_rect_before_wrap();
    if notes.is_empty() || whole.height() < LOW {
        return whole;
    }
    let font = egui::TextStyle::Small.resolve(ui.style());
    let text = |note: &String| sentence(note);
    let wrapped = (whole.width() - 20.0).max(60.0);
    let heights = notes.iter().map(|note| {
        let job = egui::text::LayoutJob::simple(text(note), font.clone(), Color32::PLACEHOLDER, wrapped);
        ui.painter().layout_job(job).size().y + 3.0
    });
    let height = (heights.sum::<f32>() + 9.0).min(REMARKS * whole.height());
    let (rest, strip) = whole.split_top_bottom_at_y(whole.bottom() - height);
    ui.painter().hline(strip.x_range(), strip.top(), egui::Stroke::new(1.0, Palette::of(ui.ctx()).line));
    let inside = strip.with_min_y(strip.top() + 5.0);
    let mut child = ui.new_child(egui::UiBuilder::new().id_salt("remarks").max_rect(inside));
    child.spacing_mut().item_spacing.y = 3.0;
    egui::ScrollArea::vertical().auto_shrink(false).show(&mut child, |ui| {
        for note in notes {
            ui.add(egui::Label::new(RichText::new(text(note)).small()).wrap());
        }
    });
    rest
}

/// The remarks on the weights file, each a sentence.
pub fn weights_notes(ui: &mut Ui, model: &Model) {
    ui.set_max_width(320.0);
    for note in &model.notes {
        ui.add(egui::Label::new(sentence(note)).wrap());
    }
}
