//! A network and the labelled folder that it is measured on, for the commands that count how often it is right.

use super::{args::NetworkArgs, console::Console};
use crate::{
    Result,
    dataset::{LabelledFolder, Listing},
    engine::Model,
};
use std::{path::Path, sync::Arc};

/// Pictures and folders that are named on the terminal; JSON names all.
const NAMED: usize = 10;

/// An open network and the pictures of its classes.
pub(super) struct Labelled {
    pub model: Arc<Model>,
    pub folder: LabelledFolder,
}

impl Labelled {
    /// Lists the folder, opens the network and finds its classes among the folder's folders. The folder first: it is read at
    /// once, and is the likelier to be wrong.
    pub fn open(root: &Path, network: &NetworkArgs, console: &Console) -> Result<Self> {
        let listing = Listing::of(root)?;
        let model = network.open(console)?;
        model.require_classes()?;
        let look_up = |name: &str| model.labels.look_up(name);
        let folder = LabelledFolder::new(listing, &model.card.name, &look_up)?;
        Ok(Labelled { model, folder })
    }
}

/// Names what was left out.
pub(super) fn note_left_out(unreadable: &[String], unmatched: &[String], console: &Console) {
    for reason in unreadable.iter().take(NAMED) {
        console.note(&format!("left out: {reason}"));
    }
    if unreadable.len() > NAMED {
        console.note(&format!("left out: {} more pictures that cannot be read", unreadable.len() - NAMED));
    }
    if !unmatched.is_empty() {
        let shown = unmatched.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if unmatched.len() > NAMED { ", ..." } else { "" };
        console.note(&format!("left out: {} folders that name no class: {shown}{more}", unmatched.len()));
    }
}
