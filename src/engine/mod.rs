//! Running networks: [`Model`] (a network with its description), [`Run`] (one picture through it) and [`Engine`], the worker
//! threads of the window, which answer [`Request`]s and background questions ([`Inquiry`]).
//!
//! Architecture invariant: compute never touches egui; results reach the window as [`Event`]s alone.

mod auxiliary;
mod by_file;
mod device;
mod event;
mod folder_index;
mod handle;
mod inquiry;
mod kind;
mod labels;
mod lane;
mod layer_view;
mod left_out;
mod live;
mod load;
mod model;
mod opening;
mod queue;
mod request;
mod run;
mod screen;
mod source;
mod training;
mod trim;
mod variant_file;
mod variants;
mod worker;

pub use auxiliary::AuxiliaryAnswer;
pub use device::DeviceChoice;
pub use event::Event;
pub use handle::{Engine, lower_priority, lowest_priority};
pub use inquiry::{
    AccuracyInquiry, AccuracyKey, Answer, Answered, Answers, AnyInquiry, AttributionInquiry, AttributionKey, BatchTime,
    BatchTimesInquiry, BatchTimesKey, Change, ComparisonInquiry, ComparisonKey, Inquiry, InquiryKey, InquiryLane,
    Invariance, InvarianceInquiry, InvarianceKey, MeansInquiry, MeansKey, Projected, ProjectionInquiry, ProjectionKey,
    RandomisationInquiry, RandomisationKey, RankingInquiry, RankingKey, ResponsesInquiry, ResponsesKey, Subject,
    Thread, Unchanged, UnchangedInquiry, UnchangedKey, invariance,
};
pub use kind::{FileKind, LABELS, openable};
pub use labels::{labels_of, read_labels};
pub use lane::Lane;
pub use layer_view::LayerView;
pub use live::{Control, Frame};
pub use model::Model;
pub use opening::{BY_FILE, Opening};
pub use queue::Status;
pub use request::Request;
pub use run::Run;
pub use source::PictureSource;
pub use training::{LearningPart, PreparedTraining, RunSettings, TEST_SHARE, TrainingData, TrainingOrigin};
pub use variant_file::{VARIANT, is_variant, write_variant};
