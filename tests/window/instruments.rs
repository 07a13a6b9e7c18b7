//! The panes as instruments: methods with their parameters, pins, panes side by side.

use super::*;
use eframe::egui::{Key, Modifiers, accesskit::Role};
use egui_kittest::kittest::NodeT as _;
use striate::ui::panels::PANELS;

fn count(window: &Window, label: &str) -> usize {
    window.query_all_by_label(label).count()
}

#[test]
fn class_activation_maps_follow_class_and_layer() {
    let Some(mut window) = open() else { return };
    press(&mut window, "Regions");
    settle(&mut window);
    let ranking = window.state().shown().unwrap().ranking.clone();
    let first = answer(window.state(), "grad-cam", Target::Class(ranking[0]));
    window.get_by_label("class activation map");
    let name = window.state().shown().unwrap().run.model.class_name(ranking[1]);
    press(&mut window, &format!("class {name}"));
    settle(&mut window);
    assert_ne!(first.values, answer(window.state(), "grad-cam", Target::Class(ranking[1])).values);
    // At the selected layer: conv1's 32x32 places instead of the last maps' 8x8.
    press(&mut window, "CAM layer");
    press(&mut window, "selected layer");
    settle(&mut window);
    let app = window.state();
    let key = AttributionKey { layer: Some(1), ..attribution_key(app, "grad-cam", Target::Class(ranking[1])) };
    let here = app.answers().get(&key).unwrap().clone().unwrap();
    assert_eq!((first.shape, here.shape), ([1, 8, 8], [1, 32, 32]));
}

#[test]
fn parameters_change_the_answer_and_slow_methods_wait_for_a_button() {
    let Some(mut window) = open() else { return };
    press(&mut window, "Method");
    press(&mut window, "Integrated gradients");
    settle(&mut window);
    assert!(window.query_by_label("heatmap").is_none(), "a slow method ran without being asked");
    press(&mut window, "Options of heatmap");
    let before = window.get_by_role_and_label(Role::SpinButton, "steps").accesskit_node().numeric_value().unwrap();
    window.get_by_role_and_label(Role::SpinButton, "steps").focus();
    window.key_press(Key::ArrowUp);
    window.run_steps(3);
    let after = window.get_by_role_and_label(Role::SpinButton, "steps").accesskit_node().numeric_value().unwrap();
    assert!(after > before, "{before} {after}");
    // Once for the number that is edited, once for the menu.
    for _ in 0..2 {
        window.key_press(Key::Escape);
        window.run_steps(3);
    }
    press(&mut window, "Compute");
    settle(&mut window);
    let app = window.state();
    let class = Target::Class(app.shown().unwrap().ranking[0]);
    let settings = format!("steps={after}");
    let key = AttributionKey { settings, ..attribution_key(app, "integrated-gradients", class) };
    assert!(app.answers().get(&key).unwrap().is_ok());
    window.get_by_label("heatmap");
}

#[test]
fn a_unit_is_explained_instead_of_a_class() {
    let Some(mut window) = open() else { return };
    press(&mut window, "Class");
    press(&mut window, "selected unit");
    settle(&mut window);
    let (layer, unit) = (window.state().selection().layer, window.state().selection().unit);
    let target = Target::Unit { layer, unit, keep: striate::methods::Keep::Strongest };
    let values = answer(window.state(), "saliency", target).values.clone();
    // A unit of the first layer sees 7x7 pixels.
    assert!(values.iter().filter(|value| **value != 0.0).count() <= 49);
}

#[test]
fn a_pinned_pane_keeps_its_layer_while_its_twin_follows() {
    let Some(mut window) = open() else { return };
    press(&mut window, "Menu of Activations");
    press(&mut window, "Duplicate");
    assert_eq!(count(&window, "feature maps of conv1"), 2);
    window.get_all_by_label("Menu of Activations").next().unwrap().click();
    window.run_steps(3);
    press(&mut window, "this layer and unit");
    window.key_press(Key::Escape);
    window.run_steps(2);
    for _ in 0..3 {
        window.key_press(Key::CloseBracket);
        window.step();
    }
    settle(&mut window);
    assert_eq!((count(&window, "feature maps of conv1"), count(&window, "feature maps of pool1")), (1, 0));
    assert_eq!(count(&window, "feature maps of conv2"), 1);
    // A click in the pinned pane changes that pane alone.
    let unit = window.state().selection().unit;
    let rect = window.get_by_label("feature maps of conv1").rect();
    click(&mut window, rect.min + vec2(6.0, 6.0));
    assert_eq!(window.state().selection().unit, unit);
    window.get_all_by_label("Menu of Activations").next().unwrap().click();
    window.run_steps(3);
    press(&mut window, "Close");
    assert_eq!((count(&window, "feature maps of conv1"), count(&window, "feature maps of conv2")), (0, 1));
}

