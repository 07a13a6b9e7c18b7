//! A sign that something is on its way. It moves eight times a second: one that moves in every frame keeps a software
//! rasteriser busy, and takes the cores from the work that is waited for.

use crate::ui::theme::Palette;
use eframe::egui::{Pos2, Rect, Stroke, Ui, Vec2};
use std::time::Duration;

/// Dots around the circle, and steps of its way.
const DOTS: u32 = 8;
/// Time between two steps.
const STEP: Duration = Duration::from_millis(125);

/// Draws the sign about a point; `side` is its width in points.
pub fn spinner(ui: &Ui, middle: Pos2, side: f32) {
    ui.ctx().request_repaint_after(STEP);
    let step = (ui.input(|input| input.time) / STEP.as_secs_f64()) as u64 % u64::from(DOTS);
    let colour = Palette::of(ui.ctx()).weak;
    let painter =
        ui.painter().with_clip_rect(ui.clip_rect().intersect(Rect::from_center_size(middle, Vec2::splat(side + 4.0))));
    for dot in 0..DOTS {
        let angle = std::f32::consts::TAU * dot as f32 / DOTS as f32;
        let place = middle + Vec2::angled(angle) * (0.5 * side - 1.5);
        let behind = (step as u32 + DOTS - dot) % DOTS;
        let strength = 1.0 - 0.8 * behind as f32 / DOTS as f32;
        painter.circle(place, 1.5, colour.gamma_multiply(strength), Stroke::NONE);
    }
}
