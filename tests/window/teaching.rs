//! The first screen, the arrangements, the guided tour, the help of a pane, and the dialog that saves.

use super::*;
use eframe::{
    App as _,
    egui::{Key, Modifiers},
};
use striate::ui::model::{arrangement::Arrangement, guide::STEPS};

/// A window as a newcomer sees it, with settings of an earlier session or none.
fn first(network: &str, kept: Box<Kept>, answers: Answers) -> Option<Window> {
    let ask: Ask = Arc::new(move |_, _| Ok(answers.lock().unwrap().pop()));
    let start = Start { opening: Opening::of(network), picture: None, device: DeviceChoice::Cpu, camera: None };
    let mut window = open_window(start, ask, kept)?;
    settle(&mut window);
    Some(window)
}

#[test]
fn a_newcomer_sees_a_picture_that_the_network_names_rightly() {
    let Some(mut window) = first("photonet", Box::default(), Answers::default()) else { return };
    let app = window.state();
    assert_eq!((picture_name(app), app.arrangement()), ("coffee".into(), Arrangement::Explore));
    let shown = app.shown().unwrap();
    let best = shown.ranking[0];
    assert_eq!(shown.run.model.class_name(best), "espresso");
    assert!(shown.run.probabilities[best] > 0.8);
    let picture = window.get_by_label("the picture as the network sees it").rect();
    let heatmap = window.get_by_label("where the network looks").rect();
    assert!(picture.width() > 200.0 && heatmap.width() > 200.0, "{picture} {heatmap}");
    // A row of maps for each stage; a click on one goes to its layer and unit.
    window.get_by_label("stage of 32x32 maps");
    let maps = window.get_by_label("strongest maps of relu5").rect();
    click(&mut window, maps.min + vec2(12.0, 12.0));
    settle(&mut window);
    let shown = window.state().shown().unwrap();
    assert_eq!(shown.graph().node(layer(&window)).name, "relu5");
    // Another class is explained by a click on its bar.
    let (second, name) = (shown.ranking[1], shown.run.model.class_name(shown.ranking[1]));
    press(&mut window, &format!("class {name}"));
    settle(&mut window);
    assert_eq!(window.state().selection().class, Some(second));
    answer(window.state(), "grad-cam", Target::Class(second));
}

#[test]
fn arrangements_are_one_click_and_remembered() {
    let Some(mut window) = first("photonet", Box::default(), Answers::default()) else { return };
    for arrangement in Arrangement::ALL {
        press(&mut window, arrangement.label());
        settle(&mut window);
        assert_eq!(window.state().arrangement(), arrangement);
    }
    press(&mut window, Arrangement::Explain.label());
    settle(&mut window);
    assert_eq!(window.query_all_by_label("heatmap").count(), 3, "three methods of pixels and one of regions");
    window.get_by_label("class activation map");
    press(&mut window, "Menu of Scores");
    press(&mut window, "Close");
    // Another arrangement and back: the pane is still closed.
    window.key_press_modifiers(Modifiers::COMMAND, Key::Num1);
    window.run_steps(3);
    assert_eq!(window.state().arrangement(), Arrangement::Explore);
    window.key_press_modifiers(Modifiers::COMMAND, Key::Num2);
    window.run_steps(3);
    assert!(window.query_by_label("Menu of Scores").is_none());
    let mut kept = Box::<Kept>::default();
    window.state_mut().save(kept.as_mut());
    let Some(mut window) = first("photonet", kept, Answers::default()) else { return };
    assert_eq!(window.state().arrangement(), Arrangement::Explain);
    assert!(window.query_by_label("Menu of Scores").is_none());
    press(&mut window, "View");
    press(&mut window, "Reset arrangement");
    settle(&mut window);
    window.get_by_label("Menu of Scores");
}

#[test]
fn a_method_that_misleads_says_so_and_is_tested_on_the_picture() {
    let Some(mut window) = first("photonet", Box::default(), Answers::default()) else { return };
    press(&mut window, Arrangement::Explain.label());
    settle(&mut window);
    assert!(window.query_by_label_contains("alike with the weights from fc on drawn anew").is_none());
    press(&mut window, "Trust in Guided backprop");
    window.get_by_label("Where it misleads");
    press(&mut window, "Test it on this picture");
    settle(&mut window);
    window.get_by_label_contains("Rank correlation with");
    // The caption keeps the first number; under the pointer it reads out values instead.
    window.key_press(Key::Escape);
    window.event(egui::Event::PointerGone);
    window.run_steps(3);
    assert!(window.query_by_label("Where it misleads").is_none());
    window.get_by_label_contains("alike with the weights from fc on drawn anew");
}

