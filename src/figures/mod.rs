//! Answers become pictures. The window, the command line and the tour ask this room, so that one answer looks the same on
//! the screen, in a saved file and in a tour, and is described in the same words.
//!
//! - [`attribution_alone`] and [`attribution_over`]: heatmaps; the range ends at the 99.5% quantile.
//! - [`some_units`], [`all_units`] and [`one_unit`]: feature maps.
//! - [`Filters`]: learned weights. [`Patches`]: deconvnet reconstructions. [`localisation`]: the object a heatmap points at.
//! - [`Scale`], [`grid`]: enlargement by whole factors, and pictures side by side.
//! - [`line_chart`], [`bar_chart`], [`blob_chart`], [`board_chart`]: charts with axes and names.
//! - [`Spreadsheet`]: tables for spreadsheets.
//! - [`preference`]: the class of a folder that a unit prefers, in words.
//! - [`LayerState`]: a layer at one checkpoint of a run, and the strongest activation of a unit there.
//! - [`Facts`]: the text chunks of a PNG, `--json` and reports. [`words`]: the format of numbers and layers.
//!
//! Architecture invariant: nothing here knows a window, a command line or a file's name.

mod chart;
mod enlarge;
mod evolution;
mod facts;
mod filters;
mod headed;
mod heatmap;
mod localised;
mod maps;
mod patches;
mod preference;
mod seen;
mod spreadsheet;
mod synthesised;
pub mod words;

pub use chart::{Bar, Blob, BoardValues, ChartAxis, Series, bar_chart, blob_chart, board_chart, lettering, line_chart};
pub use enlarge::{Scale, enlarged, enlarged_rgb, gap, grid, spaced};
pub use evolution::{LayerState, UnitPeak, weights_cosine};
pub use facts::{
    ClassFacts, CurveTest, Facts, LayerRedrawn, ObjectFacts, StepFacts, SumFacts, TargetFacts, TrustChecks, UnitFacts,
    attribution_facts, picture_name, settings, shown_path, target_facts, to_json,
};
pub use filters::{Filters, has_filters, read_colours};
pub use headed::Headings;
pub use heatmap::{HeatStyle, Heatmap, attribution_alone, attribution_over, in_colour, robust_range};
pub use localised::localisation;
pub use maps::{all_units, one_unit, some_units, suited_scaling, usual_scaling};
pub use patches::{Patches, large_reconstruction, pairs, reconstruction, strip, tiles};
pub use preference::preference;
pub use seen::{backdrop, input, patch};
pub use spreadsheet::Spreadsheet;
pub use synthesised::synthesised;
