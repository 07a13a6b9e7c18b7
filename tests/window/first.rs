//! A person's first minutes: look, move, pick, save, cancel, switch.

use super::*;
use eframe::egui::{Key, Modifiers, accesskit::Role};

#[test]
fn it_opens_on_a_sample_with_photonet_already_run() {
    let Some(window) = open() else { return };
    let app = window.state();
    assert_eq!(app.shown().unwrap().run.model.card.name, "photonet");
    assert_eq!(picture_name(app), "chelsea");
    window.get_by_label("feature maps of conv1");
    window.get_by_label("layer conv3");
    window.get_by_label("map of unit 35");
    window.get_by_label("heatmap");
}

#[test]
fn the_layer_slider_is_dragged_and_keys_step() {
    let Some(mut window) = open() else { return };
    let rect = window.get_by_role_and_label(Role::Slider, "Layer").rect();
    let first = layer(&window);
    let mut seen = vec![first];
    window.drag_at(rect.center_top() + vec2(0.0, 30.0));
    window.step();
    for share in 1..=16 {
        window.hover_at(rect.center_top() + vec2(0.0, rect.height() * share as f32 / 16.0 - 2.0));
        window.step();
        if seen.last() != Some(&layer(&window)) {
            seen.push(layer(&window));
        }
    }
    window.drop_at(rect.center_bottom());
    window.step();
    let last = window.state().shown().unwrap().run.layers.len() - 1;
    assert_eq!(layer(&window), last);
    assert!(seen.len() > 10, "{seen:?}");
    window.key_press(Key::OpenBracket);
    window.step();
    assert_eq!(layer(&window), last - 1);
    window.key_press(Key::CloseBracket);
    window.step();
    assert_eq!(layer(&window), last);
}

#[test]
fn a_unit_is_picked_by_clicking_its_tile_and_by_arrows() {
    let Some(mut window) = open() else { return };
    let rect = window.get_by_label("feature maps of conv1").rect();
    click(&mut window, rect.min + vec2(12.0, 12.0));
    assert_eq!(window.state().selection().unit, 0);
    assert!(window.state().selection().position.is_some(), "a click also picks a position");
    settle(&mut window);
    window.key_press(Key::ArrowRight);
    window.step();
    assert_eq!(window.state().selection().unit, 1);
    window.key_press(Key::ArrowDown);
    window.step();
    assert!(window.state().selection().unit > 8);
    settle(&mut window);
    window.get_by_label(&format!("deconvnet of unit {}", window.state().selection().unit));
}

#[test]
fn a_class_is_picked_and_the_saliency_follows() {
    let Some(mut window) = open() else { return };
    let app = window.state();
    let ranking = app.shown().unwrap().ranking.clone();
    let before = answer(app, "saliency", Target::Class(ranking[0]));
    let name = app.shown().unwrap().run.model.class_name(ranking[1]);
    window.get_by_label(&format!("class {name}")).click();
    window.step();
    settle(&mut window);
    assert_eq!(window.state().selection().class, Some(ranking[1]));
    let after = answer(window.state(), "saliency", Target::Class(ranking[1]));
    assert_ne!(before.values, after.values);
    window.key_press(Key::P);
    window.step();
    assert_eq!(window.state().selection().class, None);
}

#[test]
fn another_method_is_chosen() {
    let Some(mut window) = open() else { return };
    window.get_by_label("Method").click();
    window.run_steps(2);
    window.get_by_label("Guided backprop").click();
    window.step();
    settle(&mut window);
    let class = window.state().shown().unwrap().ranking[0];
    answer(window.state(), "guided-backprop", Target::Class(class));
    window.get_by_label("heatmap");
}

