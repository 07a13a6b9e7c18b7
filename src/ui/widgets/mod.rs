//! Pieces that several panes share.

pub mod describe;
pub mod icons;
pub mod layer_slider;
pub mod numbers;
pub mod parameters;
pub mod pointing;

pub use crate::figures::words::number;

use crate::{
    paint::{ColourMap, Scaling},
    ui::{
        model::{
            commands::Command,
            state::{Look, View},
        },
        theme::Palette,
    },
};
use eframe::egui::{
    self, Align2, Color32, Pos2, Rect, Response, RichText, Sense, Stroke, TextureId, Ui, Vec2, WidgetInfo, pos2, vec2,
};

/// The whole of a texture.
pub const WHOLE: Rect = Rect { min: pos2(0.0, 0.0), max: pos2(1.0, 1.0) };

/// One line that says what a pane shows; the whole of it on hover where it is cut.
pub fn caption(ui: &mut Ui, text: impl Into<String>) -> Response {
    ui.add(egui::Label::new(RichText::new(text).small().weak()).truncate())
}

/// A row of controls that wraps where the pane is narrow.
pub fn toolbar(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 4.0);
        ui.horizontal_wrapped(add);
    });
    ui.add_space(3.0);
}

/// A drop-down whose accessible name is `name`; returns whether it is open.
pub fn combo(ui: &mut Ui, name: &str, shown: &str, width: f32, add: impl FnOnce(&mut Ui)) {
    let combo = egui::ComboBox::from_id_salt(name).width(width).truncate().selected_text(shown);
    let response = combo.show_ui(ui, |ui| {
        ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Extend);
        add(ui);
    });
    response.response.on_hover_text(name).accessible_name(name);
}

/// Where something is searched by a part of its name.
pub fn search(ui: &mut Ui, name: &str, text: &mut String, width: f32) -> Response {
    let edit = egui::TextEdit::singleline(text).hint_text("search").desired_width(width);
    ui.add(edit.align(Align2::LEFT_CENTER)).accessible_name(name)
}

/// A slider with its name before it; the two stay together where a toolbar wraps.
pub fn slider<'a>(ui: &mut Ui, name: &str, slider: egui::Slider<'a>) -> Response {
    slider_saying(ui, name, "", slider)
}

/// The same with its value after it.
pub fn slider_saying<'a>(ui: &mut Ui, name: &str, value: &str, slider: egui::Slider<'a>) -> Response {
    let [name, value] = [RichText::new(name).small().weak(), RichText::new(value).monospace()];
    let width = |text: &RichText, style: egui::TextStyle| {
        let font = style.resolve(ui.style());
        ui.painter().layout_no_wrap(text.text().to_owned(), font, Color32::PLACEHOLDER).size().x
    };
    let text = width(&name, egui::TextStyle::Small) + width(&value, egui::TextStyle::Monospace);
    let size = vec2(text + 10.0 + ui.spacing().slider_width, ui.spacing().interact_size.y);
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    let all = ui.allocate_ui_with_layout(size, layout, |ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let label = ui.add(egui::Label::new(name).extend());
        let response = ui.add(slider.show_value(false)).labelled_by(label.id);
        if !value.is_empty() {
            ui.add(egui::Label::new(value).extend());
        }
        response
    });
    all.inner
}

/// A drop-down of colour maps.
pub fn colour_map(ui: &mut Ui, name: &str, map: &mut ColourMap) {
    combo(ui, name, map.name(), 74.0, |ui| colour_maps(ui, map));
}

/// All colour maps, one below the other.
pub fn colour_maps(ui: &mut Ui, map: &mut ColourMap) {
    for other in ColourMap::ALL {
        ui.horizontal(|ui| {
            ramp(ui, other);
            ui.selectable_value(map, other, other.name());
        });
    }
}

/// A colour map as a strip.
pub fn ramp(ui: &mut Ui, map: ColourMap) {
    let (rect, _) = ui.allocate_exact_size(vec2(48.0, 10.0), Sense::hover());
    let mut mesh = egui::Mesh::default();
    const STEPS: u32 = 16;
    for i in 0..=STEPS {
        let [r, g, b] = map.table()[(i * 255 / STEPS) as usize];
        let x = egui::lerp(rect.x_range(), i as f32 / STEPS as f32);
        mesh.colored_vertex(pos2(x, rect.top()), Color32::from_rgb(r, g, b));
        mesh.colored_vertex(pos2(x, rect.bottom()), Color32::from_rgb(r, g, b));
        if i > 0 {
            mesh.add_triangle(2 * i - 2, 2 * i - 1, 2 * i);
            mesh.add_triangle(2 * i - 1, 2 * i, 2 * i + 1);
        }
    }
    ui.painter().add(mesh);
}

/// Colour map, scaling and gamma of feature maps.
pub fn look_controls(ui: &mut Ui, look: &mut Look) {
    let was = look.style.map;
    colour_map(ui, "Colour map", &mut look.style.map);
    if look.style.map.is_diverging() && !was.is_diverging() {
        // Anything else would not have zero in the middle.
        look.scaling = Scaling::Symmetric;
    }
    combo(ui, "Scaling", scaling_label(look.scaling), 82.0, |ui| {
        for (scaling, hint) in [
            (Scaling::Unit, "Every map uses all colours: patterns show, but brightness does not compare"),
            (Scaling::Layer, "One range for the layer: brightness compares between units"),
            (Scaling::Symmetric, "The layer's range about zero: for a diverging colour map"),
        ] {
            ui.selectable_value(&mut look.scaling, scaling, scaling_label(scaling)).on_hover_text(hint);
        }
    });
    gamma(ui, &mut look.style.gamma);
}

