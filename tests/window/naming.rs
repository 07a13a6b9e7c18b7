//! Access without sight or a mouse: every element that does something has a name, and keys reach it.

use super::*;
use eframe::egui::{
    Key,
    accesskit::{Action, Role},
};
use egui_kittest::kittest::NodeT as _;
use std::collections::BTreeSet;
use striate::ui::panels::PANELS;

/// Returns the elements that can be clicked or focused and have no name.
fn nameless(window: &Window) -> Vec<String> {
    let nodes = window.root().children_recursive();
    let acts = nodes.filter(|node| {
        let data = node.accesskit_node().data();
        data.supports_action(Action::Click) || data.supports_action(Action::Focus)
    });
    // egui's own elements: bars to scroll, the bars of tabs, the gaps between panes. They are dragged, or left alone.
    let is_egui =
        |role: Role, size: egui::Vec2| role == Role::ScrollBar || role == Role::Unknown && size.min_elem() <= 24.0;
    let acts = acts.filter(|node| !is_egui(node.accesskit_node().role(), node.rect().size()));
    let is_empty = |text: Option<String>| text.is_none_or(|text| text.trim().is_empty());
    let nameless = acts.filter(|node| is_empty(node.accesskit_node().label()));
    nameless.map(|node| format!("{:?} at {}", node.accesskit_node().role(), node.rect())).collect()
}

#[test]
fn whatever_does_something_has_a_name() {
    let Some(mut window) = open() else { return };
    let (mut seen, mut found) = (0, Vec::new());
    for kind in PANELS {
        show_pane(&mut window, kind.title);
        seen += window.root().children_recursive().count();
        found.extend(nameless(&window).into_iter().map(|what| format!("{}: {what}", kind.title)));
        press(&mut window, &format!("Menu of {}", kind.title));
        found.extend(nameless(&window).into_iter().map(|what| format!("the menu of {}: {what}", kind.title)));
        window.key_press(Key::Escape);
        window.run_steps(2);
    }
    assert!(found.is_empty(), "{found:#?}");
    assert!(seen > 100 * PANELS.len(), "hardly anything was looked at: {seen}");
}

/// The name of what has the keyboard.
fn focused(window: &Window) -> Option<String> {
    let mut nodes = window.root().children_recursive();
    nodes.find(|node| node.accesskit_node().is_focused()).and_then(|node| node.accesskit_node().label())
}

#[test]
fn tab_goes_through_tabs_menus_and_controls_and_space_presses_them() {
    let Some(mut window) = open() else { return };
    let mut reached = BTreeSet::new();
    let wanted = ["File", "Network", "Regions", "Menu of Pixels", "Order", "CAM method", "whole maps", "Export Scores"];
    for _ in 0..320 {
        window.key_press(Key::Tab);
        window.step();
        let Some(name) = focused(&window) else { continue };
        if name == "Regions" && !reached.contains("Regions") {
            window.key_press(Key::Space);
            window.run_steps(3);
            window.get_by_label("Menu of Regions");
            window.get_by_role_and_label(Role::Button, "Pixels");
        }
        reached.insert(name);
    }
    let missing: Vec<_> = wanted.iter().filter(|name| !reached.contains(**name)).collect();
    assert!(missing.is_empty(), "{missing:?} of {reached:?}");
}
