//! The attribution methods of a tour: every one that the program has, or the reason why it is left out.

use super::{
    pictures::{MethodPictures, TourPictures},
    steps::Steps,
};
use crate::{
    Error, Result,
    engine::Run,
    methods::{CAMS, METHODS, Method, cam_layers, find_cam},
    net::{NodeId, Op},
};

/// The method that is shown from the first layers to the last: it makes sharp maps of early layers too.
const BY_DEPTH: &str = "layer-cam";

/// Layers at which it is shown.
const DEPTHS: usize = 6;

/// A method that has no picture, and why.
pub(super) struct LeftOut {
    pub method: &'static Method,
    pub why: String,
}

/// The methods to ask.
pub(super) struct MethodSteps {
    class: usize,
    quick: bool,
    depths: Vec<NodeId>,
}

/// The answers of all methods.
#[derive(Default)]
pub(super) struct MethodAnswers {
    /// Attributions to the picture's pixels.
    pub pixels: Vec<MethodPictures>,
    /// Class activation maps of the last layer with maps.
    pub cams: Vec<MethodPictures>,
    /// One class activation map method from the first layers to the last.
    pub depths: Vec<MethodPictures>,
    pub left_out: Vec<LeftOut>,
}

impl MethodAnswers {
    /// Number of methods that have answered.
    pub fn count(&self) -> usize {
        self.pixels.len() + self.cams.len()
    }
}

impl MethodSteps {
    pub fn of(run: &Run, class: usize, quick: bool) -> Self {
        MethodSteps { class, quick, depths: depths(run) }
    }

    /// Number of steps.
    pub fn count(&self) -> usize {
        METHODS.len() + CAMS.len() + self.depths.len()
    }

    /// Asks every method.
    pub fn answer(&self, pictures: &TourPictures, steps: &mut Steps) -> Result<MethodAnswers> {
        let mut answers = MethodAnswers::default();
        for (methods, cams) in [(METHODS, false), (CAMS, true)] {
            for method in methods {
                let found = self.ask(method, &[], pictures, steps, &mut answers.left_out)?;
                if cams { &mut answers.cams } else { &mut answers.pixels }.extend(found);
            }
        }
        let by_depth = find_cam(BY_DEPTH)?;
        // A layer where nothing speaks for the class has no picture; the last layer's reason stands above.
        let mut empty = Vec::new();
        for &layer in &self.depths {
            answers.depths.extend(self.ask(by_depth, &[layer], pictures, steps, &mut empty)?);
        }
        Ok(answers)
    }

    fn ask(
        &self,
        method: &'static Method,
        layers: &[NodeId],
        pictures: &TourPictures,
        steps: &mut Steps,
        left_out: &mut Vec<LeftOut>,
    ) -> Result<Option<MethodPictures>> {
        let watch = steps.next();
        if self.quick && method.slow {
            let why = "it takes many passes through the network, and this is a quick tour".to_owned();
            left_out.push(LeftOut { method, why });
            return Ok(None);
        }
        match pictures.method(method, self.class, layers, &watch) {
            Ok(found) => Ok(Some(found)),
            // A method may not suit the network (CAM needs global average pooling) or find nothing in the picture.
            Err(Error::Failed(why) | Error::Usage(why)) => {
                left_out.push(LeftOut { method, why });
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// Layers with maps from the first to the last, evenly: rectifiers, or all layers in networks without any.
fn depths(run: &Run) -> Vec<NodeId> {
    let graph = run.model.network.graph();
    let mut layers = cam_layers(graph, graph.scores());
    if layers.iter().any(|&id| matches!(graph.node(id).op, Op::Relu)) {
        layers.retain(|&id| matches!(graph.node(id).op, Op::Relu));
    }
    let last = layers.len().saturating_sub(1);
    let count = DEPTHS.min(layers.len());
    (0..count).map(|index| layers[index * last / (count - 1).max(1)]).collect()
}
