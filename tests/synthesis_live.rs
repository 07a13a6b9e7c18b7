//! Synthesis as the window and the command line run it: the worker's live run, and the subcommands' files.
#![allow(clippy::unwrap_used, clippy::panic)]

use candle_core::{Device, Tensor};
use std::{
    collections::HashMap,
    fs,
    path::Path,
    process::{Command, Output},
    sync::Arc,
    time::{Duration, Instant},
};
use striate::{
    engine::{
        AnyInquiry, AttributionInquiry, Control, DeviceChoice, Engine, Event, Frame, Lane, Model, Opening,
        PictureSource, Request,
    },
    methods::{METHODS, Settings, Target},
    paint::{read_npy, write_png},
    synthesis::{Goal, Recipe, Term, find},
    weights, zoo,
};

/// Polls until `wanted` says so.
fn until<T>(engine: &Engine, mut wanted: impl FnMut(Event) -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        match engine.poll().map(&mut wanted) {
            Some(Some(found)) => return found,
            Some(None) => {}
            None => std::thread::sleep(Duration::from_millis(2)),
        }
        assert!(start.elapsed() < Duration::from_secs(120), "nothing came");
    }
}

fn frame(event: Event) -> Option<Arc<Frame>> {
    match event {
        Event::Frame(frame) => Some(frame),
        Event::Failed(_, why) => panic!("{why}"),
        _ => None,
    }
}

fn recipe(steps: usize) -> Box<Recipe> {
    let mut settings = find("striate").unwrap().settings().unwrap();
    let parameter = striate::synthesis::PARAMETERS.iter().find(|parameter| parameter.name == "steps").unwrap();
    settings.set(parameter, &steps.to_string()).unwrap();
    Box::new(Recipe {
        terms: vec![Term { goal: Goal::Score(0), weight: 1.0 }],
        settings,
        batch: 1,
        size: None,
        picture: None,
    })
}

