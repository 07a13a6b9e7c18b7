//! A picture in the making: one step at a time, so that it can be paused, changed and rewound between any two.

use super::{
    film::Film,
    frames::{Frames, KeptState},
    images::Images,
    objective,
    objective::Term,
    octaves::{octave_network, octave_terms},
    optimiser::OptimiserMemory,
    parameters as p,
    parametrisation::Parametrisation,
    penalty::Penalty,
    regularise::regularised,
    state::RunState,
    warp::Warps,
};
use crate::{
    Error, Result,
    methods::{Noise, Settings},
    net::{Network, Trace},
    picture::Preprocess,
    watch::Watch,
};
use candle_core::{D, DType};
use std::sync::Arc;

/// The description of a synthesis.
#[derive(Clone)]
pub struct Recipe {
    /// The objective.
    pub terms: Vec<Term>,
    /// The parameters, from [`super::PARAMETERS`].
    pub settings: Settings,
    /// The number of pictures made at once.
    pub batch: usize,
    /// The side of the pictures; the network's own where `None`.
    pub size: Option<usize>,
    /// The open picture, normalised, `(1, channels, height, width)` of whatever size: what `start=picture` starts from.
    pub picture: Option<Images>,
}

/// The measures of a step, before it changes the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    /// The objective without penalties, the mean over the batch.
    pub value: f64,
    /// The probability of the class that the first goal asks for, the mean over the batch.
    pub probability: Option<f32>,
}

/// A run: its present state and the way here.
pub struct Canvas {
    recipe: Recipe,
    space: Preprocess,
    /// The network at the whole size, and at the present octave's.
    whole: Arc<Network>,
    network: Arc<Network>,
    /// The recipe's terms for the present octave's network.
    terms: Vec<Term>,
    parametrisation: Parametrisation,
    state: RunState,
    film: Film,
    curve: Vec<Measure>,
    /// The best state so far, for a run that ends with it.
    best: Option<((f32, f64), RunState)>,
}

impl Canvas {
    /// The start of a run. `space` says how the network's pictures are normalised.
    ///
    /// # Errors
    /// [`Error::Usage`] when the network reads no pictures, has not what the terms ask for, cannot run at the size
    /// or an octave's, or when the picture to start from is missing or has other colours.
    pub fn new(recipe: Recipe, space: Preprocess, whole: Arc<Network>) -> Result<Self> {
        if !matches!(space.channels(), 1 | 3) {
            let message = format!("this network reads {} planes of features: no picture can be made", space.channels());
            return Err(Error::Usage(message));
        }
        if recipe.terms.is_empty() {
            return Err(Error::Usage("there is nothing to excite: name a class, a layer or a unit".into()));
        }
        let whole = match recipe.size {
            Some(size) if whole.graph().input_shape()[1..] != [size; 2] => Arc::new(whole.resized([size; 2])?),
            _ => whole,
        };
        recipe.terms.iter().try_for_each(|term| term.goal.check(whole.graph(), recipe.batch))?;
        // No layer behind the last goal is needed.
        let deepest = recipe.terms.iter().map(|term| term.goal.layer(whole.graph())).max().unwrap_or(0);
        let whole = if deepest < whole.graph().scores() { Arc::new(whole.until(deepest)) } else { whole };
        let network = octave_network(&whole, &recipe.settings, 0)?;
        let [channels, height, width] = network.graph().input_shape();
        let dims = [recipe.batch, channels, height, width];
        let parametrisation = Parametrisation::new(&recipe.settings, &space, [dims[2], dims[3]]);
        let params = match (recipe.settings.choice(&p::START), &recipe.picture) {
            ("picture", Some(picture)) if picture.dims[..2] == [1, channels] => {
                let one = picture.resized([dims[2], dims[3]])?;
                parametrisation.params(&Images { values: one.values.repeat(recipe.batch), dims })
            }
            ("picture", Some(picture)) => {
                let found = picture.dims;
                return Err(Error::Usage(format!("a start of shape {found:?} is none for {channels} colours")));
            }
            ("picture", None) => return Err(Error::Usage("start=picture needs a picture to start from".into())),
            _ => parametrisation.start(dims, &recipe.settings, &mut random(&recipe.settings, 0)),
        };
        let settings = Arc::new(recipe.settings.clone());
        let (memory, size) = (OptimiserMemory::default(), [height, width]);
        let state = RunState { step: 0, octave: 0, params, memory, force: None, settings, size };
        let terms = octave_terms(&recipe.terms, &whole, &network)?;
        let mut film = Film::default();
        film.keep(&state);
        Ok(Canvas { recipe, space, whole, network, terms, parametrisation, state, film, curve: Vec::new(), best: None })
    }

