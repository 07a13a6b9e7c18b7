//! The picture altered by hand: dragged, typed, undone; what the network says follows.

use super::*;
use eframe::egui::{Key, Modifiers};
use striate::engine::{Change, InvarianceKey};

fn alteration(window: &Window) -> striate::picture::Alteration {
    window.state().shown().unwrap().run.alteration
}

/// Drags from a place to another, given in shares of what the network sees; holds still now and then until a run of the
/// altered picture is on screen.
fn drag(window: &mut Window, from: [f32; 2], to: [f32; 2]) {
    appear(window, "picture");
    let rect = window.get_by_label("picture").rect();
    let picture = window.state().shown().unwrap().run.geometry.unwrap();
    let at = |place: [f32; 2]| {
        let [x, y] = picture.to_picture(place[0] * picture.input[0] as f32, place[1] * picture.input[1] as f32);
        rect.min + rect.size() * vec2(x / picture.picture[0] as f32, y / picture.picture[1] as f32)
    };
    window.hover_at(at(from));
    window.step();
    window.drag_at(at(from));
    window.step();
    const STEPS: usize = 12;
    for step in 1..=STEPS {
        let share = step as f32 / STEPS as f32;
        window.hover_at(at([0, 1].map(|axis| from[axis] + (to[axis] - from[axis]) * share)));
        window.step();
        if step % 4 == 0 {
            until(window, "what is dragged", |app| app.shown().unwrap().run.alteration == app.selection().alteration);
        }
    }
    window.drop_at(at(to));
    window.step();
    settle(window);
}

fn near(one: f32, other: f32) -> bool {
    (one - other).abs() < 0.02
}

#[test]
fn scores_follow_while_the_picture_is_dragged() {
    let Some(mut window) = open() else { return };
    let before = window.state().shown().unwrap().run.probabilities.clone();
    press(&mut window, "Tool shift");
    let first = window.state().shown().unwrap().run.id;
    drag(&mut window, [0.5, 0.5], [0.75, 0.4]);
    let shift = alteration(&window).shift;
    assert!(near(shift[0], 0.25) && near(shift[1], -0.1), "{shift:?}");
    let run = &window.state().shown().unwrap().run;
    assert_ne!(run.probabilities, before);
    assert_eq!(run.of, first, "it is known by the first run");
    assert!(run.id >= first + 3, "it did not run while it was dragged");
    // The heatmap and all else are about the altered picture.
    let class = window.state().shown().unwrap().ranking[0];
    answer(window.state(), "saliency", Target::Class(class));
    window.get_by_label_contains("shifted 25% right, shifted 10% up");
    // Undone as one step.
    window.run_steps(30);
    window.key_press_modifiers(Modifiers::ALT, Key::ArrowLeft);
    window.step();
    settle(&mut window);
    assert!(alteration(&window).is_none());
    assert_eq!(window.state().shown().unwrap().run.probabilities, before);
}

#[test]
fn each_tool_does_what_it_says_and_reset_takes_it_back() {
    let Some(mut window) = open() else { return };
    press(&mut window, "Tool rotate");
    drag(&mut window, [0.9, 0.5], [0.5, 0.9]);
    let turn = alteration(&window).turn;
    assert!((turn - 90.0).abs() < 2.0, "{turn}");
    press(&mut window, "Tool scale");
    drag(&mut window, [0.5, 0.7], [0.5, 0.9]);
    let scale = alteration(&window).scale;
    assert!((scale - 2.0).abs() < 0.1, "{scale}");
    press(&mut window, "Tool occlude");
    drag(&mut window, [0.25, 0.25], [0.5, 0.75]);
    let cover = alteration(&window).cover.unwrap();
    assert!(near(cover[0], 0.25) && near(cover[3], 0.75), "{cover:?}");
    press(&mut window, "Flip across");
    settle(&mut window);
    assert!(alteration(&window).mirrored);
    window.get_by_label_contains("flipped, rotated -");
    // Another network looks at the same.
    choose_network(&mut window, "LeNet-5");
    until(&mut window, "LeNet-5", |app| app.shown().unwrap().run.model.card.name == "lenet5");
    settle(&mut window);
    assert_eq!(alteration(&window).cover, Some(cover));
    press(&mut window, "Unaltered picture");
    settle(&mut window);
    assert!(alteration(&window).is_none());
    press(&mut window, "Tool crop");
    drag(&mut window, [0.2, 0.2], [0.6, 0.6]);
    let cropped = alteration(&window);
    assert!((cropped.scale - 2.5).abs() < 0.1 && near(cropped.shift[0], 0.25), "{cropped:?}");
    // Another picture comes as it is.
    window.key_press(Key::PageDown);
    until(&mut window, "the next sample", |app| picture_name(app) == "coffee");
    settle(&mut window);
    assert!(alteration(&window).is_none());
}

