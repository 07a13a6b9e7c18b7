//! The form for the preparation of pictures and the names of classes.

use super::*;
use striate::picture::Fit;

/// A window with the form in front.
fn open_form(answers: Answers, kept: Box<Kept>) -> Option<Window> {
    let mut window = open_again("photonet", answers, kept)?;
    window.get_by_label("Prepare").click();
    window.run_steps(4);
    Some(window)
}

fn preprocess(window: &Window) -> striate::picture::Preprocess {
    window.state().shown().unwrap().run.model.preprocess.clone()
}

/// Scrolls a control of the form into sight.
fn bring(window: &mut Window, label: &str) {
    window.get_by_label(label).scroll_to_me();
    window.run_steps(6);
}

fn choose(window: &mut Window, list: &str, entry: &str) {
    bring(window, list);
    window.get_by_label(list).click();
    window.run_steps(4);
    window.get_by_label(entry).click();
    window.run_steps(2);
    settle(window);
}

#[test]
fn a_wrong_preparation_is_seen_corrected_and_remembered() {
    let Some(mut window) = open_form(Answers::default(), Box::default()) else { return };
    let usual = window.state().shown().unwrap().run.probabilities.clone();
    assert!(window.query_by_label("what the network receives, 64x64").is_some());
    choose(&mut window, "Preset", "unit");
    assert_eq!(preprocess(&window).mean, [0.0; 3]);
    assert_ne!(window.state().shown().unwrap().run.probabilities, usual);
    let class = window.state().selection().layer;

    bring(&mut window, "whole");
    window.get_by_label("whole").click();
    window.run_steps(2);
    settle(&mut window);
    assert_eq!(preprocess(&window).fit, Fit::Stretch);
    let [_, height, width] = window.state().shown().unwrap().graph().input_shape();
    assert_ne!(height, width);
    // The network is the same, and so is the selected layer.
    assert_eq!(window.state().selection().layer, class);
    assert!(window.query_by_label(&format!("what the network receives, {width}x{height}")).is_some());

    let mut kept = Box::<Kept>::default();
    eframe::App::save(window.state_mut(), &mut *kept);
    let Some(mut window) = open_form(Answers::default(), kept) else { return };
    assert_eq!((preprocess(&window).fit, preprocess(&window).mean), (Fit::Stretch, vec![0.0; 3]));

    bring(&mut window, "Reset preparation");
    window.get_by_label("Reset preparation").click();
    window.run_steps(2);
    settle(&mut window);
    assert_eq!(window.state().shown().unwrap().run.probabilities, usual);
}

#[test]
fn labels_are_given_and_refused_when_they_are_too_few() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("names.txt");
    let lines: Vec<String> = (0..200).map(|class| format!("thing {class}")).collect();
    std::fs::write(&path, lines.join("\n")).unwrap();
    let few = folder.path().join("few.txt");
    std::fs::write(&few, "ant\nbee\n").unwrap();
    let answers = Answers::default();
    let Some(mut window) = open_form(Arc::clone(&answers), Box::default()) else { return };
    let give = |window: &mut Window, path: &PathBuf| {
        answers.lock().unwrap().push(path.clone());
        bring(window, "Labels…");
        window.get_by_label("Labels…").click();
        for _ in 0..40 {
            std::thread::sleep(Duration::from_millis(5));
            window.step();
        }
        settle(window);
    };
    give(&mut window, &path);
    let shown = window.state().shown().unwrap();
    assert_eq!(shown.run.model.class_name(7), "thing 7");
    give(&mut window, &few);
    let said = window.state().message().unwrap().text.clone();
    assert!(said.contains("2 labels") && said.contains("200 classes"), "{said}");
    assert_eq!(window.state().shown().unwrap().run.model.class_name(7), "thing 7");
    bring(&mut window, "no labels file");
    window.get_by_label("no labels file").click();
    window.run_steps(2);
    settle(&mut window);
    assert_ne!(window.state().shown().unwrap().run.model.class_name(7), "thing 7");
}
