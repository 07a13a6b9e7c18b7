//! Checkpoints as people have them, opened by the file alone: prefixes, wrappers, heads, channels, spare tensors.
#![allow(clippy::unwrap_used, clippy::panic)]

use candle_core::{Device, Tensor};
use std::{collections::HashMap, path::Path, time::Instant};
use striate::{
    engine::{BY_FILE, Model, Opening},
    watch::Watch,
    weights::{self, Source},
    zoo,
};

type Tensors = HashMap<String, Tensor>;

/// The weights of a network of the zoo, made up.
fn weights_of(network: &str) -> Tensors {
    let card = zoo::find(network).unwrap();
    weights::synthetic(&(card.build)(card.size()).unwrap(), 3).unwrap()
}

fn tensor(name: &str, shape: &[usize]) -> Tensor {
    Tensor::from_vec(weights::uniform(name, shape.iter().product(), 5), shape, &Device::Cpu).unwrap()
}

fn opened(tensors: &Tensors, network: &str) -> Result<Model, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.safetensors");
    candle_core::safetensors::save(tensors, &path).unwrap();
    open(&path, network)
}

fn open(path: &Path, network: &str) -> Result<Model, String> {
    let opening = Opening { weights: Source::File(path.to_owned()), ..Opening::of(network) };
    Model::open(&opening, &Device::Cpu, &Watch::default()).map_err(|error| error.to_string())
}

fn renamed(tensors: &Tensors, rename: impl Fn(&str) -> String) -> Tensors {
    tensors.iter().map(|(name, tensor)| (rename(name), tensor.clone())).collect()
}

fn classes(model: &Model) -> usize {
    let graph = model.network.graph();
    graph.node(graph.scores()).extent()[0]
}

/// The scores of a fixed input.
fn scores(model: &Model) -> Vec<f32> {
    let [channels, height, width] = model.network.graph().input_shape();
    let values = weights::uniform("input", channels * height * width, 1);
    let input = Tensor::from_vec(values, (1, channels, height, width), &Device::Cpu).unwrap();
    model.network.forward(&input, &Watch::default()).unwrap().scores().unwrap()
}

#[test]
fn the_file_finds_its_network_under_any_prefix_and_wrapper() {
    let tensors = weights_of("resnet20");
    let expected = scores(&opened(&tensors, "resnet20").unwrap());
    let rename: [&dyn Fn(&str) -> String; 6] = [
        &|name| name.to_owned(),
        &|name| format!("module.model.backbone.{name}"),
        &|name| format!("_orig_mod.module.{name}"),
        &|name| name.replace("layer2.", "layer2._orig_mod."),
        &|name| {
            if name.starts_with("linear") {
                format!("head.{}", name.replace("linear", "fc"))
            } else {
                format!("backbone.{name}")
            }
        },
        &|name| name.replace("linear", "linear.1"),
    ];
    for (case, rename) in rename.into_iter().enumerate() {
        let model = opened(&renamed(&tensors, rename), BY_FILE).unwrap_or_else(|error| panic!("case {case}: {error}"));
        assert_eq!((model.card.name.as_str(), scores(&model)), ("resnet20", expected.clone()), "case {case}");
    }
}

#[test]
fn classes_channels_and_the_classifier_follow_from_the_file() {
    let mut tensors = weights_of("resnet20");
    tensors.insert("linear.weight".into(), tensor("w", &[3, 64]));
    tensors.insert("linear.bias".into(), tensor("b", &[3]));
    let model = opened(&tensors, BY_FILE).unwrap();
    assert_eq!(classes(&model), 3);
    assert_eq!(model.labels.short(0), "class 0", "CIFAR's ten names are not those of three classes");
    tensors.insert("conv1.weight".into(), tensor("c", &[16, 1, 3, 3]));
    let grey = opened(&tensors, BY_FILE).unwrap();
    assert_eq!((grey.network.graph().input_shape()[0], grey.preprocess.channels()), (1, 1));
    // A classifier of two layers with a normalisation, in place of the network's one.
    for name in ["linear.weight", "linear.bias"] {
        tensors.remove(name);
    }
    for (name, shape) in [("0.weight", &[8, 64][..]), ("0.bias", &[8]), ("4.weight", &[5, 8]), ("4.bias", &[5])] {
        tensors.insert(format!("fc.{name}"), tensor(name, shape));
    }
    for part in ["weight", "bias", "running_mean", "running_var"] {
        tensors.insert(format!("fc.1.{part}"), (tensor(part, &[8]).abs().unwrap() + 0.5).unwrap());
    }
    let layered = opened(&tensors, BY_FILE).unwrap();
    assert_eq!(classes(&layered), 5);
    assert!(layered.network.graph().find("fc.0.relu").is_ok() || layered.network.graph().find("fc.1.relu").is_ok());
    assert!(layered.notes.iter().any(|note| note.contains("ReLU")), "{:?}", layered.notes);
    assert!(scores(&layered).iter().all(|score| score.is_finite()));
}

