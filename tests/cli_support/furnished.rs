//! A desk with the files that the examples of the help pages, the book and the README name.

use super::Desk;
use std::fs;
use striate::picture::{Picture, SAMPLES};

fn sample(name: &str) -> &'static [u8] {
    SAMPLES.iter().find(|sample| sample.name == name).unwrap().bytes
}

/// A folder with what the examples name: a photograph, a checkpoint with its labels, a folder a class.
pub fn furnished() -> Desk {
    let desk = Desk::new();
    let chelsea = Picture::decode(sample("chelsea"), "chelsea").unwrap();
    chelsea.pixels.save(desk.path("photo.jpg")).unwrap();
    let root = env!("CARGO_MANIFEST_DIR");
    fs::copy(format!("{root}/weights/photonet.safetensors"), desk.path("my-checkpoint.pth")).unwrap();
    fs::write(desk.path("my-labels.txt"), (0..200).map(|index| format!("class {index}\n")).collect::<String>())
        .unwrap();
    // photonet's names for two classes, with six parts of each photograph.
    for (class, name) in [("Egyptian cat", "chelsea"), ("espresso", "coffee")] {
        let folder = desk.path(&format!("pictures/{class}"));
        fs::create_dir_all(&folder).unwrap();
        let whole = image::load_from_memory(sample(name)).unwrap();
        for part in 0..6 {
            whole.crop_imm(part * 30, 0, 250, 250).to_rgb8().save(folder.join(format!("{part}.png"))).unwrap();
        }
    }
    // The same for networks of CIFAR-10.
    for (class, name) in [("cat", "Egyptian cat"), ("dog", "espresso")] {
        let folder = desk.path(&format!("cifar/{class}"));
        fs::create_dir_all(&folder).unwrap();
        for part in 0..2 {
            fs::copy(desk.path(&format!("pictures/{name}/{part}.png")), folder.join(format!("{part}.png"))).unwrap();
        }
    }
    fs::write(desk.path("game.sgf"), game()).unwrap();
    desk
}

/// A game of Go of 60 moves, each a stone that touches no other.
fn game() -> String {
    let letter = |place: usize| char::from(b'a' + 2 * (place % 9) as u8);
    let one = |turn: usize| {
        let place = turn * 37 % 81;
        format!(";{}[{}{}]", ["B", "W"][turn % 2], letter(place % 9), letter(place / 9))
    };
    format!("(;GM[1]FF[4]SZ[19]{})", (0..60).map(one).collect::<String>())
}