    /// Steps taken.
    pub fn step_number(&self) -> usize {
        self.state.step
    }

    /// Steps in all.
    pub fn steps(&self) -> usize {
        self.recipe.settings.count(&p::STEPS)
    }

    /// Whether all steps are taken.
    pub fn is_done(&self) -> bool {
        self.state.step >= self.steps()
    }

    /// The measures of every step so far.
    pub fn curve(&self) -> &[Measure] {
        &self.curve
    }

    /// The parameters as they are now.
    pub fn settings(&self) -> &Settings {
        &self.recipe.settings
    }

    /// The network at the present octave's size.
    pub fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// The pictures as they are now, normalised; smaller than the last ones before the last octave.
    pub fn images(&self) -> Images {
        self.parametrisation.images(&self.state.params)
    }

    /// The same as a file of 8 bits a colour holds them: clipped to black and white, and rounded.
    pub fn saved(&self) -> Images {
        self.parametrisation.as_saved(&self.images())
    }

    /// One step. Cancelled in its midst it changes nothing.
    ///
    /// # Errors
    /// [`Error::Failed`] when there is no slope to climb or the numbers overflow; those of the network;
    /// [`Error::Cancelled`].
    pub fn step(&mut self, watch: &Watch) -> Result<Measure> {
        watch.at(0, 1)?;
        let octave = self.octave_of(self.state.step);
        if octave != self.state.octave {
            self.grow(octave)?;
        }
        let settings = &self.recipe.settings;
        let images = self.images();
        let warps = Warps::draw(settings, self.recipe.batch, &mut random(settings, self.state.step as u64 + 1));
        let shown = warps.as_ref().map(|warps| warps.apply(&images));
        let input = shown.as_ref().unwrap_or(&images).tensor(self.network.device())?;
        let trace = self.network.forward(&input, &watch.part(0, 2))?;
        let (value, gradient) = objective::gradient(&self.terms, &trace, &watch.part(1, 2))?;
        let measure = Measure { value, probability: self.probability(&trace)? };
        let mut gradient = Images::from_tensor(&gradient)?;
        if let Some(warps) = &warps {
            gradient = warps.adjoint(&gradient);
        }
        let [_, std] = self.space.statistics();
        if gradient.values.iter().all(|&g| g == 0.0) && self.state.memory == OptimiserMemory::default() {
            return Err(Error::Failed(
                "there is no slope to climb: what was asked for is silent on the start picture (a layer before its \
                 rectifier, or another start, may help)"
                    .into(),
            ));
        }
        // Pixels about the mean, black to white being 1.
        if let Some(penalty) = Penalty::of(settings, &images.map(|c, value| value * std[c])) {
            let force = *self.state.force.get_or_insert_with(|| force(&gradient.map(|c, value| value / std[c])));
            let weight = if settings.choice(&p::PENALTIES) == "relative" { force } else { 1.0 };
            gradient.add(&penalty.gradient.map(|c, value| value * std[c]), -weight);
        }
        let gradient = self.parametrisation.pull(&images, &gradient);
        if !gradient.values.iter().all(|g| g.is_finite()) {
            let step = self.state.step;
            return Err(Error::Failed(format!("the picture ran away in step {step}: a lower rate may hold it")));
        }
        let mut params = self.state.params.clone();
        self.state.memory.step(settings, &mut params, &gradient);
        if self.parametrisation.is_pixels() {
            params = regularised(settings, params, &gradient, self.state.step);
            if settings.choice(&p::VALID) == "clipped" {
                params = self.parametrisation.clip(&params);
            }
        }
        self.remember(measure);
        self.state.params = params;
        self.state.step += 1;
        if self.is_done()
            && let Some((_, best)) = self.best.take()
        {
            self.state.params = best.params;
        }
        self.curve.truncate(self.state.step - 1);
        self.curve.push(measure);
        self.film.keep(&self.state);
        Ok(measure)
    }

