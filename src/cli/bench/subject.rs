//! A network with a picture, and what it is made to do.

use super::{Args, clock::Stopwatch};
use crate::{
    Error, Result,
    cli::{choice::NetworkChoice, console::Console},
    engine::Model,
    error::unknown,
    methods::{self, Method, Question, Target},
    net::{Backend, Network, Reverse, Trace},
    picture::Preprocess,
    synthesis::{self, Canvas, Goal, PARAMETERS, Recipe, Term},
    watch::Watch,
    weights,
};
use candle_core::Tensor;
use std::sync::Arc;

/// Something to measure.
pub(super) struct Task {
    pub name: &'static str,
    run: fn(&BenchSubject, &Watch) -> Result<()>,
}

/// Everything that can be measured.
pub(super) const TASKS: &[Task] = &[
    Task { name: "forward", run: |subject, watch| subject.forward(watch).map(drop) },
    Task { name: "gradient", run: |subject, watch| subject.gradient(watch, watch) },
    Task { name: "grad-cam", run: |subject, watch| subject.method(methods::find_cam("grad-cam")?, watch) },
    Task {
        name: "integrated-gradients",
        run: |subject, watch| subject.method(methods::find("integrated-gradients")?, watch),
    },
    Task { name: "synthesis", run: BenchSubject::synthesis },
];

/// The task called `name`.
pub(super) fn find(name: &str) -> Result<&'static Task> {
    let names = TASKS.iter().map(|task| task.name);
    let found = TASKS.iter().find(|task| task.name == name);
    found.ok_or_else(|| unknown("task", name, names, "'striate bench --help' lists them"))
}

pub(super) struct BenchSubject {
    pub network: Arc<Network>,
    /// `(batch, channels, size, size)`.
    input: Tensor,
    space: Preprocess,
    pub cpu: bool,
}

impl BenchSubject {
    pub fn new(choice: &NetworkChoice, batch: u16, args: &Args, console: &Console) -> Result<Self> {
        console.stage(&format!("opening {}", choice.name()));
        let opening = args.compute.over(choice.opening(args.weights.clone()));
        let Model { mut network, preprocess: space, .. } =
            Model::open(&opening, &args.compute.device.open()?, console.watch())?;
        if let (Some(isa), Some(network)) = (args.isa, Arc::get_mut(&mut network)) {
            network.set_isa(isa);
        }
        if args.isa.is_some() && network.backend() == Backend::Candle {
            return Err(Error::Usage("--isa chooses among the fast engine's kernels; candle's has its own".into()));
        }
        let [channels, height, width] = network.graph().input_shape();
        let side = height.max(width);
        let picture = weights::picture(channels, side, 0)?.narrow(2, 0, height)?.narrow(3, 0, width)?.contiguous()?;
        let input = Tensor::cat(&vec![&picture; batch.into()], 0)?;
        Ok(BenchSubject { network, input, space, cpu: args.cpu })
    }

    /// Milliseconds of one run.
    pub fn time(&self, task: &Task, watch: &Watch) -> Result<f64> {
        let watch = watch.quiet();
        let stopwatch = Stopwatch::new(self.cpu);
        (task.run)(self, &watch)?;
        Ok(stopwatch.milliseconds())
    }

    fn forward(&self, watch: &Watch) -> Result<Trace> {
        self.network.forward(&self.input, watch)
    }

    /// A forward pass, and the reverse walk of a score to the picture.
    pub fn gradient(&self, forward: &Watch, reverse: &Watch) -> Result<()> {
        let trace = self.network.forward(&self.input, forward)?;
        let scores = self.network.graph().scores();
        let seed = trace.seed(scores, [1, 0, 0], 1.0)?;
        let how = Reverse { watch: reverse.clone(), ..Reverse::default() };
        trace.reverse(scores, &seed, 0, &how).map(drop)
    }

    /// A forward pass of one picture and a method at its default settings.
    fn method(&self, method: &Method, watch: &Watch) -> Result<()> {
        let trace = self.network.forward(&self.input.narrow(0, 0, 1)?, watch)?;
        method.ask(&Question::new(&trace, Target::Class(1), watch)).map(drop)
    }

    /// A hundred steps of plain gradient ascent on a score.
    fn synthesis(&self, watch: &Watch) -> Result<()> {
        let mut settings = synthesis::find("simonyan")?.settings()?;
        PARAMETERS.iter().filter(|p| p.name == "steps").for_each(|steps| settings.set_number(steps, 100.0));
        let terms = vec![Term { goal: Goal::Score(1), weight: 1.0 }];
        let recipe = Recipe { terms, settings, batch: 1, size: None, picture: None };
        Canvas::new(recipe, self.space.clone(), Arc::clone(&self.network))?.finish(watch, |_, _| Ok(()))
    }
}
