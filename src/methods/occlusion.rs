//! Occlusion (Zeiler and Fergus 2014): how much the score falls when a patch of the picture is covered.

use super::{
    attribution::Attribution,
    method::Method,
    question::Question,
    resize::{Align, bilinear},
    settings::Parameter,
};
use crate::Result;
use candle_core::Tensor;

const PATCH: Parameter =
    Parameter::count("patch", "Side of the patch; 0 is a seventh of the picture", [0, 4096], 0, "pixels");
const STRIDE: Parameter =
    Parameter::count("stride", "From one patch to the next; 0 is half a patch", [0, 4096], 0, "pixels");
const BASELINE: Parameter = Parameter::choice(
    "baseline",
    "Cover of the picture: the mean colour of the training pictures, this picture's own, or the picture blurred",
    &["mean", "own-mean", "blurred"],
);

pub(super) const OCCLUSION: Method = Method {
    name: "occlusion",
    title: "Occlusion",
    formula: "A = S(x) − S(x with a patch covered), averaged over the patches that cover a place",
    caution: "Covered pictures are unlike any that the network was trained on; the patch's size decides what is found.",
    paper: "Zeiler and Fergus 2014",
    about: "The fall of the score when a patch over the pixel is covered, averaged over the patches that cover it. \
            Red places speak for the class; without blue ones it would score higher.",
    parameters: &[PATCH, STRIDE, BASELINE],
    slow: true,
    run,
    ..Method::BLANK
};

fn run(question: &Question) -> Result<Attribution> {
    let trace = question.trace;
    let settings = question.settings;
    let [channels, height, width] = trace.network().graph().input_shape();
    let picture = trace.values(0)?;
    let cover = match settings.choice(&BASELINE) {
        "own-mean" => means(&picture, height * width),
        "blurred" => blurred(&picture, [height, width]),
        _ => vec![0.0; picture.len()],
    };
    let automatic = |set: usize, otherwise: usize| if set == 0 { otherwise.max(1) } else { set };
    let patch = automatic(settings.count(&PATCH), height.min(width) / 7).min(height.max(width));
    let stride = automatic(settings.count(&STRIDE), patch / 2);
    // As in captum, the last patches of a row or column may reach beyond the picture, so that every pixel is covered.
    let count = |size: usize| size.saturating_sub(patch).div_ceil(stride) + 1;
    let [down, across] = [count(height), count(width)];
    let place = |index: usize| {
        let (top, left) = ((index / across * stride).min(height), (index % across * stride).min(width));
        (top..(top + patch).min(height), left..(left + patch).min(width))
    };
    let make = |start: usize, end: usize| {
        let mut batch = picture.repeat(end - start);
        for (index, covered) in batch.chunks_mut(picture.len()).enumerate() {
            let (rows, columns) = place(start + index);
            for channel in 0..channels {
                for row in rows.clone() {
                    let from = (channel * height + row) * width;
                    let range = from + columns.start..from + columns.end;
                    covered[range.clone()].copy_from_slice(&cover[range]);
                }
            }
        }
        let batch = Tensor::from_vec(batch, (end - start, channels, height, width), trace.network().device())?;
        Ok(batch.to_dtype(trace.output(0).dtype())?)
    };
    let aim = question.aim()?;
    let covered = question.values_of(0, down * across, question.watch, make)?;
    let value = f64::from(aim.values(trace.output(aim.node))?[0]);
    let (mut sum, mut times) = (vec![0.0; height * width], vec![0u32; height * width]);
    for (index, covered) in covered.into_iter().enumerate() {
        let (rows, columns) = place(index);
        for row in rows {
            for at in row * width + columns.start..row * width + columns.end {
                sum[at] += value - f64::from(covered);
                times[at] += 1;
            }
        }
    }
    let values = sum.iter().zip(times).map(|(sum, times)| (sum / f64::from(times.max(1))) as f32).collect();
    Ok(Attribution { values, shape: [1, height, width], signed: true, ..Attribution::default() })
}

/// Every plane's mean in its place.
fn means(planes: &[f32], plane: usize) -> Vec<f32> {
    planes.chunks(plane).flat_map(|p| vec![p.iter().sum::<f32>() / plane as f32; plane]).collect()
}

/// Every plane as it looks from afar: averaged over blocks of about an eleventh of the side and stretched again.
pub(super) fn blurred(planes: &[f32], [height, width]: [usize; 2]) -> Vec<f32> {
    let (rows, columns) = (height.min(11), width.min(11));
    let mut blurred = Vec::with_capacity(planes.len());
    for plane in planes.chunks(height * width) {
        let (mut sum, mut times) = (vec![0f32; rows * columns], vec![0f32; rows * columns]);
        for (index, &value) in plane.iter().enumerate() {
            let block = index / width * rows / height * columns + index % width * columns / width;
            sum[block] += value;
            times[block] += 1.0;
        }
        sum.iter_mut().zip(times).for_each(|(sum, times)| *sum /= times.max(1.0));
        blurred.extend(bilinear(&sum, [rows, columns], [height, width], Align::Centres));
    }
    blurred
}
