//! Every method on every network; what methods cost; what they promise; and what they say when there is nothing to show.
#![allow(clippy::unwrap_used, clippy::panic)]

use candle_core::{Device, Tensor};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};
use std::time::Instant;
use striate::{
    Error, Result,
    engine::{Model, Opening},
    kernels::to_vec,
    methods::{
        Attribution, CAMS, Keep, METHODS, Method, ParameterKind, QUANTILES, Question, RANKINGS, Settings, Target,
        cam_layers, curves, find, find_cam, localise, randomised,
    },
    net::{Builder, Conv, Network, NodeId, Op, Rule, Tensors, Trace},
    picture::Picture,
    watch::Watch,
    weights,
    zoo::{self, Card, ZOO},
};

/// Few steps, samples and masks: what is tried is whether it runs.
fn quick(method: &Method) -> Settings {
    let mut settings = Settings::new();
    for parameter in method.parameters {
        let few = match parameter.name {
            "steps" | "samples" => 2.0,
            "masks" => 10.0,
            "patch" => 24.0,
            "stride" => 24.0,
            _ => continue,
        };
        assert!(matches!(parameter.kind, ParameterKind::Count { .. }), "{}", parameter.name);
        settings.set_number(parameter, few);
    }
    settings
}

fn network(card: &Card, size: usize, change: impl FnOnce(&mut Tensors)) -> Option<Arc<Network>> {
    let graph = (card.build)(size).ok()?;
    let mut tensors = weights::synthetic(&graph, 0).unwrap();
    change(&mut tensors);
    Some(Arc::new(Network::new(graph, tensors, "synthetic:0", &Device::Cpu).unwrap()))
}

/// A trace of synthetic weights on the smallest picture that a network takes.
fn smallest(card: &Card) -> Trace {
    let network =
        [32, 48, 64, 80, 96, 128, card.size()].into_iter().find_map(|size| network(card, size, |_| {})).unwrap();
    let [channels, height, width] = network.graph().input_shape();
    let picture = weights::picture(channels, height.max(width), 0).unwrap();
    network.forward(&picture, &Watch::default()).unwrap()
}

fn ask(method: &Method, trace: &Trace, target: Target, layers: &[NodeId]) -> Result<Attribution> {
    let (settings, watch) = (quick(method), Watch::default());
    method.ask(&Question { trace, target, layers, settings: &settings, watch: &watch })
}

/// An answer is finite and fits; or there is nothing to show, and a reason.
fn sound(what: &str, answer: Result<Attribution>) {
    match answer {
        Ok(answer) => {
            assert_eq!(answer.values.len(), answer.shape.iter().product::<usize>(), "{what}");
            assert!(answer.values.iter().all(|value| value.is_finite()), "{what}");
            assert!(answer.signed || answer.values.iter().all(|&value| value >= 0.0), "{what}: negative");
        }
        Err(Error::Failed(why)) if why.starts_with("nothing to show, because ") => println!("{what}: {why}"),
        // CAM proper is only for some networks and one layer of theirs.
        Err(Error::Usage(why)) if why.starts_with("CAM does not apply: ") => {}
        Err(error) => panic!("{what}: {error}"),
    }
}