#[test]
fn the_tour_has_eight_steps_and_can_be_skipped() {
    let Some(mut window) = first("photonet", Box::default(), Answers::default()) else { return };
    assert_eq!(STEPS.len(), 8);
    press(&mut window, "Help");
    press(&mut window, "Guided tour");
    for (at, step) in STEPS.iter().enumerate() {
        settle(&mut window);
        assert_eq!(window.state().guide(), Some(at));
        window.get_by_label(step.title);
        assert_eq!(window.state().arrangement(), step.arrangement, "{}", step.title);
        press(&mut window, if at + 1 == STEPS.len() { "Finish" } else { "Next step" });
    }
    assert_eq!(window.state().guide(), None);
    press(&mut window, "Help");
    press(&mut window, "Guided tour");
    press(&mut window, "Next step");
    press(&mut window, "Step back");
    assert_eq!(window.state().guide(), Some(0));
    press(&mut window, "Skip the tour");
    assert_eq!(window.state().guide(), None);
}

#[test]
fn what_is_known_of_a_network_stands_in_its_panes() {
    let Some(mut window) = open_with("lenet5", Answers::default()) else { return };
    for pane in ["Layers", "Architecture"] {
        show_pane(&mut window, pane);
        assert!(window.query_by_label_contains("misprint").is_some(), "{pane} has no remarks");
        assert!(window.query_by_label_contains("5 weight layers").is_some(), "{pane} does not count weight layers");
    }
    show_pane(&mut window, "Layers");
    press(&mut window, "stages");
    window.get_by_label("module: C3");
    window.get_by_label("parameters: 1,516");
    press(&mut window, "Help on Scores");
    window.get_by_label("p[c] = exp(S[c]) / \u{3a3} exp(S)");
    assert!(window.query_by_label_contains("Bridle 1990").is_some());
}

#[test]
fn a_pane_says_how_to_read_it_by_which_formula_and_where_it_misleads() {
    let Some(mut window) = open() else { return };
    press(&mut window, "Method");
    press(&mut window, "Guided backprop");
    settle(&mut window);
    press(&mut window, "Help on Pixels");
    window.get_by_label("How to read it");
    window.get_by_label("Where it misleads");
    window.get_by_label_contains("g \u{b7} [x > 0] \u{b7} [g > 0]");
    assert!(window.query_all_by_label_contains("Springenberg").count() >= 2, "in the caption and in the help");
    // It stays, and terms explain themselves.
    window.run_steps(10);
    let term = window.get_all_by_label("class").next().unwrap().rect();
    window.hover_at(term.center());
    let start = Instant::now();
    while window.query_by_label_contains("class: One of the things").is_none() {
        assert!(start.elapsed() < Duration::from_secs(20), "a term does not explain itself");
        window.step();
    }
    window.get_all_by_label_contains("colour bar: ").next().unwrap();
    window.key_press(Key::Escape);
    window.run_steps(3);
    assert!(window.query_by_label("How to read it").is_none());
}

#[test]
fn the_dialog_saves_each_form_and_formats_follow_the_ending() {
    let folder = tempfile::tempdir().unwrap();
    let answers = Answers::default();
    let Some(mut window) = open_with("photonet", Arc::clone(&answers)) else { return };
    let save = |window: &mut Window, form: &str, name: &str| {
        let path = folder.path().join(name);
        answers.lock().unwrap().push(path.clone());
        press(window, "Export Pixels");
        window.get_by_label("Name of the file");
        window.get_by_role_and_label(egui::accesskit::Role::RadioButton, form).click();
        window.run_steps(3);
        press(window, "Save as…");
        until(window, "the file", |app| app.message().is_some_and(|message| message.text.contains(name)));
        std::fs::read(path).unwrap()
    };
    assert!(save(&mut window, "Picture", "heat.jpg").starts_with(&[0xff, 0xd8]));
    assert!(save(&mut window, "Picture", "heat.webp").starts_with(b"RIFF"));
    assert!(save(&mut window, "Pane as it looks", "look.jpg").starts_with(&[0xff, 0xd8]));
    assert!(save(&mut window, "Numbers (.npy)", "heat.npy").starts_with(b"\x93NUMPY"));
    press(&mut window, "Export Pixels");
    press(&mut window, "Do not save");
    assert!(window.query_by_label("Save as…").is_none());
}

#[test]
fn an_untrained_network_shows_no_percentages() {
    let Some(mut window) = open_with("resnet32", Answers::default()) else { return };
    for pane in ["Overview", "Scores", "Invariance"] {
        show_pane(&mut window, pane);
        if pane == "Invariance" {
            press(&mut window, "Measure");
            settle(&mut window);
            window.get_by_label("curves of invariance");
        }
        let percents = window.query_all_by_label_contains("%").count();
        assert_eq!(percents, 0, "{pane}");
    }
}

#[test]
fn the_picker_shows_families_and_where_weights_come_from() {
    let Some(mut window) = open() else { return };
    press(&mut window, "Network");
    window.get_by_label("EfficientNet-Lite0");
    let search = window.get_by_label("Search networks");
    search.focus();
    search.type_text("densenet");
    window.run_steps(3);
    window.get_by_label("DenseNet");
    assert!(window.query_by_label("VGG-16").is_none());
}
