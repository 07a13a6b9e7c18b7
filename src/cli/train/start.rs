//! The data and the origin of a run, as flags name them.

use crate::{
    Error, Result,
    cli::console::Console,
    engine::{TEST_SHARE, TrainingData, TrainingOrigin},
    train::data::{DataSet, DataSource},
    zoo::Card,
};

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
    #[arg(long, value_name = "SHARE", default_value_t = TEST_SHARE)]
    test_share: f64,
    /// The input's size in pixels [default: the network's own]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    size: Option<u32>,
}

impl DataArgs {
    /// The data that was asked for.
    pub fn data(&self) -> Result<TrainingData> {
        let data = self.data.as_ref().ok_or_else(|| Error::Usage("say where the pictures are with --data".into()))?;
        if !(0.0..1.0).contains(&self.test_share) {
            return Err(Error::Usage(format!("--test-share {} is no share below 1", self.test_share)));
        }
        Ok(TrainingData { source: DataSource::from_user(data), share: self.test_share, size: self.size })
    }
}

/// Reads the pictures as a network wants them, and names those that are damaged.
pub(in crate::cli) fn read(
    data: &TrainingData,
    origin: &TrainingOrigin,
    seed: u64,
    console: &Console,
) -> Result<DataSet> {
    console.stage(&format!("reading {}", data.source));
    let set = origin.read(data, seed, console.watch())?;
    set.damaged.iter().take(NAMED).for_each(|why| console.note(why));
    if set.damaged.len() > NAMED {
        console.note(&format!("{} pictures in all were left out", set.damaged.len()));
    }
    Ok(set)
}

/// The network that was named, or that of the weights; with its weights, if they are wanted.
pub(in crate::cli) fn origin(
    network: Option<&'static Card>,
    from: Option<&str>,
    console: &Console,
) -> Result<TrainingOrigin> {
    let Some(from) = from else {
        let card = network.ok_or_else(|| Error::Usage("say what to train with --network (or --from)".into()))?;
        return TrainingOrigin::scratch(card);
    };
    console.stage(&format!("opening {from}"));
    TrainingOrigin::trained(network, from, console.watch())
}
