//! Training: pictures with classes and a network become better weights of it.
//!
//! [`data`] reads pictures, [`Maker`] makes batches of them ahead of the kernels, [`Learner`] learns from a batch, and [`TrainingRun`]
//! is epochs of that with checkpoints. A [`TrainingRecipe`] holds every setting.
//!
//! Architecture invariant: nothing random depends on time, threads or where a run was interrupted. The same seed gives the
//! same weights.

mod augment;
mod batches;
mod checkpoint;
pub mod data;
mod depth;
mod head;
mod history;
mod image;
mod initial;
mod learner;
mod loss;
mod optimiser;
mod parameters;
mod random;
mod recipe;
mod run;
mod schedule;
mod shipped;
mod similarity;

pub use augment::Augmentation;
pub use batches::{Batch, Maker};
pub use checkpoint::{CheckpointFacts, read_facts};
pub use depth::StochasticDepth;
pub use head::{heads, tensors_of, with_classes};
pub use history::{Checkpoint, checkpoints, chosen, is_run};
pub use image::Levels;
pub use initial::{Initialisation, initial};
pub use learner::{Learner, Score};
pub use loss::{AUXILIARY_WEIGHT, BatchLoss, classifiers, cross_entropy};
pub use optimiser::{Optimiser, UpdateRule};
pub use parameters::{Parameters, WeightTensor};
pub use random::Random;
pub use recipe::{KNOWN, Known, TrainingRecipe};
pub use run::{Epoch, LAST, METRICS, Setup, TrainingProgress, TrainingRun, name_of, read_metrics};
pub use schedule::{Plateau, Schedule};
pub use shipped::{SHIPPED_RUNS, ShippedRun, run_folder};
pub use similarity::{LEAST_PICTURES, Similarities};
