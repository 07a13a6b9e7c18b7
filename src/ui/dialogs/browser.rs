//! The window's own file dialog, for systems without one.

use super::{ask::FileQuestion, paths};
use crate::{
    engine::{LABELS, openable},
    picture::ENDINGS,
    ui::{background::worker::spawn, theme::Palette},
};
use eframe::egui::{
    self, Key, RichText, ScrollArea, Ui,
    text::{CCursor, CCursorRange},
};
use std::{
    path::{Path, PathBuf},
    sync::mpsc,
};

/// How the user ended the dialog.
#[derive(Debug, PartialEq)]
pub enum Choice {
    /// With a file or a folder.
    Path(PathBuf),
    /// Without one.
    Cancel,
}

/// An entry of a folder.
#[derive(Clone, Debug, PartialEq)]
struct BrowserEntry {
    name: String,
    is_folder: bool,
}

/// The entries of a folder, folders first, each kind by name; or why they cannot be read.
type FolderEntries = Result<Vec<BrowserEntry>, String>;

/// The dialog's state.
pub struct Browser {
    title: &'static str,
    /// Whether the answer is a folder.
    wants_folder: bool,
    /// Endings of the files to list; all files where empty.
    endings: Vec<&'static str>,
    /// The ending that a saved file gets where its name has none; `None` in a dialog that opens.
    saves: Option<&'static str>,
    folder: PathBuf,
    /// The path as it is being typed.
    typed: String,
    name: String,
    /// The file that a second press of "Save" replaces.
    replaces: Option<PathBuf>,
    entries: Option<FolderEntries>,
    listing: Option<mpsc::Receiver<FolderEntries>>,
    all_files: bool,
    /// Whether the next frame puts the keyboard into the field of the answer: the path, or a saved file's name.
    takes_keys: bool,
}

impl Browser {
    /// A dialog for a question, in a folder, or else in the home folder.
    pub fn new(question: &FileQuestion, folder: Option<&Path>) -> Self {
        let (title, endings, saves): (_, Vec<&'static str>, _) = match question {
            FileQuestion::Picture => ("Open picture", [ENDINGS, &["sgf"]].concat(), None),
            FileQuestion::Folder => ("Open a folder of pictures", ENDINGS.to_vec(), None),
            FileQuestion::Into => ("Save in a folder", Vec::new(), None),
            FileQuestion::Weights => ("Open a network or weights", openable(), None),
            FileQuestion::Labels => ("Open labels", LABELS.to_vec(), None),
            FileQuestion::Save(_, endings) => {
                let all: Vec<&'static str> = endings.iter().map(|(ending, _)| *ending).collect();
                let usual = all.first().copied().unwrap_or("png");
                ("Save", all, Some(usual))
            }
        };
        let name = match question {
            FileQuestion::Save(name, _) => format!("{name}.{}", saves.unwrap_or_default()),
            _ => String::new(),
        };
        let usual = || std::env::home_dir().or_else(|| std::env::current_dir().ok()).unwrap_or_else(|| "/".into());
        let folder = folder.filter(|folder| folder.is_dir()).map_or_else(usual, Path::to_owned);
        Browser {
            title,
            wants_folder: matches!(question, FileQuestion::Folder | FileQuestion::Into),
            endings,
            saves,
            typed: folder.display().to_string(),
            folder,
            name,
            replaces: None,
            entries: None,
            listing: None,
            all_files: false,
            takes_keys: true,
        }
    }

    /// Draws the dialog; returns the choice once it is made.
    pub fn show(&mut self, ctx: &egui::Context) -> Option<Choice> {
        self.list(ctx);
        let modal = egui::Modal::new(egui::Id::unique("file dialog"));
        let response = modal.show(ctx, |ui| {
            let room = ui.ctx().content_rect().size();
            ui.set_width((room.x - 80.0).clamp(240.0, 620.0));
            ui.heading(self.title);
            let typed = self.path_field(ui);
            let clicked = self.entries_list(ui, (room.y - 240.0).clamp(80.0, 380.0));
            let pressed = self.buttons(ui);
            typed.or(clicked).or(pressed)
        });
        let closed = response.should_close().then_some(Choice::Cancel);
        response.inner.or(closed)
    }

