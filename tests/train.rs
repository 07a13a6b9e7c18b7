//! Training: losses and optimisers by hand, data sets in their files, runs that are broken off and go on.
#![allow(clippy::unwrap_used)]

use flate2::{Compression, write::GzEncoder};
use image::RgbImage;
use std::{collections::HashMap, fs, io::Write, path::Path};
use striate::{
    Error,
    net::{Builder, Conv, Graph, Network, Op, Window},
    picture::Preprocess,
    train::{
        Augmentation, CheckpointFacts, Epoch, LAST, METRICS, Maker, Optimiser, Parameters, Schedule, Setup,
        TrainingRecipe, TrainingRun, UpdateRule, cross_entropy, data::DataSet, data::DataSource, initial,
    },
    watch::Watch,
    weights,
};
use tempfile::TempDir;

fn small(size: usize) -> Preprocess {
    Preprocess::new(size, size, &[0.5; 3], &[0.25; 3])
}

/// Writes `count` pictures of each of `classes` colours, with a little noise, into a folder a class.
fn colours(root: &Path, classes: usize, count: usize) {
    for class in 0..classes {
        let folder = root.join(format!("class_{class}"));
        fs::create_dir_all(&folder).unwrap();
        for index in 0..count {
            let noise = weights::uniform(&format!("{class}.{index}"), 8 * 8 * 3, 1);
            let picture = RgbImage::from_fn(8, 8, |x, y| {
                let at = |c: usize| noise[((y * 8 + x) * 3) as usize + c] * 60.0;
                image::Rgb([0, 1, 2].map(|c| (if c == class { 180.0 } else { 60.0 } + at(c)) as u8))
            });
            picture.save(folder.join(format!("{index:02}.png"))).unwrap();
        }
    }
}

fn read(source: &str) -> DataSet {
    DataSource::from_user(source).read(&small(8), 0.25, 0, &Watch::default()).unwrap()
}

fn sizes(set: &DataSet) -> [usize; 3] {
    [set.classes.len(), set.train.len(), set.test.len()]
}

#[test]
fn the_loss_and_its_gradient_are_pytorchs() {
    // torch.nn.functional.cross_entropy([[1, 2, 3], [0, 0, 1]], [0, 2], label_smoothing=0.1) and its gradient.
    let (loss, gradient) = cross_entropy(&[1., 2., 3., 0., 0., 1.], &[0, 2], 0.1).unwrap();
    assert!((loss.mean - 1.4628587).abs() < 1e-6, "{}", loss.mean);
    assert_eq!(loss.hits, 1);
    let expected = [-0.4216514, 0.1056976, 0.3159538, 0.0893041, 0.0893041, -0.1786082];
    for (found, expected) in gradient.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-6, "{gradient:?}");
    }
    assert!(cross_entropy(&[1., 2.], &[2], 0.0).is_err());
}

#[test]
fn optimisers_take_pytorchs_steps() {
    // Two steps of each rule in torch.optim from 1 and -2 with gradients (0.5, -1) and (0.25, 3), rate 0.1, decay 0.1.
    let expected = [
        (UpdateRule::Sgd, [0.8516f32, -2.0532]),
        (UpdateRule::Nesterov, [0.773066, -2.211132]),
        (UpdateRule::Adam, [0.8050098, -1.9421356]),
        (UpdateRule::AdamW, [0.7878821, -1.9106189]),
        (UpdateRule::RmsProp, [-1.2862641, -1.0246933]),
    ];
    let mut builder = Builder::new([1, 1, 2]);
    builder.then("only", Op::Scale { shape: vec![1, 1, 2] });
    let graph = builder.finish().unwrap();
    let mut found = HashMap::new();
    for (rule, _) in expected {
        let tensors = initial(&graph, Default::default(), 0).unwrap();
        let mut parameters = Parameters::new(&graph, &tensors).unwrap();
        let tensor = &mut parameters.all[0];
        tensor.values = vec![1.0, -2.0];
        let optimiser = Optimiser::new(rule, 0.1, 0.1);
        for (step, gradient) in [[0.5, -1.0], [0.25, 3.0]].into_iter().enumerate() {
            optimiser.update(tensor, &gradient, step + 1, 0.1);
        }
        found.insert(rule.name(), tensor.values.clone());
    }
    for (rule, expected) in expected {
        let found = &found[rule.name()];
        let close = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6);
        assert!(close, "{}: {found:?} {expected:?}", rule.name());
    }
}