    /// All steps that are left.
    ///
    /// # Errors
    /// Those of [`Canvas::step`] and of `each`, which is called after every step.
    pub fn finish(&mut self, watch: &Watch, mut each: impl FnMut(&Canvas, Measure) -> Result<()>) -> Result<()> {
        while !self.is_done() {
            let measure = self.step(&watch.part(self.state.step, self.steps()))?;
            each(self, measure)?;
        }
        watch.at(1, 1)
    }

    /// Keeps the present state if it is the best of its octave in the last three quarters of the run: by the probability
    /// that a class got, where one was asked for, since a score can grow while another's grows faster; among equal
    /// probabilities, by the objective.
    fn remember(&mut self, measure: Measure) {
        // The first steps hardly differ from the start, and what little the network gives them is chance.
        if self.recipe.settings.choice(&p::RESULT) != "best" || 4 * self.state.step < self.steps() {
            return;
        }
        let wanted = self.recipe.terms.first().is_some_and(|term| term.weight > 0.0);
        let worth = (measure.probability.filter(|_| wanted).unwrap_or(0.0), measure.value);
        let is_better = |(other, state): &((f32, f64), RunState)| state.octave != self.state.octave || worth > *other;
        if self.best.as_ref().is_none_or(is_better) {
            self.best = Some((worth, self.state.clone()));
        }
    }

    /// The measures of the pictures without random transforms: as they are, and rounded to 8 bits a colour, as a file holds
    /// them.
    ///
    /// # Errors
    /// Those of the network.
    pub fn assess(&self, watch: &Watch) -> Result<[Measure; 2]> {
        let images = self.images();
        let measured = |images: &Images, watch: &Watch| -> Result<Measure> {
            let trace = self.network.forward(&images.tensor(self.network.device())?, watch)?;
            let value = objective::value(&self.terms, &trace)?;
            Ok(Measure { value, probability: self.probability(&trace)? })
        };
        Ok([measured(&images, &watch.part(0, 2))?, measured(&self.saved(), &watch.part(1, 2))?])
    }

    /// Changes parameters in mid-run; the pictures are converted when the parametrisation changes.
    ///
    /// # Errors
    /// None that the present settings did not have.
    pub fn change(&mut self, settings: Settings) -> Result<()> {
        let images = self.images();
        self.best = None;
        let other = !is_read_alike(&settings, &self.recipe.settings);
        self.state.settings = Arc::new(settings.clone());
        self.recipe.settings = settings;
        if other {
            self.enter(&images);
        }
        Ok(())
    }

    /// The steps that can be gone back to.
    pub fn kept(&self) -> Vec<usize> {
        self.film.steps()
    }

    /// A copy of the kept states, as pictures.
    pub fn frames(&self) -> Frames {
        let kept = |state: &RunState| {
            let (settings, params) = (Arc::clone(&state.settings), state.params.clone());
            KeptState { step: state.step, settings, size: state.size, params }
        };
        Frames { kept: self.film.states().iter().map(kept).collect(), space: self.space.clone() }
    }

    /// Goes back to the last kept state at or before a step; returns its step. The run goes on from there as it went
    /// before, unless parameters have changed.
    ///
    /// # Errors
    /// When the network of an earlier octave cannot be made again.
    pub fn rewind(&mut self, step: usize) -> Result<usize> {
        if let Some(state) = self.film.rewind(step) {
            self.curve.truncate(state.step);
            self.best.take_if(|(_, best)| best.step >= state.step);
            let octaves = self.recipe.settings.count(&p::OCTAVES).max(1);
            let octave = state.octave.min(octaves - 1);
            self.place(octave_network(&self.whole, &self.recipe.settings, octave)?)?;
            let [_, height, width] = self.network.graph().input_shape();
            // Under other settings the same numbers may stand for another picture, or another size.
            let alike = is_read_alike(&state.settings, &self.recipe.settings) && state.size == [height, width];
            let images = (!alike).then(|| state.images(&self.space).resized([height, width])).transpose()?;
            self.state = RunState { octave, settings: Arc::new(self.recipe.settings.clone()), ..state };
            images.iter().for_each(|images| self.enter(images));
        }
        Ok(self.state.step)
    }

