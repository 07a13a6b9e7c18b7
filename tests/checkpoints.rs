//! Checkpoints as people have them, opened by the file alone: prefixes, wrappers, heads, channels, spare tensors.
#![allow(clippy::unwrap_used, clippy::panic)]

use candle_core::{Device, Tensor};
use std::{collections::HashMap, path::Path, sync::Arc, time::Instant};
use striate::{
    engine::{BY_FILE, Model, Opening},
    net::Op,
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
    let rename: [&dyn Fn(&str) -> String; 7] = [
        &|name| name.to_owned(),
        &|name| format!("student_{name}"),
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
fn vgg_by_mmpretrains_names_opens() {
    let tensors = weights_of("vgg11_cifar");
    let expected = scores(&opened(&tensors, "vgg11_cifar").unwrap());
    let graph = (zoo::find("vgg11_cifar").unwrap().build)(32).unwrap();
    // Convolution, normalisation and rectifier have one number together, a pool has one of its own.
    let mut module = 0;
    let mut names = HashMap::new();
    for node in graph.nodes() {
        match node.op {
            Op::Conv(_) => drop(names.insert(node.name.clone(), format!("backbone.features.{module}.conv"))),
            Op::BatchNorm { .. } => drop(names.insert(node.name.clone(), format!("backbone.features.{module}.bn"))),
            Op::Relu | Op::MaxPool(_) => module += 1,
            _ => {}
        }
    }
    let theirs = renamed(&tensors, |name| {
        let (layer, parameter) = name.rsplit_once('.').unwrap();
        names.get(layer).map_or_else(|| format!("head.fc.{parameter}"), |layer| format!("{layer}.{parameter}"))
    });
    assert!(theirs.contains_key("backbone.features.2.bn.running_var"));
    let model = opened(&theirs, BY_FILE).unwrap();
    assert_eq!((model.card.name.as_str(), scores(&model)), ("vgg11_cifar", expected));
}

#[test]
fn fastais_classifier_takes_the_largest_values_and_the_means() {
    let mut tensors = weights_of("resnet20");
    tensors.retain(|name, _| !name.starts_with("linear"));
    let mut tensors = renamed(&tensors, |name| format!("0.{name}"));
    for (name, size) in [("1.2", 128), ("1.6", 12)] {
        for part in ["weight", "bias", "running_mean", "running_var"] {
            tensors.insert(format!("{name}.{part}"), (tensor(part, &[size]).abs().unwrap() + 0.5).unwrap());
        }
    }
    tensors.insert("1.4.weight".into(), tensor("a", &[12, 128]));
    tensors.insert("1.8.weight".into(), tensor("b", &[3, 12]));
    let model = opened(&tensors, BY_FILE).unwrap();
    assert_eq!((model.card.name.as_str(), classes(&model)), ("resnet20", 3));
    assert!(model.notes.iter().any(|note| note.contains("fastai")), "{:?}", model.notes);
    let graph = model.network.graph();
    let maps = graph.node(graph.find("avgpool.max").unwrap()).inputs[0];
    let values = weights::uniform("input", 3 * 32 * 32, 1);
    let input = Tensor::from_vec(values, (1, 3, 32, 32), &Device::Cpu).unwrap();
    let trace = model.network.forward(&input, &Watch::default()).unwrap();
    let maps = trace.output(maps).flatten_from(2).unwrap();
    let features = Tensor::cat(&[maps.max(2).unwrap(), maps.mean(2).unwrap()], 1).unwrap();
    let normal = |x: &Tensor, name: &str| -> candle_core::Result<Tensor> {
        let part = |part: &str| tensors[&format!("{name}.{part}")].clone();
        let scale = (part("weight") / (part("running_var") + 1e-5)?.sqrt()?)?;
        x.broadcast_sub(&part("running_mean"))?.broadcast_mul(&scale)?.broadcast_add(&part("bias"))
    };
    let linear = |x: &Tensor, name: &str| x.matmul(&tensors[&format!("{name}.weight")].t()?);
    let hidden = linear(&normal(&features, "1.2").unwrap(), "1.4").and_then(|hidden| hidden.relu()).unwrap();
    let expected = linear(&normal(&hidden, "1.6").unwrap(), "1.8").unwrap().flatten_all().unwrap();
    let expected = expected.to_vec1::<f32>().unwrap();
    for (ours, theirs) in trace.scores().unwrap().iter().zip(&expected) {
        assert!((ours - theirs).abs() <= 1e-4 * theirs.abs().max(1.0), "{ours} and {theirs}");
    }
}

#[test]
fn named_layers_of_a_classifier_are_chained_by_their_sizes() {
    let mut tensors = weights_of("resnet20");
    for name in ["linear.weight", "linear.bias"] {
        tensors.remove(name);
    }
    // Alphabetical order is not that of the layers.
    let sizes = [("head.z", [16, 64]), ("head.y", [12, 16]), ("head.x", [3, 12])];
    for (name, shape) in sizes {
        tensors.insert(format!("{name}.weight"), tensor(name, &shape));
        tensors.insert(format!("{name}.bias"), tensor(name, &shape[..1]));
    }
    let model = opened(&tensors, BY_FILE).unwrap();
    let graph = model.network.graph();
    let tail: Vec<&str> = graph.nodes().iter().rev().map(|node| node.name.as_str()).take(7).collect();
    assert_eq!(classes(&model), 3);
    assert_eq!(tail[1..6], ["head.x", "head.y.relu", "head.y", "head.z.relu", "head.z"], "{tail:?}");
}

#[test]
fn a_deeper_network_or_other_blocks_are_not_taken_for_a_smaller_one() {
    let projection = weights_of("resnet20_projection");
    assert_eq!(opened(&projection, BY_FILE).unwrap().card.name, "resnet20_projection");
    assert!(opened(&projection, "resnet20").is_err());
    assert_eq!(opened(&weights_of("resnet26"), BY_FILE).unwrap().card.name, "resnet26");
    assert_eq!(opened(&weights_of("resnet1001"), BY_FILE).unwrap().card.name, "resnet1001");
    // Squeeze and excitation, of which no network here knows.
    let mut other = weights_of("resnet20");
    other.insert("layer1.0.se.fc1.weight".into(), tensor("se", &[4, 16]));
    let refused = opened(&other, BY_FILE).err().unwrap();
    assert!(refused.contains("resnet20: layer1.0.se.fc1.weight has no place in it"), "{refused}");
}

#[test]
fn other_spellings_of_the_same_network_open() {
    let tensors = weights_of("resnet18");
    let expected = scores(&opened(&tensors, BY_FILE).unwrap());
    let children = |name: &str| {
        let stage = |name: &str| match name.strip_prefix("layer").and_then(|rest| rest.split_at_checked(1)) {
            Some((stage, rest)) => format!("{}{rest}", 3 + stage.parse::<usize>().unwrap()),
            None => name.replace("conv1", "0").replace("bn1", "1").replace("fc", "9"),
        };
        format!("features.{}", stage(name))
    };
    let detectron = |name: &str| {
        let name = match name.strip_prefix("layer").and_then(|rest| rest.split_at_checked(1)) {
            Some((stage, rest)) => format!("res{}{rest}", 1 + stage.parse::<usize>().unwrap()),
            None => format!("stem.{name}"),
        };
        let name = name.replace("downsample.0", "shortcut").replace("downsample.1", "shortcut.norm");
        ["1", "2"].iter().fold(name, |name, digit| name.replace(&format!("bn{digit}"), &format!("conv{digit}.norm")))
    };
    let rename: [&dyn Fn(&str) -> String; 6] = [
        &children,
        &detectron,
        &|name| name.replace('.', "/"),
        &|name| name.replace('.', "_"),
        &|name| name.replace("bn1.weight", "bn1.gamma").replace("bn1.running_var", "bn1.moving_variance"),
        &|name| name.replace("layer1.", "layer1._fsdp_wrapped_module.").replace("layer2.0", "layer2.0.module"),
    ];
    for (case, rename) in rename.into_iter().enumerate() {
        let model = opened(&renamed(&tensors, rename), BY_FILE).unwrap_or_else(|error| panic!("case {case}: {error}"));
        assert_eq!((model.card.name.as_ref(), scores(&model)), ("resnet18", expected.clone()), "case {case}");
    }
}

#[test]
fn a_folder_with_a_config_names_its_classes() {
    let folder = tempfile::tempdir().unwrap();
    candle_core::safetensors::save(&weights_of("resnet20"), folder.path().join("model.safetensors")).unwrap();
    let names: Vec<String> = (0..10).map(|class| format!(r#""{class}": "kind {class}""#)).collect();
    std::fs::write(folder.path().join("config.json"), format!(r#"{{"id2label": {{{}}}}}"#, names.join(","))).unwrap();
    let model = open(folder.path(), BY_FILE).unwrap();
    assert_eq!(model.labels.short(7), "kind 7");
}

#[test]
fn two_networks_of_the_same_tensors_are_told_apart_by_the_files_word() {
    let folder = tempfile::tempdir().unwrap();
    let tensors = weights_of("efficientnet_lite0");
    candle_core::safetensors::save(&tensors, folder.path().join("model.safetensors")).unwrap();
    let silent = open(folder.path(), BY_FILE).unwrap();
    assert_eq!(silent.card.name, "efficientnet_lite0");
    assert!(silent.notes.iter().any(|note| note.contains("also efficientnet_lite0_torch")), "{:?}", silent.notes);
    for (stated, name) in
        [("tf_efficientnet_lite0", "efficientnet_lite0"), ("efficientnet_lite0", "efficientnet_lite0_torch")]
    {
        let config = format!(r#"{{"architecture": "{stated}"}}"#);
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        let told = open(folder.path(), BY_FILE).unwrap();
        assert_eq!(told.card.name, name);
        assert_eq!(told.notes, [format!("the weights are those of {name}, as the file says")]);
    }
    // A network that blurs has the tensors of one that does not.
    candle_core::safetensors::save(&weights_of("resnet18"), folder.path().join("model.safetensors")).unwrap();
    std::fs::write(folder.path().join("config.json"), r#"{"architecture": "resnetblur18"}"#).unwrap();
    let blurred = open(folder.path(), BY_FILE).unwrap();
    assert!(blurred.notes.iter().any(|note| note.contains("resnetblur18")), "{:?}", blurred.notes);
}

/// A case of tests/make_checkpoints.py.
#[derive(serde::Deserialize)]
struct Case {
    network: String,
    size: usize,
    channels: usize,
    /// Whether the file alone leads to another network of the same tensors.
    named: bool,
    tensors: Vec<(String, Vec<usize>)>,
}

#[test]
fn fine_tuned_networks_of_torchvision_and_timm_agree_with_pytorch() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/checkpoints.safetensors");
    let reference = weights::read_file(&path, &Watch::default()).unwrap();
    assert!(reference.metadata.len() >= 11);
    for (name, about) in &reference.metadata {
        let case: Case = serde_json::from_str(about).unwrap();
        let tensors =
            case.tensors.iter().map(|(name, shape)| (name.clone(), weights::made_up(name, shape, 0).unwrap()));
        let network = if case.named { &case.network } else { BY_FILE };
        let model = opened(&tensors.collect(), network).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(*model.card.name, *case.network, "{name}");
        let input = weights::picture(case.channels, case.size, 0).unwrap();
        let run = striate::engine::Run::tensor(&Arc::new(model), input, &Watch::default()).unwrap();
        let expected = reference.tensors[name].flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let largest = expected.iter().fold(0f32, |largest, score| largest.max(score.abs()));
        assert_eq!(run.scores.len(), expected.len(), "{name}");
        let worst = run.scores.iter().zip(&expected).fold(0f32, |worst, (a, b)| worst.max((a - b).abs())) / largest;
        println!("{name}: {worst:.1e}");
        assert!(worst <= 1e-4, "{name}: {worst:e}");
    }
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
    let candidate = |card: &zoo::Card| weights::Candidate::new(card.name, (card.build)(card.size()).unwrap());
    let start = Instant::now();
    let candidates: Vec<_> = zoo::ZOO.iter().map(candidate).collect();
    let built = start.elapsed();
    assert!(weights::recognise(&file, &candidates.iter().collect::<Vec<_>>(), "x").is_err());
    println!("{built:?} for all networks, {:?} with the names", start.elapsed());
    // Two seconds in the release build; the tests' build computes several times as long.
    assert!(start.elapsed().as_secs() < 15, "{:?}", start.elapsed());
}
