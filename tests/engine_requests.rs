//! The engine under requests in any order: no defect, no lost synthesis, and it always comes to rest.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use striate::{
    engine::{
        AnyInquiry, AttributionInquiry, Change, ComparisonInquiry, Control, DeviceChoice, Engine, Event,
        InvarianceInquiry, Model, Opening, PictureSource, ProjectionInquiry, RankingInquiry, Request, Run,
    },
    methods::{Keep, METHODS, Settings, Target},
    picture::Alteration,
    synthesis::{Canvas, Goal, PARAMETERS, PRESETS, Recipe, Term, find},
    watch::Watch,
};

fn settings(preset: &str, steps: usize) -> Settings {
    let mut settings = find(preset).unwrap().settings().unwrap();
    let parameter = PARAMETERS.iter().find(|parameter| parameter.name == "steps").unwrap();
    settings.set(parameter, &steps.to_string()).unwrap();
    let start = PARAMETERS.iter().find(|parameter| parameter.name == "start").unwrap();
    settings.set(start, "noise").unwrap();
    settings
}

fn recipe(preset: &str, steps: usize) -> Recipe {
    let terms = vec![Term { goal: Goal::Score(3), weight: 1.0 }];
    Recipe { terms, settings: settings(preset, steps), batch: 1, size: None, picture: None }
}

fn model(name: &str) -> Arc<Model> {
    let device = DeviceChoice::Cpu.open().unwrap();
    Arc::new(Model::open(&Opening::of(name), &device, &Watch::default()).unwrap())
}

/// Rewinding and saving read every kept state as it was kept, whatever preset is chosen in between.
#[test]
fn kept_states_outlive_a_change_of_preset() {
    let (model, watch) = (model("photonet"), Watch::default());
    for first in ["yosinski-3", "striate", "deepdream"] {
        for second in PRESETS.iter().map(|preset| preset.name) {
            let mut canvas =
                Canvas::new(recipe(first, 40), model.preprocess.clone(), Arc::clone(&model.network)).unwrap();
            (0..5).for_each(|_| assert!(canvas.step(&watch).is_ok()));
            let before: Vec<_> = (0..canvas.frames().count()).map(|at| canvas.frames().picture(at).unwrap()).collect();
            canvas.change(settings(second, 40)).unwrap();
            (0..4).for_each(|_| assert!(canvas.step(&watch).is_ok(), "{first}, then {second}"));
            let frames = canvas.frames();
            for (at, (step, picture)) in before.iter().enumerate() {
                assert_eq!(frames.picture(at).unwrap(), (*step, picture.clone()), "{first}, then {second}");
            }
            // Back before the change, and on from there under the second preset.
            assert_eq!(canvas.rewind(5).unwrap(), 4, "{first}, then {second}");
            (0..2).for_each(|_| assert!(canvas.step(&watch).is_ok(), "{first}, then {second}, rewound"));
            assert_eq!(canvas.step_number(), 6);
        }
    }
}

/// A cancel that arrives while a synthesis starts pauses it all the same.
#[test]
fn a_cancel_during_the_start_of_a_synthesis_is_not_lost() {
    let model = model("photonet");
    for delay in 0..24 {
        let engine = Engine::start(DeviceChoice::Cpu, || {}).unwrap();
        engine.control(Control::Start(Arc::clone(&model), Box::new(recipe("striate", 100_000))));
        thread::sleep(Duration::from_millis(delay / 2));
        engine.cancel();
        let start = Instant::now();
        while !engine.is_idle() {
            assert!(start.elapsed() < Duration::from_secs(20), "the synthesis goes on after a cancel at {delay}");
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(Duration::from_millis(20));
        assert!(engine.is_idle(), "the synthesis goes on after a cancel at {delay}");
    }
}

/// Numbers of a linear congruential generator: the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

fn question(random: &mut Random, run: &Arc<Run>, other: &Arc<Run>) -> AnyInquiry {
    let run = Arc::clone(run);
    let layer = random.below(run.layers.len());
    // Not always one that exists: a question from a settings file may be about another network.
    let (unit, class) = (random.below(run.layers[layer].shape[0] + 1), random.below(run.scores.len() + 1));
    match random.below(5) {
        0 => {
            let quick: Vec<_> = METHODS.iter().filter(|method| !method.slow).collect();
            let (method, target) = (quick[random.below(quick.len())], Target::Class(class));
            AttributionInquiry { run, method, target, layer: None, settings: Settings::new() }.into()
        }
        1 => RankingInquiry { run, layer, class }.into(),
        2 => ProjectionInquiry { run, layer, unit, keep: Keep::Strongest }.into(),
        3 => InvarianceInquiry { run, change: Change::ALL[random.below(Change::ALL.len())], class }.into(),
        _ => ComparisonInquiry { run, other: Arc::clone(other) }.into(),
    }
}

fn control(random: &mut Random, model: &Arc<Model>) -> Control {
    let preset = PRESETS[random.below(PRESETS.len())].name;
    match random.below(6) {
        0 => Control::Start(Arc::clone(model), Box::new(recipe(preset, 30))),
        1 => Control::Pause,
        2 => Control::Resume,
        3 => Control::Change(settings(preset, 30)),
        4 => Control::Rewind(random.below(40)),
        _ => Control::Stop,
    }
}

#[test]
fn requests_in_any_order_find_no_defect() {
    let engine = Engine::start(DeviceChoice::Cpu, || {}).unwrap();
    let (mut random, mut runs, mut model) = (Random(7), Vec::<Arc<Run>>::new(), model("lenet5"));
    engine.request(Request::Open(Opening::of("lenet5")));
    let (begin, mut answered, mut requests) = (Instant::now(), 0, 0);
    // More than 3000 where the machine is too busy to answer.
    while requests < 3000 || answered <= 20 && begin.elapsed() < Duration::from_secs(60) {
        requests += 1;
        while let Some(event) = engine.poll() {
            match event {
                Event::Failed(lane, why) => assert!(!why.contains("a defect"), "{lane:?}: {why}"),
                Event::Run(run) => runs.push(run),
                Event::Model(opened) => model = opened,
                Event::Answered(_) => answered += 1,
                _ => {}
            }
        }
        runs.drain(..runs.len().saturating_sub(2));
        let sample = ["sample:chelsea", "sample:coffee", "sample:nothing"][random.below(3)];
        match random.below(10) {
            0 if random.below(20) == 0 => {
                engine.request(Request::Open(Opening::of(["lenet5", "lenet5_modern", "no_network"][random.below(3)])));
            }
            1 => engine.request(Request::Picture(PictureSource::Named(sample.into()))),
            2 => engine.request(Request::Alter(Alteration { turn: random.below(360) as f32, ..Alteration::default() })),
            3 if random.below(5) == 0 => {
                engine.request(Request::Compare(Some(PictureSource::Named(sample.into()))));
            }
            4 if random.below(10) == 0 => engine.cancel(),
            5..=7 => engine.control(control(&mut random, &model)),
            _ => {
                if let [run, other] = &runs[..] {
                    engine.request(question(&mut random, run, other).into());
                }
            }
        }
        if random.below(4) == 0 {
            thread::sleep(Duration::from_millis(random.below(6) as u64));
        }
    }
    engine.cancel();
    let start = Instant::now();
    while !engine.is_idle() {
        assert!(start.elapsed() < Duration::from_secs(60), "it does not come to rest: {:?}", engine.work());
        thread::sleep(Duration::from_millis(2));
    }
    println!("{requests} requests in {:?}, {answered} questions answered", begin.elapsed());
    assert!(answered > 20, "only {answered} questions were answered");
}