#[test]
fn numbers_are_typed_and_the_curve_agrees_with_the_picture() {
    let folder = tempfile::tempdir().unwrap();
    let answers = Answers::default();
    let Some(mut window) = open_with("photonet", Arc::clone(&answers)) else { return };
    press(&mut window, "Tool rotate");
    let number = window.get_by_role_and_label(egui::accesskit::Role::SpinButton, "Rotate by");
    number.focus();
    window.run_steps(2);
    window.event(egui::Event::Text("18".into()));
    window.step();
    window.key_press(Key::Enter);
    window.run_steps(2);
    settle(&mut window);
    assert_eq!(alteration(&window).turn, 18.0);
    // The saved file states the rotation.
    let path = folder.path().join("saved.png");
    answers.lock().unwrap().push(path.clone());
    export(&mut window, "Pixels");
    until(&mut window, "the file", |app| app.message().is_some_and(|message| message.text.contains("saved")));
    let bytes = std::fs::read(path).unwrap();
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("Altered") && holds("rotated 18"));
    let class = window.state().shown().unwrap().ranking[0];
    press(&mut window, "Invariance");
    press(&mut window, "Change");
    press(&mut window, "rotate");
    press(&mut window, "Measure");
    settle(&mut window);
    let run = Arc::clone(&window.state().shown().unwrap().run);
    let found = window.state().answers().get(&InvarianceKey { of: run.of, change: Change::Turn, class }).unwrap();
    let found = Arc::clone(found.as_ref().unwrap());
    let at = found.amounts.iter().position(|amount| (amount - 18.0).abs() < 1e-3).unwrap();
    assert!((found.probabilities[at] - run.probabilities[class]).abs() < 1e-5);
    // A click on the curve turns the picture: at the right end by half a circle.
    let rect = window.get_by_label("curves of invariance").rect();
    click(&mut window, pos2(rect.right() - 5.0, rect.center().y));
    settle(&mut window);
    assert_eq!(alteration(&window).turn, 180.0);
    window.get_by_label("curves of invariance");
}

/// Rotates the picture by hand for so long, a frame every 16 ms, until some runs are on screen; the time of each frame,
/// how many runs were on screen, and how many heatmaps of them.
fn rotate(window: &mut Window, method: &'static str, long: Duration) -> (Vec<Duration>, [usize; 2]) {
    press(window, "Tool rotate");
    let rect = window.get_by_label("picture").rect();
    window.drag_at(rect.center() + vec2(40.0, 0.0));
    window.step();
    let (start, mut times) = (Instant::now(), Vec::new());
    let [mut runs, mut heatmaps] = [const { std::collections::BTreeSet::new() }; 2];
    let first = window.state().shown().unwrap().run.id;
    while start.elapsed() < long || runs.len() < 3 {
        assert!(start.elapsed() < Duration::from_secs(60), "nothing ran");
        let angle = start.elapsed().as_secs_f32();
        window.hover_at(rect.center() + 40.0 * egui::Vec2::angled(angle));
        times.push(pace::frame(window));
        let shown = window.state().shown().unwrap();
        let key = attribution_key(window.state(), method, Target::Class(shown.ranking[0]));
        if shown.run.id > first {
            runs.insert(shown.run.id);
            heatmaps.extend(window.state().answers().get(&key).map(|_| shown.run.id));
        }
        // As at 60 frames a second.
        std::thread::sleep(Duration::from_millis(16).saturating_sub(times[times.len() - 1]));
    }
    window.drop_at(rect.center());
    settle(window);
    (times, [runs.len(), heatmaps.len()])
}

/// Prints what a frame costs while the picture is dragged.
#[test]
fn dragging_costs_the_window_little() {
    let Some(mut window) = open() else { return };
    let (mut times, _) = rotate(&mut window, "saliency", Duration::from_secs(3));
    pace::say("a frame while the picture is rotated", &mut times);
}

#[test]
#[ignore = "a measurement, for a release build on an idle machine: how often scores and heatmaps follow a drag"]
fn how_often_scores_and_heatmaps_follow() {
    let long = Duration::from_secs(10);
    for network in ["photonet", "vgg16"] {
        let Some(mut window) = open_with(network, Answers::default()) else { return };
        let (_, [runs, heatmaps]) = rotate(&mut window, "saliency", long);
        let [runs, heatmaps] = [runs, heatmaps].map(|count| count as f32 / long.as_secs_f32());
        println!("{network}: {runs:.1} runs and {heatmaps:.1} heatmaps on screen a second");
    }
}
