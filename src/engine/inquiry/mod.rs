//! Background questions about a run, one file a question.
//!
//! A question's file holds its data ([`Inquiry`]), the [`InquiryKey`] that its answer is kept by, its [`InquiryLane`]
//! and the computation. The window hands a question to [`Answers`], which asks the engine for what is missing and keeps
//! what comes back. To add a question: write its file, list its lane in [`LANES`], and ask it from a panel.

mod accuracy;
mod answers;
mod attribution;
mod batch_times;
mod comparison;
mod erased;
mod invariance;
mod lane;
mod means;
mod projection;
mod question;
mod randomisation;
mod ranking;
mod responses;
mod shelves;
mod unchanged;

pub use accuracy::{AccuracyInquiry, AccuracyKey};
pub use answers::Answers;
pub use attribution::{AttributionInquiry, AttributionKey};
pub use batch_times::{BatchTime, BatchTimesInquiry, BatchTimesKey};
pub use comparison::{ComparisonInquiry, ComparisonKey};
pub use erased::{Answered, AnyInquiry};
pub use invariance::{Change, Invariance, InvarianceInquiry, InvarianceKey, invariance};
pub use lane::{InquiryLane, Subject, Thread};
pub use means::{MeansInquiry, MeansKey};
pub use projection::{Projected, ProjectionInquiry, ProjectionKey};
pub use question::{Inquiry, InquiryKey};
pub use randomisation::{RandomisationInquiry, RandomisationKey};
pub use ranking::{RankingInquiry, RankingKey};
pub use responses::{ResponsesInquiry, ResponsesKey};
pub use shelves::Answer;
pub use unchanged::{Unchanged, UnchangedInquiry, UnchangedKey};

/// The lanes of all questions. Those on the shared thread are served in this order.
pub(super) static LANES: [&InquiryLane; 12] = [
    &attribution::QUICK,
    &projection::LANE,
    &ranking::LANE,
    &unchanged::LANE,
    &attribution::SLOW,
    &randomisation::LANE,
    &invariance::LANE,
    &comparison::LANE,
    &accuracy::LANE,
    &means::LANE,
    &responses::LANE,
    &batch_times::LANE,
];
