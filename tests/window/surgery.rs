//! Surgery in the window: parts switched off on the list and on the drawing, units changed, changes taken back and saved.

use super::*;
use eframe::egui::accesskit::Role;
use striate::net::surgery::{Edit, InPlace, Surgery};

fn surgery(window: &Window) -> Surgery {
    window.state().shown().unwrap().run.model.surgery.clone()
}

fn scores(window: &Window) -> Vec<f32> {
    window.state().shown().unwrap().run.scores.clone()
}

/// The pane in a window with room for the whole list of parts.
fn show_surgery(window: &mut Window) {
    window.set_size(vec2(1900.0, 1400.0));
    window.run_steps(3);
    show_pane(window, "Surgery");
}

/// Operates and waits for the run.
fn tick(window: &mut Window, label: &str) {
    window.get_by_role_and_label(Role::CheckBox, label).click();
    window.run_steps(2);
    settle(window);
}

#[test]
fn a_layer_is_switched_off_and_the_scores_follow() {
    let Some(mut window) = open() else { return };
    let before = scores(&window);
    window.get_by_label("feature maps of conv1");
    show_surgery(&mut window);
    let said = window.query_by_label_contains("Nothing is changed").is_some();
    assert!(said);
    window.get_by_label("Search parts").focus();
    window.run_steps(2);
    window.get_by_label("Search parts").type_text("conv3");
    window.run_steps(3);
    let places = ["Search parts", "conv3 at work", "undo", "silence"].map(|label| window.get_by_label(label).rect());
    tick(&mut window, "conv3 at work");
    let found = window.query_by_label_contains(" at work").map(|tick| tick.rect());
    assert!(!surgery(&window).is_empty(), "{places:?} {found:?}");
    let off = Edit::Off { part: "conv3".into(), with: InPlace::Zero };
    assert_eq!(surgery(&window).edits, [off]);
    let after = scores(&window);
    assert!(before != after);
    window.get_by_label("1 change to the network");
    // The layer is still there, and so is the selection.
    let shown = window.state().shown().unwrap();
    let id = shown.graph().find("conv3").unwrap();
    assert!(shown.run.layers[id].ranges.iter().any(|range| range.high > range.low));
    assert_eq!(shown.graph().node(layer(&window)).name, "conv1");
    let best = shown.run.model.unchanged().class_name(shown.ranking[0]);
    assert!(window.query_all_by_label_contains(" became ").count() >= 6, "{best}");
    // Another value in its place, then all is taken back.
    let constant = window.state().shown().unwrap().run.scores.clone();
    press(&mut window, "undo all");
    settle(&mut window);
    assert!(surgery(&window).is_empty());
    assert_eq!(scores(&window), before);
    assert_eq!(constant, after);
}

#[test]
fn units_are_silenced_and_held_and_the_last_change_is_undone() {
    let Some(mut window) = open() else { return };
    show_surgery(&mut window);
    press(&mut window, "silence");
    settle(&mut window);
    let unit = window.state().selection().unit;
    let model = Arc::clone(&window.state().shown().unwrap().run.model);
    let off = model.network.graph().find("conv1.off").unwrap();
    let range = |window: &Window, layer: usize| window.state().shown().unwrap().run.layers[layer].ranges[unit];
    assert_eq!((range(&window, off).low, range(&window, off).high), (0.0, 0.0));
    press(&mut window, "hold at");
    settle(&mut window);
    let held = window.state().shown().unwrap().graph().find("conv1.constant").unwrap();
    assert_eq!((range(&window, held).low, range(&window, held).high), (1.0, 1.0));
    assert_eq!(surgery(&window).edits.len(), 1, "a unit has one change");
    press(&mut window, "undo");
    settle(&mut window);
    assert!(surgery(&window).is_empty());
}

#[test]
fn a_block_is_switched_off_on_the_drawing_and_saved_as_a_variant() {
    let folder = tempfile::tempdir().unwrap();
    let answers = Answers::default();
    let Some(mut window) = open_with("resnet20", Arc::clone(&answers)) else { return };
    show_pane(&mut window, "Architecture");
    let name = window.state().shown().unwrap().graph().residual_blocks()[1].part.name.clone();
    // Too small to read where all of it is in view.
    let tick_of = format!("{name} in the drawing at work");
    for _ in 0..20 {
        if window.query_by_role_and_label(Role::CheckBox, &tick_of).is_some() {
            break;
        }
        let at = window.get_by_label(&format!("box {name}")).rect().left_center();
        window.hover_at(at + vec2(2.0, 0.0));
        window.event(wheel(60.0));
        window.run_steps(4);
    }
    tick(&mut window, &format!("{name} in the drawing at work"));
    assert_eq!(surgery(&window).edits, [Edit::Off { part: name.clone(), with: InPlace::Input }]);
    let changed = scores(&window);
    show_surgery(&mut window);
    let path = folder.path().join("less.variant");
    answers.lock().unwrap().push(path.clone());
    press(&mut window, "save variant…");
    until(&mut window, "the variant", |_| path.exists());
    settle(&mut window);
    press(&mut window, "undo all");
    settle(&mut window);
    assert!(scores(&window) != changed);
    drop_file(&mut window, path);
    until(&mut window, "the variant", |app| app.shown().unwrap().run.model.card.title.starts_with("less"));
    settle(&mut window);
    assert_eq!((scores(&window), surgery(&window).edits.len()), (changed, 1));
}
