//! One picture through one model, with what every view of it needs.

use super::{layer_view::LayerView, model::Model};
use crate::{
    Result,
    methods::{
        Attribution, CONTRIBUTION, Keep, Method, Question, Randomised, Ranked, Reconstruction, Settings, Target,
        deconvnet, randomised,
    },
    net::{Network, NodeId, Trace},
    picture::{Alteration, Geometry, Input, Picture},
    watch::Watch,
};
use candle_core::Tensor;
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// One forward pass and its picture.
pub struct Run {
    /// Grows with every run of this process: tells results of one run from another's.
    pub id: u64,
    /// The model that ran.
    pub model: Arc<Model>,
    /// The run, of this network, of the picture as it was before any alteration: tells alterations of one picture from
    /// other pictures.
    pub of: u64,
    /// The picture as the network was shown it; `None` when a bare tensor was fed.
    pub picture: Option<Picture>,
    /// The picture before it was altered.
    pub original: Option<Picture>,
    /// The alteration from `original` to `picture`.
    pub alteration: Alteration,
    /// Where the network's input lies on the picture.
    pub geometry: Option<Geometry>,
    /// All activations.
    pub trace: Trace,
    /// Probability of every class.
    pub probabilities: Vec<f32>,
    /// Score S_c of every class.
    pub scores: Vec<f32>,
    /// The layers as views need them, by node.
    pub layers: Vec<LayerView>,
    /// How long the forward pass took.
    pub took: Duration,
    /// How long each layer took in it; `None` for those computed at once with one before.
    pub times: Vec<Option<Duration>>,
}

impl Run {
    /// Runs a picture.
    ///
    /// # Errors
    /// When the picture cannot be preprocessed, or the pass was cancelled.
    pub fn picture(model: &Arc<Model>, picture: Picture, watch: &Watch) -> Result<Self> {
        Run::altered(model, picture, Alteration::default(), None, watch)
    }

    /// Runs a picture that is altered first; `of` is the run that this network made of other alterations of it, if any.
    ///
    /// # Errors
    /// Those of [`Run::picture`].
    pub fn altered(
        model: &Arc<Model>,
        original: Picture,
        alteration: Alteration,
        of: Option<u64>,
        watch: &Watch,
    ) -> Result<Self> {
        let model = &model.for_picture(&original)?;
        let picture = alteration.apply(&original, &model.preprocess);
        let Input { tensor, geometry } = model.preprocess.apply(&picture, model.network.device())?;
        let run = Run::tensor(model, tensor, watch)?;
        let of = of.unwrap_or(run.id);
        let (picture, geometry) = (Some(picture), Some(geometry));
        Ok(Run { of, picture, original: Some(original), alteration, geometry, ..run })
    }

    /// Runs an input that is already normalised, `(1, channels, height, width)`, through the model at that size.
    ///
    /// # Errors
    /// [`crate::Error::Usage`] when its channels are not the network's, or when the network cannot run at its size.
    pub fn tensor(model: &Arc<Model>, input: Tensor, watch: &Watch) -> Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let model = &match *input.dims() {
            [_, _, height, width] => model.at([height, width])?,
            _ => Arc::clone(model),
        };
        let start = Instant::now();
        let stamps = Arc::new(Mutex::new(Vec::new()));
        let stamp = Arc::clone(&stamps);
        let stamped = watch.also(move || stamp.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now()));
        let trace = model.network.forward(&input, &stamped)?;
        let took = start.elapsed();
        let times = times(&model.network, &stamps.lock().unwrap_or_else(PoisonError::into_inner));
        let nodes = model.network.graph().nodes().len();
        let view = |node| watch.check().and_then(|()| LayerView::new(&trace, node));
        let layers = (0..nodes).map(view).collect::<Result<_>>()?;
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Ok(Run {
            id,
            of: id,
            model: Arc::clone(model),
            picture: None,
            original: None,
            alteration: Alteration::default(),
            geometry: None,
            probabilities: trace.probabilities()?,
            scores: trace.scores()?,
            layers,
            trace,
            took,
            times,
        })
    }

    /// Classes by score, best first.
    pub fn ranking(&self) -> Vec<usize> {
        let mut classes: Vec<usize> = (0..self.scores.len()).collect();
        classes.sort_by(|&a, &b| self.scores[b].total_cmp(&self.scores[a]));
        classes
    }

    /// The class with the highest score.
    pub fn predicted(&self) -> usize {
        self.ranking().first().copied().unwrap_or(0)
    }

    /// Which pixels matter for `class`.
    ///
    /// # Errors
    /// Those of the method.
    pub fn attribute(&self, method: &Method, class: usize, watch: &Watch) -> Result<Attribution> {
        self.attribute_with(method, Target::Class(class), &[], &Settings::new(), watch)
    }

    /// Computes an attribution for any target. Methods that read layers read `layers`, or the last one with maps where
    /// `layers` is empty. `settings` are the user's values of the method's parameters.
    ///
    /// # Errors
    /// Those of the method.
    pub fn attribute_with(
        &self,
        method: &Method,
        target: Target,
        layers: &[NodeId],
        settings: &Settings,
        watch: &Watch,
    ) -> Result<Attribution> {
        method.ask(&Question { trace: &self.trace, target, layers, settings, watch })
    }

    /// The heatmap of a method with the weights drawn anew from the last layer down, at up to `steps` places on the way.
    ///
    /// # Errors
    /// Those of [`randomised`].
    pub fn randomised(
        &self,
        method: &Method,
        target: Target,
        layers: &[NodeId],
        settings: &Settings,
        steps: usize,
        watch: &Watch,
    ) -> Result<Vec<Randomised>> {
        randomised(&Question { trace: &self.trace, target, layers, settings, watch }, method, steps)
    }

    /// The units of a layer with what each contributes to the score of a class, to first order; the most first.
    ///
    /// # Errors
    /// When the layer does not lead to the classes, or when cancelled.
    pub fn contributions(&self, layer: NodeId, class: usize, watch: &Watch) -> Result<Ranked> {
        let settings = Settings::new();
        let target = Target::Class(class);
        CONTRIBUTION.ask(&Question { trace: &self.trace, target, layers: &[], settings: &settings, watch }, layer)
    }

    /// A unit projected back to the picture.
    ///
    /// # Errors
    /// Those of [`deconvnet`].
    pub fn deconvnet(&self, layer: NodeId, unit: usize, keep: Keep, watch: &Watch) -> Result<Reconstruction> {
        deconvnet(&self.trace, layer, unit, keep, false, watch)
    }
}

/// The times between the stamps that a pass leaves before every layer and at its end, by layer; what the engine computes
/// at once counts for the first of it.
fn times(network: &Network, stamps: &[Instant]) -> Vec<Option<Duration>> {
    let nodes = network.graph().nodes().len();
    let mut times = vec![None; nodes];
    for (node, pair) in (1..nodes).zip(stamps.windows(2)) {
        *times[network.computed_with(node)].get_or_insert(Duration::ZERO) += pair[1] - pair[0];
    }
    times
}