/// All methods on one network: to the picture, and at every `nth` layer. Methods that run the network once a unit are
/// tried at the layer with the fewest only.
fn all_methods(card: &Card, nth: usize) {
    let trace = smallest(card);
    let graph = trace.network().graph();
    let class = Target::Class(1);
    for method in METHODS {
        sound(&format!("{} {}", card.name, method.name), ask(method, &trace, class, &[]));
    }
    let layers = cam_layers(graph, graph.scores());
    let narrow = *layers.iter().min_by_key(|&&layer| (graph.node(layer).extent()[0], usize::MAX - layer)).unwrap();
    for method in CAMS {
        let wanted = |&(index, &layer): &(usize, &NodeId)| match method.slow {
            true => layer == narrow,
            false => index % nth == 0 || index + 1 == layers.len(),
        };
        for (_, &layer) in layers.iter().enumerate().filter(wanted) {
            let name = &graph.node(layer).name;
            sound(&format!("{} {} {name}", card.name, method.name), ask(method, &trace, class, &[layer]));
        }
    }
    let last = *layers.last().unwrap();
    let saliency = find("saliency").unwrap();
    for target in [
        Target::Difference(0, 1),
        Target::Layer(last),
        Target::Unit { layer: last, unit: 0, keep: Keep::Strongest },
        Target::Unit { layer: last, unit: 0, keep: Keep::Map },
    ] {
        sound(&format!("{} {target:?}", card.name), ask(saliency, &trace, target, &[]));
    }
    for ranking in RANKINGS {
        let watch = Watch::default();
        let units = ranking.ask(&Question::new(&trace, class, &watch), narrow).unwrap();
        assert_eq!(units.len(), graph.node(narrow).extent()[0], "{}", ranking.name);
        assert!(units.is_sorted_by(|a, b| a.1 >= b.1), "{}", ranking.name);
    }
}

/// One network of each kind of graph; the test below takes all.
#[test]
fn all_methods_run_on_a_network_of_each_kind() {
    for (name, nth) in [
        ("photonet", 1),
        ("lenet5", 1),
        ("alexnet_2012", 4),
        ("resnet20", 16),
        ("squeezenet1_1", 12),
        ("mobilenet_v3_small", 40),
        ("shufflenet_v2_x0_5", 40),
        ("googlenet", 40),
    ] {
        all_methods(zoo::find(name).unwrap(), nth);
    }
}

#[test]
#[ignore = "takes an hour: every method on every network at every layer"]
fn all_methods_run_on_all_networks_at_all_layers() {
    for card in ZOO {
        println!("{}", card.name);
        all_methods(card, 1);
    }
}

fn photonet() -> (Arc<Model>, Trace) {
    let model = Arc::new(Model::open(&Opening::of("photonet"), &Device::Cpu, &Watch::default()).unwrap());
    let picture = Picture::from_source("sample:chelsea").unwrap();
    let input = model.preprocess.apply(&picture, &Device::Cpu).unwrap().tensor;
    let trace = model.network.forward(&input, &Watch::default()).unwrap();
    (model, trace)
}

fn best(trace: &Trace) -> usize {
    let scores = trace.scores().unwrap();
    (0..scores.len()).fold(0, |best, class| if scores[class] > scores[best] { class } else { best })
}

#[test]
fn one_walk_is_all_that_gradients_and_grad_cam_take() {
    let (_, trace) = photonet();
    let network = trace.network();
    // The forward pass of the trace itself.
    assert_eq!(network.passes(), [1, 0]);
    let class = Target::Class(best(&trace));
    for (name, methods) in [
        ("saliency", METHODS),
        ("gradient", METHODS),
        ("guided-backprop", METHODS),
        ("deconvnet", METHODS),
        ("grad-cam", CAMS),
    ] {
        let before = network.passes();
        let method = methods.iter().find(|method| method.name == name).unwrap();
        ask(method, &trace, class, &[]).unwrap();
        assert_eq!(network.passes(), [before[0], before[1] + 1], "{name}");
    }
    // Batches: 50 steps of integrated gradients in 2 passes (32 at most at once), and one for both ends.
    let before = network.passes();
    let watch = Watch::default();
    find("integrated-gradients").unwrap().ask(&Question::new(&trace, class, &watch)).unwrap();
    assert_eq!(network.passes(), [before[0] + 3, before[1] + 2]);
    // 50 noisy copies likewise.
    let before = network.passes();
    find("smoothgrad").unwrap().ask(&Question::new(&trace, class, &watch)).unwrap();
    assert_eq!(network.passes(), [before[0] + 2, before[1] + 2]);
}