#[test]
fn folders_are_split_by_seed_or_by_name_and_damaged_pictures_are_named() {
    let root = TempDir::new().unwrap();
    colours(root.path(), 3, 8);
    let source = root.path().to_str().unwrap();
    assert_eq!(sizes(&read(source)), [3, 18, 6]);
    fs::write(root.path().join("class_1/03.png"), "no picture").unwrap();
    let set = read(source);
    assert_eq!(sizes(&set), [3, 17, 6]);
    assert!(set.damaged.len() == 1 && set.damaged[0].contains("03.png"), "{:?}", set.damaged);

    let parts = TempDir::new().unwrap();
    colours(&parts.path().join("train"), 3, 4);
    colours(&parts.path().join("val"), 2, 3);
    let set = read(parts.path().to_str().unwrap());
    assert_eq!(sizes(&set), [3, 12, 6]);

    let list = root.path().join("list.csv");
    fs::write(&list, "file,class,part\nclass_0/00.png,red,train\nclass_0/01.png,red,test\nclass_2/00.png,blue,train\n")
        .unwrap();
    let set = read(list.to_str().unwrap());
    assert_eq!((sizes(&set), set.classes), ([2, 2, 1], vec!["blue".to_owned(), "red".to_owned()]));
    fs::write(&list, "class_0/00.png,red\nclass_0/01.png\n").unwrap();
    let error = DataSource::from_user(&list).read(&small(8), 0.2, 0, &Watch::default()).unwrap_err();
    assert!(error.to_string().contains("line 2"), "{error}");
}

/// An IDX array of bytes.
fn idx(sizes: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = (0x800u32 | sizes.len() as u32).to_be_bytes().to_vec();
    sizes.iter().for_each(|size| bytes.extend(size.to_be_bytes()));
    bytes.extend(values);
    bytes
}

#[test]
fn mnists_files_are_read_packed_or_not_and_checked() {
    let root = TempDir::new().unwrap();
    let digits: Vec<u8> = (0..3 * 4 * 4).map(|v| v as u8 * 5).collect();
    let packed = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let put = |name: &str, bytes: &[u8]| fs::write(root.path().join(name), bytes).unwrap();
    put("train-images-idx3-ubyte.gz", &packed(&idx(&[3, 4, 4], &digits)));
    put("train-labels-idx1-ubyte", &idx(&[3], &[2, 0, 1]));
    put("t10k-images-idx3-ubyte", &idx(&[1, 4, 4], &digits[..16]));
    put("t10k-labels-idx1-ubyte", &idx(&[1], &[1]));
    let source = DataSource::Mnist(root.path().to_owned());
    let grey = Preprocess::new(4, 4, &[0.5], &[0.5]);
    let set = source.read(&grey, 0.2, 0, &Watch::default()).unwrap();
    assert_eq!(sizes(&set), [3, 3, 1]);
    assert_eq!(set.train.iter().map(|picture| picture.class).collect::<Vec<_>>(), [2, 0, 1]);
    assert_eq!(set.train[1].levels(&grey).unwrap().values, digits[16..32]);
    for (name, bytes) in [
        ("train-images-idx3-ubyte", idx(&[3, 4, 4], &digits[1..])),
        ("train-images-idx3-ubyte", idx(&[u32::MAX, u32::MAX, 9], &digits)),
        ("train-images-idx3-ubyte", b"\0\0".to_vec()),
        ("train-images-idx3-ubyte", idx(&[4, 4, 3], &digits)),
    ] {
        put(name, &bytes);
        let error = source.read(&grey, 0.2, 0, &Watch::default()).unwrap_err();
        assert!(matches!(error, Error::Failed(_)), "{error}");
    }
}