#[test]
fn two_classes_stand_side_by_side() {
    let Some(mut window) = open() else { return };
    window.get_by_label("Regions").click();
    window.run_steps(4);
    settle(&mut window);
    press(&mut window, "Menu of Regions");
    press(&mut window, "Compare with another class");
    settle(&mut window);
    let ranking = window.state().shown().unwrap().ranking.clone();
    let second = window.state().shown().unwrap().run.model.class_name(ranking[1]).to_owned();
    let lists: Vec<_> = window.get_all_by_label("CAM class").map(|list| list.rect()).collect();
    assert_eq!(lists.len(), 2);
    click(&mut window, lists[1].center());
    window.run_steps(4);
    press(&mut window, &second);
    settle(&mut window);
    // The choice is the new pane's own: the other one goes on with the predicted class.
    assert_eq!(window.state().selection().class, None);
    for class in [ranking[0], ranking[1]] {
        answer(window.state(), "grad-cam", Target::Class(class));
    }
}

#[test]
fn two_networks_stand_side_by_side() {
    let Some(mut window) = open() else { return };
    press(&mut window, "Menu of Activations");
    press(&mut window, "Duplicate");
    window.get_all_by_label("Menu of Activations").next().unwrap().click();
    window.run_steps(3);
    press(&mut window, "this picture and network");
    window.key_press(Key::Escape);
    window.run_steps(2);
    choose_network(&mut window, "ResNet-18");
    until(&mut window, "ResNet-18", |app| app.shown().unwrap().run.model.card.name == "resnet18");
    settle(&mut window);
    // The last layer of the one is matched with the last of the other.
    let last = window.state().shown().unwrap().run.layers.len() - 1;
    for _ in 0..last {
        window.key_press(Key::CloseBracket);
        window.step();
    }
    settle(&mut window);
    assert_eq!(layer(&window), last);
    assert_eq!(count(&window, "feature maps of softmax"), 2);
    window.key_press(Key::OpenBracket);
    window.run_steps(3);
    assert_eq!((count(&window, "feature maps of softmax"), count(&window, "feature maps of fc")), (1, 1));
}

#[test]
fn another_network_is_put_beside_by_one_command() {
    let Some(mut window) = open() else { return };
    let clicked = window.get_by_label("picture").rect().center();
    click(&mut window, clicked);
    press(&mut window, "Compare with another network…");
    let search = window.get_by_label("Find a network");
    search.type_text("lenet");
    window.run_steps(2);
    window.key_press(Key::Enter);
    window.run_steps(2);
    until(&mut window, "LeNet-5", |app| app.shown().unwrap().run.model.card.name == "lenet5");
    settle(&mut window);
    // Both see the same picture, and the tab says which network the twin keeps.
    assert_eq!(picture_name(window.state()), "chelsea");
    window.get_by_label("feature maps of C1");
    window.get_by_label("feature maps of conv1");
    window.get_by_label("Activations, photonet");
    // Once more: what is on screen is not offered.
    window.key_press_modifiers(Modifiers::COMMAND, Key::B);
    window.run_steps(2);
    window.get_by_label("Find a network").type_text("lenet");
    window.run_steps(2);
    window.get_by_label("LeNet-5 (ReLU, max pool)");
    assert!(window.query_by_label("LeNet-5").is_none());
    window.key_press(Key::Escape);
    window.run_steps(2);
    assert!(window.query_by_label("Find a network").is_none());
}

