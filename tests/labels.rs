//! Names of classes on the command line: a labels file is the only source of names, and a name of several classes is
//! never resolved silently.
#![allow(clippy::unwrap_used)]

mod cli_support;

use cli_support::Desk;
use std::fs;
use striate::picture::Picture;

const CIFAR: [&str; 10] = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
const NETWORK: &str = "--network resnet20 --weights synthetic:3";

/// Writes pictures that the network takes for different classes, and returns each with its class. The classes follow
/// from the network, and so do not depend on any labels.
fn pictures(desk: &Desk) -> Vec<(String, usize)> {
    let sample = Picture::from_source("sample:coffee").unwrap();
    let mut found: Vec<(String, usize)> = Vec::new();
    for index in 0..12 {
        let name = format!("{index}.png");
        let mut pixels = (*sample.pixels).clone();
        let turn = |pixel: &mut image::Rgb<u8>| pixel.0.rotate_left(index % 3);
        pixels.pixels_mut().for_each(turn);
        let part = image::imageops::crop_imm(&pixels, 40 * index as u32, 20 * index as u32, 120, 100).to_image();
        part.save(desk.path(&name)).unwrap();
        let class = desk.json(&format!("classify {name} {NETWORK}"))["top"][0]["index"].as_u64().unwrap() as usize;
        found.push((name, class));
    }
    found
}

/// Moves each picture into the folder of its class's label, and evaluates the folder.
fn evaluated(desk: &Desk, pictures: &[(String, usize)], labels: &[&str]) -> serde_json::Value {
    fs::write(desk.path("labels.txt"), labels.join("\n")).unwrap();
    let _ = fs::remove_dir_all(desk.path("data"));
    for (name, class) in pictures {
        let folder = desk.path("data").join(labels[*class]);
        fs::create_dir_all(&folder).unwrap();
        fs::copy(desk.path(name), folder.join(name)).unwrap();
    }
    desk.json(&format!("evaluate data {NETWORK} --labels labels.txt"))
}

#[test]
fn evaluate_takes_names_from_the_labels_file_alone() {
    let desk = Desk::new();
    let pictures = pictures(&desk);
    let mut reversed = CIFAR;
    reversed.reverse();
    let own = ["mug", "lamp", "fork", "shoe", "book", "chair", "clock", "plant", "cup", "vase"];
    let numbers = ["3", "1", "4", "0", "5", "9", "2", "6", "8", "7"];
    let wordnet = ["n02123045", "n02123159", "a", "b", "c", "d", "e", "f", "g", "h"];
    for labels in [CIFAR, reversed, own, numbers, wordnet] {
        let found = evaluated(&desk, &pictures, &labels);
        assert_eq!((&found["top1"], &found["pictures"]), (&100.0.into(), &pictures.len().into()), "{labels:?}");
    }
}

#[test]
fn labels_of_another_count_are_refused_with_both_counts() {
    let desk = Desk::new();
    fs::write(desk.path("two.json"), r#"{"class_to_idx": {"ant": 0, "bee": 1}}"#).unwrap();
    fs::create_dir(desk.path("ant")).unwrap();
    for command in ["classify sample:chelsea", "evaluate ."] {
        let said = desk.refused(&format!("{command} {NETWORK} --labels two.json"), 1);
        assert!(said.contains("2 labels") && said.contains("10 classes"), "{said}");
    }
}

#[test]
fn a_name_of_two_classes_is_refused_with_both_indices() {
    let desk = Desk::new();
    let both = |said: &str, indices: [&str; 2]| assert!(indices.iter().all(|index| said.contains(index)), "{said}");
    let command = "saliency sample:chelsea --network squeezenet1_1 --weights synthetic:0 --raw a.npy --class crane";
    both(&desk.refused(command, 2), ["134", "517"]);
    let twice = ["cat", "dog", "cat", "a", "b", "c", "d", "e", "f", "g"];
    fs::write(desk.path("labels.txt"), twice.join("\n")).unwrap();
    fs::create_dir(desk.path("cat")).unwrap();
    both(&desk.refused(&format!("evaluate . {NETWORK} --labels labels.txt"), 2), ["0", "2"]);
}