#[test]
fn sums_are_what_methods_promise() {
    let (_, trace) = photonet();
    let watch = Watch::default();
    let question = Question::new(&trace, Target::Class(best(&trace)), &watch);
    for (name, most) in [("integrated-gradients", 0.02), ("deeplift", 1e-4)] {
        let check = find(name).unwrap().ask(&question).unwrap().check.unwrap();
        println!("{name}: sum {:.4}, promised {:.4}, error {:.1e}", check.sum, check.expected, check.error());
        assert!(check.error() < most, "{name}: {check:?}");
    }
    // LRP's biases keep their share, so its sum is near the score only where biases are small.
    let lrp = find("lrp").unwrap();
    for rule in ["rule=composite", "rule=epsilon", "rule=gamma", "rule=alpha-beta"] {
        let settings = Settings::parse(lrp.parameters, [rule]).unwrap();
        let check = lrp.ask(&Question { settings: &settings, ..question.of(&trace, &watch) }).unwrap().check.unwrap();
        println!("lrp {rule}: sum {:.4}, score {:.4}", check.sum, check.expected);
        assert!(check.sum.is_finite());
    }
    // Without biases nothing is lost.
    let network = network(zoo::find("photonet").unwrap(), 32, |tensors| {
        let biases: Vec<String> = tensors.keys().filter(|name| name.ends_with("bias")).cloned().collect();
        biases.iter().for_each(|name| drop(tensors.insert(name.clone(), tensors[name].zeros_like().unwrap())));
    });
    let trace = network.unwrap().forward(&weights::picture(3, 32, 0).unwrap(), &watch).unwrap();
    for rule in ["rule=composite", "rule=epsilon", "rule=gamma", "rule=alpha-beta"] {
        let settings = Settings::parse(lrp.parameters, [rule]).unwrap();
        let question = Question { settings: &settings, ..Question::new(&trace, Target::Class(best(&trace)), &watch) };
        let check = lrp.ask(&question).unwrap().check.unwrap();
        assert!(check.error() < 1e-2, "{rule}: {check:?}");
    }
    // CAM proper adds up to the score but for its bias: the mean of its map is the weighted mean of the features.
    let question = Question::new(&trace, Target::Class(best(&trace)), &watch);
    let off = Settings::parse(find_cam("cam").unwrap().parameters, ["relu=off"]).unwrap();
    let map = find_cam("cam").unwrap().ask(&Question { settings: &off, ..question }).unwrap().values;
    let mean = map.iter().sum::<f32>() / map.len() as f32;
    let score = trace.scores().unwrap()[best(&trace)];
    assert!((mean - score).abs() <= 1e-4 * score.abs(), "{mean} {score}");
}

#[test]
fn what_a_saliency_map_shows_depends_on_the_weights_and_the_curves_tell_good_from_bad() {
    let (_, trace) = photonet();
    let watch = Watch::default();
    let question = Question::new(&trace, Target::Class(best(&trace)), &watch);
    let steps = randomised(&question, find("saliency").unwrap(), 3).unwrap();
    println!("{steps:?}");
    assert_eq!(steps.len(), 3);
    assert!(steps[2].correlation.is_none_or(|correlation| correlation < 0.9));
    let occlusion = find("occlusion").unwrap().ask(&question).unwrap();
    let reversed = Attribution { values: occlusion.values.iter().map(|value| -value).collect(), ..occlusion.clone() };
    let (good, bad) = (curves(&question, &occlusion, 16).unwrap(), curves(&question, &reversed, 16).unwrap());
    println!(
        "deletion {} {}, insertion {} {}",
        good.deletion.area, bad.deletion.area, good.insertion.area, bad.insertion.area
    );
    assert!(good.deletion.area < bad.deletion.area && good.insertion.area > bad.insertion.area);
    assert_eq!((good.deletion.shares.len(), good.deletion.shares[16]), (17, 1.0));
    let saliency = find("saliency").unwrap().ask(&question).unwrap();
    let found = localise(&trace, &saliency, QUANTILES, &watch).unwrap();
    println!("object at {:?}", found.bounds);
    assert!(found.mask.contains(&true) && found.bounds[0] < found.bounds[2] && found.bounds[1] < found.bounds[3]);
}

