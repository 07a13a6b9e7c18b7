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
    desk
}
