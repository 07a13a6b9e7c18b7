//! The history of the selection, for going back and forward.

use crate::{net::NodeId, picture::Alteration, ui::model::state::Selection};

/// A selection that one can go back to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    layer: NodeId,
    unit: usize,
    position: Option<[usize; 2]>,
    class: Option<usize>,
    alteration: Alteration,
}

impl Mark {
    /// The mark of a selection.
    pub fn of(selection: &Selection) -> Self {
        let Selection { layer, unit, position, class, alteration, .. } = *selection;
        Mark { layer, unit, position, class, alteration }
    }

    /// Moves a selection to the mark.
    pub fn restore(self, selection: &mut Selection) {
        selection.layer = self.layer;
        selection.select_unit(self.unit, self.position);
        (selection.class, selection.alteration) = (self.class, self.alteration);
    }
}

/// All marks of one network, oldest first.
#[derive(Debug, Default)]
pub struct History {
    marks: Vec<Mark>,
    at: usize,
    changed_secs: f64,
}

/// A change that follows sooner than this, such as the next layer under a dragged slider, replaces the one before.
const PAUSE_SECS: f64 = 0.4;

const MOST: usize = 500;

impl History {
    /// Clears the history when another network opens: its layers and units mean nothing there.
    pub fn clear(&mut self) {
        *self = History::default();
    }

    /// Clears the alterations when another picture opens: they belong to the old one.
    pub fn forget_alterations(&mut self) {
        self.marks.iter_mut().for_each(|mark| mark.alteration = Alteration::default());
    }

    /// Notes the present selection, at a time in seconds.
    pub fn note(&mut self, selection: &Selection, now_secs: f64) {
        let mark = Mark::of(selection);
        if self.marks.get(self.at) == Some(&mark) {
            return;
        }
        // The selection from before a quick run of changes stays.
        let soon = now_secs - self.changed_secs < PAUSE_SECS && self.at > 0;
        let keep = if soon { self.at } else { (self.at + 1).min(self.marks.len()) };
        self.marks.truncate(keep);
        self.marks.push(mark);
        if self.marks.len() > MOST {
            self.marks.remove(0);
        }
        (self.at, self.changed_secs) = (self.marks.len() - 1, now_secs);
    }

    /// The selection before, or after, if there is one.
    pub fn step(&mut self, forward: bool) -> Option<Mark> {
        let to = if forward { self.at + 1 } else { self.at.checked_sub(1)? };
        let mark = *self.marks.get(to)?;
        self.at = to;
        Some(mark)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::field_reassign_with_default)] // One of its fields is its own.
    use super::*;

    fn at(layer: NodeId) -> Selection {
        let mut selection = Selection::default();
        selection.layer = layer;
        selection
    }

    #[test]
    fn it_goes_back_and_forward_and_forgets_what_was_undone() {
        let mut history = History::default();
        (0..4).for_each(|layer| history.note(&at(layer), layer as f64));
        assert_eq!(history.step(false), Some(Mark::of(&at(2))));
        assert_eq!(history.step(false), Some(Mark::of(&at(1))));
        assert_eq!(history.step(true), Some(Mark::of(&at(2))));
        history.note(&at(2), 9.0);
        history.note(&at(7), 10.0);
        assert_eq!(history.step(true), None);
        assert_eq!(history.step(false), Some(Mark::of(&at(2))));
    }

    #[test]
    fn a_drag_is_one_step() {
        let mut history = History::default();
        history.note(&at(0), 0.0);
        (1..20).for_each(|layer| history.note(&at(layer), 5.0 + 0.02 * layer as f64));
        assert_eq!(history.step(false), Some(Mark::of(&at(0))));
        assert_eq!(history.step(true), Some(Mark::of(&at(19))));
        assert_eq!(history.step(true), None);
    }
}
