//! Changes to a network as a person makes them: a list by the names of parts, that can be undone and kept in a file.

use super::{
    blocks::ResidualBlock,
    operate::{Operation, Removal, Substitute, UnitChange},
};
use crate::{Error, Result, net::graph::Graph};
use serde::{Deserialize, Serialize};

/// The values in place of a part that is switched off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InPlace {
    /// Zeros.
    Zero,
    /// The part's input.
    Input,
    /// One value for each unit: its mean over a folder.
    Mean(Vec<f32>),
}

impl InPlace {
    /// The usual values in place of a part: the input of a residual block, zero for others.
    pub fn usual(graph: &Graph, part: &str) -> Self {
        match graph.residual_blocks().iter().any(|block| block.part.name == part) {
            true => InPlace::Input,
            false => InPlace::Zero,
        }
    }

    /// In words.
    pub fn name(&self) -> &'static str {
        match self {
            InPlace::Zero => "zero",
            InPlace::Input => "its input",
            InPlace::Mean(_) => "its mean",
        }
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Edit {
    /// A part is switched off.
    Off {
        /// A layer, a residual block, a module, a branch.
        part: String,
        /// The values in its place.
        with: InPlace,
    },
    /// A residual block has the weights of another.
    Move {
        /// The block.
        block: String,
        /// The block whose weights it has.
        from: String,
    },
    /// The activations of a unit are changed: each times `factor`, plus `shift`.
    Unit {
        /// The layer.
        layer: String,
        /// The unit.
        unit: usize,
        /// 0 holds the unit at `shift`.
        factor: f32,
        /// 0 with a factor of 0 silences it.
        shift: f32,
    },
}

impl Edit {
    /// The change in words.
    pub fn words(&self) -> String {
        match self {
            Edit::Off { part, with } => format!("{part} off, {} in its place", with.name()),
            Edit::Move { block, from } => format!("{block} with the weights of {from}"),
            Edit::Unit { layer, unit, factor, shift } => match (*factor, *shift) {
                (0.0, 0.0) => format!("unit {unit} of {layer} silent"),
                (0.0, shift) => format!("unit {unit} of {layer} held at {shift}"),
                (factor, 0.0) => format!("unit {unit} of {layer} times {factor}"),
                (1.0, shift) => format!("unit {unit} of {layer} plus {shift}"),
                (factor, shift) => format!("unit {unit} of {layer} times {factor} plus {shift}"),
            },
        }
    }

    /// Whether another change is about the same thing, so that it replaces this one.
    fn is_about(&self, other: &Edit) -> bool {
        match (self, other) {
            (Edit::Off { part, .. }, Edit::Off { part: other, .. }) => part == other,
            (Edit::Move { block, .. }, Edit::Move { block: other, .. }) => block == other,
            (Edit::Unit { layer, unit, .. }, Edit::Unit { layer: other, unit: number, .. }) => {
                layer == other && unit == number
            }
            _ => false,
        }
    }
}

/// All changes to a network, in the order in which they were made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Surgery {
    /// The changes.
    pub edits: Vec<Edit>,
}

impl Surgery {
    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// With one more change, which replaces one about the same thing.
    #[must_use]
    pub fn with(&self, edit: Edit) -> Self {
        let mut changed = self.clone();
        match changed.edits.iter_mut().find(|old| old.is_about(&edit)) {
            Some(old) => *old = edit,
            None => changed.edits.push(edit),
        }
        changed
    }

    /// Without the change at a place in the list.
    #[must_use]
    pub fn without(&self, at: usize) -> Self {
        let mut changed = self.clone();
        if at < changed.edits.len() {
            changed.edits.remove(at);
        }
        changed
    }

    /// The values in place of a part, where it is switched off.
    pub fn off(&self, part: &str) -> Option<&InPlace> {
        self.edits.iter().find_map(|edit| match edit {
            Edit::Off { part: other, with } if other == part => Some(with),
            _ => None,
        })
    }

    /// With a part switched off where it is on, and on where it is off.
    #[must_use]
    pub fn toggled(&self, part: &str, with: InPlace) -> Self {
        let is_it = |edit: &Edit| matches!(edit, Edit::Off { part: other, .. } if other == part);
        match self.edits.iter().position(is_it) {
            Some(at) => self.without(at),
            None => self.with(Edit::Off { part: part.to_owned(), with }),
        }
    }

