//! The manners of the command line: examples that run, several pictures, standard input, default names, manual pages.
#![allow(clippy::unwrap_used)]

mod cli_support;

use cli_support::Desk;
use std::{
    fs,
    process::{Command, Stdio},
};
use striate::picture::{Picture, SAMPLES};

fn sample(name: &str) -> &'static [u8] {
    SAMPLES.iter().find(|sample| sample.name == name).unwrap().bytes
}

/// A folder with what the examples name: a photograph, a checkpoint with its labels, a folder a class.
fn furnished() -> Desk {
    let desk = Desk::new();
    let chelsea = Picture::decode(sample("chelsea"), "chelsea").unwrap();
    chelsea.pixels.save(desk.path("photo.jpg")).unwrap();
    let root = env!("CARGO_MANIFEST_DIR");
    fs::copy(format!("{root}/weights/photonet.safetensors"), desk.path("my-checkpoint.pth")).unwrap();
    fs::write(desk.path("my-labels.txt"), (0..200).map(|index| format!("class {index}\n")).collect::<String>())
        .unwrap();
    // photonet's names for two classes, with 24 parts of each photograph.
    for (class, name) in [("Egyptian cat", "chelsea"), ("espresso", "coffee")] {
        let folder = desk.path(&format!("pictures/{class}"));
        fs::create_dir_all(&folder).unwrap();
        let whole = image::load_from_memory(sample(name)).unwrap();
        for part in 0..24 {
            whole.crop_imm(part * 8, 0, 250, 250).to_rgb8().save(folder.join(format!("{part}.png"))).unwrap();
        }
    }
    desk
}

/// The lines of a help page's examples, without the program's name.
fn examples(desk: &Desk, command: &str) -> Vec<String> {
    let help = desk.said(&format!("{command} --help"));
    let lines = help.lines().skip_while(|line| *line != "Examples:").skip(1).take_while(|line| !line.is_empty());
    lines.map(|line| line.trim().strip_prefix("striate ").unwrap().to_owned()).collect()
}

#[test]
fn every_example_of_the_help_pages_runs() {
    let desk = furnished();
    let help = desk.said("--help");
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let commands: Vec<&str> = commands.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(commands.len() > 20, "{commands:?}");
    // These need the network; the window needs a display.
    for command in commands.into_iter().filter(|command| !["help", "fetch"].contains(command)) {
        let lines = examples(&desk, command);
        assert!(!lines.is_empty(), "{command} has no examples");
        for line in lines {
            let shell = format!("{} {line}", env!("CARGO_BIN_EXE_striate"));
            let output = Command::new("sh").args(["-c", &shell]).current_dir(desk.path("")).output().unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "striate {line}: {errors}");
        }
    }
}

#[test]
fn several_pictures_run_and_a_damaged_one_is_named() {
    let desk = furnished();
    fs::write(desk.path("broken.png"), b"no picture").unwrap();
    let output = desk.run("classify photo.jpg broken.png sample:coffee --top 1 --json");
    assert!(output.status.success());
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let pictures: Vec<&str> =
        answer["pictures"].as_array().unwrap().iter().map(|one| one["picture"].as_str().unwrap()).collect();
    assert_eq!(pictures, ["photo.jpg", "sample:coffee"]);
    assert_eq!(answer["schema"], 1);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.starts_with("warning: ") && errors.contains("broken.png"), "{errors}");
    let alone = desk.json("classify photo.jpg");
    assert_eq!(answer["pictures"][0]["top"][0], alone["top"][0]);
    assert!(desk.refused("classify broken.png missing.png", 1).contains("none of the 2 pictures"));
}

#[test]
fn standard_input_is_a_picture() {
    let desk = furnished();
    let run = |input: Stdio| desk.command("classify - --network photonet --json").stdin(input).output().unwrap();
    let output = run(fs::File::open(desk.path("photo.jpg")).unwrap().into());
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["picture"], "standard input");
    assert_eq!(answer["top"], desk.json("classify photo.jpg")["top"]);
    let output = run(Stdio::null());
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && errors.contains("standard input"), "{errors}");
}

#[test]
fn a_picture_without_a_name_gets_one_that_is_free() {
    let desk = furnished();
    for name in ["photo-saliency.png", "photo-saliency-2.png"] {
        assert!(desk.said("saliency photo.jpg").contains(name));
        assert!(desk.path(name).is_file());
    }
    desk.said("activations sample:coffee --layer conv1");
    assert!(desk.path("coffee-activations.png").is_file());
    desk.said("filters --layer conv1");
    assert!(desk.path("photonet-filters.png").is_file());
    let before = desk.files();
    desk.said("saliency photo.jpg --json");
    assert_eq!(desk.files(), before, "--json alone writes no picture");
}

#[test]
fn quiet_leaves_errors_alone_on_standard_error() {
    let desk = Desk::new();
    let noisy = desk.run("classify sample:chelsea --network lenet5");
    assert!(String::from_utf8(noisy.stderr).unwrap().contains("untrained"));
    let quiet = desk.run("classify sample:chelsea --network lenet5 --quiet");
    assert!(quiet.stderr.is_empty() && quiet.stdout == noisy.stdout || !quiet.stdout.is_empty());
    assert!(desk.refused("classify missing.png --quiet", 1).contains("missing.png"));
}

#[test]
fn manual_pages_replace_only_their_own() {
    let desk = Desk::new();
    assert!(desk.said("man man1").contains("pages to man1"));
    assert!(fs::read_to_string(desk.path("man1/striate-saliency.1")).unwrap().contains("guided\\-backprop"));
    desk.said("man man1");
    fs::write(desk.path("man1/striate-cam.1"), "mine").unwrap();
    assert!(desk.refused("man man1", 1).contains("striate-cam.1"));
    for shell in ["bash", "zsh", "fish"] {
        assert!(desk.said(&format!("completions {shell}")).contains("saliency"));
    }
}

#[test]
fn the_list_of_networks_fits_eighty_columns() {
    let list = Desk::new().said("networks");
    let longest = list.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(longest <= 80, "{longest} columns");
}
