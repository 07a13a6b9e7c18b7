//! Tensors that share values: an operator that changes its input changes them all. Where one of them is used later under
//! another name than the changed one's, the program is refused.

use super::{
    call::base,
    program::{ProgramNode, tensor_name, tensor_names},
};
use std::collections::HashMap;

/// Operators whose output may share the values of their first input.
const VIEWS: [&str; 26] = [
    "view",
    "reshape",
    "_unsafe_view",
    "view_as",
    "reshape_as",
    "flatten",
    "unflatten",
    "permute",
    "transpose",
    "t",
    "slice",
    "select",
    "narrow",
    "squeeze",
    "unsqueeze",
    "expand",
    "expand_as",
    "chunk",
    "split",
    "split_with_sizes",
    "unbind",
    "detach",
    "alias",
    "contiguous",
    "dropout",
    "to",
];

/// The names under which later nodes mean what an operator made that changed its input, node by node.
pub(super) struct Aliases<'a> {
    /// The tensor whose values each shares.
    roots: HashMap<&'a str, &'a str>,
    /// The name that now stands for a tensor's changed values.
    renamed: HashMap<&'a str, &'a str>,
    /// Tensors whose values were changed under another name, by the operator.
    stale: HashMap<&'a str, &'a str>,
}

impl<'a> Aliases<'a> {
    pub fn new() -> Self {
        Aliases { roots: HashMap::new(), renamed: HashMap::new(), stale: HashMap::new() }
    }

    /// The name of what `name` holds now.
    ///
    /// # Errors
    /// A phrase where another operator has changed it through a view.
    pub fn current(&self, name: &'a str) -> Result<&'a str, String> {
        if let Some(operator) = self.stale.get(name) {
            return Err(format!("it takes values that {operator} has changed under another name"));
        }
        let mut current = name;
        while let Some(&next) = self.renamed.get(current) {
            current = next;
        }
        Ok(current)
    }

    /// Follows what a node does to the tensors it takes.
    pub fn follow(&mut self, node: &'a ProgramNode) {
        let operator = base(&node.target);
        let Some(first) = node.inputs.first().and_then(|input| tensor_name(&input.arg)) else { return };
        let root = self.roots.get(first).copied().unwrap_or(first);
        let one = node.outputs.iter().filter_map(tensor_name);
        let many = node.outputs.iter().filter_map(tensor_names).flatten().flatten();
        let outputs: Vec<&str> = one.chain(many).collect();
        if operator.ends_with('_') && !operator.ends_with("__") {
            let changed = self.current(first).unwrap_or(first);
            let others = self.roots.iter().filter(|(_, other)| **other == root).map(|(name, _)| *name);
            let others: Vec<&str> = others.chain([root]).filter(|&name| name != first && name != changed).collect();
            // Names that already stand for the changed tensor keep doing so.
            let others = others.into_iter().filter(|&name| self.current(name) != Ok(changed));
            let others: Vec<&str> = others.collect();
            self.stale.extend(others.into_iter().map(|name| (name, operator)));
            for output in outputs {
                self.roots.insert(output, root);
                if output != changed {
                    self.renamed.insert(changed, output);
                }
            }
        } else if VIEWS.contains(&operator) {
            self.roots.extend(outputs.into_iter().map(|output| (output, root)));
        }
    }
}