/// The gamma slider; a double click puts it back to 1.
pub fn gamma(ui: &mut Ui, gamma: &mut f32) {
    ui.spacing_mut().slider_width = 56.0;
    let response = slider(ui, "gamma", egui::Slider::new(gamma, 0.2..=3.0).logarithmic(true));
    let hint = format!("{:.2}: below 1 lifts weak values, above 1 hides them; double-click for 1", *gamma);
    if response.on_hover_text(hint).double_clicked() {
        *gamma = 1.0;
    }
}

fn scaling_label(scaling: Scaling) -> &'static str {
    match scaling {
        Scaling::Unit => "per unit",
        Scaling::Layer => "per layer",
        Scaling::Symmetric => "symmetric",
    }
}

/// Draws a texture in a rectangle and names it.
pub fn image_at(ui: &Ui, rect: Rect, texture: TextureId, uv: Rect, label: &str) -> Response {
    ui.painter().image(texture, rect, uv, Color32::WHITE);
    let response = ui.interact(rect, ui.scope_id().with(("image", label)), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, ui.is_enabled(), label));
    response
}

/// The largest rectangle of an aspect (width over height) in the middle of `area`, in whole points.
pub fn fit(area: Rect, aspect: f32) -> Rect {
    let size = area.size().max(Vec2::splat(1.0));
    let width = size.x.min(size.y * aspect);
    Rect::from_center_size(area.center(), vec2(width, width / aspect).floor().max(Vec2::splat(1.0)))
}

/// What stands in a pane that has nothing to show.
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
        let spinner = Rect::from_center_size(at.center_top() - vec2(0.0, 18.0), Vec2::splat(16.0));
        egui::Spinner::new().paint_at(ui, spinner);
    }
    let is_cut = galley.elided;
    ui.painter().galley(at.min, galley, Color32::PLACEHOLDER);
    let response = ui.interact(at, ui.scope_id().with("hollow"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, text));
    if is_cut {
        response.on_hover_text(text);
    }
}

/// What is lacking is forgiven for so long: what was there before stays meanwhile.
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

/// A small cross, readable on any photograph.
pub fn cross(painter: &egui::Painter, at: Pos2) {
    for (width, colour) in [(3.0, Color32::from_black_alpha(160)), (1.0, Color32::WHITE)] {
        painter.hline(at.x - 6.0..=at.x + 6.0, at.y, Stroke::new(width, colour));
        painter.vline(at.x, at.y - 6.0..=at.y + 6.0, Stroke::new(width, colour));
    }
}

/// A list of classes, narrowed by what is typed, behind the selected unit: `unit` says whether that is chosen.
pub fn class_picker(ui: &mut Ui, name: &str, view: View, search: &mut String, unit: &mut bool, out: &mut Vec<Command>) {
    let model = &view.run().model;
    let shown = match view.selection.class {
        _ if *unit => "selected unit".to_owned(),
        Some(class) => model.class_name(class),
        None => "predicted".to_owned(),
    };
    combo(ui, name, &shown, 96.0, |ui| {
        self::search(ui, "Search classes", search, 180.0);
        let hint = "Explain the selected unit instead of a class";
        if ui.selectable_label(*unit, "selected unit").on_hover_text(hint).clicked() {
            *unit = true;
        }
        let mut chosen = None;
        let class_is_chosen = |class: Option<usize>| !*unit && view.selection.class == class;
        if ui.selectable_label(class_is_chosen(None), "predicted").clicked() {
            chosen = Some(None);
        }
        let wanted = search.to_lowercase();
        let matches = |class: usize| wanted.is_empty() || model.class_name(class).to_lowercase().contains(&wanted);
        for &class in view.shown.ranking.iter().filter(|class| matches(**class)).take(200) {
            if ui.selectable_label(class_is_chosen(Some(class)), model.class_name(class)).clicked() {
                chosen = Some(Some(class));
            }
        }
        if let Some(class) = chosen {
            *unit = false;
            out.push(Command::SelectClass(class));
        }
    });
}

/// How many columns of which tile size let `count` tiles of an aspect (width over height) fill an area best; no tile is
/// wider than `most` nor, though they then have to be scrolled, than `least`.
pub fn fill(count: usize, aspect: f32, area: Vec2, gap: f32, [least, most]: [f32; 2]) -> (u32, Vec2) {
    let count = count.max(1);
    let width_in = |columns: usize| {
        let across = (area.x - gap) / columns as f32 - gap;
        let down = (area.y - gap) / count.div_ceil(columns) as f32 - gap;
        across.min(down * aspect)
    };
    let best = (1..=count).map(width_in).fold(0.0, f32::max).floor();
    let width = best.clamp(least.min(area.x - 2.0 * gap), most).max(1.0);
    let columns = (((area.x - gap) / (width + gap)).floor() as usize).clamp(1, count);
    // Where they scroll, the width is used up anyway.
    let width = if best < least { ((area.x - gap) / columns as f32 - gap).floor().max(1.0) } else { width };
    (columns as u32, vec2(width, (width / aspect).round().max(1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_fill_their_area() {
        let (columns, tile) = fill(64, 1.0, vec2(660.0, 330.0), 2.0, [20.0, 200.0]);
        assert!(columns as f32 * (tile.x + 2.0) + 2.0 <= 660.0);
        assert!(64f32.div_euclid(columns as f32) * (tile.y + 2.0) <= 330.0);
        assert!(tile.x >= 50.0, "{tile:?}");
        let (columns, tile) = fill(4096, 1.0, vec2(300.0, 200.0), 2.0, [20.0, 200.0]);
        assert!(tile.x >= 20.0 && columns as f32 * (tile.x + 2.0) + 2.0 <= 300.0);
    }
}
