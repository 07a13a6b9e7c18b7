//! Slow methods hold up nothing else.

use super::*;
use eframe::egui::Key;
use striate::engine::{Change, InvarianceKey, ProjectionKey};

/// Starts RISE, which runs for longer than the rest of a test.
fn start_rise(window: &mut Window) {
    press(window, "Method");
    // At the end of a list that is longer than its box.
    window.get_by_label("RISE").click_accesskit();
    window.run_steps(3);
    settle(window);
    press(window, "Compute");
    let start = Instant::now();
    while window.query_by_label("Progress of RISE").is_none() {
        assert!(start.elapsed() < Duration::from_secs(60), "RISE does not begin");
        window.step();
    }
}

fn is_at_it(window: &mut Window) {
    window.step();
    window.get_by_label("Progress of RISE");
}

#[test]
fn layers_reconstructions_and_classes_are_answered_while_a_slow_method_runs() {
    let Some(mut window) = open() else { return };
    start_rise(&mut window);
    for _ in 0..3 {
        window.key_press(Key::CloseBracket);
        window.step();
        let (here, unit) = (layer(&window), window.state().selection().unit);
        let keep = striate::methods::Keep::Strongest;
        let key = move |app: &App| ProjectionKey { run: app.shown().unwrap().run.id, layer: here, unit, keep };
        until(&mut window, "a reconstruction", |app| app.answers().get(&key(app)).is_some());
        is_at_it(&mut window);
    }
    press(&mut window, "Regions");
    let class = Target::Class(window.state().shown().unwrap().ranking[0]);
    let key = attribution_key(window.state(), "grad-cam", class);
    until(&mut window, "Grad-CAM", |app| app.answers().get(&key).is_some());
    is_at_it(&mut window);
    press(&mut window, "Cancel");
    settle(&mut window);
}

#[test]
fn another_picture_ends_what_is_asked_about_the_last() {
    let Some(mut window) = open() else { return };
    start_rise(&mut window);
    let asked = Instant::now();
    window.key_press(Key::PageDown);
    window.step();
    until(&mut window, "the next picture", |app| picture_name(app) == "coffee");
    println!("another picture came {:?} after it was asked for beside RISE", asked.elapsed());
    settle(&mut window);
    assert!(window.query_by_label("Progress of RISE").is_none());
    // It may be asked for again.
    window.get_by_label("Compute");
}

#[test]
fn an_alteration_ends_what_is_asked_about_the_picture_before_but_no_measurement() {
    let Some(mut window) = open() else { return };
    let run = Arc::clone(&window.state().shown().unwrap().run);
    let class = window.state().shown().unwrap().ranking[0];
    let key = InvarianceKey { of: run.of, change: Change::default(), class };
    press(&mut window, "Invariance");
    start_rise(&mut window);
    press(&mut window, "Measure");
    // Neither waits for the other.
    is_at_it(&mut window);
    assert!(window.state().answers().get(&key).is_none(), "it was measured before anything was done");
    press(&mut window, "Flip across");
    until(&mut window, "the flipped picture", |app| app.shown().unwrap().run.id > run.id);
    until(&mut window, "the measurement", |app| app.answers().get(&key).is_some());
    settle(&mut window);
    assert!(window.query_by_label("Progress of RISE").is_none());
    assert!(window.state().shown().unwrap().run.alteration.mirrored);
    window.get_by_label("curves of invariance");
}

#[test]
fn another_picture_ends_a_measurement() {
    let Some(mut window) = open() else { return };
    press(&mut window, "Invariance");
    press(&mut window, "Measure");
    let first = window.state().shown().unwrap();
    let key = InvarianceKey { of: first.run.of, change: Change::default(), class: first.ranking[0] };
    window.key_press(Key::PageDown);
    until(&mut window, "the next picture", |app| picture_name(app) == "coffee");
    settle(&mut window);
    assert!(window.state().answers().get(&key).is_none());
    assert!(window.query_by_label("curves of invariance").is_none());
}