#[test]
fn pictures_come_by_drop_and_by_dialog_and_bad_ones_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let answers = Answers::default();
    let Some(mut window) = open_with("photonet", Arc::clone(&answers)) else { return };
    drop_file(&mut window, sample(folder.path(), "dropped"));
    until(&mut window, "the dropped picture", |app| picture_name(app) == "dropped.png");

    answers.lock().unwrap().push(sample(folder.path(), "chosen"));
    window.key_press_modifiers(Modifiers::COMMAND, Key::O);
    window.step();
    until(&mut window, "the chosen picture", |app| picture_name(app) == "chosen.png");

    let bad = folder.path().join("notes.png");
    std::fs::write(&bad, "no picture at all").unwrap();
    drop_file(&mut window, bad);
    until(&mut window, "a message", |app| app.message().is_some_and(|message| message.failed));
    assert!(window.state().message().unwrap().text.contains("notes.png"));
    assert_eq!(picture_name(window.state()), "chosen.png");
    window.get_by_label("Dismiss").click();
    window.run_steps(2);
    assert!(window.state().message().is_none());
}

#[test]
fn panes_are_exported_with_what_they_show() {
    let folder = tempfile::tempdir().unwrap();
    let answers = Answers::default();
    let Some(mut window) = open_with("photonet", Arc::clone(&answers)) else { return };
    for (pane, size) in
        [("Activations", None), ("Pixels", None), ("Unit", Some((512, 512))), ("Picture", Some((451, 300)))]
    {
        let path = folder.path().join(format!("{pane}.png"));
        answers.lock().unwrap().push(path.clone());
        export(&mut window, pane);
        until(&mut window, "the file", |app| app.message().is_some_and(|message| message.text.contains(pane)));
        let written = image::open(&path).unwrap();
        assert!(size.is_none_or(|size| size == (written.width(), written.height())), "{pane}");
        let bytes = std::fs::read(&path).unwrap();
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(holds("Network") && holds("photonet"), "{pane} does not say what it shows");
    }
    let path = folder.path().join("maps.npy");
    answers.lock().unwrap().push(path.clone());
    export(&mut window, "Activations");
    until(&mut window, "the array", |app| app.message().is_some_and(|message| message.text.contains("maps.npy")));
    assert_eq!(striate::paint::read_npy(&path).unwrap().dims(), [64, 32, 32]);
}

#[test]
fn long_work_is_cancelled_and_the_old_run_stays() {
    let Some(mut window) = open() else { return };
    choose_network(&mut window, "VGG-16");
    let start = Instant::now();
    while window.query_by_label("Cancel").is_none() {
        assert!(start.elapsed() < Duration::from_secs(60), "nothing to cancel");
        window.step();
    }
    window.get_by_label("Cancel").click();
    window.run_steps(2);
    until(&mut window, "an idle engine", App::is_idle);
    window.run_steps(3);
    assert_eq!(window.state().shown().unwrap().run.model.card.name, "photonet");
}

#[test]
fn another_network_is_opened() {
    let Some(mut window) = open() else { return };
    choose_network(&mut window, "ResNet-18");
    until(&mut window, "ResNet-18", |app| app.shown().unwrap().run.model.card.name == "resnet18");
    settle(&mut window);
    window.get_by_label("untrained");
    window.get_by_label("feature maps of conv1");
}

#[test]
fn the_theme_is_switched() {
    let Some(mut window) = open() else { return };
    assert_eq!(window.ctx.theme(), egui::Theme::Dark);
    window.key_press_modifiers(Modifiers::COMMAND, Key::D);
    window.run_steps(2);
    assert_eq!(window.ctx.theme(), egui::Theme::Light);
}

#[test]
fn pages_open_and_close() {
    let Some(mut window) = open() else { return };
    window.key_press(Key::F1);
    window.run_steps(2);
    window.get_by_label("Next layer");
    window.key_press(Key::Escape);
    window.run_steps(2);
    assert!(window.query_by_label("Next layer").is_none());
    let before = layer(&window);
    window.key_press_modifiers(Modifiers::COMMAND, Key::P);
    window.run_steps(2);
    window.get_by_label("Find a command").type_text("next la");
    window.run_steps(2);
    window.key_press(Key::Enter);
    window.run_steps(2);
    assert_eq!(layer(&window), before + 1);
}

