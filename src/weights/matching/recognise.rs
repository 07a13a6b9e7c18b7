//! The network that a file belongs to.

use super::{
    body::{Parts, cover, foreign},
    head::{Head, head},
};
use crate::{
    Error, Result,
    net::Graph,
    weights::{File, spelling::unwrapped},
};
use std::collections::HashSet;

/// A network that a file may belong to.
pub struct Candidate {
    /// Its name.
    pub name: &'static str,
    /// Its graph.
    pub graph: Graph,
    parts: Parts,
}

impl Candidate {
    /// A network with its graph.
    pub fn new(name: &'static str, graph: Graph) -> Self {
        Candidate { name, parts: Parts::of(&graph), graph }
    }
}

/// The network that a file belongs to.
pub struct Recognised {
    /// Index of the candidate.
    pub index: usize,
    /// Names of further candidates that the same tensors fit.
    pub others: Vec<&'static str>,
}

/// Finds the candidate whose body the file covers with the most tensors, and whose classifier is in it. Of several alike,
/// the first one is taken, so that the commonest stand first. `origin` names the file in messages.
///
/// # Errors
/// [`Error::Failed`] with the nearest candidate and its first differences when none fits.
pub fn recognise(file: &File, candidates: &[&Candidate], origin: &str) -> Result<Recognised> {
    let names = file.names();
    let mut best: Option<((usize, u8), Recognised)> = None;
    let mut ambiguous = None;
    for (index, candidate) in candidates.iter().enumerate() {
        let channels = candidate.graph.input_shape()[0];
        let cover = match cover(names, &candidate.parts, channels, origin) {
            Ok(Some(found)) => found,
            Ok(None) => continue,
            Err(error) => {
                ambiguous.get_or_insert(error);
                continue;
            }
        };
        let classifier = match head(names, &candidate.graph, &candidate.parts, &cover) {
            Head::Own { .. } => 2,
            Head::Other { .. } => 1,
            Head::Missing => 0,
        };
        let rank = (cover.tensors.len(), classifier);
        match &mut best {
            Some((most, found)) if rank == *most => found.others.push(candidate.name),
            Some((most, _)) if rank < *most => {}
            _ => best = Some((rank, Recognised { index, others: Vec::new() })),
        }
    }
    match (best, ambiguous) {
        (Some((_, found)), _) => Ok(found),
        (None, Some(error)) => Err(error),
        (None, None) => Err(refusal(file, candidates, origin)),
    }
}

/// The blocks of each stage of a residual network for CIFAR-10, by the numbers of a file's layers; `None` where it is none.
pub fn blocks(file: &File) -> Option<usize> {
    let number = |name: &str| {
        let (_, rest) = name.split_once("layer3.")?;
        rest.split('.').next()?.parse::<usize>().ok().filter(|number| *number < 200)
    };
    let last = file.names().all().filter_map(|(name, ..)| number(name)).max()?;
    Some(last + 1)
}

/// The error that names the nearest candidate and the first tensors in which the file differs from it.
fn refusal(file: &File, candidates: &[&Candidate], origin: &str) -> Error {
    let names = file.names();
    let skipped: HashSet<String> = file.skipped.iter().map(|name| unwrapped(name)).collect();
    let mut nearest: Option<(usize, &Candidate, Vec<String>)> = None;
    for candidate in candidates {
        let parts = &candidate.parts;
        let Some((anchor, ..)) = parts.body.first() else { continue };
        let prefix = names.prefixes_of(anchor).first().cloned().unwrap_or_default();
        let differs = |(name, shape, _): &(String, Vec<usize>, bool)| match names.find(&format!("{prefix}{name}")) {
            None if skipped.contains(&format!("{prefix}{name}")) => {
                Some(format!("{name} holds numbers of another type than floats of 16, 32 or 64 bits"))
            }
            None => Some(format!("{name} is missing")),
            Some((_, found)) if found != shape.as_slice() => {
                Some(format!("{name} is {found:?} where {shape:?} belongs"))
            }
            Some(_) => None,
        };
        let mut differences: Vec<String> = parts.body.iter().filter_map(differs).collect();
        let agreed = parts.body.len() - differences.len();
        if differences.is_empty() {
            let more = foreign(names, parts, &prefix);
            differences.extend(more.map(|name| format!("{name} has no place in it")));
        }
        if nearest.as_ref().is_none_or(|(most, ..)| agreed > *most) {
            nearest = Some((agreed, candidate, differences));
        }
    }
    let known = "name one with --network, or 'striate networks' lists them";
    match nearest {
        Some((agreed, candidate, differences)) if agreed > 0 => {
            let first = differences.into_iter().take(3).collect::<Vec<_>>().join("; ");
            Error::Failed(format!(
                "{origin} belongs to no network here; the nearest is {}: {first} ({known})",
                candidate.name
            ))
        }
        _ => {
            let some = names.all().take(3).map(|(name, ..)| name).collect::<Vec<_>>().join(", ");
            Error::Failed(format!("{origin} belongs to no network here; its tensors begin with {some} ({known})"))
        }
    }
}
