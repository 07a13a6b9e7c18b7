//! The settings of a run, and those that a network trains with where nothing else is asked for.

use super::{
    augment::Augmentation,
    initial::Initialisation,
    optimiser::{Optimiser, UpdateRule},
    schedule::Schedule,
};
use serde::{Deserialize, Serialize};

/// Everything that training depends on beside network and data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingRecipe {
    /// Passes over the training pictures.
    pub epochs: usize,
    /// Pictures of a batch.
    pub batch: usize,
    /// From gradients to weights.
    pub optimiser: Optimiser,
    /// The learning rate over the run.
    pub schedule: Schedule,
    /// Epochs in which the rate rises from 0.
    pub warm_up: f64,
    /// The share of the target that is spread over all classes.
    pub smoothing: f64,
    /// The probability that a step leaves the last residual branch out; less for those before it.
    #[serde(default)]
    pub stochastic_depth: f64,
    /// Random changes of pictures.
    pub augmentation: Augmentation,
    /// The weights that it starts from.
    pub initialisation: Initialisation,
    /// Where orders, changes, dropout and first weights come from.
    pub seed: u64,
}

/// A recipe as published, or as near as one sentence says.
pub struct Known {
    /// Beginnings of the networks' names; of several that fit, the first in [`KNOWN`] counts.
    pub networks: &'static [&'static str],
    /// Where it comes from.
    pub origin: &'static str,
    recipe: fn() -> TrainingRecipe,
}

/// The recipes.
pub const KNOWN: &[Known] = &[
    Known {
        networks: &["lenet5"],
        origin: "MNIST: Nesterov's momentum, 20 epochs of batches of 64 at 0.02 on half a cosine, pictures moved by up to 2 \
                 pixels; LeCun et al. trained 20 epochs, picture by picture",
        recipe: || TrainingRecipe {
            epochs: 20,
            batch: 64,
            optimiser: Optimiser::new(UpdateRule::Nesterov, 0.02, 5e-4),
            schedule: Schedule::Cosine,
            augmentation: Augmentation { padding: 2, ..Augmentation::default() },
            initialisation: Initialisation::LeCun,
            ..general()
        },
    },
    Known {
        networks: &["densenet40", "densenet100", "densenet_bc100"],
        origin: "CIFAR-10: Huang, Liu, van der Maaten and Weinberger 2017: Nesterov's momentum, 300 epochs of batches of 64 at \
                 0.1, a tenth at half and three quarters",
        recipe: || TrainingRecipe {
            epochs: 300,
            batch: 64,
            optimiser: Optimiser::new(UpdateRule::Nesterov, 0.1, 1e-4),
            schedule: Schedule::Step(vec![0.5, 0.75]),
            augmentation: Augmentation { padding: 4, mirror: true, ..Augmentation::default() },
            ..general()
        },
    },
    Known {
        networks: &[
            "resnet20",
            "resnet32",
            "resnet44",
            "resnet56",
            "resnet110",
            "resnet164",
            "resnet1202",
            "plain20",
            "plain56",
        ],
        origin: "CIFAR-10: He, Zhang, Ren and Sun 2016, section 4.2: momentum, 164 epochs of batches of 128 at 0.1, a tenth at \
                 half and three quarters",
        recipe: cifar,
    },
    Known {
        networks: &["resnet18_cifar", "resnet34_cifar", "resnet50_cifar", "resnet101_cifar", "resnet152_cifar"],
        origin: "CIFAR-10: as ResNet-20's",
        recipe: cifar,
    },
    Known {
        networks: &["photonet"],
        origin: "as photonet was trained: Nesterov's momentum, 15 epochs of batches of 128 up to 0.1 in one cycle, labels \
                 smoothed by 0.1",
        recipe: || TrainingRecipe {
            epochs: 15,
            batch: 128,
            // Without the batch normalisation that it was trained with, a tenth of the rate.
            optimiser: Optimiser::new(UpdateRule::Nesterov, 0.02, 5e-4),
            schedule: Schedule::OneCycle,
            smoothing: 0.1,
            augmentation: Augmentation { padding: 6, mirror: true, ..Augmentation::default() },
            ..general()
        },
    },
    Known {
        networks: &["alexnet", "zfnet"],
        origin: "ImageNet: Krizhevsky, Sutskever and Hinton 2012: momentum, 90 epochs of batches of 128 at 0.01, a tenth three \
                 times, mirrored cuts, RGB intensities",
        recipe: || TrainingRecipe {
            optimiser: Optimiser::new(UpdateRule::Sgd, 0.01, 5e-4),
            schedule: Schedule::Step(vec![0.34, 0.67, 0.9]),
            batch: 128,
            augmentation: Augmentation { mirror: true, lighting: 0.1, ..Augmentation::default() },
            ..general()
        },
    },
    Known {
        networks: &["vgg"],
        origin: "ImageNet: Simonyan and Zisserman 2015: momentum, 74 epochs of batches of 256 at 0.01, a tenth three times",
        recipe: || TrainingRecipe {
            epochs: 74,
            optimiser: Optimiser::new(UpdateRule::Sgd, 0.01, 5e-4),
            schedule: Schedule::Step(vec![0.4, 0.7, 0.9]),
            augmentation: Augmentation { mirror: true, lighting: 0.1, ..Augmentation::default() },
            ..general()
        },
    },
];

fn cifar() -> TrainingRecipe {
    TrainingRecipe {
        epochs: 164,
        batch: 128,
        schedule: Schedule::Step(vec![0.5, 0.75]),
        augmentation: Augmentation { padding: 4, mirror: true, ..Augmentation::default() },
        ..general()
    }
}

/// As torchvision trains ResNet-50 with its first weights.
fn general() -> TrainingRecipe {
    TrainingRecipe {
        epochs: 90,
        batch: 256,
        optimiser: Optimiser::new(UpdateRule::Sgd, 0.1, 1e-4),
        schedule: Schedule::Step(vec![1.0 / 3.0, 2.0 / 3.0]),
        warm_up: 0.0,
        smoothing: 0.0,
        stochastic_depth: 0.0,
        augmentation: Augmentation { mirror: true, least_area: 0.08, ..Augmentation::default() },
        initialisation: Initialisation::He,
        seed: 0,
    }
}

impl TrainingRecipe {
    /// The recipe of a network, and where it comes from.
    pub fn of(network: &str) -> (TrainingRecipe, &'static str) {
        let fits = |known: &&Known| known.networks.iter().any(|start| network.starts_with(start));
        KNOWN
            .iter()
            .find(fits)
            .map_or((general(), "ImageNet: as torchvision's first ResNets"), |known| ((known.recipe)(), known.origin))
    }

    /// The recipe for weights that were trained before: a tenth of the rate, thirty epochs, batches of 32, half a cosine.
    #[must_use]
    pub fn for_transfer(&self) -> Self {
        let optimiser = Optimiser { rate: 0.01, ..Optimiser::new(UpdateRule::Nesterov, 0.01, 1e-4) };
        let least_area = if self.augmentation.padding == 0 { 0.35 } else { 0.0 };
        let augmentation = Augmentation { mirror: self.augmentation.mirror, least_area, ..self.augmentation };
        let schedule = Schedule::Cosine;
        TrainingRecipe { epochs: 30, batch: 32, optimiser, schedule, warm_up: 0.0, augmentation, ..self.clone() }
    }
}
