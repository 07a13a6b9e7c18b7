//! Synthesis: every preset's first steps against PyTorch's (`make_synthesis.py` made the numbers), random transforms
//! against their published distribution, and a run that is paused, changed and rewound.
#![allow(clippy::unwrap_used)]

use candle_core::{Device, Tensor};
use std::sync::Arc;
use striate::{
    Error,
    methods::{Noise, Settings},
    net::{Builder, Conv, Network, Op},
    synthesis::{At, Canvas, Goal, Images, PARAMETERS, PRESETS, Recipe, Term, Warp, find},
    watch::Watch,
    weights, zoo,
};

const SIZE: usize = 32;
const CLASS: usize = 7;

fn numbers(file: &str) -> weights::File {
    let path = format!("{}/tests/data/synthesis/{file}.safetensors", env!("CARGO_MANIFEST_DIR"));
    weights::read_file(path.as_ref(), &Watch::default()).unwrap()
}

fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// photonet on made-up weights.
fn network(name: &str, size: usize) -> Arc<Network> {
    let graph = (zoo::find(name).unwrap().build)(size).unwrap();
    let tensors = weights::synthetic(&graph, 0).unwrap();
    Arc::new(Network::new(graph, tensors, "synthetic", &Device::Cpu).unwrap())
}

fn settings(preset: &str, over: &[&str]) -> Settings {
    let mut settings = find(preset).unwrap().settings().unwrap();
    for text in over {
        let (name, value) = text.split_once('=').unwrap();
        settings.set(PARAMETERS.iter().find(|parameter| parameter.name == name).unwrap(), value).unwrap();
    }
    settings
}

fn canvas(name: &str, goal: Goal, settings: Settings, picture: Option<Images>) -> Result<Canvas, Error> {
    let recipe = Recipe { terms: vec![Term { goal, weight: 1.0 }], settings, batch: 1, size: None, picture };
    Canvas::new(recipe, (zoo::find(name).unwrap().preprocess)().with_size(SIZE), network(name, SIZE))
}

/// Without anything drawn at random.
const STILL: [&str; 6] = ["start=picture", "jitter=0", "zoom=0", "rotate=0", "jitter-after=0", "octaves=1"];

#[test]
fn the_first_steps_of_every_preset_are_pytorchs() {
    let theirs = numbers("steps");
    let picture = Images::from_tensor(&theirs.tensors["PICTURE"]).unwrap();
    let net = network("photonet", SIZE);
    let layer = |name: &str| net.graph().find(name).unwrap();
    let mut worst = 0f32;
    for preset in PRESETS {
        let goal = match preset.name {
            "deepdream" => Goal::Layer(layer("relu4")),
            "mahendran" => {
                // Another picture is to be reached: the mirrored one.
                let input = picture.tensor(&Device::Cpu).unwrap().flip(&[3]).unwrap();
                let trace = net.forward(&input, &Watch::default()).unwrap();
                Goal::Match { layer: layer("relu3"), wanted: trace.values(layer("relu3")).unwrap().into() }
            }
            _ => Goal::Score(CLASS),
        };
        let mut over = STILL.to_vec();
        if preset.name == "simonyan" {
            // The numbers were made with a penalty of this weight, whatever the scores.
            over.extend(["penalties=plain", "l2=60"]);
        }
        let mut canvas = canvas("photonet", goal, settings(preset.name, &over), Some(picture.clone())).unwrap();
        let start = canvas.images();
        let mut kept = Vec::new();
        for _ in 0..10 {
            canvas.step(&Watch::default()).unwrap();
            kept.push(canvas.images());
        }
        let expected = values(&theirs.tensors[preset.name]);
        let (first, last) = expected.split_at(expected.len() / 2);
        let apart = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        for (step, expected) in [(1, first), (10, last)] {
            let change = apart(&start.values, expected);
            let share = apart(&kept[step - 1].values, expected) / change;
            println!("{:12} step {step:2}: largest change {change:.5}, apart by {share:.1e} of it", preset.name);
            worst = worst.max(share);
        }
        let wanted = values(&theirs.tensors[&format!("{}.values", preset.name)]);
        let ours: Vec<f32> = canvas.curve().iter().map(|measure| measure.value as f32).collect();
        let spread = apart(&wanted, &[wanted[0]; 10]);
        assert!(apart(&ours, &wanted) <= 1e-3 * spread.max(0.1), "{}: {ours:?} {wanted:?}", preset.name);
    }
    assert!(worst <= 1e-3, "{worst}");
}