#[test]
fn a_live_run_streams_pauses_rewinds_and_lets_others_by() {
    let engine = Engine::start(DeviceChoice::Cpu, || {}).unwrap();
    engine.request(Request::Open(Opening::of("photonet")));
    let model: Arc<Model> = until(&engine, |event| match event {
        Event::Model(model) => Some(model),
        _ => None,
    });
    engine.control(Control::Start(model, recipe(100_000)));
    let first = until(&engine, frame);
    assert_eq!((first.step, first.running, first.picture.dimensions()), (0, true, (64, 64)));
    let later = until(&engine, |event| frame(event).filter(|frame| frame.step >= 12));
    assert!(later.running && later.curve.len() == later.step && later.kept[..3] == [0, 4, 8]);
    assert!(engine.is_busy(Lane::Synthesis) && !engine.is_idle());
    // A picture and a method are answered in between.
    engine.request(Request::Picture(PictureSource::Named("sample:chelsea".into())));
    let run = until(&engine, |event| match event {
        Event::Run(run) => Some(run),
        _ => None,
    });
    let (method, target) = (&METHODS[0], Target::Class(3));
    let inquiry = AttributionInquiry { run, method, target, layer: None, settings: Settings::new() };
    engine.request(AnyInquiry::from(inquiry).into());
    until(&engine, |event| matches!(event, Event::Answered(_)).then_some(()));
    // Paused within a step.
    let asked = Instant::now();
    engine.control(Control::Pause);
    let paused = until(&engine, |event| frame(event).filter(|frame| !frame.running));
    println!("paused after {:?} in step {}", asked.elapsed(), paused.step);
    assert!(paused.worth.is_some());
    while !engine.is_idle() {
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(Duration::from_millis(100));
    assert!(engine.poll().is_none(), "it goes on though it was paused");
    engine.control(Control::Rewind(9));
    let back = until(&engine, frame);
    assert_eq!((back.step, back.running, back.kept.to_vec()), (8, false, vec![0, 4, 8]));
    assert_eq!(back.curve[..], paused.curve[..8]);
    engine.control(Control::Change(recipe(10).settings));
    engine.control(Control::Resume);
    let done = until(&engine, |event| frame(event).filter(|frame| frame.step == 10));
    assert!(!done.running && done.worth.is_some());
    // A synthesis that cannot start says why, and another network ends the run.
    let model = until_model(&engine, "lenet5");
    let mut wrong = recipe(10);
    wrong.terms[0].goal = Goal::Score(10);
    engine.control(Control::Start(model, wrong));
    let why = until(&engine, |event| match event {
        Event::Failed(Lane::Synthesis, why) => Some(why),
        _ => None,
    });
    assert!(why.contains("classes 0 to 9"), "{why}");
    engine.control(Control::Resume);
    std::thread::sleep(Duration::from_millis(100));
    assert!(engine.is_idle() && engine.poll().is_none());
}

fn until_model(engine: &Engine, name: &str) -> Arc<Model> {
    engine.request(Request::Open(Opening::of(name)));
    until(engine, |event| match event {
        Event::Model(model) => Some(model),
        _ => None,
    })
}

fn striate(folder: &Path, arguments: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_striate"));
    command.args(arguments.split_whitespace()).current_dir(folder);
    // photonet is small: what these tests run when they name no network.
    if !arguments.contains("--network") && !arguments.contains("--help") {
        command.args(["--network", "photonet"]);
    }
    command.output().unwrap()
}

fn said(folder: &Path, arguments: &str) -> String {
    let output = striate(folder, arguments);
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn texts(path: &Path) -> Vec<(String, String)> {
    let reader = png::Decoder::new(std::io::BufReader::new(fs::File::open(path).unwrap())).read_info().unwrap();
    let chunks = &reader.info().uncompressed_latin1_text;
    chunks.iter().map(|chunk| (chunk.keyword.clone(), chunk.text.clone())).collect()
}

#[test]
fn maximise_writes_pictures_frames_and_where_they_come_from() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let text = said(folder.path(), "maximise --class lemon --steps 12 --every 6 --out a.png --raw a.npy --rotate 5");
    assert!(text.contains("lemon (187, probability "), "{text}");
    assert!(at("a-00006.png").exists() && at("a-00012.png").exists());
    let found = texts(&at("a.png"));
    let holds = |key: &str, part: &str| found.iter().any(|(keyword, text)| keyword == key && text.contains(part));
    assert!(
        holds("Settings", "rotate=5")
            && holds("Settings", "optimiser=adam")
            && holds("Settings", "steps=12")
            && holds("Goal", "lemon"),
        "{found:?}"
    );
    assert!(holds("Method", "striate") && holds("Network", "photonet"));
    assert_eq!(read_npy(&at("a.npy")).unwrap().dims(), [1, 3, 64, 64]);
    // The same seed, the same bits; what is written can be read again.
    said(folder.path(), "maximise --class lemon --steps 12 --out b.png --rotate 5");
    assert_eq!(fs::read(at("a.png")).unwrap(), fs::read(at("b.png")).unwrap());
    said(folder.path(), "classify --input a.npy");
    said(folder.path(), "maximise sample:chelsea --layer conv3 --preset deepdream --steps 4 --out dream.png");
    said(
        folder.path(),
        "maximise --layer conv1 --unit 3 --unit 5:-0.5 --steps 2 --batch 2 --diversity 1 --out two.png",
    );
    said(
        folder.path(),
        "invert sample:chelsea --layer relu1 --layer relu3 --steps 3 --out invert.png --raw invert.npy",
    );
    assert_eq!(read_npy(&at("invert.npy")).unwrap().dims(), [2, 3, 64, 64]);
}

#[test]
fn a_sheet_goes_on_where_it_was_broken_off() {
    let folder = tempfile::tempdir().unwrap();
    let (sheet, tiles) = (folder.path().join("sheet.png"), folder.path().join("sheet.tiles"));
    let command = "maximise --network photonet --layer conv1 --grid --steps 1 --out sheet.png";
    let mut broken = Command::new(env!("CARGO_BIN_EXE_striate"));
    let mut broken = broken.args(command.split_whitespace()).current_dir(folder.path()).spawn().unwrap();
    while !tiles.join("00001.png").exists() {
        assert!(broken.try_wait().unwrap().is_none(), "it ended before it could be broken off");
        std::thread::sleep(Duration::from_millis(1));
    }
    broken.kill().unwrap();
    broken.wait().unwrap();
    assert!(!sheet.exists());
    // The first tile gets another picture but keeps its texts; the second keeps its picture but not its texts.
    let red = image::RgbaImage::from_pixel(128, 128, image::Rgba([255, 0, 0, 255]));
    let own = texts(&tiles.join("00000.png"));
    let own: Vec<(&str, String)> =
        own.iter().filter(|(key, _)| key != "Software").map(|(key, text)| (key.as_str(), text.clone())).collect();
    write_png(&tiles.join("00000.png"), &red, &own).unwrap();
    write_png(&tiles.join("00001.png"), &red, &[("Settings", "others".into())]).unwrap();
    said(folder.path(), command);
    assert!(!tiles.exists());
    let sheet = image::open(sheet).unwrap().into_rgba8();
    assert_eq!(sheet.get_pixel(64, 64).0, [255, 0, 0, 255], "the tile that was there was made again");
    assert_ne!(sheet.get_pixel(64 + 128 + 8, 64).0, [255, 0, 0, 255], "a tile of other settings was taken");
}

/// A class that nothing in the picture changes leaves its cell empty and says why.
#[test]
fn a_class_without_a_slope_leaves_its_cell_of_the_sheet_empty() {
    let folder = tempfile::tempdir().unwrap();
    let shipped = zoo::find("lenet5_modern").unwrap().shipped.unwrap();
    let mut tensors = weights::read_bytes(shipped, "lenet5_modern").unwrap().tensors;
    let last = tensors["fc7.weight"].clone();
    let keep: Vec<f32> = (0..10).map(|class| if class == 3 { 0.0 } else { 1.0 }).collect();
    let keep = Tensor::from_vec(keep, (10, 1), &Device::Cpu).unwrap();
    tensors.insert("fc7.weight".into(), last.broadcast_mul(&keep).unwrap());
    let tensors: HashMap<_, _> = tensors.into_iter().collect();
    candle_core::safetensors::save(&tensors, folder.path().join("dead.safetensors")).unwrap();
    let command = "maximise --network lenet5_modern --weights dead.safetensors --grid --class 2 --class 3 --steps 2";
    let output = striate(folder.path(), &format!("{command} --out sheet.png"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.contains("the cell of class 3") && said.contains("is empty"), "{said}");
    let sheet = image::open(folder.path().join("sheet.png")).unwrap().into_rgba8();
    let (width, height) = sheet.dimensions();
    let drawn = |from: u32| (from..from + width / 2).any(|x| (0..height).any(|y| sheet.get_pixel(x, y).0[3] > 0));
    assert!(drawn(0), "the cell of class 2 is empty");
    let cell = |x: u32| sheet.get_pixel(width / 2 + x, height / 2).0;
    assert!((8..width / 2 - 8).all(|x| cell(x)[..3] == cell(8)[..3]), "the cell of class 3 is drawn");
}

#[test]
fn mistakes_are_one_line() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, code, part) in [
        ("maximise --out a.png", 2, "say what to excite"),
        ("maximise --class lemmon --out a.png", 2, "lemon"),
        ("maximise --class lemon:x --out a.png", 2, "lemon"),
        ("maximise --layer conv1 --unit 64 --out a.png", 2, "units 0 to 63"),
        ("maximise --layer conv9 --out a.png", 2, "conv1"),
        ("maximise --unit 3 --out a.png", 2, "--layer"),
        ("maximise --class lemon --preset lucit --out a.png", 2, "did you mean lucid"),
        ("maximise --class lemon --rate=-1 --out a.png", 2, "rate takes a number"),
        ("maximise --class lemon --start picture --out a.png", 2, "needs a picture"),
        ("maximise --layer conv1 --unit 1 --at 99,0 --out a.png", 2, "without (99, 0)"),
        ("maximise --class 0 --network alphago_policy_192 --out a.png", 2, "no picture can be made"),
        ("invert sample:chelsea --layer conv9 --out a.png", 2, "conv1"),
    ] {
        let output = striate(folder.path(), arguments);
        let text = String::from_utf8(output.stderr).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("note: ")).collect();
        assert_eq!(output.status.code(), Some(code), "{arguments}: {text}");
        assert!(lines.len() == 1 && lines[0].contains(part), "{arguments}: {text}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{arguments}");
    }
}
