//! Questions for files, and the system's dialogs that answer them.

use crate::{
    Error, Result,
    engine::{LABELS, openable},
    picture::ENDINGS,
    ui::model::export::Ending,
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

/// A question for a file or a folder.
#[derive(Clone, Debug, PartialEq)]
pub enum FileQuestion {
    /// A picture to open.
    Picture,
    /// A folder of pictures.
    Folder,
    /// Weights for a network.
    Weights,
    /// The names of the classes.
    Labels,
    /// A folder to save in.
    Into,
    /// A file to save a pane's content in: the proposed name, and the possible endings, the default first.
    Save(String, &'static [Ending]),
}

/// Asks a question, starting in a folder. The answer is `None` when the user cancels, and an error where the system has
/// no file dialog.
pub type Ask = Arc<dyn Fn(&FileQuestion, Option<&Path>) -> Result<Option<PathBuf>> + Send + Sync>;

/// An answer of `None` sooner than this is no choice of the user: the system had no dialog to show.
const AT_ONCE: Duration = Duration::from_millis(250);

/// The system's dialogs.
pub fn native() -> Ask {
    Arc::new(|question, folder| {
        let mut dialog = rfd::FileDialog::new();
        if let Some(folder) = folder {
            dialog = dialog.set_directory(folder);
        }
        let asked = Instant::now();
        let answer = match question {
            FileQuestion::Picture => dialog
                .set_title("Open picture")
                .add_filter("Pictures", ENDINGS)
                .add_filter("Games of Go", &["sgf"])
                .pick_file(),
            FileQuestion::Folder => dialog.set_title("Open a folder of pictures").pick_folder(),
            FileQuestion::Into => dialog.set_title("Save in a folder").pick_folder(),
            FileQuestion::Weights => dialog
                .set_title("Open a network or weights")
                .add_filter("Networks and weights", &openable())
                .pick_file(),
            FileQuestion::Labels => dialog.set_title("Open labels").add_filter("Labels", LABELS).pick_file(),
            FileQuestion::Save(name, endings) => {
                let usual = endings.first().map_or("", |(ending, _)| ending);
                let dialog = dialog.set_title("Export").set_file_name(format!("{name}.{usual}"));
                let add = |dialog: rfd::FileDialog, (ending, what): &Ending| dialog.add_filter(*what, &[*ending]);
                endings.iter().fold(dialog, add).save_file()
            }
        };
        if answer.is_none() && asked.elapsed() < AT_ONCE {
            return Err(Error::Failed("this system has no file dialog".into()));
        }
        Ok(answer)
    })
}
