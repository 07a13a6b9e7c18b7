//! A model prepared otherwise, at another input size, with other names of its classes, or with changes to its network. All
//! share the weights.

use super::{labels::labels_of, load::cannot_run, model::Model};
use crate::{
    Error, Result, memory,
    net::{
        Network,
        surgery::{Operation, Surgery},
    },
    paint::write_atomically,
    picture::{Fit, Picture, Preparation, Preprocess},
};
use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

impl Model {
    /// The model with these choices about the preparation of pictures, instead of those it has.
    ///
    /// # Errors
    /// [`Error::Usage`] for choices that do not fit it, or a size it cannot run at.
    pub fn prepared(&self, preparation: &Preparation) -> Result<Self> {
        let preprocess = preparation.over(&self.own_preprocess)?;
        let whole = preprocess.fit == Fit::Whole;
        if whole {
            self.check_rectangles()?;
        }
        // The size of a whole picture is known with the picture.
        let size = if whole { self.own_preprocess.crop } else { preprocess.crop };
        let network = match preprocess.bgr == self.preprocess.bgr {
            true => Arc::clone(&self.network),
            false => Arc::new(self.network.with_turned_colours()?),
        };
        Ok(Model { network: self.sized(network, size)?, preprocess, ..self.twin() })
    }

    /// The model with other names of its classes: those in a file, else those it is opened with without one.
    ///
    /// # Errors
    /// Those of [`labels_of`].
    pub fn labelled(&self, labels: Option<&Path>) -> Result<Self> {
        let graph = self.network.graph();
        let outputs = graph.node(graph.scores()).extent()[0];
        let labels = labels_of(labels, &self.metadata, &self.card.labels, outputs, &self.card.name)?;
        Ok(Model { labels, ..self.twin() })
    }

    /// The model with a changed network in place of its own: the same classes, and pictures prepared the same way.
    pub fn with_network(&self, network: impl Into<Arc<Network>>) -> Self {
        Model { network: network.into(), ..self.twin() }
    }

    /// The model with these changes to its network, in place of those that it has. All layers stay, those included that the
    /// scores no longer depend on.
    ///
    /// # Errors
    /// [`Error::Usage`] for changes that do not fit the network.
    pub fn changed(self: &Arc<Self>, surgery: &Surgery) -> Result<Self> {
        let base = self.unchanged();
        if surgery.is_empty() {
            return Ok(base.twin());
        }
        let operation = surgery.operation(base.network.graph())?;
        let network = Arc::new(base.network.operated_whole(&operation)?);
        Ok(Model { network, base: Some(Arc::clone(base)), surgery: surgery.clone(), ..base.twin() })
    }

    /// Writes the changes as weights of the unchanged network, as safetensors under torchvision's names. The metadata says what
    /// was changed.
    ///
    /// # Errors
    /// [`Error::Usage`] with the part whose change no weights can express; [`Error::Failed`] when the file cannot be written.
    pub fn write_folded(self: &Arc<Self>, path: &Path) -> Result<()> {
        let base = self.unchanged();
        let operation = self.surgery.operation(base.network.graph())?;
        base.write_operation(path, &operation, &self.surgery.words())
    }

    /// Writes the weights with which the network computes what it does after an operation; `words` say what that is.
    ///
    /// # Errors
    /// Those of [`Model::write_folded`].
    pub fn write_operation(&self, path: &Path, operation: &Operation, words: &str) -> Result<()> {
        let mut tensors: Vec<_> = self.network.folded(operation)?.into_iter().collect();
        tensors.sort_by(|a, b| a.0.cmp(&b.0));
        let (network, weights) = (self.card.name.clone(), self.weights.to_string());
        let facts = [("network", network), ("weights", weights), ("change", words.to_owned())];
        let metadata: HashMap<String, String> = facts.into_iter().map(|(key, text)| (key.to_owned(), text)).collect();
        let bytes = ::safetensors::serialize(tensors, Some(metadata));
        let bytes = bytes.map_err(|error| Error::Failed(format!("cannot write {}: {error}", path.display())))?;
        write_atomically(path, |file| file.write_all(&bytes))
    }

    /// The model before the changes to its network.
    pub fn unchanged(self: &Arc<Self>) -> &Arc<Self> {
        self.base.as_ref().unwrap_or(self)
    }