#[test]
fn long_methods_report_progress_and_can_be_cancelled() {
    let (_, trace) = photonet();
    for name in ["occlusion", "rise", "integrated-gradients", "smoothgrad"] {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let calls = Arc::new(AtomicUsize::new(0));
        let (sink, count) = (Arc::clone(&seen), Arc::clone(&calls));
        let watch = Watch::reporting(move |fraction| {
            count.fetch_add(1, Ordering::Relaxed);
            sink.lock().unwrap().push(fraction);
        });
        let method = find(name).unwrap();
        let settings = quick(method);
        let target = Target::Class(best(&trace));
        method.ask(&Question { trace: &trace, target, layers: &[], settings: &settings, watch: &watch }).unwrap();
        let fractions = seen.lock().unwrap().clone();
        let forward = fractions.is_sorted() && fractions.iter().all(|f| (0.0..=1.0).contains(f));
        assert!(fractions.len() > 5 && forward, "{name}: {fractions:?}");
        watch.cancel();
        let cancelled =
            method.ask(&Question { trace: &trace, target, layers: &[], settings: &settings, watch: &watch });
        assert!(matches!(cancelled, Err(Error::Cancelled)), "{name}");
    }
}

fn refused(method: &Method, trace: &Trace, layers: &[NodeId], part: &str) {
    match ask(method, trace, Target::Class(0), layers) {
        Err(Error::Failed(why)) => {
            assert!(why.starts_with("nothing to show, because ") && why.contains(part), "{}: {why}", method.name);
        }
        Err(error) => panic!("{}: {error}", method.name),
        Ok(_) => panic!("{} shows something", method.name),
    }
}

#[test]
fn nothing_to_show_is_said_and_why() {
    let card = zoo::find("photonet").unwrap();
    let run = |picture: &Tensor, change: fn(&mut Tensors)| {
        network(card, 32, change).unwrap().forward(picture, &Watch::default()).unwrap()
    };
    let picture = weights::picture(3, 32, 0).unwrap();
    let flat = run(&picture.ones_like().unwrap(), |_| {});
    let dead = run(&picture, |tensors| {
        let bias = tensors["conv4.bias"].affine(0.0, -1e6).unwrap();
        tensors.insert("conv4.bias".into(), bias);
    });
    for method in METHODS.iter().chain(CAMS) {
        refused(method, &flat, &[], "flat colour");
    }
    for name in ["saliency", "gradient", "integrated-gradients", "occlusion", "deeplift"] {
        refused(find(name).unwrap(), &dead, &[], "layer relu4 is dead");
    }
    for method in CAMS.iter().filter(|method| method.name != "cam") {
        let layer = dead.network().graph().find("relu4").unwrap();
        refused(method, &dead, &[layer], "layer relu4 is dead");
    }
    // A class activation map of features.
    let fc = flat.network().graph().find("fc").unwrap();
    let trace = run(&picture, |_| {});
    let error = ask(&CAMS[0], &trace, Target::Class(0), &[fc]).unwrap_err().to_string();
    assert!(error.contains("single value") && error.contains("relu5"), "{error}");
}

