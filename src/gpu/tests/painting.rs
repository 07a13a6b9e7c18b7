//! Every pixel of every tile, against the CPU.

use super::{Maps, Stage, cpu, device, srgb_device, window};
use crate::{
    gpu::{TileGrid, TileStyle, layout::TileLayout, show_unit_at},
    paint::{ColourMap, Range, Scaling, Style},
};
use eframe::egui::{self, Rect, pos2, vec2};
use egui_kittest::Harness;
use image::RgbaImage;

fn layout_of(stage: &Stage, pixels_per_point: f32) -> TileLayout {
    let grid = &stage.grid;
    let layout = TileLayout::new(grid.tile, grid.gap, grid.columns, grid.order.len() as u32, pixels_per_point);
    layout.at(stage.answer.as_ref().unwrap().response.rect.min).showing(grid.style.part)
}

/// Compares all visible tile pixels; returns how many there were.
fn compare(picture: &RgbaImage, clip: Rect, maps: &Maps, grid: &TileGrid, layout: &TileLayout) -> usize {
    let k = layout.pixels_per_point;
    let mut compared = 0;
    for (x, y, seen) in picture.enumerate_pixels() {
        let centre = pos2((x as f32 + 0.5) / k, (y as f32 + 0.5) / k);
        let Some((slot, at)) = layout.hit(centre).filter(|_| clip.shrink(1.0 / k).contains(centre)) else { continue };
        let expected = cpu::pixel(maps, grid, layout, slot, at);
        let far = expected.iter().zip(seen.0).any(|(&a, b)| a.abs_diff(b) > 1);
        assert!(!far, "slot {slot} pixel {at:?}: {expected:?} on the CPU, {:?} on the GPU, {:?}", seen.0, grid.style);
        compared += 1;
    }
    compared
}

fn check(harness: &mut Harness<'_, Stage>, maps: &Maps, pixels_per_point: f32) -> usize {
    harness.step();
    let picture = harness.render().unwrap();
    let stage = harness.state();
    compare(&picture, stage.clip, maps, &stage.grid, &layout_of(stage, pixels_per_point))
}

#[test]
fn gpu_paints_what_the_cpu_paints() {
    for (pixels_per_point, srgb) in [(1.0, false), (1.5, false), (2.0, false), (1.0, true)] {
        let Some(render_state) = (if srgb { srgb_device() } else { device() }) else { return };
        let maps = Maps::awkward(23, 13, 9);
        let atlas = maps.upload(&render_state);
        let grid = TileGrid::new((0..23).rev().collect(), 5, vec2(61.0, 47.0));
        let mut harness = window(render_state, atlas, grid, pixels_per_point);
        // Larger than the maps, smaller, and so small that taps are left out.
        for (tile, scroll) in [([61.0, 47.0], [30.5, 61.25]), ([5.0, 5.0], [0.0, 0.0]), ([2.0, 1.0], [0.0, 0.0])] {
            harness.state_mut().grid.tile = tile.into();
            harness.state_mut().scroll = scroll.into();
            let fixed = Some(Range { low: -0.5, high: 1.0 });
            let [unit, layer, symmetric] = Scaling::ALL.map(|scaling| (scaling, None));
            for (scaling, fixed) in [unit, layer, symmetric, (Scaling::Unit, fixed)] {
                let [viridis, turbo, red_blue] = [ColourMap::Viridis, ColourMap::Turbo, ColourMap::RedBlue];
                for (map, gamma) in [(viridis, 1.0), (turbo, 0.45), (red_blue, 1.0), (red_blue, 2.2)] {
                    let colours = Style { map, gamma };
                    harness.state_mut().grid.style = TileStyle { colours, scaling, fixed, ..TileStyle::default() };
                    assert!(check(&mut harness, &maps, pixels_per_point) > 40);
                }
            }
        }
    }
}

#[test]
fn zoomed_tiles_are_parts_of_larger_ones() {
    for pixels_per_point in [1.0, 1.5] {
        let Some(render_state) = device() else { return };
        let maps = Maps::awkward(7, 13, 9);
        let atlas = maps.upload(&render_state);
        let grid = TileGrid::new((0..7).collect(), 3, vec2(41.0, 30.0));
        let mut harness = window(render_state, atlas, grid, pixels_per_point);
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        let parts = [
            whole,
            Rect::from_center_size(pos2(0.4, 0.6), vec2(0.3, 0.3)),
            Rect::from_min_max(pos2(63.0 / 64.0, 0.0), pos2(1.0, 1.0 / 64.0)),
        ];
        for (index, part) in parts.into_iter().enumerate() {
            // The smallest tiles leave taps out also when zoomed.
            for tile in [vec2(41.0, 30.0), vec2(3.0, 2.0)] {
                harness.state_mut().grid.tile = tile;
                harness.state_mut().grid.style.part = Some(part);
                assert!(check(&mut harness, &maps, pixels_per_point) >= 7 * 3 * 2);
                let layout = layout_of(harness.state(), pixels_per_point);
                assert_eq!(index == 0, layout.whole == layout.tile, "only the whole is not zoomed");
            }
        }
    }
}

