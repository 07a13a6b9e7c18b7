//! Every attribution against captum's or pytorch-grad-cam's numbers on synthetic weights (`make_attribution.py` made
//! them): largest difference over largest magnitude, in a table for each network.
#![allow(clippy::unwrap_used, clippy::panic)]

use candle_core::{DType, Device, Tensor};
use std::{path::PathBuf, sync::Arc};
use striate::{
    methods::{Attribution, CAMS, Keep, METHODS, Method, Question, Settings, Target},
    net::{Network, NodeId, Tensors, Trace},
    watch::Watch,
    weights, zoo,
};

/// Largest difference over largest magnitude that float32 sums in another order may reach.
const TOLERANCE: f32 = 5e-4;
/// Methods that are compared in float64, because two correct programs differ in float32. A rounding error decides which
/// rectifiers are open at the many points of integrated gradients and SmoothGrad. It decides how large a share is
/// behind captum's sign-splitting rules, which divide by sums that may come out near zero.
const EXACT: &[&str] =
    &["integrated-gradients", "smoothgrad", "smoothgrad-squared", "vargrad", "lrp-gamma", "lrp-alpha1-beta0"];
/// As in make_attribution.py.
const SIZE: usize = 96;
const BLOCK: usize = 8;
const EVERY: usize = 61;

struct Reference {
    file: weights::File,
    trace: Trace,
    /// The same in float64.
    exact: Trace,
    class: usize,
    other: usize,
    layers: Vec<NodeId>,
    rows: Vec<(String, f32)>,
}

/// Largest difference over `largest`.
fn difference(ours: &[f32], theirs: &[f32], largest: f32) -> f32 {
    assert_eq!(ours.len(), theirs.len());
    ours.iter()
        .zip(theirs)
        .fold(0f32, |m, (a, b)| if (a - b).is_finite() { m.max((a - b).abs()) } else { f32::INFINITY })
        / largest
}

fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0f32, |m, v| m.max(v.abs()))
}

/// Means of blocks, plane by plane.
fn blocks(values: &[f32]) -> Vec<f32> {
    let side = SIZE / BLOCK;
    let mut sums = vec![0f64; values.len() / (BLOCK * BLOCK)];
    for (index, &value) in values.iter().enumerate() {
        let (plane, row, column) = (index / (SIZE * SIZE), index / SIZE % SIZE, index % SIZE);
        sums[(plane * side + row / BLOCK) * side + column / BLOCK] += f64::from(value);
    }
    sums.into_iter().map(|sum| (sum / (BLOCK * BLOCK) as f64) as f32).collect()
}

impl Reference {
    fn open(name: &str) -> Option<Self> {
        let Ok(card) = zoo::find(name) else {
            println!("SKIPPED: there is no {name} yet");
            return None;
        };
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/attribution/{name}.safetensors"));
        let file = weights::read_file(&path, &Watch::default()).unwrap();
        let graph = (card.build)(SIZE).unwrap();
        let tensors = weights::synthetic(&graph, 0).unwrap();
        let doubles = |(name, tensor): (&String, &Tensor)| (name.clone(), tensor.to_dtype(DType::F64).unwrap());
        let tensors64: Tensors = tensors.iter().map(doubles).collect();
        let picture = weights::picture(3, SIZE, 0).unwrap();
        let run = |tensors: Tensors, picture: &Tensor| {
            let network = Arc::new(Network::new(graph.clone(), tensors, "synthetic:0", &Device::Cpu).unwrap());
            network.forward(picture, &Watch::default()).unwrap()
        };
        let (trace, exact) = (run(tensors, &picture), run(tensors64, &picture.to_dtype(DType::F64).unwrap()));
        let number = |key: &str| file.metadata[key].parse().unwrap();
        let (class, other) = (number("class"), number("other"));
        let names: Vec<String> = serde_json::from_str(&file.metadata["layers"]).unwrap();
        let layers = names.iter().map(|name| graph.find(name).unwrap()).collect();
        let mut reference = Reference { file, trace, exact, class, other, layers, rows: Vec::new() };
        let scores = reference.trace.scores().unwrap();
        let theirs = reference.values("logits");
        reference.row("logits", difference(&scores, &theirs, largest(&theirs)));
        Some(reference)
    }