#[test]
fn random_transforms_have_the_published_distribution() {
    let settings = settings("lucid", &[]);
    let theirs = numbers("transforms");
    let [picture, mean, deviation] = ["picture", "mean", "deviation"].map(|name| values(&theirs.tensors[name]));
    let draws = 20_000;
    let mut noise = Noise::new(1, 0);
    let (mut sums, mut squares) = (vec![0f64; picture.len()], vec![0f64; picture.len()]);
    // How often each move before and after, each scale and each angle is drawn.
    let mut counts = [vec![0f64; 9], vec![0f64; 5], vec![0f64; 11], vec![0f64; 21]];
    for _ in 0..draws {
        let warp = Warp::draw(&settings, &mut noise);
        counts[0][(warp.before[0] + 4) as usize] += 1.0;
        counts[1][(warp.after[1] + 2) as usize] += 1.0;
        counts[2][((warp.scale - 0.9) * 50.0).round() as usize] += 1.0;
        counts[3][(warp.angle + 10.0).round() as usize] += 1.0;
        for (at, value) in warp.apply(&picture, [24, 24]).into_iter().enumerate() {
            sums[at] += f64::from(value);
            squares[at] += f64::from(value).powi(2);
        }
    }
    for count in &counts {
        // Angles: 26 lots, of which six are none.
        let lots = if count.len() == 21 { 26.0 } else { count.len() as f64 };
        for (value, &found) in count.iter().enumerate() {
            let share = if count.len() == 21 && value == 10 { 6.0 / 26.0 } else { 1.0 / lots };
            let sigma = (share * (1.0 - share) * f64::from(draws)).sqrt();
            assert!((found - share * f64::from(draws)).abs() < 4.5 * sigma, "{value} of {count:?}");
        }
    }
    // Against lucid's chain of crops and two interpolations; ours interpolates once.
    let n = f64::from(draws);
    let mut worst = [0f64; 2];
    for at in 0..picture.len() {
        let ours = sums[at] / n;
        let spread = (squares[at] / n - ours * ours).max(0.0).sqrt();
        worst[0] = worst[0].max((ours - f64::from(mean[at])).abs());
        worst[1] = worst[1].max((spread - f64::from(deviation[at])).abs());
    }
    println!("apart by {worst:?} where the picture spans -2 to 2");
    assert!(worst[0] < 0.05 && worst[1] < 0.05, "{worst:?}");
}

#[test]
fn a_run_can_be_paused_changed_and_rewound() {
    let watch = Watch::default();
    let make =
        || canvas("photonet", Goal::Score(CLASS), settings("striate", &["steps=20", "octaves=2"]), None).unwrap();
    let mut straight = make();
    straight.finish(&watch, |_, _| Ok(())).unwrap();
    let mut winding = make();
    for _ in 0..14 {
        winding.step(&watch).unwrap();
    }
    // Back into the first octave, whose pictures are smaller, and on again.
    assert_eq!(winding.kept(), [0, 4, 8, 12]);
    assert_eq!((winding.rewind(7).unwrap(), winding.curve().len()), (4, 4));
    assert_eq!(winding.images().size(), [23, 23]);
    winding.finish(&watch, |_, _| Ok(())).unwrap();
    assert_eq!(winding.images(), straight.images(), "the same seed gives the same bits");
    assert_eq!(winding.curve(), straight.curve());
    assert_eq!(straight.images().size(), [SIZE; 2]);
    let mut other = canvas("photonet", Goal::Score(CLASS), settings("striate", &["steps=20", "seed=1"]), None).unwrap();
    other.finish(&watch, |_, _| Ok(())).unwrap();
    assert_ne!(other.images(), straight.images());
    // The settings may change in mid-run: the picture stays.
    winding.rewind(16).unwrap();
    let before = winding.images();
    winding.change(settings("simonyan", &["steps=20"])).unwrap();
    let apart = winding.images().values.iter().zip(&before.values).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(apart < 1e-3, "{apart}");
    assert!(winding.step(&watch).is_ok());
    // Cancelled it stays as it is.
    let before = winding.images();
    let cancelled = Watch::default();
    cancelled.cancel();
    assert!(matches!(winding.step(&cancelled), Err(Error::Cancelled)));
    assert_eq!(winding.images(), before);
}