#[test]
fn running_on_from_a_layer_is_running_the_whole() {
    let trace = smallest(zoo::find("resnet20").unwrap());
    let network = trace.network();
    let graph = network.graph();
    let scores = graph.scores();
    let whole = trace.scores().unwrap();
    for layer in (0..graph.nodes().len()).step_by(7).filter(|&layer| layer <= scores) {
        // Twice the layer's own output: a batch of two, each with the scores of the trace.
        let twice = Tensor::cat(&[trace.output(layer), trace.output(layer)], 0).unwrap();
        let again = network.forward_from(&trace, &[(layer, twice)], scores, &Watch::default()).unwrap();
        assert_eq!(again.dim(0).unwrap(), 2);
        for row in again.to_vec2::<f32>().unwrap() {
            let most = whole.iter().fold(0f32, |m, v| m.max(v.abs()));
            assert!(row.iter().zip(&whole).all(|(a, b)| (a - b).abs() <= 1e-5 * most), "{}", graph.node(layer).name);
        }
    }
    // From the picture to every layer, those inside a fused group too.
    for to in 1..graph.nodes().len() {
        let again = network.forward_from(&trace, &[(0, trace.output(0).clone())], to, &Watch::default()).unwrap();
        let (ours, whole) = (to_vec(&again).unwrap(), to_vec(trace.output(to)).unwrap());
        let most = whole.iter().fold(0f32, |m, v| m.max(v.abs()));
        assert!(ours.iter().zip(&whole).all(|(a, b)| (a - b).abs() <= 1e-5 * most), "{}", graph.node(to).name);
    }
    assert!(network.forward_from(&trace, &[(3, trace.output(0).clone())], scores, &Watch::default()).is_err());
    assert!(matches!(graph.node(0).op, Op::Input));
}

/// The same patches as whole pictures, run one by one.
#[test]
fn occlusion_is_how_much_the_score_falls() {
    let occlusion = find("occlusion").unwrap();
    for (name, size, patch, stride) in [("vgg11", 96, 13, 40), ("resnet20", 48, 5, 17), ("googlenet", 128, 9, 50)] {
        let network = network(zoo::find(name).unwrap(), size, |_| {}).unwrap();
        let picture = weights::picture(3, size, 0).unwrap();
        let watch = Watch::default();
        let trace = network.forward(&picture, &watch).unwrap();
        let class = best(&trace);
        let set = [format!("patch={patch}"), format!("stride={stride}")];
        let settings = Settings::parse(occlusion.parameters, set.iter().map(String::as_str)).unwrap();
        let question = Question { settings: &settings, ..Question::new(&trace, Target::Class(class), &watch) };
        let ours = occlusion.ask(&question).unwrap().values;
        let score = trace.scores().unwrap()[class];
        let values = trace.values(0).unwrap();
        // The patches at the corner, inside, and at the far border; none of them overlap here.
        for (row, column) in [(0, 0), (stride, stride), (size - 1, size - 1)] {
            let start = |at: usize| if at == size - 1 { (size - patch).div_ceil(stride) * stride } else { at };
            let (top, left) = (start(row), start(column));
            let covers = |i: usize| {
                let (y, x) = (i / size % size, i % size);
                (top..top + patch).contains(&y) && (left..left + patch).contains(&x)
            };
            if top >= size {
                continue;
            }
            let covered =
                values.iter().enumerate().map(|(i, &v)| if covers(i) { 0.0 } else { v }).collect::<Vec<f32>>();
            let covered = Tensor::from_vec(covered, picture.shape(), &Device::Cpu).unwrap();
            let whole = score - network.forward(&covered, &watch).unwrap().scores().unwrap()[class];
            let (d, most) = ((ours[top * size + left] - whole).abs(), score.abs());
            println!("{name} at ({top}, {left}): {whole}, difference {:.1e} of the score", d / most);
            assert!(d <= 1e-5 * most, "{name}: {} {whole}", ours[top * size + left]);
        }
    }
}

