//! The pass over a folder: pictures are decoded on one thread while the network runs on the others, and the index is
//! written every few seconds, so that a killed pass loses only the last of them.

use super::{
    file::{IndexWriter, read_index, write_index},
    index::{CLASSES, Fingerprint, Index, Prediction},
    layers::indexed_layers,
    listing::Listing,
    statistics::Hit,
};
use crate::{
    Error, Result,
    kernels::{Peak, with_values},
    net::{Network, NodeId, Trace},
    watch::Watch,
};
use candle_core::Tensor;
use rayon::prelude::*;
use std::{
    path::Path,
    sync::{Arc, mpsc::sync_channel},
    thread,
    time::{Duration, Instant},
};

/// Pictures a batch at most.
const BATCH: usize = 32;
/// Bytes of activations that a batch may take. Larger batches of large networks are slower: their maps leave the caches.
const BATCH_BYTES: u64 = 160 << 20;
/// Time between two writes of the index.
const SAVE_EVERY: Duration = Duration::from_secs(3);

/// Turns a file into the network's input `(1, channels, height, width)`.
pub type Prepare<'a> = dyn Fn(&Path) -> Result<Tensor> + Sync + 'a;

/// A batch of pictures: for each its index and its input, or the reason why it cannot be read.
pub(super) type Batch = Vec<(usize, Result<Tensor>)>;

/// News of a running pass.
#[derive(Clone, Copy, Debug)]
pub struct IndexProgress {
    /// Pictures that ran.
    pub done: usize,
    /// Pictures in all.
    pub total: usize,
}

/// Pictures a batch for a network: as many as their activations leave room for.
pub(super) fn batch_size(network: &Network) -> usize {
    let bytes: u64 = network.graph().costs().iter().map(|cost| cost.bytes).sum();
    usize::try_from(BATCH_BYTES / bytes.max(1)).unwrap_or(BATCH).clamp(1, BATCH)
}

/// Decodes the pictures from `start` on in order, batch by batch, one batch ahead of `run`.
///
/// Batches begin at multiples of `size`, so that a pass that was interrupted computes the same batches when it goes on.
///
/// # Errors
/// Those of `run`, [`Error::Failed`] when the folder vanishes, and [`Error::Cancelled`].
pub(super) fn for_each_batch(
    listing: &Listing,
    start: usize,
    size: usize,
    prepare: &Prepare,
    watch: &Watch,
    mut run: impl FnMut(usize, Batch) -> Result<()>,
) -> Result<()> {
    let total = listing.entries.len();
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel::<(usize, Batch)>(1);
        let decode = move || {
            let mut from = start;
            while from < total && !watch.is_cancelled() {
                let to = ((from / size + 1) * size).min(total);
                let one = |picture: usize| (picture, prepare(&listing.path(picture)));
                let batch = (from..to).into_par_iter().map(one).collect();
                // The receiver is gone when a batch failed: there is nothing left to do.
                if sender.send((to, batch)).is_err() {
                    return;
                }
                from = to;
            }
        };
        let spawned = thread::Builder::new().name("decode".into()).spawn_scoped(scope, decode);
        spawned.map_err(|error| Error::Failed(format!("cannot start a thread to read pictures: {error}")))?;
        for (to, batch) in receiver {
            watch.at(to.saturating_sub(size), total)?;
            // Without the folder every picture would count as damaged.
            if batch.iter().any(|(_, input)| input.is_err()) && !listing.root.is_dir() {
                let root = listing.root.display();
                return Err(Error::Failed(format!(
                    "{root} is gone: it was there when the pass over its pictures began"
                )));
            }
            run(to, batch)?;
        }
        watch.at(total, total)
    })
}

/// The inputs that could be read as one tensor, with the indices of their pictures; the others with their reasons.
#[allow(clippy::type_complexity)]
fn split(batch: Batch) -> Result<(Vec<usize>, Option<Tensor>, Vec<(usize, String)>)> {
    let (mut pictures, mut inputs, mut damaged) = (Vec::new(), Vec::new(), Vec::new());
    for (picture, input) in batch {
        match input {
            Ok(input) => {
                pictures.push(picture);
                inputs.push(input);
            }
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(error) => damaged.push((picture, error.to_string())),
        }
    }
    let input = if inputs.is_empty() { None } else { Some(Tensor::cat(&inputs, 0)?) };
    Ok((pictures, input, damaged))
}

