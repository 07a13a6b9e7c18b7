//! A folder and the network that looks at it.

use crate::{
    Error, Result,
    cli::{args::NetworkArgs, console::Console},
    dataset::{Index, Listing, index_folder},
    engine::Model,
    net::NodeId,
    picture::Fit,
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Damaged pictures that are named on the terminal.
const NAMED: usize = 5;

/// Arguments of the commands about a folder.
#[derive(clap::Args)]
pub(super) struct FolderArgs {
    /// The folder of pictures; folders directly in it are taken for classes
    pub folder: PathBuf,
    #[command(flatten)]
    pub network: NetworkArgs,
}

/// An open network and a folder to show it.
pub(super) struct FolderSubject {
    pub model: Arc<Model>,
    folder: PathBuf,
}

impl FolderArgs {
    /// Checks that the folder is there, then opens the network.
    pub fn open(&self, console: &Console) -> Result<FolderSubject> {
        if !self.folder.is_dir() {
            return Err(Error::Failed(format!("{} is no folder", self.folder.display())));
        }
        Ok(FolderSubject { model: self.network.open(console)?, folder: self.folder.clone() })
    }
}

impl FolderSubject {
    /// The pictures of the folder.
    pub fn listing(&self) -> Result<Listing> {
        Listing::new(&self.folder)
    }

    /// The layer called `name`, or the last feature maps before the classifier.
    pub fn layer(&self, name: Option<&str>) -> Result<NodeId> {
        let graph = self.model.network.graph();
        name.map_or_else(|| Ok(graph.last_maps()), |name| graph.find(name))
    }

    /// Refuses inputs of different sizes: a position in a map would mean another thing in each.
    pub fn require_one_size(&self) -> Result<()> {
        match self.model.preprocess.fit == Fit::Whole {
            true => Err(Error::Usage("positions are compared between pictures of one size: leave out --whole".into())),
            false => Ok(()),
        }
    }

    /// The index of the folder, made or continued first. `path` is its file; without it the file lies in the cache.
    pub fn index(&self, path: Option<&Path>, console: &Console) -> Result<Index> {
        self.require_one_size()?;
        let path = path.map_or_else(|| self.model.index_file(&self.folder), |path| Ok(path.to_owned()))?;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(|error| Error::io("make the folder", folder, &error))?;
        }
        console.stage(&format!("indexing {}", self.folder.display()));
        let prepare = |path: &Path| self.model.prepare_file(path);
        let network = &self.model.network;
        let index = index_folder(
            network,
            &prepare,
            self.model.fingerprint(),
            &self.folder,
            &path,
            console.watch(),
            &mut |_, _| (),
        )?;
        note_damaged(&index.damaged, console);
        Ok(index)
    }
}

/// Names pictures that could not be read.
pub(super) fn note_damaged<T>(damaged: &[(T, String)], console: &Console) {
    damaged.iter().take(NAMED).for_each(|(_, why)| console.note(&format!("left out: {why}")));
    if damaged.len() > NAMED {
        console.note(&format!("left out: {} more pictures that cannot be read", damaged.len() - NAMED));
    }
}