#[test]
fn layers_units_and_classes_are_found_by_keyboard_alone() {
    let Some(mut window) = open() else { return };
    let mut find = |text: &str| {
        window.key_press_modifiers(Modifiers::COMMAND, Key::P);
        window.run_steps(2);
        window.get_by_label("Find a command").type_text(text);
        window.run_steps(2);
        window.key_press(Key::Enter);
        window.run_steps(2);
        let selection = window.state().selection();
        (selection.layer, selection.unit, selection.class)
    };
    let (layer, ..) = find("conv4");
    assert_eq!(find("unit 17"), (layer, 17, None));
    assert_eq!(find("9999").1, 255, "beyond the last unit is the last");
    let (.., class) = find("tabby");
    let class = class.unwrap();
    let shown = window.state().shown().unwrap();
    let name = shown.run.model.class_name(class).to_owned();
    assert!(name.contains("tabby"), "{name}");
    // Far down by its score, it stands on top while it is explained.
    let rank = shown.ranking.iter().position(|&other| other == class).unwrap();
    let top = |label: &str| window.get_by_label(label).rect().top();
    assert!(rank >= 8 && top(&format!("class {name}")) < top("class Chihuahua"), "rank {rank}");
}

#[test]
fn what_is_found_is_picked_by_the_arrows() {
    let Some(mut window) = open() else { return };
    let (here, unit) = (layer(&window), window.state().selection().unit);
    window.key_press_modifiers(Modifiers::COMMAND, Key::P);
    window.run_steps(2);
    window.get_by_label("Find a command").type_text("layer");
    window.run_steps(2);
    // "Layers", the pane, stands among the layers; the first match is the layer before.
    for key in [Key::ArrowDown, Key::ArrowDown, Key::ArrowUp, Key::Enter] {
        window.key_press(key);
        window.run_steps(2);
    }
    assert_eq!(layer(&window), here + 1, "the second match is the next layer");
    window.key_press(Key::OpenBracket);
    window.run_steps(2);
    assert_eq!((layer(&window), window.state().selection().unit), (here, unit), "the arrows moved no unit meanwhile");
    // The page of keys is as high as ever after this lower one.
    window.key_press(Key::F1);
    window.run_steps(4);
    let top = window.get_by_label("Pointer").rect().top();
    assert!(top < 250.0, "the page of keys begins at {top}");
}

#[test]
fn in_the_smallest_window_every_tab_is_whole_and_drawing_has_room() {
    let Some(mut window) = open() else { return };
    window.set_size(vec2(900.0, 600.0));
    window.run_steps(3);
    press(&mut window, "View");
    press(&mut window, "Reset arrangement");
    settle(&mut window);
    for (active, last) in [
        ("Activations", "Lectures"),
        ("Pixels", "Invariance"),
        ("Projected", "Magnifier"),
        ("Picture", "Draw"),
        ("Scores", "A and B"),
    ] {
        let menu = window.get_by_label(&format!("Help on {active}")).rect();
        let tab = window.get_by_label(last).rect();
        assert!(tab.right() <= menu.left(), "{last} at {tab} reaches the menu at {menu}");
    }
    press(&mut window, "Draw");
    let pad = window.get_by_label("drawing pad").rect();
    assert!(pad.width() >= 120.0, "{pad}");
    press(&mut window, "Invariance");
    press(&mut window, "Menu of Invariance");
    press(&mut window, "Duplicate");
    // However little room there is, what a pane says stays below its controls.
    let low = window.query_all_by_label("Measure").map(|button| button.rect().bottom()).fold(0.0, f32::max);
    for said in window.query_all_by_label_contains("how far layers move") {
        assert!(said.rect().top() >= low - 1.0, "{} over {low}", said.rect());
    }
}