/// Indexes a folder, going on where the file at `path` stops. The file is written every few seconds and at the end; a
/// file of other pictures, another network or another version is made anew.
///
/// # Errors
/// [`Error::Failed`] when the folder or the file cannot be read or written, or when no picture could be read;
/// [`Error::Cancelled`] after the index so far was written.
pub fn index_folder(
    network: &Arc<Network>,
    prepare: &Prepare,
    fingerprint: Fingerprint,
    root: &Path,
    path: &Path,
    watch: &Watch,
    report: &mut dyn FnMut(IndexProgress, &Index),
) -> Result<Index> {
    let graph = network.graph();
    let layers = indexed_layers(graph);
    let mut index = opened(network, &layers, fingerprint, root, path)?;
    let listing = index.listing.clone();
    let start = index.done;
    let (mut saved, mut writer) = (Instant::now(), IndexWriter::new(path));
    let ran = for_each_batch(&listing, start, batch_size(network), prepare, watch, |to, batch| {
        let (pictures, input, damaged) = split(batch)?;
        let mut found = vec![Prediction::new(); to - index.done];
        if let Some(input) = input {
            let trace = network.forward(&input, &watch.quiet())?;
            // All layers at once: to wait for the threads after each takes longer than the work on a small one.
            index.layers.par_iter_mut().zip(&layers).try_for_each(|(kept, &layer)| {
                kept.add(&strongest(&trace, layer, &pictures)?, &listing);
                Ok::<(), Error>(())
            })?;
            for (&picture, likeliest) in pictures.iter().zip(predictions(&trace)?) {
                found[picture - index.done] = likeliest;
            }
        }
        index.predictions.extend(found);
        index.damaged.extend(damaged.into_iter().map(|(picture, why)| (picture as u32, why)));
        index.done = to;
        if saved.elapsed() >= SAVE_EVERY {
            writer.start(&index)?;
            saved = Instant::now();
        }
        report(IndexProgress { done: to, total: listing.entries.len() }, &index);
        Ok(())
    });
    // Where it failed, the next write says so.
    let _ = writer.finish();
    if index.done > start || start == 0 {
        write_index(path, &index)?;
    }
    ran?;
    match index.damaged.first() {
        Some((_, why)) if index.damaged.len() == index.done => Err(Error::Failed(format!(
            "none of the {} pictures in {} could be read: {why}",
            index.done,
            root.display()
        ))),
        _ => Ok(index),
    }
}

/// The index at `path` where it can be continued, or a new one.
fn opened(network: &Network, layers: &[NodeId], fingerprint: Fingerprint, root: &Path, path: &Path) -> Result<Index> {
    let now = Listing::new(root)?;
    // A file of another version, or a damaged one, is this program's own cache: it is made anew.
    let old = read_index(path, root).ok().flatten().filter(|old| old.fingerprint == fingerprint);
    if let Some(index) = old.and_then(|old| old.continued(&now)) {
        return Ok(index);
    }
    let graph = network.graph();
    let shapes = layers.iter().map(|&layer| (graph.node(layer).name.clone(), graph.node(layer).extent())).collect();
    Ok(Index::new(fingerprint, now, shapes))
}

/// The strongest activation of every unit of a layer for every picture of the batch, picture by picture.
pub(super) fn strongest(trace: &Trace, layer: NodeId, pictures: &[usize]) -> Result<Vec<Hit>> {
    let peaks = trace.peaks(layer)?;
    let units = peaks.len() / pictures.len().max(1);
    let mut hits = Vec::with_capacity(peaks.len());
    for (&picture, peaks) in pictures.iter().zip(peaks.chunks_exact(units.max(1))) {
        let hit = |peak: &Peak| Hit { value: peak.value, picture: picture as u32, position: peak.position };
        hits.extend(peaks.iter().map(hit));
    }
    Ok(hits)
}

/// The likeliest classes of every picture of a batch.
fn predictions(trace: &Trace) -> Result<Vec<Prediction>> {
    let scores = trace.output(trace.network().graph().scores()).flatten_from(1)?;
    let classes = scores.dim(1)?;
    let probabilities = candle_nn::ops::softmax(&scores, 1)?;
    let likeliest = with_values::<f32, _>(&probabilities.contiguous()?, |values| {
        let best = |row: &[f32]| {
            let mut order: Vec<u32> = (0..row.len() as u32).collect();
            order.sort_by(|&a, &b| row[b as usize].total_cmp(&row[a as usize]).then(a.cmp(&b)));
            order.into_iter().take(CLASSES).map(|class| (class, row[class as usize])).collect()
        };
        Ok(values.par_chunks_exact(classes).map(best).collect())
    })?;
    Ok(likeliest)
}
