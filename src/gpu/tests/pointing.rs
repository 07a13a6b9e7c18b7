//! Units under the pointer, and the cost of showing a grid.

use super::{Maps, device, window};
use crate::gpu::{Spot, TileGrid, layout::TileLayout};
use eframe::egui::{pos2, vec2};
use egui_kittest::kittest::Queryable as _;
use std::time::Instant;

#[test]
fn pointer_finds_unit_and_position() {
    for pixels_per_point in [1.0, 1.5, 2.0] {
        let Some(render_state) = device() else { return };
        let maps = Maps::awkward(30, 4, 8);
        let atlas = maps.upload(&render_state);
        let grid = TileGrid::new((0..30).rev().collect(), 6, vec2(80.0, 40.0));
        let mut harness = window(render_state, atlas, grid, pixels_per_point);
        harness.state_mut().scroll = vec2(33.0, 50.25);
        harness.step();
        let corner = harness.get_by_label("feature maps of conv1").rect().min;
        // The tile in row 2, column 1 is slot 13, unit 16. Its texels are 10 points wide and high.
        let tile = corner + vec2(2.0 + 82.0, 2.0 + 2.0 * 42.0);
        harness.hover_at(tile + vec2(75.0, 15.0));
        harness.step();
        let spot = harness.state().answer.as_ref().unwrap().hovered.unwrap();
        assert_eq!((spot.unit, spot.x, spot.y), (16, 7, 1));
        assert!((spot.fraction[0] - 75.0 / 80.0).abs() < 0.02 && (spot.fraction[1] - 15.0 / 40.0).abs() < 0.03);

        let click = |harness: &mut egui_kittest::Harness<'_, super::Stage>, at| {
            harness.state_mut().clicked = None;
            harness.hover_at(at);
            harness.drag_at(at);
            harness.step();
            harness.drop_at(at);
            harness.step();
            harness.state().clicked.map(|Spot { unit, x, y, .. }| (unit, x, y))
        };
        assert_eq!(click(&mut harness, tile + vec2(25.0, 35.0)), Some((16, 2, 3)));
        assert_eq!(click(&mut harness, tile + vec2(0.3, 0.3)), Some((16, 0, 0)));
        assert_eq!(click(&mut harness, tile + vec2(-1.0, 5.0)), None, "in the gap");
        assert_eq!(harness.state().answer.as_ref().unwrap().hovered, None, "the pointer has left");
    }
}

#[test]
fn layout_is_in_whole_pixels() {
    let layout = TileLayout::new(vec2(10.1, 3.0), 2.0, 3, 7, 1.5).at(pos2(-7.3, 4.0));
    assert_eq!((layout.origin, layout.tile, layout.gap), ([-11, 6], [15, 5], 3));
    assert_eq!(layout.size() * 1.5, vec2(3.0 + 3.0 * 18.0, 3.0 + 3.0 * 8.0));
    assert_eq!((layout.columns_in(38.0), layout.columns_in(37.9), layout.columns_in(1.0)), (3, 2, 1));
    for slot in 0..7 {
        let rect = layout.tile_rect(slot);
        let inside = rect.min + vec2(0.1, 0.1);
        assert_eq!(layout.hit(inside), Some((slot, [0, 0])));
        assert_eq!(layout.hit(rect.max - vec2(0.1, 0.1)), Some((slot, [14, 4])));
        assert_eq!(layout.hit(rect.min - vec2(0.1, 0.1)), None);
    }
    assert_eq!(layout.hit(layout.tile_rect(6).min + vec2(12.0, 0.1)), None, "past the last");
}

/// Prints what 512 tiles cost; the bound is loose, so that a busy machine passes.
#[test]
fn five_hundred_tiles_cost_the_window_nearly_nothing() {
    let Some(render_state) = device() else { return };
    let maps = Maps::awkward(512, 28, 28);
    let start = Instant::now();
    let atlas = maps.upload(&render_state);
    let uploading = start.elapsed();
    let mut harness = window(render_state, atlas, TileGrid::new((0..512).collect(), 10, vec2(28.0, 28.0)), 1.0);
    harness.set_size(vec2(1000.0, 800.0));
    harness.state_mut().grid.columns = 32;
    harness.run_steps(3);
    harness.render().unwrap();
    harness.state_mut().show_micros.clear();
    let (mut frames, mut renders) = (Vec::new(), Vec::new());
    for i in 0..30 {
        harness.state_mut().grid.style.colours.gamma = 0.5 + 0.05 * i as f32;
        let start = Instant::now();
        harness.step();
        frames.push(start.elapsed().as_secs_f64() * 1e6);
        let start = Instant::now();
        harness.render().unwrap();
        renders.push(start.elapsed().as_secs_f64() * 1e6);
    }
    let median = |mut micros: Vec<f64>| {
        micros.sort_by(f64::total_cmp);
        micros[micros.len() / 2]
    };
    let show = median(std::mem::take(&mut harness.state_mut().show_micros));
    println!(
        "512 tiles of 28 x 28: upload {uploading:?}, show {show:.0} us, frame {:.0} us, render and read back {:.0} us",
        median(frames),
        median(renders)
    );
    assert!(show < 2000.0);
}
