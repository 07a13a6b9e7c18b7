//! The trait of the pages of the Lectures pane, a page's entry in the list, and the usual page: an example whose numbers
//! are computed anew when one is changed.

use super::{board, small::LastAnswer};
use crate::{
    Result,
    ui::{
        model::{commands::Command, export::Export, state::View},
        panels::panel::{keep, take},
    },
};
use eframe::egui::Ui;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// A page: one idea with numbers that can be changed.
pub(super) trait LecturePage {
    /// Draws it below its heading.
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>);

    /// Its numbers, ready to be saved.
    fn export(&self, view: View) -> Option<Export>;

    /// Its numbers and options, as they are kept between sessions.
    fn options(&self) -> Value;

    /// Takes up those of an earlier session, as far as they make sense.
    fn restore(&mut self, options: Value);
}

/// A page's entry in the list.
pub(super) struct PageKind {
    /// Its name in kept options.
    pub name: &'static str,
    /// In the list of pages, and above the page.
    pub title: &'static str,
    /// The idea, in a sentence or two.
    pub idea: &'static str,
    /// A thing to try.
    pub exercise: &'static str,
    /// Makes one.
    pub make: fn() -> Box<dyn LecturePage>,
}

/// Numbers with a title and the columns they stand in.
pub(super) type NamedNumbers = (&'static str, Vec<f32>, usize);

/// The numbers of a page that a user changes, and those that follow from them.
pub(super) trait SmallExample: Default + Clone + PartialEq + Serialize + DeserializeOwned {
    /// The numbers that follow.
    type Numbers: Clone;
    /// In the name of a saved table.
    const NAME: &'static str;

    /// Whether kept numbers are what a window could have kept.
    fn is_sound(&self) -> bool;

    /// Computes the numbers that follow.
    ///
    /// # Errors
    /// When the sizes do not fit.
    fn numbers(&self) -> Result<Self::Numbers>;

    /// Draws the choices above the numbers.
    fn controls(&mut self, ui: &mut Ui, view: View);

    /// Draws the numbers.
    fn draw(&mut self, ui: &mut Ui, view: View, numbers: &Self::Numbers);

    /// The numbers for a table.
    fn grids(&self, numbers: &Self::Numbers) -> Vec<NamedNumbers>;
}

/// A page of an example.
pub(super) struct ExamplePage<E: SmallExample> {
    example: E,
    last: LastAnswer<E, std::result::Result<E::Numbers, String>>,
}

impl<E: SmallExample + 'static> ExamplePage<E> {
    /// The page as it is at first.
    pub fn boxed() -> Box<dyn LecturePage> {
        Box::new(ExamplePage { example: E::default(), last: LastAnswer::default() })
    }
}

impl<E: SmallExample> LecturePage for ExamplePage<E> {
    fn ui(&mut self, ui: &mut Ui, view: View, _: &mut Vec<Command>) {
        ui.horizontal_wrapped(|ui| self.example.controls(ui, view));
        ui.add_space(4.0);
        let numbers = self.last.of(&self.example, |example| example.numbers().map_err(|why| why.to_string()));
        match numbers {
            Ok(numbers) => self.example.draw(ui, view, &numbers),
            Err(why) => board::fault(ui, view, &why),
        }
    }

    fn export(&self, view: View) -> Option<Export> {
        let grids = self.example.grids(&self.example.numbers().ok()?);
        let grids: Vec<(&str, &[f32], usize)> =
            grids.iter().map(|(name, values, columns)| (*name, values.as_slice(), *columns)).collect();
        Some(Export::table(view, E::NAME, board::table(&grids)))
    }

    fn options(&self) -> Value {
        keep(&self.example)
    }

    fn restore(&mut self, options: Value) {
        self.example = Some(take::<E>(options)).filter(E::is_sound).unwrap_or_default();
    }
}
