//! Toolbars, drop-downs and sliders, with their accessible names.

use crate::{
    paint::{ColourMap, Scaling},
    ui::model::state::Colouring,
};
use eframe::egui::{self, Align2, Color32, Response, RichText, Sense, Ui, containers::menu::MenuConfig, pos2, vec2};

/// Draws panes as figures from now on, without toolbars and with whole captions, or as usual.
pub fn draw_as_figures(ctx: &egui::Context, figures: bool) {
    ctx.data_mut(|data| data.insert_temp(egui::Id::unique("figures"), figures));
}

/// Whether panes are drawn as figures.
pub fn is_figure(ui: &Ui) -> bool {
    ui.data(|data| data.get_temp(egui::Id::unique("figures"))).unwrap_or(false)
}

/// A row of controls that wraps where the pane is narrow. A figure has none.
pub fn toolbar(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    if is_figure(ui) {
        return;
    }
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 4.0);
        ui.horizontal_wrapped(add);
    });
    ui.add_space(3.0);
}

/// A menu that stays open while it is used: a click outside closes it.
pub fn staying() -> MenuConfig {
    MenuConfig::new().close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
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
pub fn look_controls(ui: &mut Ui, look: &mut Colouring) {
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
