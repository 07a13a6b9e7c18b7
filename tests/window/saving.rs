//! Output of the window: the clipboard, panes as they look, the tour, the frames of a synthesis.

use super::*;
use eframe::egui::{Key, Modifiers, OutputCommand};

/// Steps until something is on the clipboard.
fn copied(window: &mut Window) -> OutputCommand {
    let start = Instant::now();
    loop {
        let commands = &window.output().platform_output.commands;
        let copies =
            |command: &&OutputCommand| matches!(command, OutputCommand::CopyImage(_) | OutputCommand::CopyText(_));
        if let Some(found) = commands.iter().find(copies) {
            return found.clone();
        }
        assert!(start.elapsed() < Duration::from_secs(60), "nothing came onto the clipboard");
        std::thread::sleep(Duration::from_millis(4));
        window.step();
    }
}

fn message(window: &mut Window, part: &'static str) -> String {
    until(window, part, |app| app.message().is_some_and(|message| message.text.contains(part)));
    window.state().message().unwrap().text.clone()
}

fn holds(path: &std::path::Path, text: &str) -> bool {
    std::fs::read(path).unwrap().windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn pictures_and_tables_are_copied() {
    let Some(mut window) = open() else { return };
    window.get_by_label("Copy Unit").click();
    window.step();
    let OutputCommand::CopyImage(image) = copied(&mut window) else { panic!("no picture") };
    assert_eq!(image.size, [512, 512]);
    // The key copies the pane that was clicked last.
    press(&mut window, "Layers");
    let row = window.get_by_label("row of conv1").rect();
    click(&mut window, row.center());
    // The press alone: in the frame of the release the clipboard would be full already.
    window.event(egui::Event::Key {
        key: Key::C,
        physical_key: None,
        pressed: true,
        repeat: false,
        modifiers: Modifiers::COMMAND.plus(Modifiers::SHIFT),
    });
    window.step();
    let OutputCommand::CopyText(text) = copied(&mut window) else { panic!("no table") };
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("layer\ttitle\tkind") && lines[2].starts_with("conv1\t"), "{text}");
    assert!(lines.iter().all(|line| line.split('\t').count() == 12 && !line.contains(',')), "{text}");
}

#[test]
fn a_pane_is_saved_and_copied_as_it_looks() {
    let folder = tempfile::tempdir().unwrap();
    let answers = Answers::default();
    let Some(mut window) = open_with("photonet", Arc::clone(&answers)) else { return };
    let tiles = window.get_by_label("feature maps of conv1").rect();
    press(&mut window, "Export Activations");
    press(&mut window, "Pane as it looks");
    press(&mut window, "Copy to the clipboard");
    let OutputCommand::CopyImage(image) = copied(&mut window) else { panic!("no picture") };
    let [width, height] = image.size.map(|side| side as f32);
    assert!(width >= tiles.width() && height >= tiles.height() && width < 1280.0, "{width}x{height}");
    let colours: std::collections::HashSet<_> = image.pixels.iter().collect();
    assert!(colours.len() > 50, "only {} colours", colours.len());
    let path = folder.path().join("look.png");
    answers.lock().unwrap().push(path.clone());
    press(&mut window, "Export Activations");
    press(&mut window, "Pane as it looks");
    press(&mut window, "Save as…");
    message(&mut window, "look.png");
    let saved = image::open(&path).unwrap();
    assert_eq!([saved.width() as usize, saved.height() as usize], image.size);
    assert!(holds(&path, "photonet") && holds(&path, "conv1"), "it does not say what it shows");
    // As a figure: the same pane with more pixels and without its buttons, and the window as it was.
    let path = folder.path().join("large.png");
    answers.lock().unwrap().push(path.clone());
    press(&mut window, "Export Activations");
    press(&mut window, "Figure for a report");
    press(&mut window, "Save as…");
    // As on a screen, where half as many points fit: the pane comes in four parts.
    let start = Instant::now();
    while window.ctx.zoom_factor() != 2.0 {
        assert!(start.elapsed() < Duration::from_secs(60), "nothing is enlarged");
        window.step();
    }
    window.set_size(vec2(640.0, 400.0));
    message(&mut window, "large.png");
    let large = image::open(&path).unwrap();
    let sides = [large.width(), large.height()].map(|side| side as usize);
    assert!((0..2).all(|axis| sides[axis].abs_diff(2 * image.size[axis]) <= 2), "{sides:?} {:?}", image.size);
    // Every quarter of it was drawn.
    let (large, [across, down]) = (large.into_rgb8(), [sides[0] as u32 / 2, sides[1] as u32 / 2]);
    for corner in [[0, 0], [across, 0], [0, down], [across, down]] {
        let part = image::imageops::crop_imm(&large, corner[0], corner[1], across, down).to_image();
        let colours: std::collections::HashSet<[u8; 3]> = part.pixels().map(|pixel| pixel.0).collect();
        assert!(colours.len() > 40, "{corner:?}: only {} colours", colours.len());
    }
    window.set_size(vec2(1280.0, 800.0));
    window.run_steps(3);
    assert_eq!(window.ctx.zoom_factor(), 1.0);
    assert_eq!(window.get_by_label("feature maps of conv1").rect(), tiles);
}

#[test]
fn the_tour_is_written_from_the_menu() {
    let folder = tempfile::tempdir().unwrap();
    let answers = Answers::default();
    let Some(mut window) = open_with("lenet5", Arc::clone(&answers)) else { return };
    answers.lock().unwrap().push(folder.path().to_owned());
    press(&mut window, "File");
    press(&mut window, "Save report…");
    message(&mut window, "wrote a tour");
    let page = std::fs::read_to_string(folder.path().join("lenet5-chelsea-tour/index.html")).unwrap();
    assert!(page.contains("LeNet-5") && page.contains("Picture: "), "a sample's origin is named");
}

#[test]
fn the_frames_of_a_synthesis_are_saved() {
    let folder = tempfile::tempdir().unwrap();
    let answers = Answers::default();
    let Some(mut window) = open_with("photonet", Arc::clone(&answers)) else { return };
    press(&mut window, "Synthesis");
    press(&mut window, "Start");
    until(&mut window, "some steps", |app| app.synthesis().is_some_and(|frame| frame.kept.len() > 3));
    press(&mut window, "Pause");
    until(&mut window, "a pause", |app| app.synthesis().is_some_and(|frame| !frame.running));
    window.run_steps(3);
    let kept = window.state().synthesis().unwrap().kept.to_vec();
    answers.lock().unwrap().push(folder.path().to_owned());
    press(&mut window, "Save frames…");
    let text = message(&mut window, "frames in");
    assert!(text.starts_with(&format!("Saved {} frames", kept.len())), "{text}");
    let inside = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let mut names: Vec<String> =
        std::fs::read_dir(&inside).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, kept.iter().map(|step| format!("{step:05}.png")).collect::<Vec<_>>());
    let [first, last] = [&names[0], &names[names.len() - 1]].map(|name| image::open(inside.join(name)).unwrap());
    assert_ne!(first.into_rgb8(), last.into_rgb8());
    assert!(holds(&inside.join(&names[1]), "Goal") && holds(&inside.join(&names[1]), "Step"));
    // The same folder is not written again.
    answers.lock().unwrap().push(folder.path().to_owned());
    press(&mut window, "Save frames…");
    until(&mut window, "a refusal", |app| app.message().is_some_and(|message| message.failed));
}
