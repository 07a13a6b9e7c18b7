//! One picture everywhere: the window's pane, the file that saving the pane writes and the command line's file show the
//! same pixels, and the two files describe themselves in the same words.

use super::*;
use image::{RgbImage, RgbaImage, imageops::crop_imm};
use std::{collections::BTreeMap, path::Path, process::Command};

/// Runs the command line into `out`.
fn command_line(arguments: &str, out: &Path) -> RgbaImage {
    let mut command = Command::new(env!("CARGO_BIN_EXE_striate"));
    let named = if arguments.contains("--network") { &[][..] } else { &["--network", "photonet"] };
    let output = command.args(arguments.split(' ')).args(named).arg("--out").arg(out).output().unwrap();
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    image::open(out).unwrap().into_rgba8()
}

/// The text chunks of a PNG.
fn texts(path: &Path) -> BTreeMap<String, String> {
    let reader = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(path).unwrap())).read_info().unwrap();
    let info = reader.info();
    let latin = info.uncompressed_latin1_text.iter().map(|chunk| (chunk.keyword.clone(), chunk.text.clone()));
    latin.chain(info.utf8_text.iter().map(|chunk| (chunk.keyword.clone(), chunk.get_text().unwrap()))).collect()
}

/// Saves a pane of the window.
fn save(window: &mut Window, answers: &Answers, title: &str, path: &Path) -> RgbaImage {
    answers.lock().unwrap().push(path.to_owned());
    press(window, &format!("Menu of {title}"));
    press(window, "Save…");
    press(window, "Save as…");
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    until(window, "a saved file", |app| app.message().is_some_and(|message| message.text.contains(&name)));
    image::open(path).unwrap().into_rgba8()
}

/// The part of the window under a labelled widget, the pointer away.
fn shot(window: &mut Window, label: &str) -> RgbImage {
    window.hover_at(pos2(2.0, 2.0));
    window.run_steps(3);
    let rect = window.get_by_label(label).rect();
    let whole = window.render().unwrap();
    let [left, top, width, height] =
        [rect.left(), rect.top(), rect.width(), rect.height()].map(|side| side.round() as u32);
    image::DynamicImage::from(crop_imm(&whole, left, top, width, height).to_image()).into_rgb8()
}

/// A picture at a place given in fractions, as a graphics card samples it: a bilinear mixture of four texels.
fn sample(image: &RgbaImage, [x, y]: [f32; 2]) -> [f32; 3] {
    let [width, height] = [image.width(), image.height()];
    let texel = |x: f32, y: f32| {
        let at = |value: f32, side: u32| (value.max(0.0) as u32).min(side - 1);
        let [r, g, b, _] = image.get_pixel(at(x, width), at(y, height)).0;
        [r, g, b].map(f32::from)
    };
    let [x, y] = [x * width as f32 - 0.5, y * height as f32 - 0.5];
    let [right, down] = [x - x.floor(), y - y.floor()];
    let [left, top] = [x.floor(), y.floor()];
    let mixed = |c: usize| {
        let row = |y: f32| texel(left, y)[c] * (1.0 - right) + texel(left + 1.0, y)[c] * right;
        row(top) * (1.0 - down) + row(top + 1.0) * down
    };
    [mixed(0), mixed(1), mixed(2)]
}

/// Almost every pixel of the pane is the file's at the same place, up to the card's rounding.
fn assert_same_picture(pane: &RgbImage, file: &RgbaImage, what: &str) {
    let place = |x: u32, y: u32| [(x as f32 + 0.5) / pane.width() as f32, (y as f32 + 0.5) / pane.height() as f32];
    let differs = |(x, y, pixel): (u32, u32, &image::Rgb<u8>)| {
        let expected = sample(file, place(x, y));
        (0..3).any(|c| (f32::from(pixel[c]) - expected[c]).abs() > 3.0)
    };
    let apart = pane.enumerate_pixels().filter(|&pixel| differs(pixel)).count();
    let count = (pane.width() * pane.height()) as usize;
    assert!(count > 10_000, "{what}: the pane is too small to compare");
    assert!(apart * 100 <= count, "{what}: {apart} of {count} pixels differ");
}

