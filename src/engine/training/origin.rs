//! The network, data and first weights of a run.

use super::{data::TrainingData, kept::RunSettings, part::LearningPart};
use crate::{
    Error, Result,
    engine::{
        left_out::{LEFT_OUT, titled},
        model::Model,
        opening::{BY_FILE, Opening},
    },
    net::{
        Network, NodeId, Tensors,
        surgery::{Edit, InPlace, Surgery},
    },
    paths::from_user,
    picture::Preprocess,
    train::{CheckpointFacts, Parameters, TrainingRecipe, data::DataSet, heads, initial, tensors_of, with_classes},
    watch::Watch,
    weights::Source,
    zoo::{self, Card, Label, Labels},
};
use candle_core::Device;

/// A network, and the weights that it starts from.
pub struct TrainingOrigin {
    card: &'static Card,
    preprocess: Preprocess,
    /// Trained weights, and the classes that they know.
    weights: Option<(Tensors, Labels)>,
    from: Option<String>,
    /// The parts that it learns without.
    left_out: Vec<String>,
    /// The names of its classes, as the run that goes on states them.
    class_names: Option<String>,
}

impl TrainingOrigin {
    /// A network that starts from scratch.
    ///
    /// # Errors
    /// [`Error::Usage`] when it takes no pictures.
    pub fn scratch(card: &'static Card) -> Result<Self> {
        match card.takes_pictures() {
            true => {
                let (preprocess, left_out) = ((card.preprocess)(), Vec::new());
                Ok(TrainingOrigin { card, preprocess, weights: None, from: None, left_out, class_names: None })
            }
            false => Err(Error::Usage(format!("{} takes no pictures", card.name))),
        }
    }

    /// A network that starts from trained weights: those of the network that `from` names, or of that file; of the network
    /// `card`, if the file does not say which.
    ///
    /// # Errors
    /// Those of [`Model::open`], [`Error::Failed`] when the weights are made up, and [`Error::Usage`] for a variant with other
    /// changes than parts that are left out.
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
        let weights = Some((tensors_of(&model.network)?, model.labels.clone()));
        let preprocess = model.own_preprocess.clone();
        let origin = TrainingOrigin {
            card,
            preprocess,
            weights,
            from: Some(from.to_owned()),
            left_out: model.left_out(),
            class_names: None,
        };
        origin.without(&passed_over(&model.surgery)?)
    }

    /// The network of a run that goes on: its weights are in the checkpoint.
    ///
    /// # Errors
    /// As [`TrainingOrigin::scratch`].
    pub fn resumed(kept: &RunSettings) -> Result<Self> {
        let from = kept.facts.get("from").cloned();
        let class_names = kept.facts.get("class_names").cloned();
        TrainingOrigin { from, class_names, ..TrainingOrigin::scratch(kept.network)? }.without(&kept.left_out())
    }

    /// The same network without more of its parts: whatever reads a part's output learns to read its input.
    ///
    /// # Errors
    /// [`Error::Usage`] when the network has no such part, or cannot be without it.
    pub fn without(mut self, parts: &[String]) -> Result<Self> {
        let whole = (self.card.build)(self.card.size())?;
        for part in parts {
            let name = whole.part(part)?.name;
            if !self.left_out.contains(&name) {
                self.left_out.push(name);
            }
        }
        whole.without(&self.left_out)?;
        Ok(self)
    }

    /// The network's title, with the parts that it learns without.
    pub fn title(&self) -> String {
        titled(self.card.title, &self.left_out)
    }

    /// The parts that the network learns without.
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// The same network, to be trained from scratch.
    #[must_use]
    pub fn without_weights(&self) -> Self {
        let (preprocess, left_out) = (self.preprocess.clone(), self.left_out.clone());
        TrainingOrigin { card: self.card, preprocess, weights: None, from: None, left_out, class_names: None }
    }

    /// Reads the pictures as the network wants them.
    ///
    /// # Errors
    /// Those of [`crate::train::data::DataSource::read`].
    pub fn read(&self, data: &TrainingData, seed: u64, watch: &Watch) -> Result<DataSet> {
        data.source.read(&data.preprocess(&self.preprocess), data.share, seed, watch)
    }

    /// The classes that the trained weights know, where the data's are the same in the same order, by their names or WordNet ids.
    fn known(&self, classes: &[String]) -> Option<&Labels> {
        let (_, labels) = self.weights.as_ref()?;
        let is = |(index, class): (usize, &String)| {
            labels.short(index) == class || matches!(labels.look_up(class), Ok(Some(found)) if found == index)
        };
        (labels.all().len() == classes.len() && classes.iter().enumerate().all(is)).then_some(labels)
    }

    /// The network.
    pub fn card(&self) -> &'static Card {
        self.card
    }
}

