//! Archives of torch.export against PyTorch's scores: tests/make_pt2.py wrote both.
#![allow(clippy::unwrap_used, clippy::panic)]

use candle_core::{Device, Tensor};
use serde::Deserialize;
use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc};
use striate::{
    engine::{BY_FILE, Model, Opening},
    formats,
    net::{Backend, Network, Rule},
    watch::Watch,
    weights::{self, Source},
};

#[derive(Deserialize)]
struct Expected {
    /// Height and width.
    shape: [usize; 2],
    /// The outputs.
    scores: Vec<f32>,
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/pt2/{name}.pt2"))
}

fn expected() -> BTreeMap<String, Expected> {
    let text = fs::read_to_string(path("scores").with_extension("json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The made-up picture of the larger side, its first rows and columns.
fn picture([height, width]: [usize; 2]) -> Tensor {
    let whole = weights::picture(3, height.max(width), 0).unwrap();
    whole.narrow(2, 0, height).unwrap().narrow(3, 0, width).unwrap().contiguous().unwrap()
}

#[test]
fn scores_are_pytorchs_on_both_engines() {
    // `branches` has a convolution with padding "same", behind which no size is known when a view asks for it: it is refused.
    let refused = ["unknown", "changed", "branches", "branches_core", "channels_last"];
    for (name, expected) in expected().into_iter().filter(|(name, _)| !refused.contains(&name.as_str())) {
        assert!(formats::is_network(&path(&name)), "{name}");
        let read = formats::read(&path(&name), &Watch::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(read.missing_head.is_empty(), "{name}: {:?}", read.notes);
        let [_, height, width] = read.graph.input_shape();
        assert_eq!([height, width], expected.shape, "{name}");
        for backend in [Backend::Fast, Backend::Candle] {
            let network = Network::new(read.graph.clone(), read.tensors.clone(), &name, &Device::Cpu).unwrap();
            let network = Arc::new(network.with_backend(backend));
            let trace = network.forward(&picture(expected.shape), &Watch::default()).unwrap();
            let scores = network.graph().scores();
            let ours: Vec<f32> = trace.output(scores).flatten_all().unwrap().to_vec1().unwrap();
            assert_eq!(ours.len(), expected.scores.len(), "{name}");
            let largest = expected.scores.iter().fold(0f32, |most, score| most.max(score.abs()));
            let apart = ours.iter().zip(&expected.scores).fold(0f32, |worst, (a, b)| worst.max((a - b).abs()));
            println!("{name} on {}: {:.1e}", backend.name(), apart / largest);
            assert!(apart <= 2e-5 * largest, "{name}: {ours:?} and {:?}", expected.scores);
            // Everything leads back to the picture.
            let seed = trace.seed(scores, [0, 0, 0], 1.0).unwrap();
            let gradient = trace.reverse(scores, &seed, 0, &Rule::Gradient.into()).unwrap();
            let most = gradient.abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap();
            assert!(most > 0.0 && most.is_finite(), "{name}");
        }
    }
}

#[test]
fn layers_have_the_names_of_modules() {
    for name in ["residual", "residual_core"] {
        let read = formats::read(&path(name), &Watch::default()).unwrap();
        let graph = &read.graph;
        for layer in ["conv1", "layer1.0.bn1", "layer1.1.downsample.0", "fc"] {
            assert!(graph.find(layer).is_ok(), "{name} has no {layer}: {:?}", graph.nodes());
        }
        assert!(read.tensors.contains_key("layer1.1.conv2.weight"), "{name}");
        assert!(read.description.paper.starts_with("torch.export of PyTorch "), "{}", read.description.paper);
    }
}

#[test]
fn an_archive_opens_as_a_model_by_its_content() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("network.zip");
    fs::copy(path("residual"), &file).unwrap();
    assert!(formats::is_network(&file));
    let model = Model::open(
        &Opening { weights: Source::File(file.clone()), ..Opening::of(BY_FILE) },
        &Device::Cpu,
        &Watch::default(),
    );
    assert_eq!(model.unwrap().card.name, "network");
    let checkpoint = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/weights");
    for entry in fs::read_dir(checkpoint).unwrap() {
        let path = entry.unwrap().path();
        assert!(path.is_dir() || !formats::is_network(&path) || path.extension().unwrap() == "onnx", "{path:?}");
    }
}

#[test]
fn what_cannot_be_shown_is_said() {
    let file = formats::read(&path("unknown"), &Watch::default()).unwrap();
    assert_eq!(file.missing_head, ["aten.cumsum"]);
    let note = &file.notes[0];
    assert!(note.contains("the operator aten.cumsum at cumsum after layer relu, which cannot be shown"), "{note}");
    let error = formats::read(&path("channels_last"), &Watch::default()).err().unwrap().to_string();
    assert!(error.contains("in another order than rows last"), "{error}");
    let file = formats::read(&path("changed"), &Watch::default()).unwrap();
    assert!(file.notes[0].contains("values that relu_ has changed under another name"), "{:?}", file.notes);
}

/// Damaged files are refused or read, and nothing panics or takes long.
#[test]
fn damage_is_never_more_than_an_error() {
    let mut random = 7u64;
    let mut next = |end: usize| {
        random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (random >> 33) as usize % end
    };
    for name in ["residual", "permuted_core", "early"] {
        let whole = fs::read(path(name)).unwrap();
        for round in 0..200 {
            let mut bytes = whole.clone();
            for _ in 0..1 + round % 4 {
                let at = next(bytes.len());
                bytes[at] = next(256) as u8;
            }
            if round % 5 == 0 {
                bytes.truncate(next(whole.len()));
            }
            let _ = formats::read_bytes(&bytes, "damaged");
        }
        // Within the program, which the checksum guards from the damage above.
        for _ in 0..200 {
            let bytes = with_program(&whole, |text| {
                for _ in 0..1 + next(3) {
                    let at = next(text.len());
                    if text[at].is_ascii_digit() {
                        text[at] = b"0123456789"[next(10)];
                    } else if text[at].is_ascii_alphabetic() {
                        text[at] = b'a' + next(26) as u8;
                    }
                }
            });
            if let Err(error) = formats::read_bytes(&bytes, "damaged") {
                let said = error.to_string();
                assert!(said.lines().count() == 1 && said.len() < 1000, "{said}");
            }
        }
    }
}

/// The archive with its program changed and stored.
fn with_program(archive: &[u8], change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    use std::io::{Cursor, Read, Write};
    let mut zip = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    let mut written = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut change = Some(change);
    for index in 0..zip.len() {
        let raw = zip.by_index_raw(index).unwrap();
        let name = raw.name().unwrap().into_owned();
        let mut data = Vec::new();
        flate2::read::DeflateDecoder::new(raw).read_to_end(&mut data).unwrap();
        if name.ends_with("model.json") || name.ends_with("program.json") {
            change.take().unwrap()(&mut data);
        }
        written.start_file(name, options).unwrap();
        written.write_all(&data).unwrap();
    }
    written.finish().unwrap().into_inner()
}