#[test]
fn heatmaps() {
    let answers = Answers::default();
    let Some(mut window) = open_with("photonet", Arc::clone(&answers)) else { return };
    let folder = tempfile::tempdir().unwrap();
    window.set_size(vec2(2000.0, 1300.0));
    for (title, label, arguments) in [
        ("Pixels", "heatmap", "saliency sample:chelsea --overlay"),
        ("Regions", "class activation map", "cam sample:chelsea"),
    ] {
        show_pane(&mut window, title);
        let path = folder.path().join(format!("{title}.png"));
        let file = command_line(arguments, &path);
        assert_same_picture(&shot(&mut window, label), &file, title);
        let saved_path = folder.path().join(format!("saved {title}.png"));
        let saved = save(&mut window, &answers, title, &saved_path);
        assert!(saved == file, "{title}: saving the pane writes another picture than the command line");
        assert_eq!(texts(&saved_path), texts(&path), "{title}");
        let distinct: std::collections::HashSet<_> = file.pixels().collect();
        assert!(distinct.len() > 500, "{title}: only {} colours", distinct.len());
    }
}

#[test]
fn sheets_of_filters() {
    let answers = Answers::default();
    let Some(mut window) = open_with("photonet", Arc::clone(&answers)) else { return };
    let folder = tempfile::tempdir().unwrap();
    window.set_size(vec2(1600.0, 1000.0));
    show_pane(&mut window, "Filters");
    let path = folder.path().join("filters.png");
    let file = command_line("filters --layer conv1", &path);
    let pane = shot(&mut window, "filters of conv1");
    // The pane has as many columns as fit: the number that makes tiles as wide as high.
    let (count, gap) = (64, 3);
    let step = |columns: u32| [pane.width() as f32 / columns as f32, pane.height() as f32 / count_of(count, columns)];
    let columns = (1..=count).min_by(|&a, &b| uneven(step(a)).total_cmp(&uneven(step(b)))).unwrap();
    let side = (step(columns)[0] - gap as f32).round() as u32;
    let layout = striate::figures::Scale::Pleasant.mosaic(count as usize, 7, 7);
    for unit in 0..count {
        let [x, y] = [unit % columns, unit / columns].map(|index| index * (side + gap));
        let (left, top) = layout.origin(unit as usize);
        let tile = crop_imm(&file, left, top, layout.tile.0, layout.tile.1).to_image();
        for (row, column) in (0..7).flat_map(|row| (0..7).map(move |column| (row, column))) {
            let middle = |index: u32, side: u32| ((index as f32 + 0.5) / 7.0 * side as f32) as u32;
            let shown = pane.get_pixel(x + middle(column, side), y + middle(row, side)).0;
            let [r, g, b, _] = tile.get_pixel(middle(column, layout.tile.0), middle(row, layout.tile.1)).0;
            let apart = shown.iter().zip([r, g, b]).map(|(a, b)| a.abs_diff(b)).max().unwrap();
            assert!(apart <= 3, "unit {unit} at {row}, {column}: {shown:?} and {:?}", [r, g, b]);
        }
    }
    let saved_path = folder.path().join("saved filters.png");
    assert!(save(&mut window, &answers, "Filters", &saved_path) == file, "saving writes another sheet");
    let (saved, written) = (texts(&saved_path), texts(&path));
    for key in ["Network", "Weights", "Layer", "Range"] {
        assert_eq!(saved[key], written[key]);
    }
}

fn count_of(count: u32, columns: u32) -> f32 {
    count.div_ceil(columns) as f32
}

fn uneven([across, down]: [f32; 2]) -> f32 {
    (across - down).abs()
}

#[test]
fn untrained_networks_say_so() {
    let answers = Answers::default();
    let Some(mut window) = open_with("resnet32", Arc::clone(&answers)) else { return };
    let folder = tempfile::tempdir().unwrap();
    show_pane(&mut window, "Scores");
    let shown = window.state().shown().unwrap();
    let best = shown.ranking[0];
    assert_eq!(shown.run.model.class_name(best), format!("class {best}"));
    window.get_by_label(&format!("class {best}"));
    let path = folder.path().join("scores.png");
    save(&mut window, &answers, "Scores", &path);
    let texts = texts(&path);
    assert!(texts["Weights"].ends_with("(untrained)") && texts["Class"].contains("untrained"), "{texts:?}");
    assert!(!texts.values().any(|text| text.contains("probability")), "{texts:?}");
}
