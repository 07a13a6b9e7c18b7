//! ONNX models against ONNX Runtime: `tests/make_onnx_data.py` writes the models, the inputs and the outputs.
#![allow(clippy::unwrap_used, clippy::panic)]

use candle_core::{Device, Tensor};
use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use striate::{
    engine::{BY_FILE, Model, Opening, Run},
    formats::{self, NetworkFile},
    methods::{self, Question, Target},
    net::{Backend, Network, Op, Reverse},
    picture::Picture,
    watch::Watch,
    weights::Source,
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/onnx")
}

fn read(name: &str) -> NetworkFile {
    formats::read(&folder().join(format!("{name}.onnx")), &Watch::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(name: &str) -> String {
    match formats::read(&folder().join(format!("{name}.onnx")), &Watch::default()) {
        Ok(_) => panic!("{name} was read"),
        Err(error) => error.to_string(),
    }
}

fn network(file: &NetworkFile, backend: Backend) -> Arc<Network> {
    let network = Network::new(file.graph.clone(), file.tensors.clone(), "the file", &Device::Cpu).unwrap();
    Arc::new(network.with_backend(backend))
}

fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// Largest difference over the largest value.
fn distance(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let largest = b.iter().fold(0f32, |most, value| most.max(value.abs()));
    a.iter().zip(b).fold(0f32, |most, (a, b)| most.max((a - b).abs())) / largest
}

fn cases() -> HashMap<String, Tensor> {
    candle_core::safetensors::load(folder().join("cases.safetensors"), &Device::Cpu).unwrap()
}

#[test]
fn scores_are_those_of_onnx_runtime_on_both_engines() {
    let cases = cases();
    let names: BTreeSet<&str> = cases.keys().filter_map(|key| key.strip_suffix(".input")).collect();
    assert!(names.len() >= 25, "{names:?}");
    let mut faults = Vec::new();
    for name in names {
        let file = read(name);
        if !file.missing_head.is_empty() {
            faults.push(format!("{name}: {:?}", file.notes));
            continue;
        }
        let mut input = cases[&format!("{name}.input")].clone();
        if input.dims()[1..] != file.graph.input_shape() {
            // The model takes its channels last.
            input = input.permute((0, 3, 1, 2)).unwrap().contiguous().unwrap();
        }
        let expected = values(&cases[&format!("{name}.scores")]);
        // The rounding of a quantised model's activations is left out; half precision rounds to 1e-3.
        let tolerance = match name {
            "quantised" => 2e-2,
            "half" => 2e-3,
            _ => 2e-5,
        };
        for backend in [Backend::Fast, Backend::Candle] {
            let network = network(&file, backend);
            let trace = network.forward(&input, &Watch::default()).unwrap();
            let last = network.graph().nodes().len() - 1;
            let apart = distance(&values(trace.output(last)), &expected);
            println!("{name} on {}: {apart:e}", backend.name());
            if apart.is_nan() || apart >= tolerance {
                faults.push(format!("{name} on {}: {apart:e}", backend.name()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn input_gradients_are_finite_differences() {
    let cases = cases();
    for name in [
        "residual_old",
        "inverted_new",
        "convnext_old",
        "attention_new",
        "norms_new",
        "sizes_new",
        "channels_old",
        "tokens_old",
    ] {
        let network = network(&read(name), Backend::Candle);
        let input = cases[&format!("{name}.input")].clone();
        let scores = network.graph().scores();
        let score = |x: &Tensor| -> f64 {
            let trace = network.forward(x, &Watch::default()).unwrap();
            f64::from(values(trace.output(scores))[2])
        };
        let trace = network.forward(&input, &Watch::default()).unwrap();
        let seed = trace.seed(scores, [2, 0, 0], 1.0).unwrap();
        let gradient = trace.reverse(scores, &seed, 0, &Reverse::default()).unwrap();
        // Along the gradient itself the score grows by its length squared.
        let length = gradient.sqr().unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap();
        let step = 2e-3 / f64::from(length.sqrt());
        let along = (&gradient * step).unwrap();
        let grown = score(&input.add(&along).unwrap()) - score(&input.sub(&along).unwrap());
        let apart = (grown / (2.0 * step) / f64::from(length) - 1.0).abs();
        assert!(apart < 2e-2, "{name}: {apart:e}");
    }
}

#[test]
fn layers_have_the_names_of_modules_and_known_functions_are_one_layer() {
    for name in ["residual_old", "residual_new"] {
        let graph = read(name).graph;
        let names: Vec<&str> = graph.nodes().iter().map(|node| node.name.as_str()).collect();
        for layer in ["conv1", "relu", "layer1.0", "layer1.3", "relu_1", "fc"] {
            assert!(names.contains(&layer), "{name} has no {layer}: {names:?}");
        }
    }
    for name in ["activations_old", "activations_new"] {
        let kinds: Vec<&str> = read(name).graph.nodes().iter().map(|node| node.op.kind()).collect();
        assert_eq!(kinds.iter().filter(|kind| **kind == "GELU").count(), 2, "{name}: {kinds:?}");
        for kind in ["SiLU", "Mish", "ELU", "LeakyReLU", "PReLU", "Softplus", "Hardtanh"] {
            assert!(kinds.contains(&kind), "{name} has no {kind}: {kinds:?}");
        }
    }
    for name in ["inverted_old", "inverted_new"] {
        let kinds: Vec<&str> = read(name).graph.nodes().iter().map(|node| node.op.kind()).collect();
        for kind in ["ReLU6", "Hardswish", "Hardsigmoid", "SiLU", "Softmax"] {
            assert!(kinds.contains(&kind), "{name} has no {kind}: {kinds:?}");
        }
    }
    // Fully connected layers on maps whose channels are last are 1x1 convolutions: their outputs are maps.
    for name in ["convnext_old", "convnext_new"] {
        let block = read(name).graph;
        assert!(block.nodes().iter().all(|node| !matches!(node.op, Op::Transpose { .. })), "{:?}", block.nodes());
    }
    for name in ["shuffle_old", "shuffle_new"] {
        let graph = read(name).graph;
        assert!(graph.nodes().iter().any(|node| node.op == Op::ChannelShuffle { groups: 2 }), "{:?}", graph.nodes());
    }
}

#[test]
fn an_opened_model_runs_methods_at_any_size_its_layers_allow() {
    let path = folder().join("inverted_old.onnx");
    let model = Model::open(
        &Opening { weights: Source::File(path.clone()), ..Opening::of(BY_FILE) },
        &Device::Cpu,
        &Watch::default(),
    );
    let model = Arc::new(model.unwrap());
    assert_eq!((model.card.name.as_str(), model.is_untrained()), ("inverted_old", false));
    assert_eq!(model.card.reference(), path.display().to_string());
    let picture = || Picture::from_source("sample:chelsea").unwrap();
    let run = Run::picture(&model, picture(), &Watch::default()).unwrap();
    let watch = Watch::default();
    for method in methods::METHODS {
        let asked = method.ask(&Question::new(&run.trace, Target::Class(run.predicted()), &watch));
        if let Err(error) = asked {
            println!("{}: {error}", method.name);
        }
    }
    for name in ["gradient", "guided-backprop", "lrp", "occlusion"] {
        let method = methods::find(name).unwrap();
        let asked = method.ask(&Question::new(&run.trace, Target::Class(run.predicted()), &watch));
        assert!(asked.is_ok(), "{name}: {}", asked.err().unwrap());
    }
    let larger = model.at([24, 20]).unwrap();
    assert_eq!(larger.network.graph().input_shape(), [3, 24, 20]);
}

#[test]
fn a_model_takes_other_weights_for_its_layers() {
    let path = folder().join("residual_old.onnx");
    let opening = |weights| Opening { weights, ..Opening::of(&path.display().to_string()) };
    let open = |weights| Model::open(&opening(weights), &Device::Cpu, &Watch::default()).unwrap();
    assert!(open(Source::Synthetic(3)).is_untrained());
    assert!(!open(Source::Shipped).is_untrained());
    let own = read("residual_old").tensors;
    let file = tempfile::Builder::new().suffix(".safetensors").tempfile().unwrap();
    candle_core::safetensors::save(&own.into_iter().collect(), file.path()).unwrap();
    assert!(!open(Source::File(file.path().to_owned())).is_untrained());
}

#[test]
fn what_a_model_leaves_open_is_found_or_usual() {
    assert_eq!(read("any_size").graph.input_shape(), [1, 224, 224]);
    assert_eq!(read("channels_last").graph.input_shape(), [3, 10, 10]);
    let data = read("residual_new");
    assert_eq!(data.graph.parameters().len(), data.tensors.len());
}

#[test]
fn an_unknown_operator_is_named_and_the_network_opens_before_it() {
    let file = read("unknown");
    assert_eq!(file.missing_head, ["com.example.Fancy"]);
    let note = &file.notes[0];
    for part in ["com.example.Fancy at fancy after layer relu", "3 of its 5 nodes are affected"] {
        assert!(note.contains(part), "{note}");
    }
    let last = file.graph.nodes().last().unwrap();
    assert_eq!((last.op.clone(), last.shape.as_slice()), (Op::Flatten, &[4][..]));
    let path = folder().join("unknown.onnx");
    let opening = Opening { weights: Source::File(path), ..Opening::of(BY_FILE) };
    let model = Model::open(&opening, &Device::Cpu, &Watch::default()).unwrap();
    assert!(model.require_classes().unwrap_err().to_string().contains("com.example.Fancy"));
}

#[test]
fn hostile_models_are_refused_in_a_sentence() {
    assert!(refusal("cycle").contains("takes 'd', which no node before it makes"));
    assert!(refusal("outside").contains("not in the model's own folder"));
    let zoo = Opening { weights: Source::File(folder().join("half.onnx")), ..Opening::of("resnet18") };
    let error = Model::open(&zoo, &Device::Cpu, &Watch::default()).err().unwrap().to_string();
    assert!(error.contains("holds a network of its own"), "{error}");
    let mut twice = fs::read(folder().join("channels_last.onnx")).unwrap();
    let order = twice.windows(8).position(|bytes| bytes == [0x40, 0, 0x40, 3, 0x40, 1, 0x40, 2]).unwrap();
    twice[order + 3] = 0;
    let error = formats::read_bytes(&twice, "memory").err().unwrap().to_string();
    assert!(error.contains("orders the 4 axes of its input as [0, 0, 1, 2]"), "{error}");
    let alone = fs::read(folder().join("residual_new.onnx")).unwrap();
    let error = formats::read_bytes(&alone, "memory").err().unwrap().to_string();
    assert!(error.contains("which is not at hand"), "{error}");
}

#[test]
fn damaged_models_do_not_panic() {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = |end: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % end
    };
    for name in ["opset9", "attention_old", "shuffle_new", "quantised", "types", "sizes_old", "tokens_old"] {
        let whole = fs::read(folder().join(format!("{name}.onnx"))).unwrap();
        for _ in 0..400 {
            let mut bytes = whole.clone();
            for _ in 0..1 << random(4) {
                if bytes.is_empty() {
                    break;
                }
                let at = random(bytes.len());
                match random(4) {
                    0 => bytes[at] ^= 1 << random(8),
                    1 => bytes[at] = [0, 1, 127, 128, 255][random(5)],
                    2 => drop(bytes.drain(at..(at + random(9)).min(bytes.len()))),
                    _ => bytes.truncate(at.max(1)),
                }
            }
            if let Err(error) = formats::read_bytes(&bytes, "damaged") {
                let said = error.to_string();
                assert!(said.lines().count() == 1 && said.len() < 1000, "{said}");
            }
        }
    }
}
