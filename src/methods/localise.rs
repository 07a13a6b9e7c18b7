//! The object's mask and box from saliency alone (Simonyan, Vedaldi and Zisserman 2014): the brightest pixels seed the
//! foreground, the darkest the background, GrabCut (Rother, Kolmogorov and Blake 2004) finds the border between them, and
//! the largest connected part is the object.

use super::{
    attribution::Attribution,
    maxflow::{PixelGrid, STEPS},
    mixture::{Colour, Mixture},
};
use crate::{Error, Result, net::Trace, watch::Watch};

/// Shares of the pixels that are surely background and not surely foreground.
pub const QUANTILES: [f32; 2] = [0.30, 0.95];

/// GrabCut's constants: Gaussians in a mixture, weight of borders, rounds.
const GAUSSIANS: usize = 5;
const BORDER: f64 = 50.0;
const ROUNDS: usize = 5;

/// An object found on the network's input.
#[derive(Clone, Debug, PartialEq)]
pub struct Localisation {
    /// Height and width of the input.
    pub size: [usize; 2],
    /// For each pixel whether it belongs to the object, row by row.
    pub mask: Vec<bool>,
    /// Left, top, right and bottom of the object in input pixels, the last two exclusive.
    pub bounds: [usize; 4],
}

/// Finds the object that a heatmap points at.
///
/// # Errors
/// [`Error::Failed`] when the heatmap has too few different values to seed both sides; when cancelled.
pub fn localise(trace: &Trace, heatmap: &Attribution, [low, high]: [f32; 2], watch: &Watch) -> Result<Localisation> {
    let [channels, height, width] = trace.network().graph().input_shape();
    let bright: Vec<f32> = heatmap.stretched([height, width]).into_iter().map(f32::abs).collect();
    let mut sorted = bright.clone();
    sorted.sort_by(f32::total_cmp);
    let quantile = |share: f32| sorted[((sorted.len() - 1) as f32 * share.clamp(0.0, 1.0)) as usize];
    let (dark, light) = (quantile(low), quantile(high));
    let seeds: Vec<Option<bool>> =
        bright.iter().map(|&value| if value > light { Some(true) } else { (value <= dark).then_some(false) }).collect();
    if dark >= light || !seeds.contains(&Some(true)) || !seeds.contains(&Some(false)) {
        return Err(Error::Failed("nothing to find: the heatmap is too flat to tell object from background".into()));
    }
    let picture = trace.values(0)?;
    let plane = height * width;
    let colours: Vec<Colour> = (0..plane)
        .map(|at| [0, 1, 2].map(|c| if c < channels { f64::from(picture[c * plane + at]) } else { 0.0 }))
        .collect();
    let mask = largest_part(&grab_cut(&colours, &seeds, [height, width], watch)?, [height, width]);
    let columns = || (0..plane).filter(|&at| mask[at]).map(|at| at % width);
    let rows = || (0..plane).filter(|&at| mask[at]).map(|at| at / width);
    let bounds = [
        columns().min().unwrap_or(0),
        rows().min().unwrap_or(0),
        columns().max().map_or(0, |last| last + 1),
        rows().max().map_or(0, |last| last + 1),
    ];
    Ok(Localisation { size: [height, width], mask, bounds })
}

/// Intersection over union of two boxes (left, top, right, bottom): 0 apart, 1 the same.
pub fn overlap(a: [f32; 4], b: [f32; 4]) -> f32 {
    let area = |r: [f32; 4]| (r[2] - r[0]).max(0.0) * (r[3] - r[1]).max(0.0);
    let both = area([a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])]);
    let all = area(a) + area(b) - both;
    if all > 0.0 { both / all } else { 0.0 }
}

/// Whether each pixel is foreground. Seeds stay what they are.
fn grab_cut(
    colours: &[Colour],
    seeds: &[Option<bool>],
    [height, width]: [usize; 2],
    watch: &Watch,
) -> Result<Vec<bool>> {
    let links = links(colours, [height, width]);
    let side = |mask: &[Option<bool>], wanted: bool| -> Vec<Colour> {
        colours.iter().zip(mask).filter(|(_, side)| **side == Some(wanted)).map(|(colour, _)| *colour).collect()
    };
    let mut models = [true, false].map(|wanted| Mixture::fit(&side(seeds, wanted), GAUSSIANS));
    let mut mask: Vec<bool> = Vec::new();
    for round in 0..ROUNDS {
        watch.at(round, ROUNDS)?;
        let cost = |(colour, seed): (&Colour, &Option<bool>)| match seed {
            Some(true) => f64::from(u16::MAX),
            Some(false) => -f64::from(u16::MAX),
            None => models[1].cost(colour) - models[0].cost(colour),
        };
        let terminal = colours.iter().zip(seeds).map(cost).collect();
        let cut = PixelGrid { height, width, terminal, links: links.clone() }.cut();
        if cut == mask {
            break;
        }
        let sides: Vec<Option<bool>> = cut.iter().map(|&side| Some(side)).collect();
        models = [(0, true), (1, false)].map(|(index, wanted)| models[index].refit(&side(&sides, wanted)));
        mask = cut;
    }
    watch.at(1, 1)?;
    Ok(mask)
}