#[test]
fn order_is_followed_and_can_change() {
    let Some(render_state) = device() else { return };
    let maps = Maps::awkward(12, 6, 6);
    let atlas = maps.upload(&render_state);
    let mut harness = window(render_state, atlas, TileGrid::new([3, 1, 11].into(), 4, vec2(20.0, 20.0)), 1.0);
    assert_eq!(check(&mut harness, &maps, 1.0), 3 * 400);
    for order in [vec![7, 7, 0], vec![5], (0..12).collect(), vec![]] {
        let tiles = order.len();
        harness.state_mut().grid.order = order.into();
        assert_eq!(check(&mut harness, &maps, 1.0), tiles * 400);
    }
}

/// More units than a row of any list texture, more pixels than one column of the atlas.
#[test]
fn thousands_of_units_wrap() {
    let Some(render_state) = device() else { return };
    let maps = Maps::awkward(3001, 6, 2);
    let atlas = maps.upload(&render_state);
    assert!(atlas.rows() < 3001);
    let mut harness = window(render_state, atlas, TileGrid::new((0..3001).collect(), 20, vec2(9.0, 9.0)), 1.5);
    for scroll in [0.0, 555.5, 1400.0] {
        harness.state_mut().scroll = vec2(0.0, scroll);
        assert!(check(&mut harness, &maps, 1.5) > 40_000);
    }
}

#[test]
fn selected_and_hovered_are_framed_and_the_cross_is_drawn() {
    let Some(render_state) = device() else { return };
    let maps = Maps::new(vec![0.0; 4], 4, 1, 1);
    let atlas = maps.upload(&render_state);
    let mut grid = TileGrid::new([3, 2, 1, 0].into(), 2, vec2(20.0, 20.0));
    (grid.gap, grid.selected, grid.hovered) = (4.0, Some(2), Some(1));
    grid.style.cross = Some([0.5, 0.25]);
    grid.style.colours.map = ColourMap::Grey;
    let mut harness = window(render_state, atlas, grid, 1.0);
    harness.step();
    let picture = harness.render().unwrap();
    let layout = layout_of(harness.state(), 1.0);
    let at = |slot: u32, dx: i32, dy: i32| {
        let corner = layout.tile_rect(slot).min;
        picture.get_pixel((corner.x as i32 + dx) as u32, (corner.y as i32 + dy) as u32).0
    };
    let visuals = egui::Visuals::dark();
    let accent = harness.state().grid.accent;
    let [accent, thin] = [accent, visuals.widgets.hovered.fg_stroke.color].map(|c| c.to_array());
    let background = at(0, -1, -1);
    assert_eq!((at(1, -1, 5), at(1, -2, -2), at(1, 21, 21), at(1, -3, 5)), (accent, accent, accent, background));
    assert_eq!((at(2, 20, 5), at(2, -1, -1), at(2, 21, 5), at(2, -2, 5)), (thin, thin, background, background));
    for slot in 0..4 {
        let [arm, off] = [at(slot, 11, 5), at(slot, 11, 6)];
        assert_eq!((at(slot, 10, 5), arm, off), ([255; 4], [255; 4], [0, 0, 0, 255]));
    }
    assert_eq!(harness.state().answer.as_ref().unwrap().selected_rect, Some(layout.tile_rect(1)));
}

/// All `prepare` run before all `paint`: two views of one atlas must not take each other's uniforms.
#[test]
fn two_views_of_one_atlas_keep_apart() {
    let Some(render_state) = device() else { return };
    let maps = Maps::awkward(7, 11, 11);
    let atlas = maps.upload(&render_state);
    let views = [(0, ColourMap::Inferno), (6, ColourMap::RedBlue)].map(|(unit, map)| {
        let rect = Rect::from_min_size(pos2(10.0 + 20.0 * unit as f32, 30.0), vec2(77.0, 90.5));
        let colours = Style { map, gamma: 1.0 };
        let style = TileStyle { colours, scaling: Scaling::Layer, ..TileStyle::default() };
        let grid = TileGrid { gap: 0.0, style, ..TileGrid::new([unit].into(), 1, rect.size()) };
        (unit, rect, grid)
    });
    let shown = views.clone();
    let mut harness = Harness::builder()
        .with_pixels_per_point(1.5)
        .with_render_cursor(false)
        .renderer(egui_kittest::wgpu::WgpuTestRenderer::from_render_state(render_state))
        .build_ui(move |ui| {
            for (unit, rect, grid) in &shown {
                show_unit_at(ui, &atlas, *unit, *rect, grid.style, &format!("unit {unit}"));
            }
        });
    let picture = harness.render().unwrap();
    for (_, rect, grid) in &views {
        let layout = TileLayout::new(grid.tile, 0.0, 1, 1, 1.5).at(rect.min);
        assert!(compare(&picture, Rect::EVERYTHING, &maps, grid, &layout) > 10_000);
    }
}