    fn values(&self, key: &str) -> Vec<f32> {
        striate::kernels::to_vec(&self.file.tensors[key]).unwrap()
    }

    fn row(&mut self, what: &str, d: f32) {
        self.rows.push((what.to_owned(), d));
    }

    fn ask(&self, exact: bool, method: &Method, target: Target, layers: &[NodeId], set: &[&str]) -> Attribution {
        let settings = Settings::parse(method.parameters, set.iter().copied()).unwrap();
        let watch = Watch::default();
        let trace = if exact { &self.exact } else { &self.trace };
        let question = Question { trace, target, layers, settings: &settings, watch: &watch };
        (method.run)(&question).unwrap_or_else(|error| panic!("{}: {error}", method.name))
    }

    /// Compares an attribution to pixels.
    fn pixels(&mut self, key: &str, method: &str, target: Target, layers: &[NodeId], set: &[&str]) -> Attribution {
        let method = METHODS.iter().chain(CAMS).find(|m| m.name == method).unwrap();
        let mut ours = self.ask(EXACT.contains(&key), method, target, layers, set);
        if layers.len() > 1 {
            // pytorch-grad-cam stretches the mean of several layers to 0..1 once more.
            let low = ours.values.iter().copied().fold(f32::INFINITY, f32::min);
            let high = ours.values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            ours.values.iter_mut().for_each(|value| *value = (*value - low) / (high - low));
        }
        let sizes = self.values(&format!("{key}.largest"));
        let samples: Vec<f32> = ours.values.iter().step_by(EVERY).copied().collect();
        let one = difference(&samples, &self.values(&format!("{key}.samples")), sizes[0]);
        let all = difference(&blocks(&ours.values), &self.values(&format!("{key}.blocks")), sizes[1]);
        self.row(key, one.max(all));
        ours
    }

    /// Compares a heatmap of one layer. `signed` says that the sign is the method's own choice, not the reference's.
    fn cam(&mut self, method: &str, place: &str, layer: NodeId, signed: bool) {
        let method = CAMS.iter().find(|m| m.name == method).unwrap();
        let mut set = vec!["relu=off"];
        if method.parameters.iter().any(|parameter| parameter.name == "convention") {
            set.push("convention=grad-cam");
        }
        let ours = self.ask(false, method, Target::Class(self.class), &[layer], &set).values;
        let key = format!("{}.{place}", method.name);
        let theirs = self.values(&key);
        let mirrored: Vec<f32> = theirs.iter().map(|value| -value).collect();
        let mut d = difference(&ours, &theirs, largest(&theirs));
        if signed {
            d = d.min(difference(&ours, &mirrored, largest(&theirs)));
        }
        self.row(&key, d);
    }

    fn table(&self, name: &str) {
        println!("{name} at {SIZE}x{SIZE}");
        for (what, d) in &self.rows {
            let exact = if EXACT.contains(&what.as_str()) { "  (float64)" } else { "" };
            println!("    {what:28} {d:8.1e}{exact}{}", if *d <= TOLERANCE { "" } else { "  TOO LARGE" });
        }
        let bad: Vec<&str> =
            self.rows.iter().filter(|(_, d)| d.is_nan() || *d > TOLERANCE).map(|(what, _)| what.as_str()).collect();
        assert!(bad.is_empty(), "{name}: {bad:?}");
    }
}

