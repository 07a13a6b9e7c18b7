//! The start of a run: network, data and first weights.

use crate::{
    Error, Result,
    cli::console::Console,
    engine::{BY_FILE, Model, Opening},
    net::{Network, NodeId, Tensors},
    paths::from_user,
    picture::Preprocess,
    train::{
        CheckpointFacts, Parameters, TrainingRecipe,
        data::{DataSet, DataSource},
        heads, initial, tensors_of, with_classes,
    },
    weights::Source,
    zoo::{self, Card},
};
use candle_core::Device;

/// Damaged pictures that are named on the terminal.
const NAMED: usize = 10;

/// Where the pictures are.
#[derive(clap::Args)]
#[command(next_help_heading = "Data")]
pub(in crate::cli) struct DataArgs {
    /// A folder with a folder for each class, perhaps below train and test; a .csv of PATH,CLASS lines; mnist:FOLDER with
    /// MNIST's files; cifar10:FOLDER with CIFAR-10's
    #[arg(long, value_name = "FOLDER|mnist:FOLDER|cifar10:FOLDER")]
    data: Option<std::ffi::OsString>,
    /// Share of each class that is kept for the test, where the data does not say which pictures are
    #[arg(long, value_name = "SHARE", default_value_t = 0.2)]
    test_share: f64,
    /// The input's size in pixels [default: the network's own]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    size: Option<u32>,
}

impl DataArgs {
    /// Reads the pictures as a network wants them.
    pub fn read(&self, origin: &Origin, seed: u64, console: &Console) -> Result<DataSet> {
        let data = self.data.as_ref().ok_or_else(|| Error::Usage("say where the pictures are with --data".into()))?;
        if !(0.0..1.0).contains(&self.test_share) {
            return Err(Error::Usage(format!("--test-share {} is no share below 1", self.test_share)));
        }
        let source = DataSource::from_user(data);
        console.stage(&format!("reading {source}"));
        source.read(&self.preprocess(origin), self.test_share, seed, console.watch())
    }

    /// The preparation at the size that was asked for.
    pub fn preprocess(&self, origin: &Origin) -> Preprocess {
        match self.size {
            Some(size) => origin.preprocess.with_size(size as usize),
            None => origin.preprocess.clone(),
        }
    }

    /// The data's name.
    pub fn shown(&self) -> String {
        self.data.as_ref().map_or_else(String::new, |data| DataSource::from_user(data).to_string())
    }
}

/// A network, and the weights that it starts from.
pub(in crate::cli) struct Origin {
    card: &'static Card,
    preprocess: Preprocess,
    /// Trained weights, and the names of their classes.
    weights: Option<(Tensors, Vec<String>)>,
    from: Option<String>,
}

impl Origin {
    /// The network that was named, or that of the weights; with its weights, if they are wanted.
    pub fn new(network: Option<&'static Card>, from: Option<&str>, console: &Console) -> Result<Self> {
        let Some(from) = from else {
            let card = network.ok_or_else(|| Error::Usage("say what to train with --network (or --from)".into()))?;
            if !card.takes_pictures() {
                return Err(Error::Usage(format!("{} takes no pictures", card.name)));
            }
            return Ok(Origin { card, preprocess: (card.preprocess)(), weights: None, from: None });
        };
        let named = zoo::find(from).ok();
        let opening = match named {
            Some(card) => Opening::of(card.name),
            None => {
                let weights = Source::File(from_user(from));
                Opening { weights, ..Opening::of(network.map_or(BY_FILE, |card| card.name)) }
            }
        };
        console.stage(&format!("opening {from}"));
        let model = Model::open(&opening, &Device::Cpu, console.watch())?;
        if model.is_untrained() {
            let why = format!("there are no trained weights of {from} at hand: 'striate fetch' downloads them");
            return Err(Error::Failed(why));
        }
        let card = zoo::find(&model.card.name)?;
        let outputs = model.network.graph().node(model.network.graph().scores()).extent()[0];
        let classes = (0..outputs).map(|class| model.class_name(class)).collect();
        let weights = Some((tensors_of(&model.network)?, classes));
        Ok(Origin { card, preprocess: model.own_preprocess.clone(), weights, from: Some(from.to_owned()) })
    }

    /// The same network, to be trained from scratch.
    pub fn without_weights(&self) -> Self {
        Origin { card: self.card, preprocess: self.preprocess.clone(), weights: None, from: None }
    }

    /// The network's name.
    pub fn name(&self) -> &'static str {
        self.card.name
    }
}

/// A network that is ready to learn.
pub(in crate::cli) struct Prepared {
    pub network: Network,
    pub parameters: Parameters,
    pub preprocess: Preprocess,
    pub facts: CheckpointFacts,
    /// The classifier's layers.
    pub heads: Vec<NodeId>,
}

impl Prepared {
    /// The network for some classes, with the weights that training starts from.
    pub fn new(origin: &Origin, data: &DataArgs, classes: &[String], recipe: &TrainingRecipe) -> Result<Self> {
        let preprocess = data.preprocess(origin);
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
        let parameters = Parameters::new(&graph, &tensors)?;
        let network = Network::new(graph, tensors, origin.card.name, &Device::Cpu)?;
        let names =
            serde_json::to_string(classes).map_err(|error| Error::Failed(format!("names of classes: {error}")))?;
        let mut facts = CheckpointFacts::from([
            ("network".to_owned(), origin.card.name.to_owned()),
            ("class_names".to_owned(), names),
            ("data".to_owned(), data.shown()),
        ]);
        facts.extend(origin.from.iter().map(|from| ("from".to_owned(), from.clone())));
        facts.extend(data.size.map(|size| ("size".to_owned(), size.to_string())));
        Ok(Prepared { network, parameters, preprocess, facts, heads })
    }
}

/// Names pictures that were left out.
pub(in crate::cli) fn name_damaged(console: &Console, damaged: &[String]) {
    damaged.iter().take(NAMED).for_each(|why| console.note(why));
    if damaged.len() > NAMED {
        console.note(&format!("{} pictures in all were left out", damaged.len()));
    }
}
