//! Pictures in rectangles, and how many tiles of which size fill an area.

use eframe::egui::{self, Color32, Pos2, Rect, Response, Sense, Stroke, TextureId, Ui, Vec2, WidgetInfo, pos2, vec2};

/// The whole of a texture.
pub const WHOLE: Rect = Rect { min: pos2(0.0, 0.0), max: pos2(1.0, 1.0) };

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
    let size = vec2(width, width / aspect).floor().max(Vec2::splat(1.0));
    // On whole points too: a picture between two pixels would be blurred.
    Rect::from_min_size((area.center() - size / 2.0).round(), size)
}

/// A small cross, readable on any photograph.
pub fn cross(painter: &egui::Painter, at: Pos2) {
    for (width, colour) in [(3.0, Color32::from_black_alpha(160)), (1.0, Color32::WHITE)] {
        painter.hline(at.x - 6.0..=at.x + 6.0, at.y, Stroke::new(width, colour));
        painter.vline(at.x, at.y - 6.0..=at.y + 6.0, Stroke::new(width, colour));
    }
}

/// Returns the number of columns and the tile size with which `count` tiles of an aspect (width over height) fill an
/// area best. No tile is wider than `most`. Tiles that would be narrower than `least` are scrolled instead.
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