/// A network's weights for ten classes, as fine-tuning leaves them.
fn tuned(network: &str, head: &str) -> Tensors {
    let mut tensors = weights_of(network);
    let features = tensors[&format!("{head}.weight")].dims()[1];
    tensors.insert(format!("{head}.weight"), tensor("w", &[10, features]));
    tensors.insert(format!("{head}.bias"), tensor("b", &[10]));
    tensors
}

#[test]
fn ten_classes_in_torchvisions_later_families() {
    for (network, head) in [
        ("mobilenet_v2", "classifier.1"),
        ("mobilenet_v3_small", "classifier.3"),
        ("efficientnet_b0", "classifier.1"),
        ("regnet_y_400mf", "fc"),
        ("shufflenet_v2_x0_5", "fc"),
        ("mnasnet0_5", "classifier.1"),
    ] {
        let model = opened(&tuned(network, head), BY_FILE).unwrap_or_else(|error| panic!("{network}: {error}"));
        assert_eq!((model.card.name.as_str(), classes(&model)), (network, 10));
    }
    // The whole classifier of two layers replaced by one.
    let mut tensors = weights_of("mobilenet_v3_small");
    tensors.retain(|name, _| !name.starts_with("classifier"));
    tensors.insert("classifier.weight".into(), tensor("w", &[10, 576]));
    tensors.insert("classifier.bias".into(), tensor("b", &[10]));
    let model = opened(&tensors, BY_FILE).unwrap();
    assert_eq!(classes(&model), 10);
    assert!(model.network.graph().find("classifier.1").is_err(), "its activation went with it");
}

#[test]
fn convnext_under_the_names_of_three_programs() {
    // As torchvision keeps them: layers on maps are fully connected, factors stand beside the layers.
    let torchvision: Tensors = tuned("convnext_tiny", "classifier.2")
        .into_iter()
        .map(|(name, tensor)| {
            let tensor = match tensor.dims() {
                &[out, inputs, 1, 1] => tensor.reshape((out, inputs)).unwrap(),
                _ => tensor,
            };
            (name.replace("layer_scale.weight", "layer_scale"), tensor)
        })
        .collect();
    let model = opened(&torchvision, BY_FILE).unwrap();
    assert_eq!((model.card.name.as_str(), classes(&model)), ("convnext_tiny", 10));
    let timm = |name: &str| {
        let parts: Vec<&str> = name.split('.').collect();
        let number = |index: usize| parts[index].parse::<usize>().unwrap();
        match parts[..] {
            ["features", "0", part, end] => format!("stem.{part}.{end}"),
            ["features", _, _, "layer_scale"] => format!("stages.{}.blocks.{}.gamma", number(1) / 2, parts[2]),
            ["features", _, _, "block", part, end] => {
                let part = match part {
                    "0" => "conv_dw",
                    "2" => "norm",
                    "3" => "mlp.fc1",
                    _ => "mlp.fc2",
                };
                format!("stages.{}.blocks.{}.{part}.{end}", number(1) / 2, parts[2])
            }
            ["features", _, part, end] => format!("stages.{}.downsample.{part}.{end}", number(1) / 2),
            ["classifier", "0", end] => format!("head.norm.{end}"),
            _ => name.replace("classifier.2", "head.fc"),
        }
    };
    let by_timm = opened(&renamed(&torchvision, timm), BY_FILE).unwrap();
    assert_eq!(by_timm.card.name, "convnext_tiny");
    let factors = |model: &Model| {
        let graph = model.network.graph();
        let layer = graph.find("features.7.2.layer_scale").unwrap();
        model.network.weights(layer)[0].flatten_all().unwrap().to_vec1::<f32>().unwrap()
    };
    assert_eq!(factors(&by_timm), factors(&model));
}