    /// The octave that a step belongs to: each has its share of the steps.
    fn octave_of(&self, step: usize) -> usize {
        let octaves = self.recipe.settings.count(&p::OCTAVES).max(1);
        (step * octaves / self.steps().max(1)).min(octaves - 1)
    }

    /// On to a larger size. What was added to the open picture is enlarged and added to the open picture of that size,
    /// whose own detail comes with it (Mordvintsev, Olah and Tyka 2015).
    fn grow(&mut self, octave: usize) -> Result<()> {
        let network = octave_network(&self.whole, &self.recipe.settings, octave)?;
        let [_, height, width] = network.graph().input_shape();
        let mut images = self.images();
        let base = match (self.recipe.settings.choice(&p::START), &self.recipe.picture) {
            ("picture", Some(picture)) => Some(picture),
            _ => None,
        };
        let at = |picture: &Images, size| -> Result<Images> {
            let one = picture.resized(size)?;
            let [_, channels, height, width] = one.dims;
            Ok(Images { values: one.values.repeat(images.dims[0]), dims: [images.dims[0], channels, height, width] })
        };
        let bases =
            base.map(|base| Ok::<_, Error>([at(base, images.size())?, at(base, [height, width])?])).transpose()?;
        if let Some([before, _]) = &bases {
            images.add(before, -1.0);
        }
        let mut images = images.resized([height, width])?;
        if let Some([_, after]) = &bases {
            images.add(after, 1.0);
        }
        self.place(network)?;
        self.enter(&images);
        self.state.octave = octave;
        Ok(())
    }

    /// Takes a network of another size.
    fn place(&mut self, network: Arc<Network>) -> Result<()> {
        self.terms = octave_terms(&self.recipe.terms, &self.whole, &network)?;
        let [_, height, width] = network.graph().input_shape();
        self.parametrisation = Parametrisation::new(&self.recipe.settings, &self.space, [height, width]);
        self.network = network;
        Ok(())
    }

    /// Goes on from these pictures, of the present network's size.
    fn enter(&mut self, images: &Images) {
        self.parametrisation = Parametrisation::new(&self.recipe.settings, &self.space, images.size());
        self.state.size = images.size();
        self.state.params = self.parametrisation.params(images);
        self.state.memory = OptimiserMemory::default();
    }

    fn probability(&self, trace: &Trace) -> Result<Option<f32>> {
        let Some(class) = self.recipe.terms.first().and_then(|term| term.goal.class()) else { return Ok(None) };
        let scores = trace.output(trace.network().graph().scores()).to_dtype(DType::F32)?;
        let probabilities = candle_nn::ops::softmax(&scores, D::Minus1)?.narrow(1, class, 1)?;
        Ok(Some(probabilities.mean_all()?.to_scalar()?))
    }
}

/// The sum of magnitudes over a picture, the mean over the batch.
fn force(gradient: &Images) -> f32 {
    (gradient.values.iter().map(|&g| f64::from(g.abs())).sum::<f64>() / gradient.dims[0].max(1) as f64) as f32
}

/// Whether the parameters of a picture stand for the same picture under both settings.
fn is_read_alike(one: &Settings, other: &Settings) -> bool {
    [&p::PARAMETRISATION, &p::DECAY_POWER].iter().all(|parameter| one.number(parameter) == other.number(parameter))
}

/// The random numbers of a step; 0 is the start.
fn random(settings: &Settings, step: u64) -> Noise {
    Noise::new(settings.count(&p::SEED) as u64, step)
}
