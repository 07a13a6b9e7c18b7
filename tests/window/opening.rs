//! Opening things: by a pasted or typed path, by a drop, by the window's own file dialog; and what the window then says.

use super::*;
use eframe::egui::{Event, Key, Modifiers};

fn press_key(window: &mut Window, key: Key, times: usize) {
    for _ in 0..times {
        for pressed in [true, false] {
            let modifiers = Modifiers::NONE;
            window.event(Event::Key { key, physical_key: None, pressed, repeat: false, modifiers });
        }
    }
}

#[test]
fn five_presses_in_one_frame_move_five_layers() {
    let Some(mut window) = open() else { return };
    let before = layer(&window);
    press_key(&mut window, Key::CloseBracket, 5);
    window.run_steps(2);
    assert_eq!(layer(&window), before + 5);
    press_key(&mut window, Key::OpenBracket, 3);
    window.run_steps(2);
    assert_eq!(layer(&window), before + 2);
}

#[test]
fn a_pasted_path_opens_and_the_title_names_picture_and_network() {
    let folder = tempfile::tempdir().unwrap();
    let path = sample(folder.path(), "a striped cat");
    let Some(mut window) = open() else { return };
    assert_eq!(window.state().title(), "chelsea - photonet - Striate");
    window.event(Event::Paste(format!("file://{}\n", path.display().to_string().replace(' ', "%20"))));
    until(&mut window, "the pasted file", |app| picture_name(app).contains("striped"));
    settle(&mut window);
    assert!(window.state().title().contains("striped cat"), "{}", window.state().title());
    // A text that is no path changes nothing.
    window.event(Event::Paste("conv1 / relu1".into()));
    window.run_steps(3);
    assert!(window.state().message().is_none());
}

#[test]
fn a_typed_path_opens_by_the_finder() {
    let folder = tempfile::tempdir().unwrap();
    let path = sample(folder.path(), "typed");
    let Some(mut window) = open() else { return };
    // "/" outside of a text field begins a path.
    window.event(Event::Text("/".into()));
    window.run_steps(3);
    let rest = path.display().to_string().trim_start_matches('/').to_owned();
    window.get_by_label("Find a command").type_text(&rest);
    window.run_steps(3);
    press_key(&mut window, Key::Enter, 1);
    until(&mut window, "the typed file", |app| picture_name(app).contains("typed"));
}

#[test]
fn a_dropped_weights_file_is_opened_as_weights() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.safetensors");
    std::fs::write(&path, b"no weights").unwrap();
    let Some(mut window) = open() else { return };
    drop_file(&mut window, path);
    until(&mut window, "a message", |app| app.message().is_some());
    let text = window.state().message().unwrap().text.clone();
    assert!(text.contains("mine.safetensors") && !text.contains("picture"), "{text}");
    settle(&mut window);
    assert_eq!(picture_name(window.state()), "chelsea");
}

#[test]
fn a_window_that_cannot_open_what_it_starts_with_opens_what_ships() {
    let folder = tempfile::tempdir().unwrap();
    let [picture, weights] = ["notes.txt", "mine.pth"].map(|name| folder.path().join(name));
    std::fs::write(&picture, "no picture").unwrap();
    std::fs::write(&weights, "no weights").unwrap();
    let start = |opening: Opening, picture: Option<&std::path::Path>| {
        let picture = picture.map(|path| path.as_os_str().to_owned());
        let start = Start { opening, picture, device: DeviceChoice::Cpu, camera: None };
        let ask: Ask = Arc::new(|_, _| Ok(None));
        open_window(start, ask, Box::default())
    };
    let Some(window) = start(Opening::of("photonet"), Some(&picture)) else { return };
    assert!(window.state().message().unwrap().text.contains("notes.txt"));
    assert_eq!(window.state().shown().unwrap().run.model.card.name, "photonet");
    let broken = Opening { weights: striate::weights::Source::File(weights), ..Opening::of("resnet18") };
    let Some(window) = start(broken, None) else { return };
    assert!(window.state().message().unwrap().text.contains("mine.pth"));
    assert_eq!(window.state().shown().unwrap().run.model.card.name, striate::zoo::DEFAULT.name);
}

