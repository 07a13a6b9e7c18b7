//! Batches made by threads of their own ahead of the kernels. The order, the changes and so the values depend on seed and
//! epoch alone.

use super::{augment::Augmentation, data::LabelledPicture, random::Random};
use crate::{Error, Result, net::Graph, picture::Preprocess, watch::Watch};
use candle_core::{Device, Tensor};
use std::{sync::mpsc, thread};

/// Batches that each thread keeps ready.
const READY: usize = 2;

/// Pictures and their classes.
pub struct Batch {
    /// `(pictures, channels, height, width)`, float32.
    pub pictures: Tensor,
    /// Their classes.
    pub classes: Vec<usize>,
}

/// How examples become batches.
#[derive(Clone)]
pub struct Maker<'a> {
    /// The pictures.
    pub examples: &'a [LabelledPicture],
    /// The preparation of the network.
    pub preprocess: &'a Preprocess,
    /// Random changes; `None` outside of training.
    pub augmentation: Option<Augmentation>,
    /// Pictures of a batch.
    pub size: usize,
    /// Seed and epoch, which order and changes depend on.
    pub stream: [u64; 2],
}

impl Maker<'_> {
    /// The examples of each batch: shuffled in training. A last batch of one picture joins the one before, since the
    /// statistics of one value are none.
    pub fn order(&self) -> Vec<Vec<usize>> {
        let count = self.examples.len();
        let order = match self.augmentation {
            Some(_) => Random::of(&[self.stream[0], self.stream[1], 0]).order(count),
            None => (0..count).collect(),
        };
        let mut batches: Vec<Vec<usize>> = order.chunks(self.size.max(1)).map(<[usize]>::to_vec).collect();
        if batches.len() > 1 && batches.last().is_some_and(|batch| batch.len() == 1) {
            let last = batches.pop().unwrap_or_default();
            batches.last_mut().into_iter().for_each(|batch| batch.extend(&last));
        }
        batches
    }

    /// One batch.
    ///
    /// # Errors
    /// When a picture that lies in a file cannot be read any more.
    pub fn make(&self, examples: &[usize]) -> Result<Batch> {
        let [height, width] = self.preprocess.crop;
        let channels = self.preprocess.channels();
        let mut values = Vec::with_capacity(examples.len() * channels * height * width);
        for &index in examples {
            let levels = self.examples[index].levels(self.preprocess)?;
            match self.augmentation {
                Some(augmentation) => {
                    let mut random = Random::of(&[self.stream[0], self.stream[1], 1 + index as u64]);
                    values.extend(augmentation.apply(&levels, self.preprocess, &mut random));
                }
                None => values.extend(self.preprocess.normalise(&levels.centre([height, width]).values)),
            }
        }
        let pictures = Tensor::from_vec(values, (examples.len(), channels, height, width), &Device::Cpu)?;
        Ok(Batch { pictures, classes: examples.iter().map(|&index| self.examples[index].class).collect() })
    }

    /// Calls `take(number, of how many, batch)` for each batch in order, while `threads` threads make the next ones.
    ///
    /// # Errors
    /// Those of `take` and of [`Maker::make`]; [`Error::Cancelled`] when the watch is.
    pub fn each(
        &self,
        threads: usize,
        watch: &Watch,
        mut take: impl FnMut(usize, usize, Batch) -> Result<()>,
    ) -> Result<()> {
        let order = self.order();
        let threads = threads.clamp(1, order.len().max(1));
        thread::scope(|scope| {
            let mut made = Vec::with_capacity(threads);
            for first in 0..threads {
                let (send, receive) = mpsc::sync_channel(READY);
                let order = &order;
                let work = move || {
                    for examples in order.iter().skip(first).step_by(threads) {
                        // Whoever waits for batches is gone: there was an error.
                        if send.send(self.make(examples)).is_err() {
                            return;
                        }
                    }
                };
                thread::Builder::new()
                    .name(format!("batches {first}"))
                    .spawn_scoped(scope, work)
                    .map_err(|error| Error::no_thread(&error))?;
                made.push(receive);
            }
            for number in 0..order.len() {
                watch.check()?;
                let lost = |_| Error::Failed("a thread that makes batches ended early".into());
                take(number, order.len(), made[number % threads].recv().map_err(lost)??)?;
            }
            Ok(())
        })
    }
}

/// Pictures that a pass outside of training takes at once, by what they need of memory.
pub fn batch_for_showing(graph: &Graph) -> usize {
    ((256 << 20) / graph.activation_bytes(1).max(1)).clamp(1, 128) as usize
}
