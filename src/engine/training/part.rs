//! The part of a network that learns.

use crate::{
    Error, Result,
    net::{Graph, NodeId},
    train::Parameters,
};
use serde::{Deserialize, Serialize};

/// The part of a network that learns; all of it by default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LearningPart {
    /// The weights of all layers up to this one stay as they are.
    pub freeze_to: Option<String>,
    /// The classifier alone learns.
    pub head_only: bool,
    /// A factor for the learning rate of all layers before the classifier.
    pub body_rate: f64,
}

impl Default for LearningPart {
    fn default() -> Self {
        LearningPart { freeze_to: None, head_only: false, body_rate: 1.0 }
    }
}

impl LearningPart {
    /// Lets only this part learn.
    ///
    /// # Errors
    /// [`Error::Usage`] when there is no such layer, or nothing is left to learn.
    pub fn choose(&self, parameters: &mut Parameters, graph: &Graph, heads: &[NodeId]) -> Result<()> {
        if self.head_only {
            parameters.freeze(|layer| heads.contains(&layer));
        }
        if let Some(name) = &self.freeze_to {
            let last = graph.find(name)?;
            parameters.freeze(|layer| layer > last);
        }
        if !parameters.all.iter().any(|parameter| parameter.learns) {
            return Err(Error::Usage("no layer with weights is left to learn".into()));
        }
        let body = parameters.all.iter_mut().filter(|parameter| !heads.contains(&parameter.layer));
        body.for_each(|parameter| parameter.rate = self.body_rate);
        Ok(())
    }
}
