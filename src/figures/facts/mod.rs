//! The facts about a picture: what it shows and what it was made from. One record serves `--json`, the report on standard
//! output and the text chunks of every PNG, whether the window, the command line or the tour writes it.

mod attribution;
mod checks;
mod class;
mod json;
mod parts;
mod record;
mod texts;

pub use attribution::{attribution_facts, target_facts};
pub use checks::{CurveTest, LayerRedrawn, TrustChecks};
pub use class::ClassFacts;
pub use json::{shown_path, to_json};
pub use parts::{ObjectFacts, StepFacts, SumFacts, TargetFacts, UnitFacts, settings};
pub use record::{Facts, picture_name};