#[test]
fn a_checkpoint_of_another_network_opens_under_any_name_and_takes_dropped_labels() {
    let folder = tempfile::tempdir().unwrap();
    let shipped =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/weights/runs/lenet5_modern/epoch-012.safetensors"))
            .unwrap();
    let path = folder.path().join("best model");
    std::fs::write(&path, &shipped).unwrap();
    let Some(mut window) = open() else { return };
    drop_file(&mut window, path);
    until(&mut window, "LeNet-5", |app| app.shown().unwrap().run.model.card.name == "lenet5_modern");
    let labels = folder.path().join("digits.txt");
    std::fs::write(&labels, (0..10).map(|digit| format!("my {digit}\n")).collect::<String>()).unwrap();
    drop_file(&mut window, labels);
    until(&mut window, "the labels", |app| app.shown().unwrap().run.model.class_name(3) == "my 3");
    // Labels of another count are refused, and what was there stays.
    let few = folder.path().join("few.txt");
    std::fs::write(&few, "one\ntwo\n").unwrap();
    drop_file(&mut window, few);
    until(&mut window, "a refusal", |app| app.message().is_some_and(|message| message.failed));
    settle(&mut window);
    assert_eq!(window.state().shown().unwrap().run.model.class_name(3), "my 3");
}

#[test]
fn the_dialog_opens_the_network_of_a_checkpoint_whatever_is_on_screen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("digits.pth.tar");
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/weights/runs/lenet5_modern/epoch-012.safetensors"), &path)
        .unwrap();
    let Some(mut window) = open_with("photonet", Arc::new(Mutex::new(vec![path]))) else { return };
    press(&mut window, "weights…");
    until(&mut window, "LeNet-5", |app| app.shown().unwrap().run.model.card.name == "lenet5_modern");
}

#[test]
fn without_a_system_dialog_the_window_draws_one() {
    let folder = tempfile::tempdir().unwrap();
    sample(folder.path(), "found");
    std::fs::write(folder.path().join("notes.txt"), "no picture").unwrap();
    let none: Ask = Arc::new(|_, _| Err(striate::Error::Failed("no dialog".into())));
    let Some(mut window) = open_asking("photonet", none, Box::default(), None) else { return };
    window.key_press_modifiers(Modifiers::COMMAND, Key::O);
    appear(&mut window, "Path");
    // The keyboard is in the field, and what is typed replaces the whole path.
    window.run_steps(2);
    window.get_by_label("Path").type_text(&folder.path().display().to_string());
    window.run_steps(2);
    window.key_press(Key::Enter);
    appear(&mut window, "found.png");
    assert!(window.query_by_label("notes.txt").is_none(), "only pictures are listed");
    window.get_by_label("found.png").click();
    until(&mut window, "the chosen file", |app| picture_name(app).contains("found"));
}

#[test]
fn a_message_of_success_stays_while_pictures_are_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("unit.png");
    let Some(mut window) = open_with("photonet", Arc::new(Mutex::new(vec![path]))) else { return };
    export(&mut window, "Unit");
    until(&mut window, "a message", |app| app.message().is_some_and(|message| message.text.contains("Saved")));
    press_key(&mut window, Key::PageDown, 1);
    window.run_steps(2);
    settle(&mut window);
    assert_ne!(picture_name(window.state()), "chelsea");
    assert!(window.state().message().is_some_and(|message| message.text.contains("Saved")));
    press(&mut window, "Dismiss");
    assert!(window.state().message().is_none());
}

#[test]
fn a_rectifier_shows_the_filters_of_the_convolution_that_feeds_it() {
    let Some(mut window) = open() else { return };
    press(&mut window, "Filters");
    let first = layer(&window);
    window.get_by_label("filters of conv1");
    press_key(&mut window, Key::CloseBracket, 1);
    window.run_steps(2);
    settle(&mut window);
    assert_ne!(layer(&window), first);
    window.get_by_label("filters of conv1");
}