#[test]
fn a_run_may_end_with_its_best_picture() {
    let watch = Watch::default();
    let run = |result: &str| {
        // Steps so long that what they find swings.
        let settings = settings("yosinski-2", &["steps=12", "rate=60", "start=noise", &format!("result={result}")]);
        let mut canvas = canvas("photonet", Goal::Score(CLASS), settings, None).unwrap();
        canvas.finish(&watch, |_, _| Ok(())).unwrap();
        canvas
    };
    let (best, last) = (run("best"), run("last"));
    assert_eq!(best.curve(), last.curve());
    // The first quarter of the run does not count.
    let late = &best.curve()[3..];
    let likeliest = late.iter().filter_map(|measure| measure.probability).fold(0f32, f32::max);
    let worth = |canvas: &Canvas| canvas.assess(&watch).unwrap()[0].probability.unwrap();
    assert_eq!(worth(&best), likeliest);
    assert!(worth(&last) < likeliest, "{} and {likeliest}", worth(&last));
}

#[test]
fn goals_compose_and_pictures_of_a_batch_differ() {
    let watch = Watch::default();
    let net = network("photonet", SIZE);
    let layer = net.graph().find("conv2").unwrap();
    let unit = |unit, at| Goal::Unit { layer, unit, at };
    let run = |diversity: f32| {
        let mut terms = vec![
            Term { goal: unit(3, At::Mean), weight: 1.0 },
            Term { goal: unit(5, At::Centre), weight: -0.5 },
            Term { goal: Goal::Diversity(layer), weight: diversity },
        ];
        terms.truncate(if diversity > 0.0 { 3 } else { 2 });
        let recipe = Recipe { terms, settings: settings("lucid", &["steps=30"]), batch: 3, size: None, picture: None };
        let space = (zoo::find("photonet").unwrap().preprocess)().with_size(SIZE);
        let mut canvas = Canvas::new(recipe, space, Arc::clone(&net)).unwrap();
        canvas.finish(&watch, |_, _| Ok(())).unwrap();
        let trace = net.forward(&canvas.images().tensor(&Device::Cpu).unwrap(), &watch).unwrap();
        let maps = trace.output(layer).flatten_from(2).unwrap();
        let gram = maps.matmul(&maps.t().unwrap().contiguous().unwrap()).unwrap().flatten_from(1).unwrap();
        let gram = gram.broadcast_div(&gram.sqr().unwrap().sum_keepdim(1).unwrap().sqrt().unwrap()).unwrap();
        let alike = values(&gram.matmul(&gram.t().unwrap()).unwrap());
        let strength = maps.get(0).unwrap().get(3).unwrap().mean_all().unwrap().to_scalar::<f32>().unwrap();
        ((alike[1] + alike[2] + alike[5]) / 3.0, strength)
    };
    let (alike, strength) = run(0.0);
    let (unlike, _) = run(20.0);
    println!("unit 3 reaches {strength}, alike {alike}, with diversity {unlike}");
    assert!(strength > 1.0 && unlike < alike - 0.02);
}

#[test]
fn a_unit_that_is_silent_at_the_start_wakes_up() {
    let layer = network("photonet", SIZE).graph().find("relu1").unwrap();
    let mut woken = 0;
    for unit in 0..12 {
        let goal = Goal::Unit { layer, unit, at: At::Mean };
        let mut canvas = canvas("photonet", goal, settings("lucid", &["steps=20"]), None).unwrap();
        canvas.finish(&Watch::default(), |_, _| Ok(())).unwrap();
        let curve: Vec<f64> = canvas.curve().iter().map(|measure| measure.value).collect();
        assert!(curve[19] > 0.0, "unit {unit}: {curve:?}");
        woken += usize::from(curve[0] == 0.0);
    }
    assert!(woken > 0, "no unit was silent");
}

