//! The index of a folder against a plain computation, and its resumption after an interruption.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use candle_core::{Device, Tensor};
use std::{fs, path::Path, sync::Arc};
use striate::{
    Error, Result,
    dataset::{Fingerprint, Index, Listing, TOP, index_folder, indexed_layers, pooled_features},
    net::{Builder, Conv, Graph, Network, Op, Window},
    watch::Watch,
    weights,
};

/// Two convolutions, a pooling and a classifier of three classes, on pictures of 12x12 pixels.
fn network() -> Arc<Network> {
    let mut net = Builder::new([3, 12, 12]);
    net.then("conv1", Op::Conv(Conv::new(8, 3).same()));
    net.then("relu1", Op::Relu);
    net.then("pool1", Op::MaxPool(Window::new(2, 2)));
    net.then("conv2", Op::Conv(Conv::new(5, 3)));
    net.then("relu2", Op::Relu);
    net.then("flat", Op::Flatten);
    net.then("fc", Op::Linear { out: 3, bias: true });
    let graph: Graph = net.finish().unwrap();
    let tensors = weights::synthetic(&graph, 7).unwrap();
    Arc::new(Network::new(graph, tensors, "made up", &Device::Cpu).unwrap())
}

/// A folder of files whose contents are the seeds of pictures; one of them is damaged.
fn folder(count: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for picture in 0..count {
        let path = folder.path().join(format!("{}/{picture:03}.png", ["a", "b"][picture % 2]));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, if picture == 5 { "damaged".to_owned() } else { picture.to_string() }).unwrap();
    }
    folder
}

fn prepare(path: &Path) -> Result<Tensor> {
    let gone = |error| Error::Failed(format!("cannot read {}: {error}", path.display()));
    let text = fs::read_to_string(path).map_err(gone)?;
    let seed: u32 = text.parse().map_err(|_| Error::Failed(format!("{} is damaged", path.display())))?;
    let value = |index: u32| ((index * 7919 + seed * 104_729) % 1000) as f32 / 500.0 - 1.0;
    Ok(Tensor::from_vec((0..432).map(value).collect::<Vec<f32>>(), (1, 3, 12, 12), &Device::Cpu)?)
}

fn fingerprint() -> Fingerprint {
    Fingerprint { network: "test".into(), weights: "7".into(), preparation: "none".into() }
}

fn index(root: &Path, path: &Path, watch: &Watch, mut after: impl FnMut(usize)) -> Result<Index> {
    index_folder(&network(), &prepare, fingerprint(), root, path, watch, &mut |progress, _| after(progress.done))
}

#[test]
fn the_strongest_nine_are_those_of_a_plain_computation() {
    let (folder, store) = (folder(70), tempfile::tempdir().unwrap());
    let found = index(folder.path(), &store.path().join("index"), &Watch::default(), |_| ()).unwrap();
    assert_eq!(found.damaged.len(), 1);
    let listing = Listing::new(folder.path()).unwrap();
    let network = network();
    for (slot, layer) in indexed_layers(network.graph()).into_iter().enumerate() {
        let mut all: Vec<Vec<(f32, u32, u32)>> = vec![Vec::new(); found.layers[slot].shape[0]];
        for picture in 0..listing.entries.len() {
            let Ok(input) = prepare(&listing.path(picture)) else { continue };
            let trace = network.forward(&input, &Watch::default()).unwrap();
            let values = trace.values(layer).unwrap();
            let area = values.len() / all.len();
            for (unit, map) in values.chunks_exact(area).enumerate() {
                let largest = map.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let at = map.iter().position(|&value| value == largest).unwrap();
                all[unit].push((largest, picture as u32, at as u32));
            }
        }
        for (unit, mut expected) in all.into_iter().enumerate() {
            for group in found.layers[slot].group_means(unit, &found.group_pictures()) {
                let own = |hit: &&(f32, u32, u32)| listing.entries[hit.1 as usize].group == Some(group.group);
                let values: Vec<f64> = expected.iter().filter(own).map(|hit| f64::from(hit.0)).collect();
                let mean = values.iter().sum::<f64>() / values.len() as f64;
                assert!((group.mean - mean).abs() <= 1e-6 * mean.abs().max(1.0), "layer {layer}, unit {unit}");
            }
            expected.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            let own = &found.layers[slot].units[unit];
            assert_eq!(own.pictures, 69);
            assert_eq!(own.top.len(), TOP);
            assert_eq!(found.layers[slot].group_means(unit, &found.group_pictures()).len(), 2);
            let mean = expected.iter().map(|hit| f64::from(hit.0)).sum::<f64>() / 69.0;
            assert!((own.mean() - mean).abs() <= 1e-6 * mean.abs().max(1.0));
            for (hit, (value, picture, position)) in own.top.iter().zip(expected) {
                assert!((hit.value - value).abs() <= 1e-5 * value.abs().max(1.0));
                assert_eq!((hit.picture, hit.position), (picture, position), "layer {layer}, unit {unit}");
            }
        }
    }
}

