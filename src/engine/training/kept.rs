//! The settings of a run as its checkpoints keep them.

use super::{
    data::{TEST_SHARE, TrainingData},
    part::LearningPart,
};
use crate::{
    Error, Result,
    engine::left_out::{LEFT_OUT, left_out},
    train::{CheckpointFacts, LAST, TrainingRecipe, data::DataSource, name_of, read_facts},
    zoo::{self, Card},
};
use std::path::Path;

/// The settings of a run, with which it goes on.
pub struct RunSettings {
    /// The network.
    pub network: &'static Card,
    /// The settings of training.
    pub recipe: TrainingRecipe,
    /// The part that learns.
    pub part: LearningPart,
    /// Everything that the checkpoint states.
    pub facts: CheckpointFacts,
}

impl RunSettings {
    /// The settings that a checkpoint of `striate train` states.
    ///
    /// # Errors
    /// [`Error::Failed`] when the file cannot be read, or does not state them.
    pub fn read(path: &Path) -> Result<Self> {
        let facts = read_facts(path)?;
        let lacks = |what: &str| Error::Failed(format!("{} does not say its {what}", path.display()));
        let fact = |name: &str| facts.get(name).ok_or_else(|| lacks(name));
        let recipe = serde_json::from_str(fact("recipe")?).map_err(|_| lacks("recipe"))?;
        let part = serde_json::from_str(fact("part")?).map_err(|_| lacks("part"))?;
        let network = zoo::find(fact("network")?)?;
        Ok(RunSettings { network, recipe, part, facts })
    }

    /// The data of the run, which `source` may name anew.
    ///
    /// # Errors
    /// [`Error::Failed`] when the checkpoint does not state it.
    pub fn data(&self, source: Option<DataSource>) -> Result<TrainingData> {
        let stated = || self.facts.get("data").map(DataSource::from_user);
        let lacks = || Error::Failed("the run does not say which data it learns".into());
        let number = |name: &str| self.facts.get(name).map(String::as_str);
        Ok(TrainingData {
            source: source.or_else(stated).ok_or_else(lacks)?,
            share: number("test_share").and_then(|text| text.parse().ok()).unwrap_or(TEST_SHARE),
            size: number("size").and_then(|text| text.parse().ok()),
        })
    }

    /// The parts that the network learns without.
    pub fn left_out(&self) -> Vec<String> {
        left_out(self.facts.get(LEFT_OUT))
    }

    /// The settings of the run in a folder, also of one that was broken off in its first epoch, and whether an epoch of it is
    /// whole; `None` where there is no run.
    ///
    /// # Errors
    /// As [`RunSettings::read`].
    pub fn in_folder(folder: &Path) -> Result<Option<(Self, bool)>> {
        let (last, first) = (folder.join(LAST), folder.join(name_of(0)));
        match (last.is_file(), first.is_file()) {
            (true, _) => Ok(Some((RunSettings::read(&last)?, true))),
            (false, true) => Ok(Some((RunSettings::read(&first)?, false))),
            (false, false) => Ok(None),
        }
    }
}