    /// All changes in words.
    pub fn words(&self) -> String {
        self.edits.iter().map(Edit::words).collect::<Vec<_>>().join("; ")
    }

    /// The changes as an operation on a graph. A layer that is switched off has no units to change.
    ///
    /// # Errors
    /// [`Error::Usage`] when the graph has no such part or block.
    pub fn operation(&self, graph: &Graph) -> Result<Operation> {
        let mut operation = Operation::default();
        let blocks = graph.residual_blocks();
        let block = |name: &str| -> Result<ResidualBlock> {
            let found = blocks.iter().find(|block| block.part.name == name);
            found.cloned().ok_or_else(|| Error::Usage(format!("the network has no residual block {name}")))
        };
        for edit in &self.edits {
            match edit {
                Edit::Off { part, with } => {
                    let part = graph.part(part)?;
                    let with = match with {
                        InPlace::Zero => Substitute::Zero,
                        InPlace::Input => Substitute::Identity,
                        InPlace::Mean(values) => Substitute::Constant(values.clone()),
                    };
                    operation.removals.insert(0, Removal { part, with });
                }
                Edit::Move { block: to, from } => operation.moved.push((block(to)?, block(from)?)),
                Edit::Unit { layer, unit, factor, shift } => {
                    let part = graph.part(layer)?;
                    let change = UnitChange { unit: *unit, factor: *factor, shift: *shift };
                    let same = |removal: &&mut Removal| {
                        removal.part.output == part.output && matches!(removal.with, Substitute::Units(_))
                    };
                    match operation.removals.iter_mut().find(same) {
                        Some(Removal { with: Substitute::Units(changes), .. }) => changes.push(change),
                        _ => operation.removals.push(Removal { part, with: Substitute::Units(vec![change]) }),
                    }
                }
            }
        }
        Ok(operation)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::net::{Builder, Conv, Op};

    fn graph() -> Graph {
        let mut net = Builder::new([1, 4, 4]);
        net.then("conv", Op::Conv(Conv::new(3, 3).same()));
        net.then("relu", Op::Relu);
        net.then("end", Op::Conv(Conv::new(2, 4)));
        net.finish().unwrap()
    }

    #[test]
    fn edits_replace_what_they_are_about_and_are_undone() {
        let unit = |shift| Edit::Unit { layer: "conv".into(), unit: 1, factor: 0.0, shift };
        let surgery = Surgery::default().toggled("relu", InPlace::Zero).with(unit(0.0)).with(unit(2.5));
        assert_eq!(surgery.words(), "relu off, zero in its place; unit 1 of conv held at 2.5");
        assert_eq!(surgery.off("relu"), Some(&InPlace::Zero));
        assert_eq!(surgery.toggled("relu", InPlace::Zero).edits, [unit(2.5)]);
        assert_eq!(surgery.without(1).words(), "relu off, zero in its place");
        let kept: Surgery = serde_json::from_str(&serde_json::to_string(&surgery).unwrap()).unwrap();
        assert_eq!(kept, surgery);
    }

    #[test]
    fn units_of_a_layer_become_one_substitute_and_unknown_names_are_refused() {
        let unit = |unit, factor| Edit::Unit { layer: "conv".into(), unit, factor, shift: 0.0 };
        let surgery = Surgery::default().with(unit(0, 0.0)).with(unit(2, 2.0));
        let operation = surgery.operation(&graph()).unwrap();
        let changes = [(0, 0.0), (2, 2.0)].map(|(unit, factor)| UnitChange { unit, factor, shift: 0.0 });
        assert_eq!(operation.removals[0].with, Substitute::Units(changes.to_vec()));
        let off = Surgery::default().with(unit(0, 0.0)).toggled("conv", InPlace::Zero);
        assert_eq!(off.operation(&graph()).unwrap().removals[0].with, Substitute::Zero, "off goes before its units");
        assert!(Surgery::default().toggled("nowhere", InPlace::Zero).operation(&graph()).is_err());
        let moved = Edit::Move { block: "conv".into(), from: "relu".into() };
        assert!(Surgery::default().with(moved).operation(&graph()).is_err());
    }
}