    /// Reads the folder on a thread: a folder on a slow disk must not stop the window.
    fn list(&mut self, ctx: &egui::Context) {
        if self.entries.is_none() && self.listing.is_none() {
            let (sender, receiver) = mpsc::channel();
            let (folder, ctx) = (self.folder.clone(), ctx.clone());
            let started = spawn("folder listing", move || {
                // The dialog may be closed meanwhile.
                let _ = sender.send(entries(&folder));
                ctx.request_repaint();
            });
            match started {
                Ok(_) => self.listing = Some(receiver),
                Err(why) => self.entries = Some(Err(why.to_string())),
            }
        }
        if let Some(found) = self.listing.as_ref().and_then(|listing| listing.try_recv().ok()) {
            (self.entries, self.listing) = (Some(found), None);
        }
    }

    fn go(&mut self, folder: PathBuf) {
        self.typed = folder.display().to_string();
        self.folder = folder;
        (self.entries, self.listing, self.replaces) = (None, None, None);
    }

    /// The path, to be typed or pasted; Enter goes to a folder and takes a file.
    fn path_field(&mut self, ui: &mut Ui) -> Option<Choice> {
        let mut choice = None;
        ui.horizontal(|ui| {
            let up = self.folder.parent().map(Path::to_owned);
            let button = egui::Button::new("up");
            if ui.add_enabled(up.is_some(), button).on_hover_text("To the folder above").clicked()
                && let Some(up) = up
            {
                self.go(up);
            }
            let field = egui::TextEdit::singleline(&mut self.typed).desired_width(f32::INFINITY);
            let response = ui.add(field);
            if self.saves.is_none() && std::mem::take(&mut self.takes_keys) {
                select(&response, self.typed.chars().count());
            }
            let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            response.accessible_name("Path");
            if entered {
                let path = paths::parse(&self.typed).unwrap_or_else(|| self.folder.join(self.typed.trim()));
                match path.is_dir() {
                    true => self.go(path),
                    false => choice = self.take(path),
                }
            }
        });
        choice
    }

    /// The folder's entries: a click opens a folder and takes a file.
    fn entries_list(&mut self, ui: &mut Ui, height: f32) -> Option<Choice> {
        let shown = self.shown_entries();
        let scroll = ScrollArea::vertical().auto_shrink(false).max_height(height).min_scrolled_height(height);
        let line = ui.spacing().interact_size.y;
        let clicked = match &shown {
            Ok(Some(entries)) if entries.is_empty() => {
                let text = match self.wants_folder {
                    true => "There is no folder in this folder; the button below takes this one",
                    false => "There is nothing to choose in this folder",
                };
                scroll.show(ui, |ui| ui.label(text));
                None
            }
            Ok(Some(entries)) => {
                let mut clicked = None;
                scroll.id_salt(&self.folder).show_rows(ui, line, entries.len(), |ui, rows| {
                    for entry in entries.iter().take(rows.end).skip(rows.start) {
                        let label = if entry.is_folder { format!("{}/", entry.name) } else { entry.name.clone() };
                        if ui.selectable_label(false, label).clicked() {
                            clicked = Some(entry.clone());
                        }
                    }
                });
                clicked
            }
            Ok(None) => {
                scroll.show(ui, Ui::spinner);
                None
            }
            Err(why) => {
                let colour = Palette::of(ui.ctx()).warning;
                scroll.show(ui, |ui| ui.label(RichText::new(why).color(colour)));
                None
            }
        };
        let entry = clicked?;
        let path = self.folder.join(&entry.name);
        if entry.is_folder {
            self.go(path);
            return None;
        }
        if self.saves.is_some() {
            self.name = entry.name;
            return None;
        }
        self.take(path)
    }

    /// The entries to list; `None` until they are read.
    fn shown_entries(&self) -> Result<Option<Vec<BrowserEntry>>, String> {
        let Some(entries) = &self.entries else { return Ok(None) };
        let entries = entries.as_ref().map_err(Clone::clone)?;
        let fits = |entry: &&BrowserEntry| {
            let ending = Path::new(&entry.name).extension().map(|ending| ending.to_string_lossy().to_lowercase());
            let known = self.endings.is_empty() || ending.is_some_and(|ending| self.endings.contains(&ending.as_str()));
            entry.is_folder || !self.wants_folder && (known || self.all_files)
        };
        Ok(Some(entries.iter().filter(fits).cloned().collect()))
    }