#[test]
fn every_pane_can_be_closed_and_shown_again() {
    let Some(mut window) = open() else { return };
    for kind in PANELS {
        show_pane(&mut window, kind.title);
        press(&mut window, &format!("Menu of {}", kind.title));
        press(&mut window, "Close");
        assert!(window.query_by_label(&format!("Menu of {}", kind.title)).is_none(), "{}", kind.title);
    }
    press(&mut window, "View");
    press(&mut window, "Panes");
    press(&mut window, PANELS[0].title);
    window.get_by_label("feature maps of conv1");
    window.key_press_modifiers(Modifiers::COMMAND, Key::P);
    window.run_steps(2);
    window.get_by_label("Find a command").type_text("reset");
    window.run_steps(2);
    window.key_press(Key::Enter);
    window.run_steps(4);
    window.get_by_label("map of unit 35");
}

#[test]
fn the_table_of_layers_is_sorted_searched_and_leads_to_layers() {
    let folder = tempfile::tempdir().unwrap();
    let answers = Answers::default();
    let Some(mut window) = open_with("photonet", Arc::clone(&answers)) else { return };
    press(&mut window, "Layers");
    press(&mut window, "Sort by parameters");
    window.run_steps(3);
    let top = |window: &Window, label: &str| window.get_by_label(label).rect().top();
    // By far the most weights first; layers without any last.
    assert!(top(&window, "row of conv5") < top(&window, "row of conv1"));
    assert!(top(&window, "row of conv1") < top(&window, "row of relu1"));
    press(&mut window, "Sort by parameters");
    assert!(top(&window, "row of relu1") < top(&window, "row of conv1"));
    let search = window.get_by_label("Search layers");
    search.focus();
    search.type_text("pool");
    window.run_steps(3);
    assert!(window.query_by_label("row of conv1").is_none());
    let row = window.get_by_label("row of pool2").rect();
    click(&mut window, row.center());
    let layer = layer(&window);
    assert_eq!(window.state().shown().unwrap().run.model.network.graph().node(layer).name, "pool2");
    let path = folder.path().join("layers");
    answers.lock().unwrap().push(path.clone());
    export(&mut window, "Layers");
    until(&mut window, "the table", |app| app.message().is_some_and(|message| message.text.contains("layers.csv")));
    let text = std::fs::read_to_string(path.with_extension("csv")).unwrap();
    assert_eq!((text.lines().count(), text.lines().nth(1).unwrap().split(',').count()), (4, 12), "{text}");
}

#[test]
fn a_click_on_the_picture_finds_the_strongest_units_there() {
    let Some(mut window) = open() else { return };
    let rect = window.get_by_label("picture").rect();
    click(&mut window, rect.center());
    let selection = window.state().selection();
    let [row, column] = selection.position.unwrap();
    // The middle of the picture is the middle of 32x32 maps.
    assert!((14..=17).contains(&row) && (14..=17).contains(&column), "{row} {column}");
    let layer = &window.state().shown().unwrap().run.layers[selection.layer];
    let at = |unit: usize| layer.with_values(|values| values[(unit * 32 + row) * 32 + column]).unwrap();
    assert!((0..64).all(|unit| at(unit) <= at(selection.unit)));
    let unit = selection.unit;
    window.run_steps(2);
    window.get_by_label(&format!("strongest here: unit {unit}"));
}

#[test]
fn selections_are_undone_and_done_again() {
    let Some(mut window) = open() else { return };
    let unit = window.state().selection().unit;
    window.key_press(Key::CloseBracket);
    window.run_steps(4);
    let class = window.state().shown().unwrap().ranking[2];
    let name = window.state().shown().unwrap().run.model.class_name(class);
    press(&mut window, &format!("class {name}"));
    window.run_steps(4);
    assert_eq!((layer(&window), window.state().selection().class), (2, Some(class)));
    let alt = |window: &mut Window, key: Key| {
        window.key_press_modifiers(Modifiers::ALT, key);
        window.run_steps(4);
    };
    alt(&mut window, Key::ArrowLeft);
    assert_eq!((layer(&window), window.state().selection().class), (2, None));
    alt(&mut window, Key::ArrowLeft);
    assert_eq!((layer(&window), window.state().selection().unit), (1, unit));
    alt(&mut window, Key::ArrowRight);
    alt(&mut window, Key::ArrowRight);
    assert_eq!((layer(&window), window.state().selection().class), (2, Some(class)));
}