#[test]
fn an_interrupted_index_ends_as_an_undisturbed_one() {
    let (folder, store) = (folder(100), tempfile::tempdir().unwrap());
    let whole = index(folder.path(), &store.path().join("whole"), &Watch::default(), |_| ()).unwrap();
    let path = store.path().join("parts");
    for stop in [32, 64, 96] {
        let watch = Watch::default();
        let cancel = watch.clone();
        let cut = index(folder.path(), &path, &watch, move |done| {
            if done >= stop {
                cancel.cancel();
            }
        });
        assert!(matches!(cut, Err(Error::Cancelled)), "the pass was to be cancelled at {stop}");
    }
    let resumed = index(folder.path(), &path, &Watch::default(), |_| ()).unwrap();
    assert_eq!(resumed, whole);
}

#[test]
fn new_pictures_are_added_and_a_changed_one_starts_over() {
    let (folder, store) = (folder(40), tempfile::tempdir().unwrap());
    let path = store.path().join("index");
    index(folder.path(), &path, &Watch::default(), |_| ()).unwrap();
    // A new group whose name sorts first moves the others.
    fs::create_dir(folder.path().join("0")).unwrap();
    fs::write(folder.path().join("0/000a.png"), "77").unwrap();
    let mut ran = Vec::new();
    let grown = index(folder.path(), &path, &Watch::default(), |done| ran.push(done)).unwrap();
    assert_eq!((ran, grown.done), (vec![41], 41), "only the new picture runs");
    let anew = index(folder.path(), &store.path().join("anew"), &Watch::default(), |_| ()).unwrap();
    let values = |index: &Index| index.layers[0].units[0].top.iter().map(|hit| hit.value).collect::<Vec<_>>();
    assert_eq!(values(&grown), values(&anew));
    assert_eq!((grown.group_pictures(), anew.group_pictures()), (vec![1, 20, 19], vec![1, 20, 19]));
    for (grown_layer, layer) in grown.layers.iter().zip(&anew.layers) {
        for unit in 0..layer.units.len() {
            let means = grown_layer.group_means(unit, &grown.group_pictures());
            for (grown, anew) in means.iter().zip(layer.group_means(unit, &anew.group_pictures())) {
                assert_eq!(grown.group, anew.group);
                assert!((grown.mean - anew.mean).abs() <= 1e-12 * anew.mean.abs(), "{}", layer.name);
            }
        }
    }
    fs::write(folder.path().join("a/000.png"), "1000").unwrap();
    let mut ran = Vec::new();
    index(folder.path(), &path, &Watch::default(), |done| ran.push(done)).unwrap();
    assert_eq!(ran, [32, 41], "a changed picture makes the index anew");
}

#[test]
fn features_are_the_means_of_the_maps() {
    let folder = folder(8);
    let listing = Listing::new(folder.path()).unwrap();
    let network = network();
    let layer = network.graph().find("relu2").unwrap();
    let at = |_| Ok(network.clone());
    let (found, damaged) = pooled_features(&network, &at, &prepare, &listing, &[layer], &Watch::default()).unwrap();
    assert_eq!((found[0].len(), damaged.len()), (7, 1));
    let input = prepare(&listing.path(found[0].pictures[3])).unwrap();
    let values = network.forward(&input, &Watch::default()).unwrap().values(layer).unwrap();
    for (unit, map) in values.chunks_exact(16).enumerate() {
        let mean = map.iter().sum::<f32>() / 16.0;
        assert!((found[0].row(3)[unit] - mean).abs() <= 1e-5 * mean.abs().max(1.0));
    }
}

#[test]
fn a_folder_that_vanishes_ends_the_pass_and_leaves_its_pictures_undamaged() {
    let (folder, store) = (folder(100), tempfile::tempdir().unwrap());
    let (path, moved) = (store.path().join("index"), store.path().join("moved"));
    let root = folder.path().to_owned();
    let gone = index(&root, &path, &Watch::default(), |done| {
        if done == 32 {
            fs::rename(&root, &moved).unwrap();
        }
    });
    match gone {
        Err(Error::Failed(why)) => assert!(why.contains("is gone"), "{why}"),
        _ => panic!("the pass goes on without its folder"),
    }
    fs::rename(&moved, &root).unwrap();
    let resumed = index(&root, &path, &Watch::default(), |_| ()).unwrap();
    let whole = index(&root, &store.path().join("whole"), &Watch::default(), |_| ()).unwrap();
    assert_eq!(resumed, whole);
}
