//! The dialog that is open: the system's, or the window's own where the system has none.

use super::{
    ask::{Ask, FileQuestion},
    browser::{Browser, Choice},
};
use crate::{
    Result,
    engine::{Opening, PictureSource},
    picture::Preparation,
    train::is_run,
    ui::{
        background::{training::TrainingPick, worker::spawn},
        model::{
            commands::{Command, SaveChanged, With},
            export::Texts,
        },
    },
};
use eframe::egui;
use egui_tiles::TileId;
use std::{
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
};

/// The use of an answer.
pub enum Purpose {
    /// Open the picture.
    Picture,
    /// Compare the present picture with it.
    Compare,
    /// Open the file's network; this one stands on screen.
    Weights(Opening),
    /// Name the classes by this file, and prepare pictures so.
    Labels(Preparation),
    /// Index the folder.
    Index,
    /// Save the pane; the ending of a name without one.
    Save(TileId, &'static str),
    /// Save the pane as it looks, or as a figure.
    SaveLook(TileId, bool),
    /// Write the changed network.
    Changed(SaveChanged),
    /// Write the tour.
    Tour,
    /// Use the folder for training.
    Training(fn(PathBuf) -> TrainingPick),
    /// Write the frames of the live synthesis into a folder with this name, and these texts into each.
    Frames(String, Texts),
}

/// The dialog that is open, if any.
pub struct Dialogs {
    ask: Ask,
    open: Option<OpenDialog>,
    /// The folder of the last file.
    pub folder: Option<PathBuf>,
}

/// A question on its way to an answer.
struct OpenDialog {
    question: FileQuestion,
    purpose: Purpose,
    asked: Asked,
}

/// The place where a question was asked.
enum Asked {
    System(mpsc::Receiver<Result<Option<PathBuf>>>),
    Window(Browser),
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
        let (ask, folder, ctx, own) = (Arc::clone(&self.ask), self.folder.clone(), ctx.clone(), question.clone());
        let waiting = spawn("dialog", move || {
            // The receiver is gone when the window closes meanwhile.
            let _ = sender.send(ask(&own, folder.as_deref()));
            ctx.request_repaint();
        });
        let asked = match waiting {
            Ok(_) => Asked::System(receiver),
            Err(_) => Asked::Window(Browser::new(&question, self.folder.as_deref())),
        };
        self.open = Some(OpenDialog { question, purpose, asked });
    }

    /// Closes the window's own dialog without an answer; returns whether it was open.
    pub fn cancel(&mut self) -> bool {
        self.open.take_if(|open| matches!(open.asked, Asked::Window(_))).is_some()
    }

    /// Draws the window's own dialog, if it is open, and returns the answer once there is one.
    pub fn poll(&mut self, ctx: &egui::Context) -> Option<(Purpose, PathBuf)> {
        let open = self.open.as_mut()?;
        let answer = match &mut open.asked {
            Asked::System(receiver) => match receiver.try_recv() {
                Ok(Ok(answer)) => answer,
                Ok(Err(_)) => {
                    open.asked = Asked::Window(Browser::new(&open.question, self.folder.as_deref()));
                    ctx.request_repaint();
                    return None;
                }
                Err(mpsc::TryRecvError::Empty) => return None,
                // The thread of the dialog ended without an answer.
                Err(mpsc::TryRecvError::Disconnected) => None,
            },
            Asked::Window(browser) => match browser.show(ctx) {
                Some(Choice::Path(path)) => Some(path),
                Some(Choice::Cancel) => None,
                None => return None,
            },
        };
        let OpenDialog { purpose, .. } = self.open.take()?;
        let path = answer?;
        self.folder = path.parent().map(Path::to_owned).or(self.folder.take());
        Some((purpose, path))
    }
}

/// The command that an answer to a question about a file to open means.
pub fn opened(purpose: Purpose, path: PathBuf) -> Option<Command> {
    match purpose {
        Purpose::Picture if is_run(&path) => Some(Command::OpenRun(path)),
        Purpose::Picture => Some(Command::Open(PictureSource::File(path))),
        Purpose::Compare => Some(Command::Compare(With::Picture(PictureSource::File(path)))),
        Purpose::Index => Some(Command::Index(path)),
        Purpose::Weights(opening) => Some(Command::OpenNetwork(opening.by_file(path))),
        Purpose::Labels(preparation) => Some(Command::Prepare(preparation, Some(path))),
        Purpose::Save(..)
        | Purpose::SaveLook(..)
        | Purpose::Changed(_)
        | Purpose::Tour
        | Purpose::Frames(..)
        | Purpose::Training(_) => None,
    }
}