    fn buttons(&mut self, ui: &mut Ui) -> Option<Choice> {
        let mut choice = None;
        ui.horizontal(|ui| {
            if ui.button("Cancel").clicked() {
                choice = Some(Choice::Cancel);
            }
            if self.wants_folder {
                if ui.button("Use this folder").clicked() {
                    choice = Some(Choice::Path(self.folder.clone()));
                }
            } else if self.saves.is_some() {
                let field = egui::TextEdit::singleline(&mut self.name).desired_width(280.0);
                let response = ui.add(field).accessible_name("File name");
                if std::mem::take(&mut self.takes_keys) {
                    // The ending stays.
                    let stem =
                        Path::new(&self.name).file_stem().map_or(0, |stem| stem.to_string_lossy().chars().count());
                    select(&response, stem);
                }
                let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
                let replaces = self.replaces.is_some();
                let label = if replaces { "Replace the file" } else { "Save here" };
                let enabled = !self.name.trim().is_empty();
                let pressed = ui.add_enabled(enabled, egui::Button::new(label)).clicked();
                if pressed || entered && enabled {
                    choice = self.take(self.folder.join(self.name.trim()));
                }
            } else {
                ui.checkbox(&mut self.all_files, "all files");
            }
        });
        choice
    }

    /// Takes a file. One that exists is replaced only after a second press.
    fn take(&mut self, path: PathBuf) -> Option<Choice> {
        let Some(ending) = self.saves else { return Some(Choice::Path(path)) };
        let path = if path.extension().is_some() { path } else { path.with_extension(ending) };
        if path.exists() && self.replaces.as_ref() != Some(&path) {
            self.name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            self.replaces = Some(path);
            return None;
        }
        Some(Choice::Path(path))
    }
}

/// Puts the keyboard into a text field and selects its first characters, so that typing replaces them.
fn select(field: &egui::Response, characters: usize) {
    field.request_focus();
    let mut state = egui::TextEdit::load_state(&field.ctx, field.id).unwrap_or_default();
    let range = CCursorRange::two(CCursor::new(0), CCursor::new(characters));
    state.cursor.set_char_range(Some(range));
    state.store(&field.ctx, field.id);
}

/// The entries of a folder without hidden ones.
fn entries(folder: &Path) -> FolderEntries {
    let why = |error: std::io::Error| format!("{} cannot be read: {error}", folder.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(why)? {
        let entry = entry.map_err(why)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            found.push(BrowserEntry { name, is_folder: entry.path().is_dir() });
        }
    }
    found.sort_by_key(|entry| (!entry.is_folder, entry.name.to_lowercase()));
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn folders_come_first_and_only_fitting_files_are_listed() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.png", "notes.txt", ".hidden.png", "A.JPG"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        std::fs::create_dir(folder.path().join("zoo")).unwrap();
        let mut browser = Browser::new(&FileQuestion::Picture, Some(folder.path()));
        browser.entries = Some(entries(folder.path()));
        let names = |browser: &Browser| {
            let shown = browser.shown_entries().unwrap().unwrap();
            shown.into_iter().map(|entry| entry.name).collect::<Vec<_>>()
        };
        assert_eq!(names(&browser), ["zoo", "A.JPG", "b.png"]);
        browser.all_files = true;
        assert_eq!(names(&browser), ["zoo", "A.JPG", "b.png", "notes.txt"]);
        let error = entries(&folder.path().join("nowhere")).unwrap_err();
        assert!(error.contains("nowhere cannot be read"), "{error}");
    }

    #[test]
    fn a_file_is_replaced_only_after_a_second_press() {
        let folder = tempfile::tempdir().unwrap();
        let question = FileQuestion::Save("maps".into(), &[("png", "PNG picture")]);
        let mut browser = Browser::new(&question, Some(folder.path()));
        assert_eq!(browser.name, "maps.png");
        let path = folder.path().join("maps.png");
        assert_eq!(browser.take(folder.path().join("maps")), Some(Choice::Path(path.clone())));
        std::fs::write(&path, "").unwrap();
        assert_eq!(browser.take(path.clone()), None);
        assert_eq!(browser.take(path.clone()), Some(Choice::Path(path)));
    }
}
