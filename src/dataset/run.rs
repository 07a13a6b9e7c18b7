//! A pass of a network over a folder that keeps nothing but what its caller takes from each batch.

use super::{
    listing::Listing,
    pass::{Batch, Prepare, batch_size, for_each_batch},
};
use crate::{
    Error, Result,
    net::{Network, Trace},
    watch::Watch,
};
use candle_core::Tensor;
use std::{collections::BTreeMap, sync::Arc};

/// The network for inputs of a height and width: one and the same where all pictures become inputs of one size.
pub type NetworkAt<'a> = dyn Fn([usize; 2]) -> Result<Arc<Network>> + 'a;

/// Pictures that could not be read: index in the listing and reason.
pub type Damaged = Vec<(usize, String)>;

/// Runs every picture once and hands each batch to `each`: the indices of its pictures in the listing, and their trace. Whole
/// pictures have inputs of different sizes; each size is then a batch of its own. Returns the pictures that cannot be read.
///
/// # Errors
/// [`Error::Cancelled`], those of `each`, and what the network refuses.
pub fn for_each_trace(
    network: &Arc<Network>,
    at: &NetworkAt,
    prepare: &Prepare,
    listing: &Listing,
    watch: &Watch,
    mut each: impl FnMut(&[usize], &Trace) -> Result<()>,
) -> Result<Damaged> {
    let mut damaged = Damaged::new();
    for_each_batch(listing, 0, batch_size(network), prepare, watch, |_, batch| {
        for (size, (pictures, inputs)) in by_size(batch, &mut damaged)? {
            let network = at(size)?;
            let most = batch_size(&network);
            for (pictures, inputs) in pictures.chunks(most).zip(inputs.chunks(most)) {
                each(pictures, &network.forward(&Tensor::cat(inputs, 0)?, &watch.quiet())?)?;
            }
        }
        Ok(())
    })?;
    Ok(damaged)
}

/// The inputs that could be read, by height and width, with the indices of their pictures.
#[allow(clippy::type_complexity)]
fn by_size(batch: Batch, damaged: &mut Damaged) -> Result<BTreeMap<[usize; 2], (Vec<usize>, Vec<Tensor>)>> {
    let mut sizes: BTreeMap<[usize; 2], (Vec<usize>, Vec<Tensor>)> = BTreeMap::new();
    for (picture, input) in batch {
        match input {
            Ok(input) => {
                let (_, _, height, width) = input.dims4()?;
                let (pictures, inputs) = sizes.entry([height, width]).or_default();
                pictures.push(picture);
                inputs.push(input);
            }
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(error) => damaged.push((picture, error.to_string())),
        }
    }
    Ok(sizes)
}
