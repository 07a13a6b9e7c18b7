//! Keras's files against Keras's own scores: tests/make_keras.py wrote both.
#![allow(clippy::unwrap_used, clippy::panic)]

use candle_core::{Device, Tensor};
use serde::Deserialize;
use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc};
use striate::{
    formats,
    net::{Network, Op, Rule},
    picture::PixelScale,
    watch::Watch,
    weights,
};

#[derive(Deserialize)]
struct Expected {
    /// Height and width.
    shape: [usize; 2],
    /// The outputs.
    scores: Vec<f32>,
}

fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/keras").join(file)
}

/// The made-up picture of the larger side, its first rows and columns.
fn picture([height, width]: [usize; 2], scale: f64) -> Tensor {
    let whole = weights::picture(3, height.max(width), 0).unwrap();
    (whole.narrow(2, 0, height).unwrap().narrow(3, 0, width).unwrap().contiguous().unwrap() * scale).unwrap()
}

#[test]
fn scores_are_kerass() {
    let text = fs::read_to_string(path("scores.json")).unwrap();
    let all: BTreeMap<String, Expected> = serde_json::from_str(&text).unwrap();
    for (name, expected) in all {
        for ending in ["keras", "h5"] {
            let file = path(&format!("{name}.{ending}"));
            assert!(formats::is_network(&file), "{name}.{ending}");
            let read =
                formats::read(&file, &Watch::default()).unwrap_or_else(|error| panic!("{name}.{ending}: {error}"));
            let [_, height, width] = read.graph.input_shape();
            assert_eq!([height, width], expected.shape, "{name}");
            let network = Arc::new(Network::new(read.graph, read.tensors, &name, &Device::Cpu).unwrap());
            let input = picture(expected.shape, if name == "plain" { 100.0 } else { 1.0 });
            let trace = network.forward(&input, &Watch::default()).unwrap();
            let last = network.graph().nodes().len() - 1;
            let ours: Vec<f32> = trace.output(last).flatten_all().unwrap().to_vec1().unwrap();
            assert_eq!(ours.len(), expected.scores.len(), "{name}");
            let largest = expected.scores.iter().fold(0f32, |most, score| most.max(score.abs()));
            let apart =
                ours.iter().zip(&expected.scores).fold(0f32, |worst, (a, b)| worst.max((a - b).abs())) / largest;
            println!("{name}.{ending}: {apart:.1e}");
            assert!(apart <= 1e-5, "{name}.{ending}: {ours:?} and {:?}", expected.scores);
            // Everything leads back to the picture.
            let scores = network.graph().scores();
            let seed = trace.seed(scores, [0, 0, 0], 1.0).unwrap();
            let gradient = trace.reverse(scores, &seed, 0, &Rule::Gradient.into()).unwrap();
            let most = gradient.abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap();
            assert!(most > 0.0 && most.is_finite(), "{name}.{ending}");
        }
    }
}

#[test]
fn layers_keep_their_names_and_padding_follows_the_size() {
    let read = formats::read(&path("plain.keras"), &Watch::default()).unwrap();
    let graph = &read.graph;
    assert_eq!(graph.node(graph.find("first").unwrap()).shape, [8, 9, 7]);
    assert!(graph.find("first.relu").is_ok() && graph.find("classes").is_ok());
    assert!(matches!(graph.node(graph.nodes().len() - 1).op, Op::Softmax));
    // The dense layer behind the flattened maps holds the picture to its size; the convolution alone would follow.
    assert!(graph.at_size([19, 14]).is_err());
    // Its first layer rescales, so it takes pixels as they are.
    let prepared = &read.description.preprocess;
    assert_eq!((prepared.scale, prepared.mean[0], prepared.std[0]), (PixelScale::Full, 0.0, 1.0));
    assert!(read.notes.is_empty(), "{:?}", read.notes);
    let nested = formats::read(&path("nested.keras"), &Watch::default()).unwrap();
    assert!(nested.graph.find("mobilenetv2_base").is_ok(), "the inner model's layers have its name in front");
    assert!(nested.notes.iter().any(|note| note.contains("keras.applications")), "{:?}", nested.notes);
}

#[test]
fn what_cannot_be_opened_is_said() {
    let refused = |bytes: &[u8], name: &str| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        fs::write(&file, bytes).unwrap();
        match formats::read(&file, &Watch::default()) {
            Ok(_) => panic!("{name} was opened"),
            Err(error) => error.to_string(),
        }
    };
    let alone = fs::read(path("alone.weights.h5")).unwrap();
    assert!(refused(&alone, "alone.weights.h5").contains("weights without an architecture"));
    // A layer that is not known here, by its name.
    let model = fs::read(path("branches.h5")).unwrap();
    let class = b"\"GlobalMaxPooling2D\"";
    let place = model.windows(class.len()).position(|part| part == class).unwrap();
    let mut other = model.clone();
    other[place..place + class.len()].copy_from_slice(b"\"GlobalMaxPooling9X\"");
    let said = refused(&other, "other.h5");
    assert!(said.contains("global_max_pooling2d of class GlobalMaxPooling9X which is not supported"), "{said}");
}

/// Damaged files are refused or read, and nothing panics or takes long.
#[test]
fn damage_is_never_more_than_an_error() {
    for file in ["plain.keras", "nested.h5"] {
        let whole = fs::read(path(file)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join(file);
        let mut random = 7u64;
        for round in 0..300 {
            let mut bytes = whole.clone();
            for _ in 0..1 + round % 4 {
                random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                let at = (random >> 33) as usize % bytes.len();
                bytes[at] = (random >> 20) as u8;
            }
            if round % 5 == 0 {
                bytes.truncate((random >> 35) as usize % whole.len());
            }
            fs::write(&place, &bytes).unwrap();
            let _ = formats::read(&place, &Watch::default());
        }
    }
}
