//! The controls of a heatmap's colours.

use super::controls::{combo, gamma, ramp, slider};
use crate::{figures::HeatStyle, paint::ColourMap};
use eframe::egui::{self, Ui};

/// Draws the controls: whether the heatmap lies over the picture, its opacity, its gamma and its colour map.
pub fn heat_style(ui: &mut Ui, over: &mut bool, style: &mut HeatStyle) {
    let hint =
        "Lay the heatmap over the picture. Values of three colours stand beside it, unless a colour map is chosen";
    ui.checkbox(over, "over picture").on_hover_text(hint);
    ui.spacing_mut().slider_width = 96.0;
    ui.add_enabled_ui(*over, |ui| {
        slider(ui, "opacity", egui::Slider::new(&mut style.opacity, 0.0..=1.0));
    });
    gamma(ui, &mut style.gamma);
    combo(ui, "Heatmap colours", style.map.map_or("usual", ColourMap::name), 96.0, |ui| {
        let hint = "Red and blue for signed values, inferno for others, and the colours of values of three colours";
        ui.selectable_value(&mut style.map, None, "usual").on_hover_text(hint);
        for map in ColourMap::ALL {
            ui.horizontal(|ui| {
                ramp(ui, map);
                ui.selectable_value(&mut style.map, Some(map), map.name());
            });
        }
    });
}