#[test]
fn a_backbone_ends_at_its_features_and_says_what_is_missing() {
    let mut tensors = weights_of("resnet20");
    tensors.retain(|name, _| !name.starts_with("linear"));
    let bare = opened(&tensors, BY_FILE).unwrap();
    assert_eq!(classes(&bare), 64);
    assert!(bare.require_classes().unwrap_err().to_string().contains("linear.weight"));
    // The projection of contrastive training is no classifier.
    let mut tensors = renamed(&tensors, |name| format!("module.encoder.{name}"));
    for (name, shape) in [("0.weight", &[64, 64][..]), ("0.bias", &[64]), ("2.weight", &[32, 64]), ("2.bias", &[32])] {
        tensors.insert(format!("module.head.{name}"), tensor(name, shape));
    }
    let contrastive = opened(&tensors, BY_FILE).unwrap();
    assert_eq!(contrastive.missing_head, ["linear.weight", "linear.bias"]);
    assert!(contrastive.notes.iter().any(|note| note.contains("head")), "{:?}", contrastive.notes);
}

#[test]
fn spare_tensors_are_named_and_copies_passed_over() {
    let own = weights_of("resnet20");
    let mut tensors = renamed(&own, |name| format!("encoder_q.{name}"));
    tensors.extend(renamed(&weights_of("resnet20"), |name| format!("encoder_k.{name}")));
    tensors.insert("queue".into(), tensor("queue", &[128, 256]));
    tensors.insert("train_acc.tp".into(), Tensor::zeros(10, candle_core::DType::I64, &Device::Cpu).unwrap());
    let model = opened(&tensors, BY_FILE).unwrap();
    assert_eq!(scores(&model), scores(&opened(&own, "resnet20").unwrap()));
    let notes = model.notes.join("\n");
    assert!(["encoder_q", "encoder_k", "queue", "train_acc.tp"].iter().all(|word| notes.contains(word)), "{notes}");
    let mut twins = renamed(&own, |name| format!("a.{name}"));
    twins.extend(renamed(&own, |name| format!("b.{name}")));
    let refused = opened(&twins, BY_FILE).err().unwrap();
    assert!(refused.contains("2 networks") && refused.contains("a, b"), "{refused}");
}

#[test]
fn a_file_of_no_network_names_the_nearest() {
    let mut tensors = weights_of("resnet20");
    tensors.remove("layer2.1.conv1.weight");
    let refused = opened(&tensors, BY_FILE).err().unwrap();
    assert!(refused.contains("resnet20") && refused.contains("layer2.1.conv1.weight"), "{refused}");
    let refused = opened(&HashMap::from([("x.weight".to_owned(), tensor("x", &[2, 2]))]), BY_FILE).err().unwrap();
    assert!(refused.contains("x.weight"), "{refused}");
}

#[test]
fn a_hundred_thousand_names_are_matched_quickly() {
    let value = tensor("x", &[1]);
    let name = |index: usize| {
        format!(
            "{}.conv1.weight",
            (0..index % 40).map(|i| format!("layer{i}.")).collect::<String>() + &index.to_string()
        )
    };
    let tensors: Tensors = (0..100_000).map(|index| (name(index), value.clone())).collect();
    let file = weights::File::of_tensors(tensors);
    let graph = |card: &zoo::Card| weights::Candidate { name: card.name, graph: (card.build)(card.size()).unwrap() };
    let candidates: Vec<_> = zoo::ZOO.iter().map(graph).collect();
    let start = Instant::now();
    assert!(weights::recognise(&file, &candidates, "x").is_err());
    // Two seconds in the release build; the tests' build computes several times as long.
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}
