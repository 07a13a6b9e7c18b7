//! Who has no mouse: keys reach whatever does something.

use super::*;
use eframe::egui::{Key, accesskit::Role};
use egui_kittest::kittest::NodeT as _;
use std::collections::BTreeSet;

/// The name of what has the keyboard.
fn focused(window: &Window) -> Option<String> {
    let mut nodes = window.root().children_recursive();
    nodes.find(|node| node.accesskit_node().is_focused()).and_then(|node| node.accesskit_node().label())
}

#[test]
fn tab_goes_through_tabs_menus_and_controls_and_space_presses_them() {
    let Some(mut window) = open() else { return };
    let mut reached = BTreeSet::new();
    let wanted = ["File", "Network", "CAM", "Menu of Saliency", "Order", "CAM method", "whole maps", "Export Scores"];
    for _ in 0..250 {
        window.key_press(Key::Tab);
        window.step();
        let Some(name) = focused(&window) else { continue };
        if name == "CAM" && !reached.contains("CAM") {
            window.key_press(Key::Space);
            window.run_steps(3);
            window.get_by_label("Menu of CAM");
            window.get_by_role_and_label(Role::Button, "Saliency");
        }
        reached.insert(name);
    }
    let missing: Vec<_> = wanted.iter().filter(|name| !reached.contains(**name)).collect();
    assert!(missing.is_empty(), "{missing:?} of {reached:?}");
}