    /// Whether another model is this one with other changes to its network: layers of the same name mean the same.
    pub fn is_same_origin(&self, other: &Model) -> bool {
        let [own, other] = [self, other].map(|model| model.base.as_deref().unwrap_or(model));
        own.is_same_network(other)
    }

    /// The model for inputs of this height and width: itself where they are its own.
    ///
    /// # Errors
    /// [`Error::Usage`] for a size it cannot run at, [`Error::Failed`] for one that needs more memory than is free.
    pub fn at(self: &Arc<Self>, size: [usize; 2]) -> Result<Arc<Self>> {
        let is = |model: &Self| model.network.graph().input_shape()[1..] == size;
        let whole = self.preprocess.fit == Fit::Whole;
        if is(self) && !whole {
            return Ok(Arc::clone(self));
        }
        let mut last = self.resized.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = last.as_ref().filter(|model| is(model)) {
            return Ok(Arc::clone(model));
        }
        let network = self.sized(Arc::clone(&self.network), size)?;
        let fit = if whole { Fit::Stretch } else { self.preprocess.fit };
        let preprocess = Preprocess { crop: size, fit, ..self.preprocess.clone() };
        let model = Arc::new(Model { network, preprocess, ..self.twin() });
        *last = Some(Arc::clone(&model));
        Ok(model)
    }

    /// The model for a picture: of the picture's own shape where the whole picture is its input.
    ///
    /// # Errors
    /// Those of [`Model::at`].
    pub fn for_picture(self: &Arc<Self>, picture: &Picture) -> Result<Arc<Self>> {
        let size = [picture.pixels.width() as usize, picture.pixels.height() as usize];
        match self.preprocess.fit {
            // An empty picture is refused where it is prepared.
            Fit::Whole if size[0].min(size[1]) > 0 => self.at(self.preprocess.input_size(size)),
            _ => Ok(Arc::clone(self)),
        }
    }

    /// Whether another model is this one, perhaps prepared otherwise or at another size: layers and units of one mean the
    /// same in the other.
    pub fn is_same_network(&self, other: &Model) -> bool {
        Arc::ptr_eq(&self.network, &other.network) || self.network.shares_weights(&other.network)
    }

    /// Whether layers and units of this model stand in the same places in another, which may have other weights: a checkpoint
    /// of another epoch.
    pub fn has_layers_of(&self, other: &Model) -> bool {
        let [own, others] = [self, other].map(|model| model.network.graph().nodes());
        own.len() == others.len()
            && own.iter().zip(others).all(|(a, b)| {
                (&a.name, &a.inputs, a.extent()[0], a.op.kind()) == (&b.name, &b.inputs, b.extent()[0], b.op.kind())
            })
    }

    fn sized(&self, network: Arc<Network>, size: [usize; 2]) -> Result<Arc<Network>> {
        if network.graph().input_shape()[1..] == size {
            return Ok(network);
        }
        let resized = network.resized(size).map_err(|error| cannot_run(&self.card.name, size, error))?;
        let needed = 2 * resized.graph().activation_bytes(1).min(u64::MAX / 2);
        memory::check(&format!("{} at {}x{} pixels", self.card.name, size[0], size[1]), needed)?;
        Ok(Arc::new(resized))
    }

    /// Refuses a network that runs on squares only.
    fn check_rectangles(&self) -> Result<()> {
        let [height, width] = self.own_preprocess.crop;
        self.network.graph().at_size([height, 2 * width]).map(drop).map_err(|error| match error {
            Error::Usage(why) => Error::Usage(format!("{} does not take whole pictures: {why}", self.card.name)),
            other => other,
        })
    }

    /// A copy that shares the weights, with nothing prepared for other sizes.
    fn twin(&self) -> Self {
        Model {
            card: Arc::clone(&self.card),
            network: Arc::clone(&self.network),
            preprocess: self.preprocess.clone(),
            own_preprocess: self.own_preprocess.clone(),
            weights: self.weights.clone(),
            labels: self.labels.clone(),
            metadata: self.metadata.clone(),
            notes: self.notes.clone(),
            missing_head: self.missing_head.clone(),
            base: self.base.clone(),
            surgery: self.surgery.clone(),
            resized: Mutex::default(),
        }
    }
}
