//! The responses of all units of one layer to all pictures, and choices among them.

use super::{
    listing::Listing,
    pass::{Prepare, strongest},
    random::RandomOrder,
    run::{Damaged, NetworkAt, for_each_trace},
    statistics::Hit,
};
use crate::{
    Result,
    kernels::to_vec,
    net::{Network, NodeId, Reverse, Rule, Trace},
    watch::Watch,
};
use candle_core::Tensor;
use rayon::prelude::*;
use std::sync::Arc;

/// The measure of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseMeasure {
    /// The largest activation of the unit's map, at its position.
    Activation,
    /// The sum over the unit's map of activation times the gradient of this class's score; its position is that of the largest
    /// product.
    Relevance(usize),
}

/// A choice among the responses of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HitChoice {
    /// The largest, largest first.
    Strongest,
    /// The smallest, smallest first.
    Weakest,
    /// Drawn from the strongest hundredth with this seed, largest first.
    Random(u64),
}

/// The responses of the units of a layer.
#[derive(Clone, Debug)]
pub struct Responses {
    units: usize,
    /// Picture by picture, unit by unit.
    hits: Vec<Hit>,
}

impl Responses {
    /// Runs the whole folder.
    ///
    /// # Errors
    /// [`crate::Error::Cancelled`], and what the network refuses.
    pub fn measure(
        network: &Arc<Network>,
        at: &NetworkAt,
        prepare: &Prepare,
        listing: &Listing,
        (layer, measure): (NodeId, ResponseMeasure),
        watch: &Watch,
    ) -> Result<(Self, Damaged)> {
        let mut found = Responses { units: network.graph().node(layer).extent()[0], hits: Vec::new() };
        let damaged = for_each_trace(network, at, prepare, listing, watch, |pictures, trace| {
            found.hits.extend(match measure {
                ResponseMeasure::Activation => strongest(trace, layer, pictures)?,
                ResponseMeasure::Relevance(class) => relevances(trace, layer, class, pictures, watch)?,
            });
            Ok(())
        })?;
        Ok((found, damaged))
    }

    /// At most `count` responses of a unit.
    pub fn choose(&self, unit: usize, choice: HitChoice, count: usize) -> Vec<Hit> {
        let mut own: Vec<Hit> = self.hits.iter().skip(unit).step_by(self.units).copied().collect();
        own.sort_by(|a, b| b.value.total_cmp(&a.value).then(a.picture.cmp(&b.picture)));
        match choice {
            HitChoice::Strongest => {}
            HitChoice::Weakest => own.reverse(),
            HitChoice::Random(seed) => {
                own.truncate(own.len().div_ceil(100).max(count));
                RandomOrder::new(seed.wrapping_add(unit as u64)).shuffle(&mut own);
                own.truncate(count);
                own.sort_by(|a, b| b.value.total_cmp(&a.value));
            }
        }
        own.truncate(count);
        own
    }
}

/// The relevance of every unit for a class, picture by picture.
fn relevances(trace: &Trace, layer: NodeId, class: usize, pictures: &[usize], watch: &Watch) -> Result<Vec<Hit>> {
    let graph = trace.network().graph();
    let ([units, height, width], scores) = (graph.node(layer).extent(), graph.scores());
    let mut seed = vec![0f32; trace.dims(scores).iter().product()];
    let classes = seed.len() / pictures.len().max(1);
    seed.iter_mut().skip(class).step_by(classes).for_each(|slope| *slope = 1.0);
    let seed = Tensor::from_vec(seed, trace.dims(scores), trace.network().device())?;
    let how = Reverse { rule: Rule::Gradient, skip_lrn: false, watch: watch.quiet() };
    let slopes = to_vec(&trace.reverse(scores, &seed, layer, &how)?)?;
    let values = to_vec(trace.output(layer))?;
    let area = height * width;
    let hit = |(map, (values, slopes)): (usize, (&[f32], &[f32]))| {
        let products: Vec<f32> = values.iter().zip(slopes).map(|(value, slope)| value * slope).collect();
        let larger = |best: usize, at: usize| if products[at] > products[best] { at } else { best };
        let position = (0..products.len()).fold(0, larger) as u32;
        Hit { value: products.iter().sum(), picture: pictures[map / units] as u32, position }
    };
    Ok(values.par_chunks_exact(area).zip(slopes.par_chunks_exact(area)).enumerate().map(hit).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_take_the_ends_and_the_strongest_hundredth() {
        let hit = |picture: u32| Hit { value: (picture * 37 % 1000) as f32, picture, position: 0 };
        let all = Responses { units: 1, hits: (0..1000).map(hit).collect() };
        let values = |choice| all.choose(0, choice, 5).iter().map(|hit| hit.value).collect::<Vec<_>>();
        assert_eq!(values(HitChoice::Strongest), [999.0, 998.0, 997.0, 996.0, 995.0]);
        assert_eq!(values(HitChoice::Weakest), [0.0, 1.0, 2.0, 3.0, 4.0]);
        let random = values(HitChoice::Random(1));
        assert!(random.iter().all(|&value| value >= 990.0) && random.windows(2).all(|pair| pair[0] > pair[1]));
        assert_ne!(random, values(HitChoice::Random(2)));
    }
}
