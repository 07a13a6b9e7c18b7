//! Two pictures through one network: how far apart, both scores, and what the one has more than the other.

use super::*;
use egui_kittest::kittest::NodeT as _;
use striate::ui::model::state::Shown;

fn compare_with(window: &mut Window, what: &str) {
    let before = window.state().compared().map(|other| other.run.id);
    press(window, "Compare with");
    window.get_all_by_label(what).last().unwrap().click();
    window.step();
    until(window, "the other picture", |app| app.compared().is_some_and(|other| Some(other.run.id) != before));
    settle(window);
}

/// Returns the distance that the pane shows for a layer.
fn distance(window: &mut Window, layer: &str) -> f32 {
    let start = Instant::now();
    loop {
        window.step();
        let found = window.get_by_label_contains(&format!("distance at {layer}: ")).accesskit_node().label().unwrap();
        let number = found.rsplit(' ').next().unwrap().to_owned();
        if let Ok(number) = number.parse() {
            return number;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{found}");
        std::thread::sleep(Duration::from_millis(4));
    }
}

fn values(shown: &Shown, layer: usize) -> Vec<f32> {
    shown.run.layers[layer].with_values(<[f32]>::to_vec).unwrap()
}

#[test]
fn two_pictures_are_compared_layer_by_layer() {
    let folder = tempfile::tempdir().unwrap();
    let answers = Answers::default();
    let Some(mut window) = open_with("photonet", Arc::clone(&answers)) else { return };
    press(&mut window, "A and B");
    compare_with(&mut window, "coffee");
    for letter in ["picture A", "picture B"] {
        appear(&mut window, letter);
    }
    assert!(distance(&mut window, "input") > 0.5 && distance(&mut window, "conv1") > 0.5);
    window.get_by_label_contains("class  ·  A and B");
    press(&mut window, "Show A \u{2212} B");
    settle(&mut window);
    window.get_by_label("differences of conv1");
    // The saved values are those on screen.
    let path = folder.path().join("difference.npy");
    answers.lock().unwrap().push(path.clone());
    export(&mut window, "Activations");
    until(&mut window, "the file", |app| app.message().is_some_and(|message| message.text.contains("difference")));
    let saved = striate::kernels::to_vec(&striate::paint::read_npy(&path).unwrap()).unwrap();
    let app = window.state();
    let (a, b) = (values(app.shown().unwrap(), 1), values(app.compared().unwrap(), 1));
    assert!(saved.iter().zip(a.iter().zip(&b)).all(|(found, (a, b))| *found == a - b));
    press(&mut window, "Show B");
    settle(&mut window);
    window.get_by_label("feature maps of conv1");
    window.get_by_label_contains("B  ·  conv1");
    // Another network sees both.
    choose_network(&mut window, "LeNet-5");
    let name = |shown: Option<&Shown>| shown.map_or("", |shown| shown.run.model.card.name.as_str()).to_owned();
    until(&mut window, "LeNet-5", |app| name(app.shown()) == "lenet5" && name(app.compared()) == "lenet5");
    settle(&mut window);
    assert!(distance(&mut window, "input") > 0.1);
    press(&mut window, "stop");
    until(&mut window, "the end of it", |app| app.compared().is_none());
    window.run_steps(3);
    assert!(window.query_by_label("Show B").is_none());
}

#[test]
fn a_picture_is_compared_with_itself_altered() {
    let Some(mut window) = open() else { return };
    press(&mut window, "A and B");
    compare_with(&mut window, "this picture");
    assert_eq!(distance(&mut window, "conv1"), 0.0);
    press(&mut window, "Flip across");
    settle(&mut window);
    assert!(distance(&mut window, "conv1") > 0.1);
    // And with what was open before it.
    window.key_press(egui::Key::PageDown);
    until(&mut window, "the next sample", |app| picture_name(app) == "coffee");
    settle(&mut window);
    compare_with(&mut window, "picture before");
    let other = &window.state().compared().unwrap().run;
    assert_eq!(other.picture.as_ref().unwrap().name, "chelsea");
}