#[test]
fn cifars_batches_are_read() {
    let root = TempDir::new().unwrap();
    let planes: Vec<u8> = (0..3072).map(|v| (v / 1024 * 80 + v % 7) as u8).collect();
    let record = |label: u8| [&[label], planes.as_slice()].concat();
    fs::write(root.path().join("data_batch_1.bin"), [record(3), record(7)].concat()).unwrap();
    fs::write(root.path().join("test_batch.bin"), record(9)).unwrap();
    let source = DataSource::Cifar10(root.path().to_owned());
    let set = source.read(&small(32), 0.2, 0, &Watch::default()).unwrap();
    assert_eq!(sizes(&set), [10, 2, 1]);
    let levels = set.train[0].levels(&small(32)).unwrap();
    assert_eq!(levels.values[3..6], [planes[1], planes[1025], planes[2049]]);
    fs::write(root.path().join("test_batch.bin"), &record(9)[1..]).unwrap();
    assert!(source.read(&small(32), 0.2, 0, &Watch::default()).is_err());
}

#[test]
fn cifars_pickles_are_read_as_data() {
    // Written by make_training.py: two pictures by Python 3's protocol 2 and 4, and by Python 2's.
    let root = TempDir::new().unwrap();
    for name in ["pickle2", "pickle4", "python2"] {
        let bytes = fs::read(format!("tests/data/training/{name}.batch")).unwrap();
        fs::write(root.path().join("data_batch_1"), bytes).unwrap();
        let set = DataSource::Cifar10(root.path().to_owned()).read(&small(32), 0.2, 0, &Watch::default()).unwrap();
        assert_eq!(set.train.iter().map(|picture| picture.class).collect::<Vec<_>>(), [6, 9], "{name}");
        let values = &set.train[1].levels(&small(32)).unwrap().values;
        // Pixel i of plane c of picture p is (p * 3072 + c * 1024 + i) * 37 % 256.
        let expected = |c: usize, i: usize| ((3072 + c * 1024 + i) * 37 % 256) as u8;
        assert!((0..1024).all(|i| (0..3).all(|c| values[i * 3 + c] == expected(c, i))), "{name}");
    }
}

fn graph(classes: usize) -> Graph {
    let mut net = Builder::new([3, 8, 8]);
    net.then("conv1", Op::Conv(Conv::new(8, 3).pad(1).unbiased()));
    net.then("bn1", Op::BatchNorm { eps: 1e-5 });
    net.then("relu1", Op::Relu);
    net.then("pool1", Op::MaxPool(Window::new(2, 2)));
    net.then("flatten", Op::Flatten);
    net.then("drop", Op::Dropout { p: 0.2 });
    net.then("fc", Op::Linear { out: classes, bias: true });
    net.finish().unwrap()
}

fn recipe() -> TrainingRecipe {
    TrainingRecipe {
        epochs: 4,
        batch: 8,
        optimiser: Optimiser::new(UpdateRule::Nesterov, 0.05, 1e-4),
        schedule: Schedule::Cosine,
        warm_up: 1.0,
        smoothing: 0.1,
        stochastic_depth: 0.0,
        augmentation: Augmentation { padding: 2, mirror: true, ..Augmentation::default() },
        initialisation: Default::default(),
        seed: 3,
    }
}

/// A run over `data` into `folder`, from its beginning or where it stands; `watch` may end it.
fn run(
    data: &DataSet,
    folder: &Path,
    recipe: TrainingRecipe,
    threads: usize,
    watch: &Watch,
) -> Result<Vec<Epoch>, Error> {
    let graph = graph(data.classes.len());
    let tensors = initial(&graph, recipe.initialisation, recipe.seed).unwrap();
    let parameters = Parameters::new(&graph, &tensors).unwrap();
    let network = Network::new(graph, tensors, "test", &candle_core::Device::Cpu).unwrap();
    let facts = CheckpointFacts::from([("network".to_owned(), "own".to_owned())]);
    let setup =
        Setup { folder: Some(folder.to_owned()), data, preprocess: small(8), recipe, facts, limit: None, threads };
    let mut run = match folder.join(LAST).exists() {
        true => TrainingRun::resume(setup, network, parameters)?,
        false => TrainingRun::new(setup, network, parameters),
    };
    let mut epochs = Vec::new();
    run.train(watch, |_, _| {}, |epoch| epochs.push(*epoch)).map(|()| epochs)
}

