//! The manners of the command line: several pictures, standard input, default names, manual pages.
#![allow(clippy::unwrap_used)]

mod cli_support;

use cli_support::{Desk, furnished};
use std::{fs, process::Stdio};

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
    let noisy = desk.run("classify sample:chelsea --network resnet32");
    assert!(String::from_utf8_lossy(&noisy.stderr).contains("untrained"));
    let quiet = desk.run("classify sample:chelsea --network resnet32 --quiet");
    // The first line says how long the run took.
    let table =
        |run: &std::process::Output| run.stdout.split(|&byte| byte == b'\n').skip(1).collect::<Vec<_>>().concat();
    assert!(quiet.stderr.is_empty() && !table(&quiet).is_empty() && table(&quiet) == table(&noisy));
    for quiet in ["-q", "--quiet"] {
        let before = desk.run(&format!("{quiet} classify sample:chelsea --network resnet32"));
        assert!(before.stderr.is_empty() && table(&before) == table(&noisy), "{quiet}");
    }
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