#[test]
fn a_folder_is_gone_through_and_files_are_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut window) = open() else { return };
    window.key_press(Key::PageDown);
    window.step();
    until(&mut window, "the next sample", |app| picture_name(app) == "coffee");
    for name in ["one", "three", "two"] {
        sample(folder.path(), name);
    }
    drop_file(&mut window, folder.path().to_owned());
    until(&mut window, "the folder's first picture", |app| picture_name(app) == "one.png");
    window.key_press(Key::PageUp);
    window.step();
    until(&mut window, "the picture before", |app| picture_name(app) == "two.png");
    settle(&mut window);
    press(&mut window, "File");
    press(&mut window, "Recent");
    press(&mut window, "one.png");
    until(&mut window, "the recent picture", |app| picture_name(app) == "one.png");
    // The folder at a glance.
    settle(&mut window);
    press(&mut window, "Folder");
    appear(&mut window, "thumbnail of three.png");
    window.get_by_label_contains("1 of 3");
    press(&mut window, "thumbnail of three.png");
    until(&mut window, "the picture clicked", |app| picture_name(app) == "three.png");
    settle(&mut window);
    window.get_by_label_contains("2 of 3");
}

#[test]
fn the_network_is_drawn_folded_zoomed_and_leads_to_layers() {
    let folder = tempfile::tempdir().unwrap();
    let answers = Answers::default();
    let Some(mut window) = open_with("resnet18", Arc::clone(&answers)) else { return };
    press(&mut window, "Architecture");
    let before = window.get_by_label("box layer1.0").rect();
    assert!(window.query_by_label("box layer1.0.conv1").is_none());
    // Zoom in on the block, unfold it.
    window.hover_at(before.center());
    window.step();
    for _ in 0..6 {
        window.event(wheel(120.0));
        window.run_steps(4);
    }
    let block = window.get_by_label("box layer1.0").rect();
    assert!(block.width() > 2.0 * before.width(), "{before:?} {block:?}");
    click(&mut window, block.center());
    let layer_named = |window: &Window| {
        let app = window.state();
        app.shown().unwrap().run.model.network.graph().node(app.selection().layer).name.clone()
    };
    assert_eq!(layer_named(&window), "layer1.0.relu_1", "a block stands for its output");
    press(&mut window, "Unfold layer1.0");
    let conv = window.get_by_label("box layer1.0.conv1").rect();
    click(&mut window, conv.center());
    assert_eq!(layer_named(&window), "layer1.0.conv1");
    press(&mut window, "Fold layer1.0");
    window.get_by_label("box layer1.0");
    let path = folder.path().join("network");
    answers.lock().unwrap().push(path.clone());
    export(&mut window, "Architecture");
    until(&mut window, "the drawing", |app| app.message().is_some_and(|message| message.text.contains("network.svg")));
    let text = std::fs::read_to_string(path.with_extension("svg")).unwrap();
    assert!(text.starts_with("<svg") && text.contains(">layer4.1<"), "{text}");
}

#[test]
fn the_slider_goes_through_a_deep_network_with_its_drawing_open() {
    let Some(mut window) = open_with("resnet152", Answers::default()) else { return };
    press(&mut window, "Architecture");
    let rect = window.get_by_role_and_label(Role::Slider, "Layer").rect();
    let last = window.state().shown().unwrap().run.layers.len() - 1;
    window.drag_at(rect.center_top() + vec2(0.0, 10.0));
    window.step();
    let mut times = Vec::new();
    for step in 0..=60 {
        window.hover_at(rect.center_top() + vec2(0.0, 10.0 + (rect.height() - 20.0) * step as f32 / 60.0));
        times.push(pace::frame(&mut window));
    }
    assert_eq!(layer(&window), last);
    pace::say("a frame while dragging over the drawing of resnet152", &mut times);
    press(&mut window, "unfold all");
    let mut times: Vec<Duration> = (0..20).map(|_| pace::frame(&mut window)).collect();
    pace::say("a frame of all its boxes", &mut times);
}

