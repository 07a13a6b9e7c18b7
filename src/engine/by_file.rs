//! The network that a weights file belongs to.

use crate::{
    Result,
    weights::{self, Candidate},
    zoo::{self, Card},
};
use std::sync::LazyLock;

/// Every network of the zoo, taken apart once in the life of the program.
static CANDIDATES: LazyLock<Vec<Candidate>> = LazyLock::new(|| zoo::ZOO.iter().filter_map(candidate).collect());

fn candidate(card: &Card) -> Option<Candidate> {
    Some(Candidate::new(card.name, (card.build)(card.size()).ok()?))
}

/// The network that a weights file belongs to, the commonest first; remarks say which others fit as well. Of families
/// that have members of any depth, the file's number of blocks tells the member.
///
/// # Errors
/// Those of [`weights::recognise`].
pub(super) fn card_of(file: &weights::File, origin: &str, notes: &mut Vec<String>) -> Result<&'static Card> {
    // A run of training says what it trained: plain and residual networks have the same weights.
    if let Some(card) = file.metadata.get("network").and_then(|name| zoo::find(name).ok()) {
        return Ok(card);
    }
    let listed = |card: &&&Card| !zoo::ZOO.iter().any(|other| other.name == card.name);
    let members = weights::blocks(file).map_or_else(Vec::new, zoo::of_blocks);
    let more: Vec<Candidate> = members.iter().filter(listed).filter_map(|card| candidate(card)).collect();
    let candidates: Vec<&Candidate> = CANDIDATES.iter().chain(&more).collect();
    let found = weights::recognise(file, &candidates, origin)?;
    let name = candidates[found.index].name;
    match found.others.is_empty() {
        true => notes.push(format!("the weights are those of {name}")),
        false => {
            let others = found.others.join(", ");
            notes.push(format!("the weights fit {name}, which was opened, and also {others}: --network chooses"));
        }
    }
    zoo::find(name)
}
