//! Octaves: the sizes that a picture grows through, with the network and the goals at each.

use super::{objective::Term, parameters as p};
use crate::{Error, Result, methods::Settings, net::Network};
use std::sync::Arc;

/// The terms for the network at an octave's size.
pub(super) fn octave_terms(terms: &[Term], whole: &Network, network: &Network) -> Result<Vec<Term>> {
    let of = |term: &Term| Ok(Term { goal: term.goal.resized(whole.graph(), network.graph())?, ..term.clone() });
    terms.iter().map(of).collect()
}

/// The network at an octave's size; the last has the whole.
pub(super) fn octave_network(whole: &Arc<Network>, settings: &Settings, octave: usize) -> Result<Arc<Network>> {
    let octaves = settings.count(&p::OCTAVES).max(1);
    let steps = settings.count(&p::STEPS);
    if steps < octaves {
        let message =
            format!("{steps} steps do not reach the last of {octaves} octaves: give each octave at least one step");
        return Err(Error::Usage(message));
    }
    if octave + 1 >= octaves {
        return Ok(Arc::clone(whole));
    }
    let smaller = settings.number(&p::OCTAVE_SCALE).powi((octaves - 1 - octave) as i32);
    let [_, height, width] = whole.graph().input_shape();
    let size = [height, width].map(|side| (side as f64 / smaller).round().max(1.0) as usize);
    whole.resized(size).map(Arc::new).map_err(|error| match error {
        Error::Usage(why) => Error::Usage(format!("{why}; octaves=1 needs no other size")),
        other => other,
    })
}