/// The parts of a variant whose input stands in their place: these are left out of training.
fn passed_over(surgery: &Surgery) -> Result<Vec<String>> {
    let part = |edit: &Edit| match edit {
        Edit::Off { part, with: InPlace::Input } => Ok(part.clone()),
        edit => Err(Error::Usage(format!(
            "the variant has a change that training does not keep: {}; it keeps parts that are off with their input in \
             their place",
            edit.words()
        ))),
    };
    surgery.edits.iter().map(part).collect()
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
    /// Tensors that start anew because the trained ones have other shapes, but for the classifier's.
    pub anew: Vec<String>,
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
        let graph = (origin.card.build)(preprocess.crop[0])?.without(&origin.left_out)?;
        let graph = with_classes(&graph, classes.len())?;
        let heads = heads(&graph)?;
        let mut tensors = initial(&graph, recipe.initialisation, recipe.seed)?;
        let mut anew = Vec::new();
        let known = origin.known(classes);
        if let Some((trained, _)) = &origin.weights {
            let of_head = |name: &str| {
                let layer =
                    |&head: &NodeId| name.rsplit_once('.').is_some_and(|(layer, _)| layer == graph.node(head).name);
                heads.iter().any(layer)
            };
            for (name, tensor) in &mut tensors {
                let found = trained.get(name).filter(|found| found.dims() == tensor.dims());
                match found.filter(|_| known.is_some() || !of_head(name)) {
                    Some(found) => *tensor = found.clone(),
                    None if !of_head(name) => anew.push(name.clone()),
                    None => {}
                }
            }
            anew.sort();
        }
        let mut parameters = Parameters::new(&graph, &tensors)?;
        part.choose(&mut parameters, &graph, &heads)?;
        let network = Network::new(graph, tensors, origin.card.name, &Device::Cpu)?;
        let facts = facts(origin, data, classes, part)?;
        Ok(PreparedTraining { network, parameters, preprocess, facts, heads, anew })
    }
}

/// Labels as a checkpoint states them: with their WordNet ids where all have one.
fn named(labels: &[Label]) -> serde_json::Result<String> {
    let pairs: Option<Vec<[&str; 2]>> =
        labels.iter().map(|label| Some([label.wnid.as_deref()?, &label.name])).collect();
    let names = || labels.iter().map(|label| label.name.as_str()).collect::<Vec<_>>();
    pairs.map_or_else(|| serde_json::to_string(&names()), |pairs| serde_json::to_string(&pairs))
}

/// The facts that the checkpoints of a run state about its start.
fn facts(
    origin: &TrainingOrigin,
    data: &TrainingData,
    classes: &[String],
    part: &LearningPart,
) -> Result<CheckpointFacts> {
    let failed = |error: serde_json::Error| Error::Failed(format!("the facts of a checkpoint: {error}"));
    let names = match (&origin.class_names, origin.known(classes)) {
        (Some(stated), _) => stated.clone(),
        (None, Some(labels)) => named(labels.all()).map_err(failed)?,
        (None, None) => serde_json::to_string(classes).map_err(failed)?,
    };
    let mut facts = CheckpointFacts::from([
        ("network".to_owned(), origin.card.name.to_owned()),
        ("class_names".to_owned(), names),
        ("part".to_owned(), serde_json::to_string(part).map_err(failed)?),
        ("data".to_owned(), data.source.to_string()),
        ("test_share".to_owned(), data.share.to_string()),
    ]);
    facts.extend(origin.from.iter().map(|from| ("from".to_owned(), from.clone())));
    facts.extend((!origin.left_out.is_empty()).then(|| (LEFT_OUT.to_owned(), origin.left_out.join(","))));
    facts.extend(data.size.map(|size| ("size".to_owned(), size.to_string())));
    Ok(facts)
}
