//! The flags of a recipe's settings.

use crate::{
    Error, Result,
    train::{Augmentation, Initialisation, Optimiser, Schedule, TrainingRecipe, UpdateRule},
};

/// The settings of the recipe.
#[derive(clap::Args)]
#[command(next_help_heading = "Training")]
pub(in crate::cli) struct SettingArgs {
    /// Passes over the training pictures
    #[arg(long, value_name = "E", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    epochs: Option<u32>,
    /// Pictures of a batch
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=8192))]
    batch: Option<u32>,
    /// sgd, nesterov, adam, adamw or rmsprop
    #[arg(long, value_name = "RULE", value_parser = str::parse::<UpdateRule>)]
    optimiser: Option<UpdateRule>,
    /// Learning rate before the schedule
    #[arg(long, value_name = "RATE")]
    rate: Option<f64>,
    /// Momentum; of Adam the share of the first moment that stays
    #[arg(long, value_name = "SHARE")]
    momentum: Option<f64>,
    /// Weight decay, of weights that are neither biases nor of normalisations
    #[arg(long, value_name = "DECAY")]
    decay: Option<f64>,
    /// constant, cosine, one-cycle, plateau:EPOCHS, or step:SHARE,SHARE,... of the run
    #[arg(long, value_name = "SCHEDULE", value_parser = str::parse::<Schedule>)]
    schedule: Option<Schedule>,
    /// Epochs in which the rate rises from 0
    #[arg(long, value_name = "E")]
    warm_up: Option<f64>,
    /// Share of the target that is spread over all classes
    #[arg(long, value_name = "SHARE")]
    smoothing: Option<f64>,
    /// Leave residual branches out of steps at random, the last with this probability, those before it less often
    #[arg(long, value_name = "SHARE")]
    stochastic_depth: Option<f64>,
    /// he, xavier, lecun or torchvision
    #[arg(long, value_name = "WAY", value_parser = str::parse::<Initialisation>)]
    initialisation: Option<Initialisation>,
    /// Black pixels around a picture, out of which the input is cut at random
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(..=1024))]
    padding: Option<u32>,
    /// Mirror half of the pictures: yes or no
    #[arg(long, value_name = "YES|NO", value_parser = yes)]
    mirror: Option<bool>,
    /// Cut rectangles of at least this share of a picture and resize them; 0 for none
    #[arg(long, value_name = "SHARE")]
    least_area: Option<f64>,
    /// Change brightness, contrast and saturation by up to this share
    #[arg(long, value_name = "SHARE")]
    jitter: Option<f64>,
    /// Deviation of the changes of RGB intensities; AlexNet's is 0.1
    #[arg(long, value_name = "DEVIATION")]
    lighting: Option<f64>,
    /// Seed of first weights, orders, random changes and dropout [default: 0]
    #[arg(long)]
    seed: Option<u64>,
}

fn yes(text: &str) -> Result<bool> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(Error::Usage(format!("'{text}' is neither yes nor no"))),
    }
}

impl SettingArgs {
    /// A recipe with what was asked for.
    ///
    /// # Errors
    /// [`Error::Usage`] for a number that makes no sense.
    pub fn over(&self, own: TrainingRecipe) -> Result<TrainingRecipe> {
        let was = own.optimiser;
        let optimiser = match self.optimiser.filter(|&rule| rule != was.rule) {
            // Adam's usual rate is its own.
            Some(rule @ (UpdateRule::Adam | UpdateRule::AdamW | UpdateRule::RmsProp)) => {
                Optimiser::new(rule, 1e-3, was.decay)
            }
            Some(rule) => Optimiser { rule, ..was },
            None => was,
        };
        let shares = [
            ("--momentum", self.momentum),
            ("--smoothing", self.smoothing),
            ("--stochastic-depth", self.stochastic_depth),
            ("--least-area", self.least_area),
            ("--jitter", self.jitter),
        ];
        for (flag, value) in shares {
            check(flag, value, 0.0..=1.0)?;
        }
        for (flag, value) in
            [("--rate", self.rate), ("--decay", self.decay), ("--warm-up", self.warm_up), ("--lighting", self.lighting)]
        {
            check(flag, value, 0.0..=1e4)?;
        }
        let a = own.augmentation;
        Ok(TrainingRecipe {
            epochs: self.epochs.map_or(own.epochs, |epochs| epochs as usize),
            batch: self.batch.map_or(own.batch, |batch| batch as usize),
            optimiser: Optimiser {
                rate: self.rate.unwrap_or(optimiser.rate),
                momentum: self.momentum.unwrap_or(optimiser.momentum),
                decay: self.decay.unwrap_or(optimiser.decay),
                ..optimiser
            },
            schedule: self.schedule.clone().unwrap_or(own.schedule),
            warm_up: self.warm_up.unwrap_or(own.warm_up),
            smoothing: self.smoothing.unwrap_or(own.smoothing),
            stochastic_depth: self.stochastic_depth.unwrap_or(own.stochastic_depth),
            augmentation: Augmentation {
                padding: self.padding.map_or(a.padding, |pixels| pixels as usize),
                mirror: self.mirror.unwrap_or(a.mirror),
                least_area: self.least_area.unwrap_or(a.least_area),
                jitter: self.jitter.unwrap_or(a.jitter),
                lighting: self.lighting.unwrap_or(a.lighting),
            },
            initialisation: self.initialisation.unwrap_or(own.initialisation),
            seed: self.seed.unwrap_or(own.seed),
        })
    }
}

fn check(flag: &str, value: Option<f64>, range: std::ops::RangeInclusive<f64>) -> Result<()> {
    match value {
        Some(value) if !range.contains(&value) => {
            Err(Error::Usage(format!("{flag} {value} is outside {} to {}", range.start(), range.end())))
        }
        _ => Ok(()),
    }
}
