//! The lectures' pages, played with.

use super::*;
use eframe::egui::{Key, accesskit::Role};
use egui_kittest::kittest::NodeT as _;

fn says(window: &Window, part: &str) -> bool {
    window.query_by_label_contains(part).is_some()
}

/// Gives a slider the focus; arrow keys are its own from the next frame on.
fn focus(window: &mut Window, slider: &str) {
    window.get_by_role_and_label(Role::Slider, slider).focus();
    window.run_steps(2);
}

/// Types a number into a cell.
fn write(window: &mut Window, cell: &str, text: &str) {
    window.get_by_role_and_label(Role::SpinButton, cell).click();
    window.run_steps(3);
    window.get_by_role_and_label(Role::SpinButton, cell).type_text(text);
    window.key_press(Key::Enter);
    window.run_steps(3);
}

#[test]
fn the_example_of_the_lectures_is_played_with() {
    let Some(mut window) = open() else { return };
    turn_to(&mut window, "Convolution");
    assert!(says(&window, "1·1 + 1·0 + 1·1 + 0·0 + 1·1 + 1·0 + 0·1 + 0·0 + 1·1 = 4"));
    assert!(says(&window, "floor((5 + 2·0 - 1·(3 - 1) - 1) / 1) + 1 = 3"));
    // Another window, by pointing at its value.
    let output = window.get_by_label("numbers: output").rect();
    click(&mut window, output.center() + vec2(0.0, output.height() / 3.0));
    assert!(says(&window, "row 2, column 1") && says(&window, "sum = 3"));
    // A number of the input, and one of the filter.
    write(&mut window, "input 2, 1", "5");
    assert!(says(&window, "5·1 + 1·0") && says(&window, "sum = 8"), "the window begins with another number");
    write(&mut window, "filter 0, 0", "-2");
    assert!(says(&window, "5·(-2) + 1·0") && says(&window, "sum = -7"));
    assert_eq!(window.get_by_label("Filter").accesskit_node().value().as_deref(), Some("filter: own"));
    // A preset, and padding by the keyboard.
    press(&mut window, "Filter");
    press(&mut window, "identity");
    focus(&mut window, "padding");
    window.key_press(Key::ArrowRight);
    window.run_steps(3);
    assert!(says(&window, "floor((5 + 2·1 - 1·(3 - 1) - 1) / 1) + 1 = 5"));
    focus(&mut window, "dilation");
    for _ in 0..2 {
        window.key_press(Key::ArrowRight);
        window.run_steps(3);
    }
    assert!(says(&window, "floor((5 + 2·1 - 3·(3 - 1) - 1) / 1) + 1 = 1"));
    focus(&mut window, "padding");
    window.key_press(Key::ArrowLeft);
    window.run_steps(3);
    assert!(says(&window, "There is no output"), "three taps three apart span seven");
}

#[test]
fn the_filter_is_what_the_selected_unit_learned() {
    let Some(mut window) = open() else { return };
    press(&mut window, "Lectures");
    press(&mut window, "Filter");
    press(&mut window, "learned");
    let unit = window.state().selection().unit;
    assert!(says(&window, &format!("numbers: unit {unit} of conv1, input 0")));
    focus(&mut window, "padding");
    for _ in 0..2 {
        window.key_press(Key::ArrowRight);
        window.run_steps(3);
    }
    let app = window.state();
    let filters = app.shown().unwrap().run.model.network.filters(1).unwrap().unwrap();
    let first: f32 = filters.get(unit).unwrap().get(0).unwrap().get(0).unwrap().get(0).unwrap().to_scalar().unwrap();
    let shown = |window: &Window| {
        let cell = window.get_by_role_and_label(Role::SpinButton, "filter 0, 0");
        cell.accesskit_node().numeric_value().unwrap() as f32
    };
    assert!((shown(&window) - first).abs() < 1e-6, "{} is not {first}", shown(&window));
    // It follows the selection.
    window.key_press(Key::Escape);
    window.run_steps(2);
    press(&mut window, "Activations");
    let tiles = window.get_by_label("feature maps of conv1").rect();
    click(&mut window, tiles.min + vec2(12.0, 12.0));
    press(&mut window, "Lectures");
    assert!(says(&window, "numbers: unit 0 of conv1, input 0"));
    assert!((shown(&window) - first).abs() > 1e-6);
}