fn agrees(name: &str) {
    let Some(mut it) = Reference::open(name) else { return };
    let class = Target::Class(it.class);
    it.pixels("gradient", "gradient", class, &[], &[]);
    it.pixels("difference", "gradient", Target::Difference(it.class, it.other), &[], &[]);
    // In googlenet a layer that is a module for captum.
    let layer = if name == "googlenet" { it.trace.network().graph().find("maxpool3").unwrap() } else { it.layers[0] };
    let unit = it.file.metadata["unit"].parse().unwrap();
    it.pixels("unit", "gradient", Target::Unit { layer, unit, keep: Keep::At(1, 2) }, &[], &[]);
    it.pixels("guided-backprop", "guided-backprop", class, &[], &[]);
    it.pixels("deconvnet", "deconvnet", class, &[], &[]);
    it.pixels("gradient-x-input", "gradient-x-input", class, &[], &["colours=separate"]);
    let ig = it.pixels("integrated-gradients", "integrated-gradients", class, &[], &["steps=16", "colours=separate"]);
    println!("integrated gradients: {:?}, relative error {:.1e}", ig.check, ig.check.unwrap().error());
    for key in ["smoothgrad", "smoothgrad-squared", "vargrad"] {
        it.pixels(key, key, class, &[], &["samples=6"]);
    }
    it.pixels("occlusion", "occlusion", class, &[], &["patch=32", "stride=16"]);
    let deeplift = it.pixels("deeplift", "deeplift", class, &[], &["colours=separate"]);
    println!("deeplift: {:?}, relative error {:.1e}", deeplift.check, deeplift.check.unwrap().error());
    it.pixels("deeplift-captum", "deeplift", class, &[], &["pool=captum", "colours=separate"]);
    let captum = ["convention=captum", "epsilon=1e-9", "colours=separate"];
    for (key, rule) in
        [("lrp-epsilon", "rule=epsilon"), ("lrp-gamma", "rule=gamma"), ("lrp-alpha1-beta0", "rule=alpha-beta")]
    {
        it.pixels(key, "lrp", class, &[], &[&captum[..], &[rule]].concat());
    }
    let [inner, last, few, rectified] = it.layers[..] else { panic!("four layers were expected") };
    it.pixels("guided-grad-cam", "guided-grad-cam", class, &[last], &["stretch=captum"]);
    for (place, layer) in [("inner", inner), ("last", last)] {
        it.cam("grad-cam", place, layer, false);
        let ours = it.ask(false, &CAMS[0], class, &[layer], &["relu=off"]).values;
        let theirs = it.values(&format!("captum-grad-cam.{place}"));
        it.row(&format!("captum-grad-cam.{place}"), difference(&ours, &theirs, largest(&theirs)));
        for method in ["grad-cam++", "xgrad-cam", "hires-cam", "layer-cam"] {
            it.cam(method, place, layer, false);
        }
        for method in ["eigen-cam", "eigen-grad-cam"] {
            it.cam(method, place, layer, true);
        }
    }
    it.cam("score-cam", "few", few, false);
    it.cam("ablation-cam", "rectified", rectified, false);
    it.pixels("grad-cam-mean", "grad-cam", class, &[inner, last], &[]);
    it.table(name);
}

#[test]
#[ignore = "up to a minute: cargo test --test attribution -- --ignored --nocapture"]
fn alexnet_agrees() {
    agrees("alexnet");
}

#[test]
#[ignore = "up to a minute: cargo test --test attribution -- --ignored --nocapture"]
fn vgg16_agrees() {
    agrees("vgg16");
}

/// The quickest that has branches, overlapping pools and batch normalisation.
#[test]
fn googlenet_agrees() {
    agrees("googlenet");
}

#[test]
#[ignore = "up to a minute: cargo test --test attribution -- --ignored --nocapture"]
fn resnet50_agrees() {
    agrees("resnet50");
}

#[test]
#[ignore = "up to a minute: cargo test --test attribution -- --ignored --nocapture"]
fn densenet121_agrees() {
    agrees("densenet121");
}

#[test]
#[ignore = "up to a minute: cargo test --test attribution -- --ignored --nocapture"]
fn resnet18_agrees() {
    agrees("resnet18");
}
