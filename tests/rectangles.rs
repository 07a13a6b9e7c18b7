//! Inputs that are no squares: PyTorch's numbers in float64 (`make_rectangles.py`), every method, and what networks refuse.
#![allow(clippy::unwrap_used, clippy::panic)]

use candle_core::{DType, Device, Tensor};
use std::{path::Path, sync::Arc};
use striate::{
    engine::{Model, Opening, Run},
    kernels::to_vec,
    methods::{CAMS, METHODS, Settings, Target},
    net::{Graph, Network, Rule, Tensors, Trace},
    picture::{Picture, Preparation},
    watch::Watch,
    weights, zoo,
};

/// Of PyTorch's values, every so many-th is stored.
const STEP: usize = 997;
/// The largest difference, relative to the largest value. In float32 a rectifier whose input is close to zero may be
/// decided otherwise than in float64, which moves a few values further: PyTorch's own float32 gradient of resnet18 is
/// 2.3e-2 from its float64 one. In float64 none may.
const TOLERANCE: f32 = 2e-4;
const FEW: f32 = 2e-2;

/// PyTorch's numbers for one network.
struct Numbers<'a> {
    file: &'a weights::File,
    name: &'a str,
    /// Whether rounding may decide a few rectifiers and windows.
    single: bool,
}

impl Numbers<'_> {
    fn values(&self, what: &str) -> Vec<f32> {
        to_vec(&self.file.tensors[&format!("{}.{what}", self.name)]).unwrap()
    }

    /// Compares values, and their largest and their length with those of all of PyTorch's.
    fn agree(&self, what: &str, ours: &Tensor, step: usize) {
        let ours = to_vec(ours).unwrap();
        let largest = self.values(&format!("{what}.largest"))[0];
        let theirs = self.values(what);
        assert_eq!(ours.iter().step_by(step).count(), theirs.len(), "{} {what}", self.name);
        let apart: Vec<f32> = ours.iter().step_by(step).zip(&theirs).map(|(a, b)| (a - b).abs() / largest).collect();
        let far = apart.iter().filter(|&&apart| apart > TOLERANCE).count();
        let worst = apart.iter().copied().fold(0.0, f32::max);
        println!("{} {what}: {worst:.1e}, {far} of {} beyond {TOLERANCE:.0e}", self.name, theirs.len());
        let walked = ["gradient", "guided", "deconvnet", "saliency"].contains(&what);
        let share = if self.name == "densenet121" { 20 } else { 50 };
        let allowed = if walked && self.single { theirs.len().div_ceil(share) } else { 0 };
        assert!(far <= allowed && worst <= FEW, "{} {what}: {worst:e}, {far} of {}", self.name, theirs.len());
        let length = ours.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt() as f32;
        let expected = self.values(&format!("{what}.length"))[0];
        assert!((length / expected - 1.0).abs() < 1e-3, "{} {what}: length {length} for {expected}", self.name);
    }
}

fn network(graph: Graph, tensors: Tensors, dtype: DType) -> Arc<Network> {
    let tensors = tensors.into_iter().map(|(name, tensor)| (name, tensor.to_dtype(dtype).unwrap())).collect();
    Arc::new(Network::new(graph, tensors, "the test", &Device::Cpu).unwrap())
}

fn agrees(name: &str, size: [usize; 2], layer: &str) {
    agrees_in(DType::F64, name, size, layer);
    agrees_in(DType::F32, name, size, layer);
}

fn agrees_in(dtype: DType, name: &str, [height, width]: [usize; 2], layer: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/rectangles.safetensors");
    let file = weights::read_file(&path, &Watch::default()).unwrap();
    let numbers = Numbers { file: &file, name, single: dtype == DType::F32 };
    let network = if name == "photonet" {
        let graph = zoo::find(name).and_then(|card| (card.build)(card.size())).unwrap();
        let file = weights::read_bytes(zoo::find(name).unwrap().shipped.unwrap(), name).unwrap();
        network(graph, file.tensors, dtype)
    } else {
        let card = zoo::find(name).unwrap();
        let graph = (card.build)(card.size()).unwrap();
        let tensors = weights::synthetic(&graph, 0).unwrap();
        network(graph, tensors, dtype)
    };
    let network = Arc::new(network.resized([height, width]).unwrap());
    let whole = weights::picture(3, height.max(width), 0).unwrap();
    let input = whole.narrow(2, 0, height).unwrap().narrow(3, 0, width).unwrap().contiguous().unwrap();
    let input = input.to_dtype(dtype).unwrap();
    numbers.agree("input", &input, STEP);
    let trace: Trace = network.forward(&input, &Watch::default()).unwrap();
    let scores = network.graph().scores();
    numbers.agree("scores", trace.output(scores), 1);
    let values = trace.scores().unwrap();
    let class = (0..values.len()).max_by(|&a, &b| values[a].total_cmp(&values[b])).unwrap();
    let seed = trace.seed(scores, [class, 0, 0], 1.0).unwrap();
    let walk = |rule: Rule, to| trace.reverse(scores, &seed, to, &rule.into()).unwrap();
    let gradient = walk(Rule::Gradient, 0);
    numbers.agree("gradient", &gradient, STEP);
    numbers.agree("saliency", &gradient.abs().unwrap().max(1).unwrap(), STEP);
    numbers.agree("guided", &walk(Rule::Guided, 0), STEP);
    numbers.agree("deconvnet", &walk(Rule::Deconvnet, 0), STEP);
    let layer = network.graph().find(layer).unwrap();
    let slopes = walk(Rule::Gradient, layer).mean_keepdim((2, 3)).unwrap();
    let cam = trace.output(layer).broadcast_mul(&slopes).unwrap().sum(1).unwrap();
    numbers.agree("grad_cam", &cam, 1);
}