#[test]
fn one_value_is_taken_apart() {
    let Some(mut window) = open() else { return };
    press(&mut window, "Magnifier");
    for name in ["window of the input", "times the filter", "gives products"] {
        window.get_by_label(name);
    }
    window.get_by_label("part of input 2");
    window.key_press(Key::CloseBracket);
    window.key_press(Key::CloseBracket);
    window.run_steps(4);
    // A pool has a window, and nothing to multiply it with.
    window.get_by_label("window of the input");
    assert!(window.query_by_label("times the filter").is_none());
    window.key_press(Key::OpenBracket);
    window.run_steps(4);
    press(&mut window, "Go to conv1");
    assert_eq!(layer(&window), 1);
}

#[test]
fn a_drawing_runs_as_it_is_drawn() {
    let Some(mut window) = open() else { return };
    choose_network(&mut window, "LeNet-5");
    until(&mut window, "LeNet-5", |app| app.shown().unwrap().run.model.card.name == "lenet5");
    press(&mut window, "Draw");
    let pad = window.get_by_label("drawing pad").rect();
    window.drag_at(pad.center() - vec2(0.0, 30.0));
    window.step();
    window.hover_at(pad.center() + vec2(0.0, 30.0));
    window.step();
    until(&mut window, "the drawing", |app| picture_name(app) == "drawing");
    let ink = |app: &App| {
        let pixels = app.shown().unwrap().run.picture.as_ref().unwrap().pixels.clone();
        pixels.pixels().filter(|pixel| pixel[0] > 127).count()
    };
    window.drop_at(pad.center() + vec2(0.0, 30.0));
    settle(&mut window);
    let first = ink(window.state());
    assert!(first > 50, "{first}");
    window.drag_at(pad.center() - vec2(30.0, 0.0));
    window.step();
    window.hover_at(pad.center() + vec2(30.0, 0.0));
    window.step();
    window.drop_at(pad.center() + vec2(30.0, 0.0));
    settle(&mut window);
    let second = ink(window.state());
    assert!(second > first, "{first} {second}");
    // A method that follows by itself is never offered as if it had been cancelled, however fast pictures come.
    window.drag_at(pad.center());
    for step in 0..60 {
        window.hover_at(pad.center() + vec2(step as f32 % 30.0, step as f32 % 7.0));
        window.step();
        assert!(window.query_by_label("Compute").is_none(), "at step {step}");
    }
    window.drop_at(pad.center());
    settle(&mut window);
    press(&mut window, "Clear the drawing");
    settle(&mut window);
    assert_eq!(ink(window.state()), 0);
}

#[test]
fn invariance_is_measured_and_saved() {
    let folder = tempfile::tempdir().unwrap();
    let answers = Answers::default();
    let Some(mut window) = open_with("photonet", Arc::clone(&answers)) else { return };
    press(&mut window, "Invariance");
    press(&mut window, "Change");
    press(&mut window, "rotate");
    press(&mut window, "Measure");
    settle(&mut window);
    let rect = window.get_by_label("curves of invariance").rect();
    window.hover_at(rect.center());
    window.run_steps(3);
    let path = folder.path().join("curves");
    answers.lock().unwrap().push(path.clone());
    export(&mut window, "Invariance");
    until(&mut window, "the curves", |app| app.message().is_some_and(|message| message.text.contains("curves.csv")));
    let text = std::fs::read_to_string(path.with_extension("csv")).unwrap();
    assert_eq!(text.lines().count(), 22);
    assert!(text.starts_with("amount,probability,distance of conv1,"), "{text}");
}

