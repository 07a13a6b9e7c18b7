//! The checkpoints of a run in the window: every pane follows the epoch.

use super::*;
use eframe::egui::accesskit::Role;
use std::{fs, path::Path};
use striate::weights::{self, Source};

/// The network of the checkpoints: a small one, as its passes are many.
const NETWORK: &str = "lenet5_modern";

/// A folder with three checkpoints: each a third nearer to the weights that ship, with other weights before.
fn checkpoints(folder: &Path) {
    let shipped =
        fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/weights/runs/lenet5_modern/epoch-012.safetensors")).unwrap();
    let file = weights::read_bytes(&shipped, NETWORK).unwrap();
    for (epoch, share) in [(1, 0.2), (2, 0.6), (3, 1.0)] {
        let mut parts: Vec<(String, Vec<usize>, Vec<f32>)> = Vec::new();
        for (name, tensor) in &file.tensors {
            let values = striate::kernels::to_vec(tensor).unwrap();
            let noise = weights::uniform(name, values.len(), 7);
            let scale = 0.05 * (1.0 - share);
            let mixed = values.iter().zip(noise).map(|(value, noise)| share * value + scale * noise).collect();
            parts.push((name.clone(), tensor.dims().to_vec(), mixed));
        }
        let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        let data: Vec<_> = parts.iter().map(|(name, shape, values)| (name, shape.clone(), bytes(values))).collect();
        let views = data.iter().map(|(name, shape, bytes)| {
            (*name, safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.clone(), bytes).unwrap())
        });
        let path = folder.join(format!("epoch-{epoch}.safetensors"));
        fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
    }
}

/// The epoch on screen, by the name of its file.
fn epoch(app: &App) -> Option<String> {
    match &app.shown()?.run.model.weights {
        Source::File(path) => Some(path.file_stem()?.to_string_lossy().into_owned()),
        _ => None,
    }
}

fn go(window: &mut Window, index: f64) {
    window.get_by_role_and_label(Role::Slider, "Epoch").set_value_accesskit(index);
    window.run_steps(3);
}

#[test]
fn a_dropped_run_opens_at_its_last_epoch_and_every_pane_follows_the_slider() {
    let folder = tempfile::tempdir().unwrap();
    checkpoints(folder.path());
    let Some(mut window) = open_with(NETWORK, Answers::default()) else { return };
    // Another layer and unit than a network starts with: both stay from epoch to epoch.
    window.key_press(egui::Key::CloseBracket);
    window.run_steps(2);
    settle(&mut window);
    let chosen = (window.state().selection().layer, window.state().selection().unit);
    drop_file(&mut window, folder.path().to_owned());
    until(&mut window, "the last epoch", |app| epoch(app).as_deref() == Some("epoch-3"));
    settle(&mut window);
    let last = Arc::clone(&window.state().shown().unwrap().run);
    assert!(last.probabilities.iter().sum::<f32>() > 0.99);
    go(&mut window, 0.0);
    until(&mut window, "the first epoch", |app| epoch(app).as_deref() == Some("epoch-1"));
    settle(&mut window);
    let first = Arc::clone(&window.state().shown().unwrap().run);
    assert_ne!(first.scores, last.scores);
    assert_eq!((window.state().selection().layer, window.state().selection().unit), chosen);
    // Answers are the epoch's own.
    let target = Target::Class(window.state().shown().unwrap().ranking[0]);
    assert!(answer(window.state(), "saliency", target).values.iter().any(|value| *value != 0.0));
    // The engine goes on with this epoch: another picture runs through it.
    let before = picture_name(window.state()).to_owned();
    window.key_press(egui::Key::PageDown);
    until(&mut window, "the next picture", |app| picture_name(app) != before);
    settle(&mut window);
    assert_eq!(epoch(window.state()).as_deref(), Some("epoch-1"));
    go(&mut window, 2.0);
    until(&mut window, "the last epoch", |app| epoch(app).as_deref() == Some("epoch-3"));
    settle(&mut window);
    assert_ne!(picture_name(window.state()), before);
}

#[test]
fn a_run_that_ships_opens_with_a_picture_that_its_network_knows() {
    let Some(mut window) = open() else { return };
    press(&mut window, "File");
    press(&mut window, "Training runs");
    press(&mut window, "LeNet-5 on digits, 12 epochs");
    until(&mut window, "the digit in the last epoch", |app| {
        epoch(app).as_deref() == Some("epoch-012") && picture_name(app) == "digit"
    });
    settle(&mut window);
    assert_eq!(window.state().shown().unwrap().ranking[0], 5, "the drawn digit is a five");
    go(&mut window, 0.0);
    until(&mut window, "the weights before training", |app| epoch(app).as_deref() == Some("epoch-000"));
    // The second of these runs opens with the picture that is on screen already.
    for (title, network) in
        [("ResNet-20 on CIFAR-10, 30 epochs", "resnet20"), ("Plain-20 on CIFAR-10, 30 epochs", "plain20")]
    {
        press(&mut window, "File");
        press(&mut window, "Training runs");
        press(&mut window, title);
        let is_there = |app: &App| {
            let model = &app.shown().unwrap().run.model;
            model.card.name == network && epoch(app).as_deref() == Some("epoch-030") && picture_name(app) == "chelsea"
        };
        until(&mut window, title, is_there);
        settle(&mut window);
        assert!(is_there(window.state()), "{title} stays on screen");
        assert_eq!(window.state().shown().unwrap().ranking[0], 3, "{network} sees a cat");
    }
}

#[test]
fn the_pane_shows_filters_units_and_curves_of_every_epoch() {
    let folder = tempfile::tempdir().unwrap();
    checkpoints(folder.path());
    let Some(mut window) = open_with(NETWORK, Answers::default()) else { return };
    drop_file(&mut window, folder.path().to_owned());
    until(&mut window, "the last epoch", |app| epoch(app).as_deref() == Some("epoch-3"));
    settle(&mut window);
    appear(&mut window, "chart of likeness to the last epoch");
    press(&mut window, "Weights");
    appear(&mut window, "epoch 2");
    let session = |window: &Window| window.state().evolution().unwrap().compared().len();
    assert_eq!(session(&window), 3);
    let layer = window.state().selection().layer;
    until(&mut window, "the filters", |app| {
        (0..3).all(|index| app.evolution().unwrap().filters(layer, None, index).is_some())
    });
    // A click on an epoch goes there.
    window.get_by_role_and_label(Role::Button, "epoch 2").click();
    until(&mut window, "the second epoch", |app| epoch(app).as_deref() == Some("epoch-2"));
    settle(&mut window);
    let unit = window.state().selection().unit;
    press(&mut window, "Strongest");
    until(&mut window, "the units", |app| {
        (0..3).all(|index| app.evolution().unwrap().unit(layer, unit, index).is_some())
    });
    let found = window.state().evolution().unwrap().layer(layer, 2).unwrap();
    assert_eq!(found.cosine.map(|cosine| (1e6 * cosine).round()), Some(1e6));
    let activation = window.state().evolution().unwrap().unit(layer, unit, 2).unwrap().activation;
    let strongest = found.state.largest.iter().map(|row| row[unit]).fold(f32::NEG_INFINITY, f32::max);
    assert_eq!(activation, strongest);
}
