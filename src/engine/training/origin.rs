//! The network, data and first weights of a run.

use super::{data::TrainingData, kept::RunSettings, part::LearningPart};
use crate::{
    Error, Result,
    engine::{
        model::Model,
        opening::{BY_FILE, Opening},
    },
    net::{Network, NodeId, Tensors},
    paths::from_user,
    picture::Preprocess,
    train::{CheckpointFacts, Parameters, TrainingRecipe, data::DataSet, heads, initial, tensors_of, with_classes},
    watch::Watch,
    weights::Source,
    zoo::{self, Card},
};
use candle_core::Device;

/// A network, and the weights that it starts from.
pub struct TrainingOrigin {
    card: &'static Card,
    preprocess: Preprocess,
    /// Trained weights, and the names of their classes.
    weights: Option<(Tensors, Vec<String>)>,
    from: Option<String>,
}

impl TrainingOrigin {
    /// A network that starts from scratch.
    ///
    /// # Errors
    /// [`Error::Usage`] when it takes no pictures.
    pub fn scratch(card: &'static Card) -> Result<Self> {
        match card.takes_pictures() {
            true => Ok(TrainingOrigin { card, preprocess: (card.preprocess)(), weights: None, from: None }),
            false => Err(Error::Usage(format!("{} takes no pictures", card.name))),
        }
    }

    /// A network that starts from trained weights: those of the network that `from` names, or of that file; of the network
    /// `card`, if the file does not say which.
    ///
    /// # Errors
    /// Those of [`Model::open`], and [`Error::Failed`] when the weights are made up.
    pub fn trained(card: Option<&'static Card>, from: &str, watch: &Watch) -> Result<Self> {
        let opening = match zoo::find(from) {
            Ok(card) => Opening::of(card.name),
            Err(_) => {
                let weights = Source::File(from_user(from));
                Opening { weights, ..Opening::of(card.map_or(BY_FILE, |card| card.name)) }
            }
        };
        let model = Model::open(&opening, &Device::Cpu, watch)?;
        if model.is_untrained() {
            let why = format!("there are no trained weights of {from} at hand: 'striate fetch' downloads them");
            return Err(Error::Failed(why));
        }
        let card = zoo::find(&model.card.name)?;
        let outputs = model.network.graph().node(model.network.graph().scores()).extent()[0];
        let classes = (0..outputs).map(|class| model.class_name(class)).collect();
        let weights = Some((tensors_of(&model.network)?, classes));
        Ok(TrainingOrigin { card, preprocess: model.own_preprocess.clone(), weights, from: Some(from.to_owned()) })
    }

    /// The network of a run that goes on: its weights are in the checkpoint.
    ///
    /// # Errors
    /// As [`TrainingOrigin::scratch`].
    pub fn resumed(kept: &RunSettings) -> Result<Self> {
        Ok(TrainingOrigin { from: kept.facts.get("from").cloned(), ..TrainingOrigin::scratch(kept.network)? })
    }

    /// The same network, to be trained from scratch.
    #[must_use]
    pub fn without_weights(&self) -> Self {
        TrainingOrigin { card: self.card, preprocess: self.preprocess.clone(), weights: None, from: None }
    }

    /// Reads the pictures as the network wants them.
    ///
    /// # Errors
    /// Those of [`crate::train::data::DataSource::read`].
    pub fn read(&self, data: &TrainingData, seed: u64, watch: &Watch) -> Result<DataSet> {
        data.source.read(&data.preprocess(&self.preprocess), data.share, seed, watch)
    }

    /// The network.
    pub fn card(&self) -> &'static Card {
        self.card
    }
}

/// A network that is ready to learn.
pub struct PreparedTraining {
    /// The network with its first weights.
    pub network: Network,
    /// The same weights, which training changes.
    pub parameters: Parameters,
    /// The preparation of pictures.
    pub preprocess: Preprocess,
    /// Facts for the checkpoints.
    pub facts: CheckpointFacts,
    /// The classifier's layers.
    pub heads: Vec<NodeId>,
}

impl PreparedTraining {
    /// The network for some classes, with the weights that training starts from, of which a part learns.
    ///
    /// # Errors
    /// When the network cannot have these classes or this size, nothing is left to learn, or memory fails.
    pub fn new(
        origin: &TrainingOrigin,
        data: &TrainingData,
        classes: &[String],
        (recipe, part): (&TrainingRecipe, &LearningPart),
    ) -> Result<Self> {
        let preprocess = data.preprocess(&origin.preprocess);
        let graph = with_classes(&(origin.card.build)(preprocess.crop[0])?, classes.len())?;
        let heads = heads(&graph)?;
        let mut tensors = initial(&graph, recipe.initialisation, recipe.seed)?;
        if let Some((trained, names)) = &origin.weights {
            let of_head = |name: &str| {
                let layer =
                    |&head: &NodeId| name.rsplit_once('.').is_some_and(|(layer, _)| layer == graph.node(head).name);
                heads.iter().any(layer)
            };
            for (name, tensor) in &mut tensors {
                let found = trained.get(name).filter(|found| found.dims() == tensor.dims());
                if let Some(found) = found.filter(|_| names == classes || !of_head(name)) {
                    *tensor = found.clone();
                }
            }
        }
        let mut parameters = Parameters::new(&graph, &tensors)?;
        part.choose(&mut parameters, &graph, &heads)?;
        let network = Network::new(graph, tensors, origin.card.name, &Device::Cpu)?;
        let facts = facts(origin, data, classes, part)?;
        Ok(PreparedTraining { network, parameters, preprocess, facts, heads })
    }
}

/// The facts that the checkpoints of a run state about its start.
fn facts(
    origin: &TrainingOrigin,
    data: &TrainingData,
    classes: &[String],
    part: &LearningPart,
) -> Result<CheckpointFacts> {
    let failed = |error: serde_json::Error| Error::Failed(format!("the facts of a checkpoint: {error}"));
    let mut facts = CheckpointFacts::from([
        ("network".to_owned(), origin.card.name.to_owned()),
        ("class_names".to_owned(), serde_json::to_string(classes).map_err(failed)?),
        ("part".to_owned(), serde_json::to_string(part).map_err(failed)?),
        ("data".to_owned(), data.source.to_string()),
        ("test_share".to_owned(), data.share.to_string()),
    ]);
    facts.extend(origin.from.iter().map(|from| ("from".to_owned(), from.clone())));
    facts.extend(data.size.map(|size| ("size".to_owned(), size.to_string())));
    Ok(facts)
}
