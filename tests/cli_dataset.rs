//! The commands about a folder of pictures, as a person runs them.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::Desk;
use image::{Rgb, RgbImage};
use std::fs;

/// Two classes of pictures that differ in hue, and one damaged file.
fn folder(desk: &Desk) {
    for (class, hue) in [("blue", [40, 60, 200]), ("red", [210, 50, 40])] {
        fs::create_dir_all(desk.path("set").join(class)).unwrap();
        for picture in 0..6u32 {
            let pixel = |x: u32, y: u32| {
                let wave = ((x * (picture + 2) + y * 3) % 64) as u8;
                Rgb([0, 1, 2].map(|channel: usize| hue[channel] / 2 + wave))
            };
            let path = desk.path("set").join(class).join(format!("{picture}.png"));
            RgbImage::from_fn(64, 64, pixel).save(path).unwrap();
        }
    }
    fs::write(desk.path("set/red/damaged.png"), "no picture").unwrap();
}

#[test]
fn a_folder_is_indexed_once_and_its_units_are_shown() {
    let desk = Desk::new();
    folder(&desk);
    let index = desk.json("index set --network photonet --index set.index");
    assert_eq!(index["pictures"], 12);
    assert_eq!(index["damaged"].as_array().unwrap().len(), 1);
    let top = desk.json("top set --network photonet --layer relu3 --unit 5 --index set.index --count 4 --out top.png");
    assert_eq!((&top["layer"], &top["unit"]), (&"relu3".into(), &5.into()));
    let values: Vec<f64> = top["top"].as_array().unwrap().iter().map(|hit| hit["value"].as_f64().unwrap()).collect();
    assert!(values.len() == 4 && values.windows(2).all(|pair| pair[0] >= pair[1]), "{values:?}");
    // The classes by their mean response, the preferred one first, and what the two means say.
    let mean = |place: usize| top["classes"][place]["mean_response"].as_f64().unwrap();
    let selectivity = (mean(0) - mean(1)) / (mean(0) + mean(1));
    assert!((top["selectivity"].as_f64().unwrap() - selectivity).abs() < 1e-9, "{top}");
    let layer = index["layers"].as_array().unwrap().iter().find(|layer| layer["layer"] == "relu3").unwrap();
    assert!((0.0..=1.0).contains(&layer["mean_selectivity"].as_f64().unwrap()), "{layer}");
    // A value of the list is the activation that the layer has at that position of that picture.
    let hit = &top["top"][0];
    let file = hit["file"].as_str().unwrap();
    desk.said(&format!("activations {file} --network photonet --layer relu3 --unit 5 --raw map.npy"));
    let map = striate::paint::read_npy(&desk.path("map.npy")).unwrap().to_vec2::<f32>().unwrap();
    let at = map[hit["row"].as_u64().unwrap() as usize][hit["column"].as_u64().unwrap() as usize];
    assert!((f64::from(at) - values[0]).abs() <= 1e-4 * values[0].abs());
    assert!(image::open(desk.path("top.png")).unwrap().width() > 500);
    let refused = desk.refused("top set --network photonet --layer relu3 --unit 999 --index set.index", 2);
    assert!(refused.contains("999"), "{refused}");
}

#[test]
fn features_tell_the_classes_apart_and_find_the_like() {
    let desk = Desk::new();
    folder(&desk);
    let probe = desk.json("probe set --network photonet --layer relu1 --layer relu5 --train 3 --splits 2");
    assert_eq!((&probe["classes"], &probe["pictures"]), (&2.into(), &12.into()));
    assert_eq!(probe["layers"][0]["layer"], "relu1");
    for way in ["svm", "softmax", "knn"] {
        assert!(probe["layers"][0][way]["mean"].as_f64().unwrap() > 90.0, "{way}: {probe}");
    }
    let refused = desk.refused("probe set --network photonet --train 50", 2);
    assert!(refused.contains("50") && refused.contains('6'), "{refused}");
    let nearest = desk.json("nearest set set/red/2.png --network photonet --layer relu1 --count 3");
    assert_eq!(nearest["nearest"][0]["file"], "set/red/2.png");
    assert!(nearest["nearest"][0]["cosine"].as_f64().unwrap() > 0.9999);
    let embedding = desk.json("embed set --network photonet --layer relu1 --by pca --out map.png");
    let points = embedding["points"].as_array().unwrap();
    assert_eq!(points.len(), 12);
    // Hue is what differs most: a class lies on one side of the first axis.
    let side = |class: &str| {
        let of = points.iter().filter(|point| point["class"] == class).map(|point| point["x"].as_f64().unwrap() > 0.0);
        of.collect::<Vec<bool>>()
    };
    let (blue, red) = (side("blue"), side("red"));
    assert!(
        blue.iter().all(|&right| right == blue[0]) && red.iter().all(|&right| right != blue[0]),
        "{blue:?} {red:?}"
    );
    assert_eq!(image::image_dimensions(desk.path("map.png")).unwrap(), (1600, 1600));
}