#[test]
#[ignore = "a minute: occlusion of vgg16 at its own size, how long it takes, its progress, and how soon it stops"]
fn occlusion_of_vgg16_takes() {
    let network = network(zoo::find("vgg16").unwrap(), 224, |_| {}).unwrap();
    let start = Instant::now();
    let trace = network.forward(&weights::picture(3, 224, 0).unwrap(), &Watch::default()).unwrap();
    println!("one forward pass: {:.2} s", start.elapsed().as_secs_f32());
    let occlusion = find("occlusion").unwrap();
    let settings = Settings::parse(occlusion.parameters, ["patch=32", "stride=16"]).unwrap();
    let ask = |watch: &Watch| {
        let target = Target::Class(0);
        occlusion.ask(&Question { settings: &settings, ..Question::new(&trace, target, watch) })
    };
    let seen = Arc::new(Mutex::new(vec![0f32]));
    let sink = Arc::clone(&seen);
    let start = Instant::now();
    ask(&Watch::reporting(move |fraction| sink.lock().unwrap().push(fraction))).unwrap();
    let seen = seen.lock().unwrap();
    let widest = seen.windows(2).map(|pair| pair[1] - pair[0]).fold(0f32, f32::max);
    println!(
        "169 patches: {:.1} s, {} reports, the widest step {widest:.3}",
        start.elapsed().as_secs_f32(),
        seen.len()
    );
    assert!(seen.is_sorted() && widest < 0.1 && *seen.last().unwrap() > 0.9);
    // Cancelled a fifth of the way, it stops before the next fiftieth.
    let cancelled: Arc<Mutex<Option<Instant>>> = Arc::default();
    let (when, slot) = (Arc::clone(&cancelled), Arc::new(Mutex::new(None::<Watch>)));
    let inner = Arc::clone(&slot);
    let watch = Watch::reporting(move |fraction| {
        if fraction > 0.2 && when.lock().unwrap().is_none() {
            *when.lock().unwrap() = Some(Instant::now());
            inner.lock().unwrap().as_ref().unwrap().cancel();
        }
    });
    *slot.lock().unwrap() = Some(watch.clone());
    assert!(matches!(ask(&watch), Err(Error::Cancelled)));
    let stopped = cancelled.lock().unwrap().unwrap().elapsed();
    println!("stopped {:.2} s after it was cancelled", stopped.as_secs_f32());
    assert!(stopped.as_secs_f32() < 5.0);
}

#[test]
fn class_activation_maps_are_read_before_the_classifier() {
    for (name, wanted) in [
        ("squeezenet1_0", "fire9"),
        ("squeezenet1_1", "fire9"),
        ("photonet", "relu5"),
        ("vgg16", "features.29"),
        ("resnet18", "layer4"),
        ("googlenet", "inception5b"),
        ("densenet121", "relu"),
        ("alexnet", "features.11"),
    ] {
        let card = zoo::find(name).unwrap();
        let graph = (card.build)(card.size()).unwrap();
        let found = graph.last_maps();
        let wanted = graph.find(wanted).unwrap();
        assert_eq!(graph.node(found).name, graph.node(wanted).name, "{name}");
    }
}