#[test]
fn resnet18_and_densenet121_are_pytorchs() {
    agrees("resnet18", [193, 257], "layer4");
    agrees("densenet121", [160, 224], "features.norm5");
}

#[test]
fn googlenet_and_photonet_are_pytorchs() {
    agrees("googlenet", [300, 500], "inception5b");
    agrees("photonet", [300, 500], "relu5");
}

fn photonet(preparation: Preparation) -> Arc<Model> {
    let opening = Opening { preparation, ..Opening::of("photonet") };
    Arc::new(Model::open(&opening, &Device::Cpu, &Watch::default()).unwrap())
}

#[test]
fn every_method_answers_for_a_rectangle() {
    let model = photonet(Preparation { size: Some([48, 80]), ..Preparation::default() });
    let picture = Picture::from_source("sample:chelsea").unwrap();
    let run = Run::picture(&model, picture, &Watch::default()).unwrap();
    let class = run.predicted();
    for method in METHODS.iter().chain(CAMS) {
        let quick =
            method.parameters.iter().filter(|parameter| ["samples", "steps", "masks"].contains(&parameter.name));
        let mut settings = Settings::new();
        quick.for_each(|parameter| settings.set_number(parameter, 2.0));
        let answer = run.attribute_with(method, Target::Class(class), &[], &settings, &Watch::default());
        let answer = answer.unwrap_or_else(|error| panic!("{}: {error}", method.name));
        let [channels, height, width] = answer.shape;
        assert_eq!(answer.values.len(), channels * height * width, "{}", method.name);
        match answer.layer {
            None => assert_eq!([height, width], [48, 80], "{}", method.name),
            Some(layer) => assert_eq!([height, width], run.layers[layer].shape[1..], "{}", method.name),
        }
    }
}

#[test]
fn whole_pictures_run_at_their_own_shape() {
    let model = photonet(Preparation { whole: true, ..Preparation::default() });
    let picture = Picture::from_source("sample:chelsea").unwrap();
    let run = Run::picture(&model, picture.clone(), &Watch::default()).unwrap();
    let [_, height, width] = run.model.network.graph().input_shape();
    let (short, long) = (model.preprocess.resize, model.preprocess.resize * 451 / 300);
    assert_eq!([height, width], [short, long]);
    assert!(run.model.is_same_network(&model));
    let geometry = run.geometry.unwrap();
    let [left, top, right, bottom] = geometry.crop_rect();
    assert!(left == 0.0 && top == 0.0 && (right - 451.0).abs() < 1e-2 && (bottom - 300.0).abs() < 1e-2);
    // Altered, it keeps its size, so that the two can be compared.
    let turned = striate::picture::Alteration::default().turned(10.0);
    let altered = Run::altered(&model, picture, turned, Some(run.of), &Watch::default()).unwrap();
    assert_eq!(altered.trace.output(0).dims(), run.trace.output(0).dims());
    assert!(altered.layers[1].minus(&run.layers[1]).is_ok());
}

#[test]
fn weights_that_want_blue_first_see_the_same_picture() {
    let base = photonet(Preparation::default());
    let picture = Picture::from_source("sample:coffee").unwrap();
    let mut turned = (*picture.pixels).clone();
    turned.pixels_mut().for_each(|pixel| pixel.0.reverse());
    let turned = Picture::from_rgb("turned", turned);
    let own = &base.own_preprocess;
    let choice = Preparation {
        bgr: Some(true),
        scale: Some(striate::picture::PixelScale::Full),
        mean: Some(own.mean.iter().map(|mean| 255.0 * mean).collect()),
        std: Some(own.std.iter().map(|std| 255.0 * std).collect()),
        ..Preparation::default()
    };
    let bgr = Arc::new(base.prepared(&choice).unwrap());
    let scores = |model, picture| Run::picture(model, picture, &Watch::default()).unwrap().scores;
    let apart = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    let (wanted, found) = (scores(&base, picture.clone()), scores(&bgr, turned));
    assert!(apart(&wanted, &found) < 1e-3, "{}", apart(&wanted, &found));
    assert!(apart(&wanted, &scores(&bgr, picture)) > 0.1);
}

#[test]
fn networks_that_weigh_places_keep_their_size_and_say_why() {
    let refused = |network: &str, preparation: Preparation| {
        let opening = Opening { preparation, weights: weights::Source::Synthetic(0), ..Opening::of(network) };
        match Model::open(&opening, &Device::Cpu, &Watch::default()) {
            Ok(_) => panic!("{network} opened"),
            Err(error) => error.to_string(),
        }
    };
    let none = Preparation::default;
    let said = refused("lenet5", Preparation { size: Some([40, 40]), ..none() });
    assert!(said.contains("lenet5 cannot run at 40x40") && said.contains("only 32x32 pixels fit"), "{said}");
    let said = refused("alexnet", Preparation { size: Some([224, 320]), ..none() });
    assert!(said.contains("alexnet cannot run at 224x320") && said.contains("classifier.1"), "{said}");
    let said = refused("zfnet", Preparation { whole: true, ..none() });
    assert!(said.contains("zfnet does not take whole pictures"), "{said}");
}