/// The cost of parting neighbours, which grows with their likeness.
fn links(colours: &[Colour], [height, width]: [usize; 2]) -> Vec<[f64; 8]> {
    let neighbour = |at: usize, direction: usize| {
        let row = (at / width).checked_add_signed(STEPS[direction][0]).filter(|&row| row < height)?;
        let column = (at % width).checked_add_signed(STEPS[direction][1]).filter(|&column| column < width)?;
        Some(row * width + column)
    };
    let contrast = |a: usize, b: usize| (0..3).map(|c| (colours[a][c] - colours[b][c]).powi(2)).sum::<f64>();
    let pairs = (0..colours.len()).flat_map(|at| (0..8).filter_map(move |d| Some((at, neighbour(at, d)?))));
    let (sum, count) = pairs.fold((0.0, 0usize), |(sum, count), (a, b)| (sum + contrast(a, b), count + 1));
    let beta = if sum > 0.0 { count as f64 / (2.0 * sum) } else { 0.0 };
    let link = |at: usize, direction: usize| {
        let length = f64::from(STEPS[direction].iter().map(|step| step.unsigned_abs() as u32).sum::<u32>()).sqrt();
        neighbour(at, direction).map_or(0.0, |other| BORDER / length * (-beta * contrast(at, other)).exp())
    };
    (0..colours.len()).map(|at| [0, 1, 2, 3, 4, 5, 6, 7].map(|direction| link(at, direction))).collect()
}

/// The largest 4-connected part of a mask.
fn largest_part(mask: &[bool], [height, width]: [usize; 2]) -> Vec<bool> {
    let mut part = vec![usize::MAX; mask.len()];
    let mut sizes = Vec::new();
    for start in 0..mask.len() {
        if !mask[start] || part[start] != usize::MAX {
            continue;
        }
        let label = sizes.len();
        let mut found = vec![start];
        part[start] = label;
        let mut head = 0;
        while let Some(&at) = found.get(head) {
            head += 1;
            let (row, column) = (at / width, at % width);
            let beside = [
                (row > 0).then(|| at - width),
                (row + 1 < height).then(|| at + width),
                (column > 0).then(|| at - 1),
                (column + 1 < width).then(|| at + 1),
            ];
            for next in beside.into_iter().flatten().filter(|&next| mask[next]) {
                if part[next] == usize::MAX {
                    part[next] = label;
                    found.push(next);
                }
            }
        }
        sizes.push(found.len());
    }
    let largest = (0..sizes.len()).fold(0, |best, label| if sizes[label] > sizes[best] { label } else { best });
    part.into_iter().map(|label| label == largest).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn overlap_of_boxes() {
        assert_eq!(overlap([0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 2.0, 2.0]), 1.0);
        assert_eq!(overlap([0.0, 0.0, 2.0, 2.0], [1.0, 0.0, 3.0, 2.0]), 1.0 / 3.0);
        assert_eq!(overlap([0.0, 0.0, 1.0, 1.0], [2.0, 2.0, 3.0, 3.0]), 0.0);
    }

    #[test]
    fn a_disc_on_a_ramp_is_cut_out_from_a_few_seeds() {
        let (height, width) = (24, 30);
        let inside = |at: usize| ((at / width) as f64 - 11.0).hypot((at % width) as f64 - 14.0) < 7.0;
        let colours: Vec<Colour> = (0..height * width)
            .map(|at| if inside(at) { [1.0, 0.2, 0.1] } else { [0.0, 0.01 * (at % width) as f64, 0.5] })
            .collect();
        let seed = |at: usize| {
            let from = ((at / width) as f64 - 11.0).hypot((at % width) as f64 - 14.0);
            if from < 3.0 { Some(true) } else { (from > 11.0).then_some(false) }
        };
        let seeds: Vec<Option<bool>> = (0..height * width).map(seed).collect();
        let mask = grab_cut(&colours, &seeds, [height, width], &Watch::default()).unwrap();
        let expected: Vec<bool> = (0..height * width).map(inside).collect();
        assert_eq!(largest_part(&mask, [height, width]), expected);
    }
}
