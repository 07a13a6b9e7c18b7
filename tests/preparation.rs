//! The preparation of pictures on the command line: what the flags say is what is used, and --json and PNG texts say it.
#![allow(clippy::unwrap_used)]

mod cli_support;

use cli_support::{Desk, texts};

const NETWORK: &str = "--network resnet20 --weights synthetic:3";

#[test]
fn json_and_png_texts_say_what_was_used() {
    let desk = Desk::new();
    let usual = desk.json(&format!("classify sample:chelsea {NETWORK}"));
    assert_eq!(usual["preparation"]["crop"], serde_json::json!([32, 32]));
    let flags = "--resize 40 --interpolation bicubic --mean 120 --std 60,61,62 --scale 255 --bgr";
    let chosen = desk.json(&format!("classify sample:chelsea {NETWORK} {flags}"));
    let said = &chosen["preparation"];
    assert_eq!((&said["resize"], &said["interpolation"], &said["bgr"]), (&40.into(), &"bicubic".into(), &true.into()));
    assert_eq!(said["std"], serde_json::json!([60.0, 61.0, 62.0]));
    assert_eq!((&said["scale"], &said["mean"]), (&255.into(), &serde_json::json!([120.0, 120.0, 120.0])));
    assert_ne!(usual["top"], chosen["top"]);
    desk.said(&format!("saliency sample:chelsea {NETWORK} {flags} --out a.png"));
    let text = &texts(&desk.path("a.png"))["Preparation"];
    assert!(text.contains("short side to 40 (bicubic)") && text.contains("0 to 255 BGR"), "{text}");
    let preset = desk.json(&format!("classify sample:chelsea {NETWORK} --prepare inception"));
    assert_eq!(preset["preparation"]["mean"], serde_json::json!([0.5, 0.5, 0.5]));
}

#[test]
fn wrong_choices_are_refused_before_anything_runs() {
    let desk = Desk::new();
    for (flags, why) in [
        ("--mean 0.5,0.5", "2 numbers, and this network takes 1 or 3"),
        ("--prepare imagenot", "imagenet"),
        ("--interpolation nearest", "bilinear or bicubic"),
        ("--scale 2", "1 or 255"),
        ("--std 0", "above 0"),
        ("--resize 0", "--resize 0 is outside 1 to 4096"),
        ("--size 4x", "HEIGHTxWIDTH"),
        ("--crop 9999", "--crop 9999 is outside"),
        ("--size 64 --whole", "cannot be used with"),
    ] {
        let said = desk.refused(&format!("classify sample:chelsea {NETWORK} {flags}"), 2);
        assert!(said.contains(why), "{flags}: {said}");
    }
    let said = desk.refused("classify sample:chelsea --network vgg11 --weights synthetic:0 --size 224x320", 2);
    assert!(said.contains("must be square"), "{said}");
}

#[test]
fn commands_run_on_rectangles_and_whole_pictures() {
    let desk = Desk::new();
    let commands = [
        "classify sample:chelsea --whole",
        "activations sample:chelsea --layer conv3 --out maps.png --size 40x72",
        "cam sample:chelsea --out cam.png --whole",
        "saliency sample:chelsea --localise --out object.png --size 48x64",
        "deconvnet sample:chelsea --layer conv4 --unit 3 --out unit.png --size 40x72",
        "units sample:chelsea --layer conv5 --size 40x72",
        "maximise --class lemon --steps 3 --size 40x72 --out made.png --scale 1",
        "evaluate . --whole",
    ];
    std::fs::create_dir(desk.path("lemon")).unwrap();
    let sample = striate::picture::Picture::from_source("sample:coffee").unwrap();
    sample.pixels.save(desk.path("lemon/a.png")).unwrap();
    image::imageops::crop_imm(&*sample.pixels, 0, 0, 200, 300).to_image().save(desk.path("lemon/b.png")).unwrap();
    for command in commands {
        let found = desk.json(command);
        let expected = if command.contains("40x72") { Some([40, 72]) } else { None };
        if let Some(size) = expected {
            assert_eq!(found["preparation"]["crop"], serde_json::json!(size), "{command}");
        }
    }
    assert_eq!(image::image_dimensions(desk.path("made.png")).unwrap(), (72, 40));
    // The whole of chelsea is 451x300.
    let (width, height) = image::image_dimensions(desk.path("cam.png")).unwrap();
    assert!((f64::from(width) / f64::from(height) - 451.0 / 300.0).abs() < 0.02, "{width}x{height}");
}
