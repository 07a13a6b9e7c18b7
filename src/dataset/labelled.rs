//! A folder of pictures whose folders are named after classes.

use super::listing::Listing;
use crate::{Error, Result};
use std::path::Path;

/// A folder that is named after a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassFolder {
    /// The class: an output of the network.
    pub class: usize,
    /// The folder's name.
    pub folder: String,
}

/// The pictures in folders that are named after classes.
#[derive(Clone, Debug, Default)]
pub struct LabelledFolder {
    /// The pictures, those of folders without a class left out. The group of an entry is its position in `classes`.
    pub listing: Listing,
    /// The folders that are named after a class.
    pub classes: Vec<ClassFolder>,
    /// The names of the other folders.
    pub unmatched: Vec<String>,
}

impl LabelledFolder {
    /// Names the classes of a listing's groups by `look_up`, which returns the class that a name means. Underscores in a
    /// folder's name may stand for spaces. `network` stands in messages.
    ///
    /// # Errors
    /// [`Error::Usage`] when a folder's name means several classes; [`Error::Failed`] when no folder is named after a
    /// class, or when those folders hold no pictures.
    pub fn new(
        listing: Listing,
        network: &str,
        look_up: &dyn Fn(&str) -> Result<Option<usize>>,
    ) -> Result<LabelledFolder> {
        let mut labelled = LabelledFolder { listing, ..LabelledFolder::default() };
        let mut slots = Vec::new();
        for folder in std::mem::take(&mut labelled.listing.groups) {
            match class_of(&folder, &labelled.listing.root, look_up)? {
                Some(class) => {
                    slots.push(Some(labelled.classes.len()));
                    labelled.classes.push(ClassFolder { class, folder });
                }
                None => {
                    slots.push(None);
                    labelled.unmatched.push(folder);
                }
            }
        }
        let listing = &mut labelled.listing;
        for entry in &mut listing.entries {
            entry.group = entry.group.and_then(|group| slots[group]);
        }
        listing.entries.retain(|entry| entry.group.is_some());
        listing.groups = labelled.classes.iter().map(|class| class.folder.clone()).collect();
        let root = listing.root.display();
        if labelled.classes.is_empty() {
            let example = labelled.unmatched.first().map_or_else(String::new, |name| format!(" ('{name}' is none)"));
            return Err(Error::Failed(format!("{root} holds no folder named after a class of {network}{example}")));
        }
        match listing.entries.is_empty() {
            true => Err(Error::Failed(format!("the folders of classes in {root} hold no pictures"))),
            false => Ok(labelled),
        }
    }

    /// The position of a picture's class in `classes`.
    pub fn slot(&self, picture: usize) -> usize {
        self.listing.entries[picture].group.unwrap_or_default()
    }

    /// The class of a picture.
    pub fn class(&self, picture: usize) -> usize {
        self.classes[self.slot(picture)].class
    }

    /// The folders between a picture and its class's folder, as `day/rain`; empty where there are none.
    pub fn subgroup(&self, picture: usize) -> String {
        let path = &self.listing.entries[picture].path;
        let inner = path.parent().unwrap_or(Path::new("")).iter().skip(1);
        inner.map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
    }
}

fn class_of(name: &str, root: &Path, look_up: &dyn Fn(&str) -> Result<Option<usize>>) -> Result<Option<usize>> {
    let spaced = || look_up(&name.replace('_', " "));
    let class = look_up(name).and_then(|class| class.map_or_else(spaced, |class| Ok(Some(class))));
    class.map_err(|error| {
        let folder = root.join(name);
        Error::Usage(format!("the folder {} names no one class: {error}", folder.display()))
    })
}