/// A network whose class map is rectified and averaged, as SqueezeNet's. The class filter has a positive centre in a
/// negative surround: of a signal that is the same everywhere nothing positive is left, of a single place there is.
fn surrounded(bias: f32) -> Arc<Network> {
    let mut net = Builder::new([1, 12, 12]);
    net.then("conv1", Op::Conv(Conv::new(1, 3).pad(1)));
    net.then("relu1", Op::Relu);
    net.then("conv2", Op::Conv(Conv::new(2, 3)));
    net.then("relu2", Op::Relu);
    net.then("avgpool", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("flatten", Op::Flatten);
    net.then("softmax", Op::Softmax);
    let tensor = |values: Vec<f32>, shape: &[usize]| Tensor::from_vec(values, shape, &Device::Cpu).unwrap();
    let mut centre = vec![-1.0; 9];
    centre[4] = 2.0;
    let tensors = Tensors::from([
        ("conv1.weight".to_owned(), tensor((0..9).map(|i| 0.1 + 0.05 * i as f32).collect(), &[1, 1, 3, 3])),
        ("conv1.bias".to_owned(), tensor(vec![0.0], &[1])),
        ("conv2.weight".to_owned(), tensor([centre, vec![0.1; 9]].concat(), &[2, 1, 3, 3])),
        ("conv2.bias".to_owned(), tensor(vec![bias, 0.0], &[2])),
    ]);
    Arc::new(Network::new(net.finish().unwrap(), tensors, "crafted", &Device::Cpu).unwrap())
}

#[test]
fn a_rule_that_lets_nothing_of_the_whole_target_pass_shows_its_strongest_place() {
    let network = surrounded(30.0);
    let picture = Tensor::from_vec(weights::uniform("picture", 144, 3), (1, 1, 12, 12), &Device::Cpu).unwrap();
    let trace = network.forward(&picture, &Watch::default()).unwrap();
    let seed = trace.seed(network.graph().scores(), [0, 0, 0], 1.0).unwrap();
    let whole = trace.reverse(network.graph().scores(), &seed, 0, &Rule::Deconvnet.into()).unwrap();
    let rest: f32 = whole.abs().unwrap().sum_all().unwrap().to_scalar().unwrap();
    // The corners and edges of the class map see less of the surround.
    assert!(rest == 0.0, "the example must let nothing pass: {rest}");
    let answer = ask(find("deconvnet").unwrap(), &trace, Target::Class(0), &[]).unwrap();
    assert!(answer.values.iter().any(|&value| value > 0.0));
    assert!(answer.note.unwrap().contains("strongest place"));
    // A target without a map has no place to begin at: the sentence says where the signal ends.
    let unit = Target::Unit { layer: network.graph().find("conv2").unwrap(), unit: 0, keep: Keep::Map };
    let shown = ask(find("deconvnet").unwrap(), &trace, unit, &[]);
    assert!(shown.is_ok() || shown.unwrap_err().to_string().contains("only positive signals pass"));
}

/// Relevance is conserved under every rule: the pixels, the biases and the stabilising term share the whole score.
#[test]
fn relevance_is_accounted_for_under_every_rule() {
    let (_, trace) = photonet();
    let class = best(&trace);
    let score = f64::from(trace.scores().unwrap()[class]);
    for set in [
        &["rule=composite"][..],
        &["rule=epsilon"],
        &["rule=epsilon", "epsilon=0.1"],
        &["rule=gamma"],
        &["rule=alpha-beta"],
        &["rule=composite", "convention=captum"],
    ] {
        let watch = Watch::default();
        let method = find("lrp").unwrap();
        let settings = Settings::parse(method.parameters, set.iter().copied()).unwrap();
        let question = Question { settings: &settings, ..Question::new(&trace, Target::Class(class), &watch) };
        let answer = method.ask(&question).unwrap();
        let check = answer.check.unwrap();
        println!("{set:?}: {:.4} of {score:.4}, {:.1e} off; {:?}", check.sum, check.error(), answer.note);
        assert!((check.sum - check.expected).abs() < 2e-3 * score.abs(), "{set:?}: {check:?}");
        assert!(answer.note.is_some() == ((score - check.expected).abs() > 1e-3 * score.abs()), "{set:?}");
    }
}

/// Gates, hard swish, hard sigmoid, SiLU, GELU, layer normalisation and layer scale. DeepLIFT is exact for a product, for
/// which the derivatives of picture and baseline meet halfway. LRP leaves a gate nothing: the maps have it all.
#[test]
fn later_operators_hand_on_what_came_in() {
    for name in ["mobilenet_v2", "mobilenet_v3_small", "efficientnet_b0", "shufflenet_v2_x0_5", "convnext_tiny"] {
        let network = network(zoo::find(name).unwrap(), 64, |_| {}).unwrap();
        let trace = network.forward(&weights::picture(3, 64, 0).unwrap(), &Watch::default()).unwrap();
        let watch = Watch::default();
        let question = Question::new(&trace, Target::Class(best(&trace)), &watch);
        let check = find("deeplift").unwrap().ask(&question).unwrap().check.unwrap();
        println!("{name} deeplift: sum {:.4}, promised {:.4}", check.sum, check.expected);
        // Normalisation by the picture's own statistics is no function of one value: there DeepLIFT is approximate.
        assert!(check.error() < 1e-3 || name == "convnext_tiny", "{name}: {check:?}");
        let lrp = find("lrp").unwrap();
        let settings = Settings::parse(lrp.parameters, ["rule=epsilon"]).unwrap();
        let answer = lrp.ask(&Question { settings: &settings, ..question.of(&trace, &watch) }).unwrap();
        let check = answer.check.unwrap();
        let score = f64::from(trace.scores().unwrap()[best(&trace)]);
        println!("{name} lrp: {:.4} of {score:.4}, {:.4} expected", check.sum, check.expected);
        // Sums of relevance near zero blow up between layers; then the promise is kept relative to what they reach.
        let largest = score.abs().max(check.expected.abs());
        assert!((check.sum - check.expected).abs() < 5e-3 * largest, "{name}: {check:?}");
    }
}

/// A fully connected layer on rows is a 1x1 convolution on maps, one row a place: every rule hands both the same.
#[test]
fn a_layer_on_rows_hands_on_as_a_convolution_on_maps() {
    let weight = |name: &str, shape: &[usize]| weights::made_up(name, shape, 3).unwrap();
    let network = |on_rows: bool| {
        let mut net = Builder::new([8, 2, 3]);
        if on_rows {
            net.then("turned", Op::Transpose { order: vec![1, 2, 0] });
            net.then("rows", Op::Reshape { shape: vec![6, 8] });
        }
        for (name, out) in [("first", 5), ("second", 4)] {
            let op = if on_rows { Op::Linear { out, bias: true } } else { Op::Conv(Conv::new(out, 1)) };
            net.then(name, op);
            net.then(format!("{name}.relu"), Op::Relu);
        }
        let mean = if on_rows { Op::Mean { axes: vec![0], keep: true } } else { Op::AdaptiveAvgPool { size: [1, 1] } };
        net.then("mean", mean);
        net.then("flatten", Op::Flatten);
        net.then("scores", Op::Linear { out: 3, bias: true });
        net.then("softmax", Op::Softmax);
        let sizes = [("first", 5, 8), ("second", 4, 5), ("scores", 3, 4)];
        let tensors = sizes.into_iter().flat_map(|(name, out, inputs)| {
            let (weight, bias) =
                (weight(&format!("{name}.weight"), &[out, inputs]), weight(&format!("{name}.bias"), &[out]));
            let shape = if on_rows || name == "scores" { vec![out, inputs] } else { vec![out, inputs, 1, 1] };
            [(format!("{name}.weight"), weight.reshape(shape).unwrap()), (format!("{name}.bias"), bias)]
        });
        Arc::new(Network::new(net.finish().unwrap(), tensors.collect(), "crafted", &Device::Cpu).unwrap())
    };
    let picture = Tensor::from_vec(weights::uniform("picture", 48, 5), (1, 8, 2, 3), &Device::Cpu).unwrap();
    let watch = Watch::default();
    let traces = [false, true].map(|rows| network(rows).forward(&picture, &watch).unwrap());
    let class = best(&traces[0]);
    // The composite gives fully connected layers another rule than convolutions.
    let rules = [&["rule=epsilon"][..], &["rule=gamma"], &["rule=alpha-beta"]];
    let asked = rules.map(|set| ("lrp", set)).into_iter().chain([("deeplift", &[][..]), ("gradient", &[])]);
    for (name, set) in asked {
        let method = find(name).unwrap();
        let settings = Settings::parse(method.parameters, set.iter().copied()).unwrap();
        let [maps, rows] = [&traces[0], &traces[1]].map(|trace| {
            let question = Question { settings: &settings, ..Question::new(trace, Target::Class(class), &watch) };
            method.ask(&question).unwrap().values
        });
        let largest = maps.iter().fold(0f32, |most, value| most.max(value.abs()));
        let apart = maps.iter().zip(&rows).fold(0f32, |worst, (a, b)| worst.max((a - b).abs()));
        println!("{name} {set:?}: {apart:e} of {largest}");
        assert!(largest > 0.0 && apart <= 1e-5 * largest, "{name} {set:?}: {maps:?} and {rows:?}");
    }
}