#[test]
fn networks_of_one_channel_and_of_one_size() {
    let mut digit = {
        let recipe = Recipe {
            terms: vec![Term { goal: Goal::LogProbability(3), weight: 1.0 }],
            settings: settings("lucid", &["steps=5"]),
            batch: 1,
            size: None,
            picture: None,
        };
        Canvas::new(recipe, (zoo::find("lenet5").unwrap().preprocess)(), network("lenet5", 32)).unwrap()
    };
    digit.finish(&Watch::default(), |_, _| Ok(())).unwrap();
    assert_eq!(digit.images().dims, [1, 1, 32, 32]);
    assert!(digit.curve()[4].value > digit.curve()[0].value && digit.curve()[0].probability.is_some());
}

#[test]
fn what_cannot_be_is_said_in_a_sentence() {
    let said = |goal, over: &[&str], picture| match canvas("photonet", goal, settings("simonyan", over), picture) {
        Ok(mut canvas) => canvas.step(&Watch::default()).unwrap_err().to_string(),
        Err(error) => error.to_string(),
    };
    let layer = network("photonet", SIZE).graph().find("relu5").unwrap();
    assert!(said(Goal::Score(200), &[], None).contains("classes 0 to 199, not 200"));
    assert!(said(Goal::Unit { layer, unit: 512, at: At::Mean }, &[], None).contains("units 0 to 511"));
    assert!(said(Goal::Unit { layer, unit: 0, at: At::Position(9, 0) }, &[], None).contains("maps of 4x4"));
    assert!(said(Goal::Diversity(layer), &[], None).contains("batch"));
    assert!(said(Goal::Direction { layer, direction: [1.0].into() }, &[], None).contains("512 units"));
    assert!(said(Goal::Score(0), &["start=picture"], None).contains("needs a picture"));
    let grey = Images::zeros([1, 1, 32, 32]);
    assert!(said(Goal::Score(0), &["start=picture"], Some(grey)).contains("[1, 1, 32, 32]"));
    let net = network("lenet5", 32);
    let terms = vec![Term { goal: Goal::Score(0), weight: 1.0 }];
    let recipe = |over: &[&str]| Recipe {
        terms: terms.clone(),
        settings: settings("lucid", over),
        batch: 1,
        size: None,
        picture: None,
    };
    let space = (zoo::find("lenet5").unwrap().preprocess)();
    let refused = Canvas::new(recipe(&["octaves=3"]), space, net).err().unwrap().to_string();
    assert!(refused.contains("octaves=1"), "{refused}");
    let go = zoo::find("policy_192").or_else(|_| zoo::find("alphago_policy_192")).unwrap();
    let refused = Canvas::new(recipe(&[]), (go.preprocess)(), network(go.name, 19)).err().unwrap().to_string();
    assert!(refused.contains("no picture can be made"), "{refused}");
}