/// A page by its title in the list.
fn turn_to(window: &mut Window, title: &str) {
    // All pages of the list are in sight.
    window.set_size(vec2(1280.0, 1400.0));
    window.run_steps(3);
    press(window, "Lectures");
    if window.query_by_label("Page").is_some() {
        press(window, "Page");
    }
    window.get_all_by_label(title).next().unwrap().click();
    window.run_steps(3);
}

#[test]
fn every_page_says_the_numbers_of_the_lectures() {
    let Some(mut window) = open() else { return };
    for (title, expected) in [
        ("Convolution or correlation", "The two differ"),
        ("Padding", "n = 6: zeros before 1, after 1"),
        ("Pooling", "max(1, 1, 5, 6) = 6"),
        ("Tanh, sigmoid, ReLU", "tanh at 2 = 0.964"),
        ("Softmax", "2981 / 3038 = 0.9811"),
        ("Dropout", "times 1 / (1 - 0.5) = 2"),
        ("Local response normalisation", "12² + 80² + 30² + 150² + 8² = 30008"),
        ("Upsampling", "(2 - 1) · 2 + 3 = 5"),
        ("The backward pass", "first weight:  1·1 + 0·2 + 0·4 + (-1)·5 = -4"),
        ("Switches", "(1, 1)  (1, 3)  (2, 0)  (3, 3)"),
        ("Parameters", "150,528 · 1,024 = 154,140,672"),
        ("Bottleneck", "120,422,400 / 12,443,648 = 9.68"),
        ("Residual identity", "residual: x + F(x) = (2, 1) + (0.84, 0.06)"),
        ("Networks compared", "some pay far less than others"),
    ] {
        turn_to(&mut window, title);
        assert!(says(&window, expected), "{title} does not say {expected}");
        assert!(says(&window, "Try: "), "{title} has nothing to try");
    }
}

#[test]
fn a_changed_number_changes_the_others_and_is_kept() {
    let Some(mut window) = open() else { return };
    turn_to(&mut window, "Pooling");
    write(&mut window, "input 0, 0", "9");
    assert!(says(&window, "max(9, 1, 5, 6) = 9"));
    turn_to(&mut window, "Residual identity");
    press(&mut window, "zero");
    assert!(says(&window, "residual: x + F(x) = (2, 1) + (0, 0) = (2, 1)"));
    let mut kept = Box::<Kept>::default();
    eframe::App::save(window.state_mut(), kept.as_mut());
    let Some(mut window) = open_again("photonet", Answers::default(), kept) else { return };
    turn_to(&mut window, "Pooling");
    assert!(says(&window, "max(9, 1, 5, 6) = 9"));
}

#[test]
fn networks_are_compared_by_the_published_figures() {
    let Some(mut window) = open() else { return };
    turn_to(&mut window, "Networks compared");
    appear(&mut window, "chart of accuracy against multiply-adds of one picture");
    press(&mut window, "by year");
    window.get_by_label("2012  AlexNet, 8 layers: 16.4");
    press(&mut window, "with and without shortcuts");
    window.get_by_label("ResNet-34: 25.03");
    press(&mut window, "CIFAR-10");
    window.get_by_label("ResNet-20 (CIFAR-10): 8.75");
}

#[test]
fn the_time_of_a_picture_is_measured_by_the_pictures_at_once() {
    let Some(mut window) = open_with("lenet5", Answers::default()) else { return };
    turn_to(&mut window, "Networks compared");
    press(&mut window, "time by batch");
    press(&mut window, "measure LeNet-5");
    appear(&mut window, "chart of milliseconds a picture by pictures at once");
    assert!(says(&window, "Milliseconds a picture of LeNet-5: 1 at once: ") && says(&window, "; 32 at once: "));
}

#[test]
fn the_channels_of_an_open_network_are_normalised() {
    // Few panes: a pass takes seconds.
    let mut kept = Box::<Kept>::default();
    kept.0.insert("striate".into(), r#"{"arrangement":"Lecture","slid":true}"#.into());
    let Some(mut window) = open_again("alexnet_2012", Answers::default(), kept) else { return };
    turn_to(&mut window, "Local response normalisation");
    press(&mut window, "open network");
    assert!(says(&window, "16 of 48 channels of norm1.top"), "each of AlexNet's towers normalises its 48 channels");
    assert!(says(&window, "channels 1 to 5"));
    let Some(mut window) = open() else { return };
    turn_to(&mut window, "Local response normalisation");
    assert!(says(&window, "The open network has no such layer"));
}
