//! Training in the window: a run that is started, looked at, paused, stopped and gone on with.

use super::*;
use eframe::egui::accesskit::Role;
use std::{fs, path::Path};
use striate::{
    train::{LAST, METRICS, TrainingRecipe, data::DataSource},
    ui::background::training::{TrainingOrder, TrainingPhase, TrainingSession},
};

/// A folder with a hundred small pictures of each of two classes: an epoch takes long enough to be stopped.
fn pictures(root: &Path) {
    for (class, level) in [("dark", 20), ("light", 100)] {
        let folder = root.join(class);
        fs::create_dir_all(&folder).unwrap();
        for index in 0..100u8 {
            let grey = |x: u32, y: u32| image::Luma([level + ((x * 7 + y * 3) as u8).wrapping_add(index) % 50]);
            image::GrayImage::from_fn(28, 28, grey).save(folder.join(format!("{index}.png"))).unwrap();
        }
    }
}

/// Epochs of the run: enough to pause it, to stop it, and to go on.
const EPOCHS: usize = 8;

fn phase(app: &App) -> &TrainingPhase {
    &app.training().state.phase
}

#[test]
fn a_run_is_watched_paused_stopped_and_goes_on_to_the_same_weights() {
    let folder = tempfile::tempdir().unwrap();
    let (data, run) = (folder.path().join("data"), folder.path().join("run"));
    pictures(&data);
    fs::create_dir(&run).unwrap();
    let answers = Answers::default();
    let Some(mut window) = open_with("lenet5_modern", Arc::clone(&answers)) else { return };
    show_pane(&mut window, "Training");
    for (button, path) in [("Choose the pictures to learn", &data), ("Choose the folder of the run", &run)] {
        answers.lock().unwrap().push(path.clone());
        press(&mut window, button);
        std::thread::sleep(Duration::from_millis(60));
        window.run_steps(3);
    }
    window.get_by_role_and_label(Role::SpinButton, "Epochs").set_value_accesskit(EPOCHS as f64);
    window.run_steps(3);
    press(&mut window, "Start");
    until(&mut window, "two epochs", |app| app.training().state.epochs.len() >= 2);
    appear(&mut window, "first filters as they are now");
    let look = Arc::clone(window.state().training().state.look.as_ref().unwrap());
    assert_eq!(look.run.model.card.name, "lenet5");
    assert_eq!(look.run.probabilities.len(), 2);
    press(&mut window, "Pause");
    until(&mut window, "the pause", |app| *phase(app) == TrainingPhase::Paused);
    // The window is free meanwhile: another network opens, and the run does not move.
    let done = window.state().training().state.progress.unwrap().epochs_done;
    choose_network(&mut window, "LeNet-5");
    until(&mut window, "LeNet-5", |app| app.shown().unwrap().run.model.card.name == "lenet5");
    settle(&mut window);
    assert_eq!(window.state().training().state.progress.unwrap().epochs_done, done);
    press(&mut window, "Resume");
    until(&mut window, "progress", |app| app.training().state.progress.unwrap().epochs_done > done);
    press(&mut window, "Stop");
    until(&mut window, "the stop", |app| *phase(app) == TrainingPhase::Stopped);
    assert!(run.join(LAST).is_file());
    window.run_steps(3);
    press(&mut window, "Go on");
    until(&mut window, "the end", |app| *phase(app) == TrainingPhase::Finished);
    assert_eq!(fs::read_to_string(run.join(METRICS)).unwrap().lines().count(), EPOCHS);
    assert!(window.state().message().unwrap().text.starts_with(&format!("Trained LeNet-5 after epoch {EPOCHS}")));

    // Undisturbed, and closed before its end: closing waits for the thread, and keeps what is whole.
    let other = folder.path().join("other");
    let order = TrainingOrder {
        network: "lenet5".into(),
        trained: false,
        data: Some(DataSource::from_user(&data)),
        folder: other.clone(),
        recipe: TrainingRecipe { epochs: EPOCHS, ..TrainingRecipe::of("lenet5").0 },
    };
    let ctx = egui::Context::default();
    for least in [3, EPOCHS] {
        let session = TrainingSession::start(order.clone(), &ctx).unwrap();
        let start = Instant::now();
        while session.state().epochs.len() < least && start.elapsed() < Duration::from_secs(120) {
            std::thread::sleep(Duration::from_millis(2));
        }
        assert!(session.state().epochs.len() >= least, "{:?}", session.state().phase);
    }
    let [a, b] = [&run, &other].map(|run| fs::read(run.join(LAST)).unwrap());
    assert_eq!(a, b, "the weights differ");
}
