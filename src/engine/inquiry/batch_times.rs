//! The question how long a picture takes when several run at once.

use super::{
    lane::{InquiryLane, Subject, Thread},
    question::{Inquiry, InquiryKey},
};
use crate::{Error, Result, engine::run::Run, memory, watch::Watch};
use candle_core::Tensor;
use std::{sync::Arc, time::Instant};

pub(super) static LANE: InquiryLane = InquiryLane { name: "batch times", thread: Thread::Own, subject: Subject::Own };

/// Pictures at once.
const BATCHES: [usize; 6] = [1, 2, 4, 8, 16, 32];
/// Passes of a batch that are timed, after one that is not; the median counts.
const PASSES: usize = 5;

/// The network of a run, on copies of its picture.
#[derive(Clone)]
pub struct BatchTimesInquiry(pub Arc<Run>);

/// The network with its changes, weights and preparation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BatchTimesKey(String);

/// The time of a picture in a forward pass of several.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchTime {
    /// Pictures at once.
    pub batch: usize,
    /// Milliseconds a picture.
    pub milliseconds: f64,
}

impl InquiryKey for BatchTimesKey {
    type Answer = Vec<BatchTime>;
    const KEPT: usize = 64;

    fn runs(&self) -> Vec<u64> {
        Vec::new()
    }
}

impl Inquiry for BatchTimesInquiry {
    type Key = BatchTimesKey;

    fn lane(&self) -> &'static InquiryLane {
        &LANE
    }

    fn key(&self) -> BatchTimesKey {
        BatchTimesKey(format!("{:?}", self.0.model.fingerprint()))
    }

    fn label(&self) -> String {
        format!("Time of {} by pictures at once", self.0.model.card.title)
    }

    /// Batches that would take more than half of the memory that is left are not tried.
    fn answer(&self, watch: &Watch) -> Result<Vec<BatchTime>> {
        let network = &self.0.model.network;
        let picture = self.0.trace.output(0);
        let fits = |batch: usize| network.graph().forward_bytes(batch, false) < memory::available() / 2;
        let mut times = Vec::with_capacity(BATCHES.len());
        for (index, batch) in BATCHES.into_iter().enumerate().take_while(|&(_, batch)| fits(batch)) {
            watch.at(index, BATCHES.len())?;
            let pictures = Tensor::cat(&vec![picture; batch], 0)?;
            let mut passes = Vec::with_capacity(PASSES);
            for pass in 0..=PASSES {
                let start = Instant::now();
                network.forward(&pictures, &watch.quiet())?;
                if pass > 0 {
                    passes.push(1e3 * start.elapsed().as_secs_f64());
                }
            }
            passes.sort_by(f64::total_cmp);
            times.push(BatchTime { batch, milliseconds: passes[PASSES / 2] / batch as f64 });
        }
        watch.at(1, 1)?;
        match times.is_empty() {
            true => Err(Error::Failed("there is too little memory to run the network".into())),
            false => Ok(times),
        }
    }
}