#[test]
fn a_run_learns_and_goes_on_from_its_last_epoch_to_the_same_bytes() {
    let pictures = TempDir::new().unwrap();
    colours(pictures.path(), 3, 12);
    let data = read(pictures.path().to_str().unwrap());
    let whole = TempDir::new().unwrap();
    let epochs = run(&data, whole.path(), recipe(), 1, &Watch::default()).unwrap();
    assert!(epochs[3].test_top1 > 0.9 && epochs[3].test_loss < epochs[0].test_loss, "{epochs:?}");

    // Broken off in the middle of every epoch, and with another number of threads that make batches.
    let broken = TempDir::new().unwrap();
    let checks = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    for part in 0.. {
        let watch = Watch::default();
        let stop = watch.clone();
        let graph = graph(3);
        let tensors = initial(&graph, Default::default(), 3).unwrap();
        let parameters = Parameters::new(&graph, &tensors).unwrap();
        let network = Network::new(graph, tensors, "test", &candle_core::Device::Cpu).unwrap();
        let facts = CheckpointFacts::from([("network".to_owned(), "own".to_owned())]);
        let setup = Setup {
            folder: Some(broken.path().to_owned()),
            data: &data,
            preprocess: small(8),
            recipe: recipe(),
            facts,
            limit: None,
            threads: 2,
        };
        let mut run = match broken.path().join(LAST).exists() {
            true => TrainingRun::resume(setup, network, parameters).unwrap(),
            false => TrainingRun::new(setup, network, parameters),
        };
        assert_eq!(run.done(), part);
        let mut batches = 0;
        let ended = run.train(
            &watch,
            |_, _| {
                batches += 1;
                checks.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                // The second batch of the epoch after the first one of this part.
                if batches == 6 {
                    stop.cancel();
                }
            },
            |_| {},
        );
        if ended.is_ok() {
            break;
        }
        assert!(matches!(ended, Err(Error::Cancelled)));
    }
    for name in [LAST, "epoch-000.safetensors", "epoch-002.safetensors", "epoch-004.safetensors"] {
        let [a, b] = [&whole, &broken].map(|folder| fs::read(folder.path().join(name)).unwrap());
        assert_eq!(a, b, "{name} differs");
    }
    let lines = |folder: &TempDir| fs::read_to_string(folder.path().join(METRICS)).unwrap().lines().count();
    assert_eq!([lines(&whole), lines(&broken)], [4, 4]);
    // The checkpoint is a weights file like any other.
    let file = weights::read_file(&broken.path().join(LAST), &Watch::default()).unwrap();
    assert_eq!(file.tensors.len(), 7);
    assert!(file.notes.is_empty() && file.skipped.is_empty());
}

#[test]
fn training_that_overflows_names_the_layer() {
    let pictures = TempDir::new().unwrap();
    colours(pictures.path(), 2, 8);
    let data = read(pictures.path().to_str().unwrap());
    let folder = TempDir::new().unwrap();
    let optimiser = Optimiser::new(UpdateRule::Sgd, 1e30, 0.0);
    let hot = TrainingRecipe { optimiser, schedule: Schedule::Constant, warm_up: 0.0, ..recipe() };
    let error = run(&data, folder.path(), hot, 1, &Watch::default()).unwrap_err();
    assert!(error.to_string().contains("layer"), "{error}");
    assert!(!folder.path().join(LAST).exists());
}

#[test]
fn batches_hold_every_picture_once_and_none_is_alone() {
    let pictures = TempDir::new().unwrap();
    colours(pictures.path(), 3, 9);
    let data = read(pictures.path().to_str().unwrap());
    let preprocess = small(8);
    let maker = |size: usize, epoch: u64| Maker {
        examples: &data.train,
        preprocess: &preprocess,
        augmentation: Some(Augmentation::default()),
        size,
        stream: [1, epoch],
    };
    let order = maker(4, 1).order();
    assert_eq!(order.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 4, 4, 5]);
    let mut all: Vec<usize> = order.concat();
    all.sort_unstable();
    assert_eq!(all, (0..21).collect::<Vec<_>>());
    assert_ne!(order, maker(4, 2).order());
    let mut seen = Vec::new();
    let take = |_: usize, _: usize, batch: striate::train::Batch| {
        seen.extend(batch.classes);
        Ok(())
    };
    maker(4, 1).each(3, &Watch::default(), take).unwrap();
    assert_eq!(seen, order.concat().iter().map(|&index| data.train[index].class).collect::<Vec<_>>());
}
