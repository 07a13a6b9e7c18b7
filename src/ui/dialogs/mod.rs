//! Asking for files. A dialog waits on a thread of its own, so the window never does; tests put an answer in its place.

use crate::{
    Error, Result,
    engine::{Opening, PictureSource},
    picture::{ENDINGS, Preparation},
    ui::background::worker::spawn,
    ui::model::{
        commands::{Command, With},
        export::{Ending, Texts},
    },
    weights::Source,
};
use eframe::egui;
use egui_tiles::TileId;
use std::{
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

/// What is asked for.
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
    /// Where to save what a pane shows: the proposed name, and the endings of what can be written, the usual first.
    Save(String, &'static [Ending]),
}

/// Asks a question, in a folder; `None` when the user thinks better of it, an error where nobody can be asked.
pub type Ask = Arc<dyn Fn(&FileQuestion, Option<&Path>) -> Result<Option<PathBuf>> + Send + Sync>;

/// Nobody thinks better of it so soon: the system had no dialog to show.
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
            FileQuestion::Picture => dialog.set_title("Open picture").add_filter("Pictures", ENDINGS).pick_file(),
            FileQuestion::Folder => dialog.set_title("Open a folder of pictures").pick_folder(),
            FileQuestion::Into => dialog.set_title("Save in a folder").pick_folder(),
            FileQuestion::Weights => dialog.set_title("Open weights").add_filter("Weights", WEIGHTS).pick_file(),
            FileQuestion::Labels => dialog.set_title("Open labels").add_filter("Labels", LABELS).pick_file(),
            FileQuestion::Save(name, endings) => {
                let usual = endings.first().map_or("", |(ending, _)| ending);
                let dialog = dialog.set_title("Export").set_file_name(format!("{name}.{usual}"));
                let add = |dialog: rfd::FileDialog, (ending, what): &Ending| dialog.add_filter(*what, &[*ending]);
                endings.iter().fold(dialog, add).save_file()
            }
        };
        if answer.is_none() && asked.elapsed() < AT_ONCE {
            let why = "this system has no file dialog: install zenity or xdg-desktop-portal; a picture can also be \
                       dropped here or pasted, and what a pane shows can be copied";
            return Err(Error::Failed(why.into()));
        }
        Ok(answer)
    })
}

const LABELS: &[&str] = &["txt", "json", "csv", "names", "labels"];
const WEIGHTS: &[&str] = &["safetensors", "pth", "pt", "npz", "caffemodel"];

/// What an answer is for.
pub enum Purpose {
    /// Open the picture.
    Picture,
    /// Compare the present picture with it.
    Compare,
    /// Open the network with these weights.
    Weights(Opening),
    /// Name the classes by this file, and prepare pictures so.
    Labels(Preparation),
    /// Save the pane.
    Save(TileId),
    /// Save the pane as it looks, or twice as large.
    SaveLook(TileId, bool),
    /// Write the tour.
    Tour,
    /// Write the frames of the live synthesis into a folder of this name, with these texts.
    Frames(String, Texts),
}

/// The dialog that is open, if any.
pub struct Dialogs {
    ask: Ask,
    open: Option<(Purpose, mpsc::Receiver<Result<Option<PathBuf>>>)>,
    /// Where the last file was.
    pub folder: Option<PathBuf>,
}

impl Dialogs {
    /// Asks by `ask`.
    pub fn new(ask: Ask) -> Self {
        Dialogs { ask, open: None, folder: None }
    }

    /// Opens a dialog, unless one is open.
    pub fn open(&mut self, ctx: &egui::Context, question: FileQuestion, purpose: Purpose) {
        if self.open.is_some() {
            return;
        }
        let (sender, receiver) = mpsc::channel();
        let (ask, folder, ctx) = (Arc::clone(&self.ask), self.folder.clone(), ctx.clone());
        let waiting = spawn("dialog", move || {
            // Nobody listens any more when the window is closing.
            let _ = sender.send(ask(&question, folder.as_deref()));
            ctx.request_repaint();
        });
        if waiting.is_ok() {
            self.open = Some((purpose, receiver));
        }
    }

    /// The answer, once it is there: what to do with which file, or why nobody could be asked.
    pub fn poll(&mut self) -> Option<Result<(Purpose, PathBuf)>> {
        let (_, receiver) = self.open.as_ref()?;
        let answer = match receiver.try_recv() {
            Ok(answer) => answer,
            Err(mpsc::TryRecvError::Empty) => return None,
            // The dialog's thread is gone without an answer.
            Err(mpsc::TryRecvError::Disconnected) => Ok(None),
        };
        let (purpose, _) = self.open.take()?;
        let path = match answer {
            Ok(path) => path?,
            Err(why) => return Some(Err(why)),
        };
        self.folder = path.parent().map(Path::to_owned).or(self.folder.take());
        Some(Ok((purpose, path)))
    }
}

/// The command that an answer to a question about a file to open means.
pub fn opened(purpose: Purpose, path: PathBuf) -> Option<Command> {
    match purpose {
        Purpose::Picture => Some(Command::Open(PictureSource::File(path))),
        Purpose::Compare => Some(Command::Compare(With::Picture(PictureSource::File(path)))),
        Purpose::Weights(opening) => Some(Command::OpenNetwork(Opening { weights: Source::File(path), ..opening })),
        Purpose::Labels(preparation) => Some(Command::Prepare(preparation, Some(path))),
        Purpose::Save(_) | Purpose::SaveLook(..) | Purpose::Tour | Purpose::Frames(..) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nobody_can_be_asked_the_answer_says_why_and_the_next_question_is_asked() {
        let mut dialogs = Dialogs::new(Arc::new(|_, _| Err(Error::Failed("no dialog".into()))));
        for _ in 0..2 {
            dialogs.open(&egui::Context::default(), FileQuestion::Picture, Purpose::Picture);
            let answer = loop {
                match dialogs.poll() {
                    Some(answer) => break answer,
                    None => std::thread::yield_now(),
                }
            };
            assert!(answer.is_err_and(|why| why.to_string() == "no dialog"));
        }
    }
}
