//! A folder of pictures as the network sees it: every unit's strongest activations over the folder, pooled features of a
//! layer, what can be read from them (probes, nearest pictures, projections to a plane), and where it is right and wrong.
//!
//! Architecture invariant: nothing here knows how a picture is decoded or prepared. Callers hand in a function from a
//! path to the network's input, so that one preparation serves every command.

mod calibration;
mod evaluation;
mod features;
mod file;
mod index;
mod labelled;
mod layers;
mod linear;
mod listing;
mod nearest;
mod outcome;
mod pass;
mod pca;
mod probe;
mod random;
mod remembered;
mod responses;
mod run;
mod selectivity;
mod statistics;
mod tsne;
mod umap;

pub use calibration::{Calibration, CalibrationBin};
pub use evaluation::{ClassHits, Confusion, Evaluation, Hits};
pub use features::{Features, pooled_features};
pub use index::{Fingerprint, Index, LayerStatistics, Prediction};
pub use labelled::{ClassFolder, LabelledFolder};
pub use layers::{indexed_layers, stand_in};
pub use linear::{Classifier, Loss};
pub use listing::{Entry, Listing};
pub use nearest::{nearest_neighbours, neighbour_vote};
pub use outcome::{Outcome, outcomes};
pub use pass::{IndexProgress, Prepare, index_folder};
pub use pca::{Projection, principal_components};
pub use probe::{Accuracy, LayerProbe, ProbeSettings, probe};
pub use random::shuffled;
pub use remembered::KeptInputs;
pub use responses::{HitChoice, ResponseMeasure, Responses};
pub use run::{Damaged, NetworkAt, for_each_trace};
pub use selectivity::{GroupMean, Selectivity};
pub use statistics::{Histogram, Hit, TOP, UnitStatistics};
pub use tsne::tsne;
pub use umap::umap;
