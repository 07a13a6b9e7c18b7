//! A few small pictures of the window, compared with stored ones: what is drawn by the paint callback stands in them. Parts
//! only, without text that differs between machines; `UPDATE_SNAPSHOTS=1` stores them anew.

use super::*;
use egui_kittest::SnapshotOptions;
use image::imageops::crop_imm;

/// Compares what lies under a labelled widget, at most `size` points of it from its top left corner.
fn compare(window: &mut Window, label: &str, size: [f32; 2], name: &str) {
    let rect = window.get_by_label(label).rect();
    let whole = window.render().unwrap();
    let [width, height] = [rect.width().min(size[0]) as u32, rect.height().min(size[1]) as u32];
    let part = crop_imm(&whole, rect.left() as u32, rect.top() as u32, width, height).to_image();
    // Rasterisers differ in the edges of letters and of tiles; nothing else may differ much.
    let options = SnapshotOptions::new().threshold(1.5).max_failed_pixels(40usize);
    egui_kittest::image_snapshot_options(&part, name, &options);
}

/// The pointer is somewhere where it marks nothing.
fn rest(window: &mut Window) {
    window.hover_at(pos2(2.0, 2.0));
    window.run_steps(3);
}

#[test]
fn maps_of_the_first_layer() {
    let Some(mut window) = open() else { return };
    rest(&mut window);
    compare(&mut window, "feature maps of conv1", [320.0, 160.0], "maps");
    compare(&mut window, "map of unit 35", [184.0, 184.0], "unit");
}

#[test]
fn rows_of_layers_dark_and_light() {
    let Some(mut window) = open() else { return };
    rest(&mut window);
    compare(&mut window, "layer conv1", [240.0, 44.0], "layer-dark");
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::D);
    window.run_steps(3);
    compare(&mut window, "layer conv1", [240.0, 44.0], "layer-light");
    compare(&mut window, "feature maps of conv1", [320.0, 160.0], "maps-light");
}
