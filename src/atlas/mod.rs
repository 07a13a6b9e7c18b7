//! Units beside the pictures of a folder that excite them: crops with their reconstructions, sheets of a layer, and a folder of
//! pages with one page a unit.
//!
//! Architecture invariant: this room reads an index and writes a folder; it knows no command line and no window.

mod contents;
mod feeders;
mod page;
mod shown;
mod tiles;

pub use contents::{ATLAS, Synthesis, UnitAtlas};
pub use shown::{ShownHit, WantedHits, shown_hits};
pub use tiles::{sheet_of_hits, sheet_of_units};