#[test]
fn the_layer_slider_runs_along_the_drawing() {
    let Some(mut window) = open_with("densenet201", Answers::default()) else { return };
    press(&mut window, "Architecture");
    // A thread lays the drawing out.
    for _ in 0..500 {
        if window.query_by_role_and_label(Role::Slider, "Layer along the drawing").is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
        window.step();
    }
    let rail = window.get_by_role_and_label(Role::Slider, "Layer along the drawing").rect();
    let at = |share: f32| pos2(rail.left() + 10.0 + (rail.width() - 20.0) * share, rail.top() + 11.0);
    let drawing = window.get_by_label("drawing of the network").rect();
    // So near that only a part of it is in view.
    window.hover_at(drawing.center());
    window.step();
    for _ in 0..8 {
        window.event(wheel(120.0));
        window.run_steps(2);
    }
    let last = window.state().shown().unwrap().run.layers.len() - 1;
    window.drag_at(at(0.0));
    window.step();
    let mut times = Vec::new();
    for step in 0..=40 {
        window.hover_at(at(step as f32 / 40.0));
        times.push(pace::frame(&mut window));
        let expected = (last as f32 * step as f32 / 40.0).round() as usize;
        assert!(layer(&window).abs_diff(expected) <= 1, "{} instead of {expected}", layer(&window));
        // The box of the layer, or of the block around it, is in view.
        window.step();
        let name = &window.state().shown().unwrap().run.model.network.graph().node(layer(&window)).name.clone();
        let boxes = window.query_all(egui_kittest::kittest::By::new().predicate(|node| {
            node.label().is_some_and(|label| label.starts_with("box "))
                && node.toggled() == Some(egui::accesskit::Toggled::True)
        }));
        let seen = boxes.map(|node| node.rect()).filter(|rect| drawing.intersects(*rect)).count();
        assert_eq!(seen, 1, "{name} is not in view");
    }
    pace::say("a frame while dragging along the drawing of densenet201", &mut times);
}

#[test]
fn units_are_ordered_by_contribution_and_filtered() {
    let Some(mut window) = open() else { return };
    // Behind a rectifier, where units can be silent; few enough that nothing is scrolled.
    window.key_press(Key::CloseBracket);
    settle(&mut window);
    let (here, name) = {
        let here = layer(&window);
        (here, window.state().shown().unwrap().run.model.network.graph().node(here).name.clone())
    };
    assert_eq!(name, "relu1");
    press(&mut window, "Order");
    press(&mut window, "contribution");
    settle(&mut window);
    let first = |window: &mut Window| {
        let rect = window.get_by_label(&format!("feature maps of {name}")).rect();
        click(window, rect.min + vec2(6.0, 6.0));
        window.state().selection().unit
    };
    let app = window.state();
    let run = Arc::clone(&app.shown().unwrap().run);
    let class = app.shown().unwrap().ranking[0];
    let ranked = run.contributions(here, class, &striate::watch::Watch::default()).unwrap();
    assert_eq!(first(&mut window), ranked[0].0);
    // For another class, others come first.
    let class = window.state().shown().unwrap().ranking[3];
    let class_name = run.model.class_name(class);
    press(&mut window, &format!("class {class_name}"));
    settle(&mut window);
    let ranked = run.contributions(here, class, &striate::watch::Watch::default()).unwrap();
    assert_eq!(first(&mut window), ranked[0].0);
    // Only those that are silent, only those that are strong.
    press(&mut window, "Units shown");
    press(&mut window, "strong");
    let most = run.layers[here].range().high;
    let unit = first(&mut window);
    assert!(run.layers[here].ranges[unit].high >= 0.5 * most);
    press(&mut window, "Units shown");
    press(&mut window, "silent");
    let silent = |unit: usize| striate::ui::model::state::is_silent(&run.layers[here], unit);
    match (0..run.layers[here].shape[0]).any(silent) {
        true => {
            let unit = first(&mut window);
            assert!(silent(unit));
        }
        false => assert!(window.query_by_label_contains("No unit of this layer is silent").is_some()),
    }
}

#[test]
fn auxiliary_classifiers_speak_beside_the_main_one() {
    let Some(mut window) = open_with("googlenet", Answers::default()) else { return };
    show_pane(&mut window, "Scores");
    let app = window.state();
    let shown = app.shown().unwrap();
    let heads = shown.graph().auxiliary_heads();
    assert_eq!(heads.len(), 2);
    let scores = shown.run.layers[heads[0]].with_values(<[f32]>::to_vec).unwrap();
    let best = (0..scores.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap();
    let said = format!("aux1 says {}", shown.run.model.class_name(best));
    assert!(window.query_by_label_contains(&said).is_some(), "nobody says: {said}");
    assert!(window.query_by_label_contains("aux2 says").is_some());
}
