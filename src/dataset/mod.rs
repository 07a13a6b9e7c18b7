//! A folder of pictures as the network sees it: every unit's strongest activations over the folder, pooled features of a
//! layer, and what can be read from them (probes, nearest pictures, projections to a plane).
//!
//! Architecture invariant: nothing here knows how a picture is decoded or prepared. Callers hand in a function from a
//! path to the network's input, so that one preparation serves every command.

mod features;
mod file;
mod index;
mod layers;
mod linear;
mod listing;
mod nearest;
mod pass;
mod pca;
mod probe;
mod statistics;
mod tsne;

pub use features::{Damaged, Features, pooled_features};
pub use index::{Fingerprint, Index, LayerStatistics, Prediction};
pub use layers::{indexed_layers, stand_in};
pub use linear::{Classifier, Loss};
pub use listing::{Entry, Listing, is_text};
pub use nearest::{nearest_neighbours, neighbour_vote};
pub use pass::{IndexProgress, Prepare, index_folder};
pub use pca::{Projection, principal_components};
pub use probe::{Accuracy, LayerProbe, ProbeSettings, probe};
pub use statistics::{Histogram, Hit, TOP, UnitStatistics};
pub use tsne::tsne;
