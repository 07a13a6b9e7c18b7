//! The Synthesis pane: a live picture, paused, rewound and saved.

use super::*;
use striate::engine::Frame;

fn frame(app: &App) -> Option<&Arc<Frame>> {
    app.synthesis()
}

#[test]
fn a_picture_is_made_before_ones_eyes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made.png");
    let Some(mut window) = open_with("photonet", Arc::new(Mutex::new(vec![path.clone()]))) else { return };
    press(&mut window, "Synthesis");
    window.run_steps(3);
    assert!(frame(window.state()).is_none());
    press(&mut window, "Start");
    until(&mut window, "twenty steps", |app| frame(app).is_some_and(|frame| frame.step >= 20));
    window.get_by_label("synthesised picture");
    // At least five pictures a second.
    let (start, from) = (Instant::now(), frame(window.state()).unwrap().step);
    let mut seen = std::collections::BTreeSet::new();
    while start.elapsed() < Duration::from_secs(2) {
        window.step();
        seen.insert(frame(window.state()).unwrap().step);
    }
    println!("{} pictures and {} steps in 2 s", seen.len(), frame(window.state()).unwrap().step - from);
    press(&mut window, "Pause");
    until(&mut window, "a pause", |app| frame(app).is_some_and(|frame| !frame.running) && app.is_idle());
    let paused = Arc::clone(frame(window.state()).unwrap());
    assert!(paused.worth.is_some() && paused.curve.len() == paused.step);
    window.run_steps(3);
    // Back by the slider.
    let slider = window.get_by_label("Rewind").rect();
    click(&mut window, pos2(slider.left() + 12.0, slider.center().y));
    until(&mut window, "an earlier step", |app| frame(app).is_some_and(|frame| frame.step < paused.step));
    settle(&mut window);
    let back = frame(window.state()).unwrap().step;
    press(&mut window, "Resume");
    until(&mut window, "going on", |app| frame(app).is_some_and(|frame| frame.step > back));
    // Another network ends it.
    choose_network(&mut window, "LeNet-5");
    until(&mut window, "LeNet-5", |app| app.shown().is_some_and(|shown| shown.run.model.card.name == "lenet5"));
    settle(&mut window);
    assert!(frame(window.state()).is_none());
    assert!(seen.len() >= 6 || seen.len() >= paused.step.saturating_sub(from), "only {} pictures in 2 s", seen.len());
}
