//! The commands about a folder of pictures: its index and what can be read from it.

mod atlas;
mod embed;
mod folder;
mod index;
mod nearest;
mod probe;
mod top;

pub(super) use atlas::{AtlasArgs, atlas};
pub(super) use embed::{EmbedArgs, embed};
pub(super) use index::{IndexArgs, index};
pub(super) use nearest::{NearestArgs, nearest};
pub(super) use probe::{ProbeArgs, probe};
pub(super) use top::{TopArgs, top};