/// A fully convolutional classifier whose class map is rectified, then averaged, as SqueezeNet's; `bias` is that of
/// class 0 before the rectifier.
fn class_map(bias: f32, scale: f64) -> Arc<Network> {
    let mut net = Builder::new([3, SIZE, SIZE]);
    net.then("conv1", Op::Conv(Conv::new(8, 5).stride(2)));
    net.then("relu1", Op::Relu);
    net.then("conv2", Op::Conv(Conv::new(3, 3)));
    net.then("relu2", Op::Relu);
    net.then("avgpool", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("flatten", Op::Flatten);
    net.then("softmax", Op::Softmax);
    let graph = net.finish().unwrap();
    let mut tensors = weights::synthetic(&graph, 0).unwrap();
    tensors.insert("conv2.bias".into(), Tensor::new(&[bias, 0.5, 0.5], &Device::Cpu).unwrap());
    for name in ["conv2.weight", "conv2.bias"] {
        let scaled = (&tensors[name] * scale).unwrap();
        tensors.insert(name.into(), scaled);
    }
    Arc::new(Network::new(graph, tensors, "crafted", &Device::Cpu).unwrap())
}

fn run_on(network: Arc<Network>, goal: Goal, settings: Settings) -> Result<Canvas, Error> {
    let recipe = Recipe { terms: vec![Term { goal, weight: 1.0 }], settings, batch: 1, size: None, picture: None };
    let mut canvas = Canvas::new(recipe, (zoo::find("photonet").unwrap().preprocess)().with_size(SIZE), network)?;
    canvas.finish(&Watch::default(), |_, _| Ok(()))?;
    Ok(canvas)
}

#[test]
fn a_class_whose_map_is_dead_at_the_start_is_climbed_before_its_rectifier() {
    for (preset, steps) in [("striate", 60), ("simonyan", 150), ("yosinski-3", 150)] {
        for goal in [Goal::Score(0), Goal::LogProbability(0)] {
            let dead = class_map(-0.3, 1.0);
            let canvas = run_on(dead, goal.clone(), settings(preset, &[&format!("steps={steps}")])).unwrap();
            let [measure, _] = canvas.assess(&Watch::default()).unwrap();
            let first = canvas.curve()[0];
            println!("{preset} {goal:?}: {first:?} to {measure:?}");
            assert!(measure.probability > first.probability, "{preset} {goal:?}: {first:?} {measure:?}");
            if goal == Goal::Score(0) {
                assert!(first.value == 0.0 && measure.value > 0.0, "{preset}: {first:?} {measure:?}");
            }
        }
    }
}

/// The weights of published penalties are for one network's scores; relative ones make the same picture whatever the
/// scores' size.
#[test]
fn simonyans_penalty_is_scaled_to_the_networks_scores() {
    let made = |scale| {
        let canvas = run_on(class_map(0.1, scale), Goal::Score(0), settings("simonyan", &["steps=40"])).unwrap();
        canvas.images().values
    };
    let (usual, small) = (made(1.0), made(1e-3));
    let largest = usual.iter().fold(0f32, |m, v| m.max(v.abs()));
    let apart = usual.iter().zip(&small).fold(0f32, |m, (a, b)| m.max((a - b).abs())) / largest;
    assert!(largest > 0.5 && apart < 1e-2, "{largest} {apart}");
}

#[test]
fn inversion_grows_through_octaves() {
    let net = network("photonet", SIZE);
    let layer = net.graph().find("relu2").unwrap();
    let picture = weights::picture(3, SIZE, 0).unwrap();
    let wanted = net.forward(&picture, &Watch::default()).unwrap().values(layer).unwrap();
    let goal = Goal::Match { layer, wanted: wanted.into() };
    let picture = Images::from_tensor(&picture).unwrap();
    for over in [&["octaves=3", "steps=60", "start=mean"][..], &["steps=8"]] {
        let preset = if over.len() == 1 { "deepdream" } else { "mahendran" };
        let mut canvas = canvas("photonet", goal.clone(), settings(preset, over), Some(picture.clone())).unwrap();
        canvas.finish(&Watch::default(), |_, _| Ok(())).unwrap();
        assert_eq!(canvas.images().size(), [SIZE, SIZE]);
        let [first, last] = [canvas.curve()[0].value, canvas.assess(&Watch::default()).unwrap()[0].value];
        println!("{preset}: {first} to {last}");
        assert!(over.len() == 1 || last > first, "{first} {last}");
    }
    // A position on a map moves with the map's size.
    let unit = Goal::Unit { layer, unit: 3, at: At::Position(SIZE / 4 - 1, 0) };
    let few = canvas("photonet", unit.clone(), settings("lucid", &["octaves=4", "steps=3"]), None).err().unwrap();
    assert!(few.to_string().contains("3 steps do not reach the last of 4 octaves"), "{few}");
    let mut canvas = canvas("photonet", unit, settings("lucid", &["octaves=2", "steps=4"]), None).unwrap();
    canvas.finish(&Watch::default(), |_, _| Ok(())).unwrap();
}
