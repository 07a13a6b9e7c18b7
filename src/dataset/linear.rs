//! Linear classifiers on features: softmax regression by L-BFGS (Liu and Nocedal 1989), and one-against-all support
//! vector machines with the squared hinge by dual coordinate descent (Hsieh et al. 2008).

use super::random::RandomOrder;
use rayon::prelude::*;

/// The loss that a classifier minimises, beside half the squared norm of its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Cross-entropy of the softmax, summed over pictures. The bias is not regularised.
    Softmax,
    /// Squared hinge of each class against all others, summed over pictures. The bias is regularised as a weight.
    Svm,
}

/// Curvature pairs that L-BFGS keeps.
const MEMORY: usize = 10;
/// Steps of L-BFGS at most.
const STEPS: usize = 200;
/// Passes of coordinate descent at most.
const PASSES: usize = 1000;

/// A linear classifier: a score a class is a product with the features plus a bias.
#[derive(Clone, Debug, PartialEq)]
pub struct Classifier {
    /// Row-major `(classes, width + 1)`; the last value of a row is the bias.
    weights: Vec<f64>,
    width: usize,
}

impl Classifier {
    /// Trains on rows of `width` features with the class of each. `cost` weighs the summed loss against half the squared
    /// norm (C of scikit-learn).
    pub fn train(rows: &[&[f32]], labels: &[usize], classes: usize, loss: Loss, cost: f64) -> Self {
        let width = rows.first().map_or(0, |row| row.len());
        let weights = match loss {
            Loss::Softmax => softmax_regression(rows, labels, classes, width, cost),
            Loss::Svm => {
                (0..classes).into_par_iter().flat_map(|class| hinge(rows, labels, class, width, cost)).collect()
            }
        };
        Classifier { weights, width }
    }

    /// The class with the largest score; the first of equal ones.
    pub fn predict(&self, row: &[f32]) -> usize {
        let score = |weights: &[f64]| dot(weights, row);
        let scores = self.weights.chunks_exact(self.width + 1).map(score).enumerate();
        scores.fold((0, f64::NEG_INFINITY), |best, (class, score)| if score > best.1 { (class, score) } else { best }).0
    }

    /// Share of rows whose class is predicted, 0 to 1.
    pub fn accuracy(&self, rows: &[&[f32]], labels: &[usize]) -> f64 {
        let right = rows.par_iter().zip(labels).filter(|(row, label)| self.predict(row) == **label).count();
        right as f64 / rows.len().max(1) as f64
    }
}

/// Product of weights with features, plus the bias behind them.
fn dot(weights: &[f64], row: &[f32]) -> f64 {
    let product: f64 = weights.iter().zip(row).map(|(weight, value)| weight * f64::from(*value)).sum();
    product + weights[row.len()]
}

/// Objective and gradient of softmax regression at `weights`.
fn softmax_loss(rows: &[&[f32]], labels: &[usize], weights: &[f64], width: usize, cost: f64) -> (f64, Vec<f64>) {
    let stride = width + 1;
    let zero = || (0.0, vec![0.0; weights.len()]);
    let one = |(mut loss, mut gradient): (f64, Vec<f64>), (row, label): (&&[f32], &usize)| {
        let mut scores: Vec<f64> = weights.chunks_exact(stride).map(|weights| dot(weights, row)).collect();
        let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        scores.iter_mut().for_each(|score| *score = (*score - largest).exp());
        let sum: f64 = scores.iter().sum();
        loss -= (scores[*label] / sum).max(f64::MIN_POSITIVE).ln();
        for (class, (score, gradient)) in scores.iter().zip(gradient.chunks_exact_mut(stride)).enumerate() {
            let slope = score / sum - f64::from(u8::from(class == *label));
            gradient.iter_mut().zip(*row).for_each(|(sum, value)| *sum += slope * f64::from(*value));
            gradient[width] += slope;
        }
        (loss, gradient)
    };
    let add = |(a, mut x): (f64, Vec<f64>), (b, y): (f64, Vec<f64>)| {
        x.iter_mut().zip(y).for_each(|(x, y)| *x += y);
        (a + b, x)
    };
    let (mut loss, mut gradient) = rows.par_iter().zip(labels).fold(zero, one).reduce(zero, add);
    loss *= cost;
    gradient.iter_mut().for_each(|slope| *slope *= cost);
    for (index, (slope, weight)) in gradient.iter_mut().zip(weights).enumerate() {
        if index % stride != width {
            loss += 0.5 * weight * weight;
            *slope += weight;
        }
    }
    (loss, gradient)
}

fn softmax_regression(rows: &[&[f32]], labels: &[usize], classes: usize, width: usize, cost: f64) -> Vec<f64> {
    let evaluate = |weights: &[f64]| softmax_loss(rows, labels, weights, width, cost);
    minimise(vec![0.0; classes * (width + 1)], evaluate)
}

/// The minimum of a smooth convex function, by L-BFGS with a backtracking line search.
fn minimise(start: Vec<f64>, evaluate: impl Fn(&[f64]) -> (f64, Vec<f64>)) -> Vec<f64> {
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut at = start;
    let (mut value, mut gradient) = evaluate(&at);
    let tolerance = 1e-5 * product(&gradient, &gradient).sqrt().max(1e-12);
    let mut pairs: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
    for _ in 0..STEPS {
        if product(&gradient, &gradient).sqrt() <= tolerance {
            break;
        }
        let direction = descent(&gradient, &pairs);
        let slope = product(&direction, &gradient);
        let mut step = if pairs.is_empty() { 1.0 / product(&gradient, &gradient).sqrt().max(1.0) } else { 1.0 };
        let next = loop {
            let there: Vec<f64> = at.iter().zip(&direction).map(|(at, by)| at + step * by).collect();
            let found = evaluate(&there);
            if found.0 <= value + 1e-4 * step * slope {
                break Some((there, found));
            }
            step /= 2.0;
            if step < 1e-10 {
                break None;
            }
        };
        let Some((there, (found, slopes))) = next else { break };
        let moved: Vec<f64> = there.iter().zip(&at).map(|(new, old)| new - old).collect();
        let turned: Vec<f64> = slopes.iter().zip(&gradient).map(|(new, old)| new - old).collect();
        if product(&moved, &turned) > 1e-12 * product(&turned, &turned) {
            pairs.push((moved, turned));
            if pairs.len() > MEMORY {
                pairs.remove(0);
            }
        }
        (at, value, gradient) = (there, found, slopes);
    }
    at
}

/// The direction of L-BFGS: minus the approximate inverse Hessian times the gradient (two-loop recursion).
fn descent(gradient: &[f64], pairs: &[(Vec<f64>, Vec<f64>)]) -> Vec<f64> {
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut direction: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
    let mut factors = Vec::with_capacity(pairs.len());
    for (moved, turned) in pairs.iter().rev() {
        let factor = product(moved, &direction) / product(moved, turned);
        direction.iter_mut().zip(turned).for_each(|(d, t)| *d -= factor * t);
        factors.push(factor);
    }
    if let Some((moved, turned)) = pairs.last() {
        let scale = product(moved, turned) / product(turned, turned);
        direction.iter_mut().for_each(|d| *d *= scale);
    }
    for ((moved, turned), factor) in pairs.iter().zip(factors.into_iter().rev()) {
        let back = product(turned, &direction) / product(moved, turned);
        direction.iter_mut().zip(moved).for_each(|(d, m)| *d += (factor - back) * m);
    }
    direction
}

/// The weights of one class against all others under the squared hinge, bias last.
fn hinge(rows: &[&[f32]], labels: &[usize], class: usize, width: usize, cost: f64) -> Vec<f64> {
    let diagonal = 0.5 / cost;
    let norm = |row: &[f32]| row.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>() + 1.0 + diagonal;
    let norms: Vec<f64> = rows.iter().map(|row| norm(row)).collect();
    let mut weights = vec![0.0; width + 1];
    let mut dual = vec![0.0; rows.len()];
    let mut order: Vec<usize> = (0..rows.len()).collect();
    // The same for every class and run.
    let mut random = RandomOrder::new(0);
    for _ in 0..PASSES {
        random.shuffle(&mut order);
        let mut largest = 0f64;
        for &row in &order {
            let sign = if labels[row] == class { 1.0 } else { -1.0 };
            let slope = sign * dot(&weights, rows[row]) - 1.0 + diagonal * dual[row];
            let projected = if dual[row] == 0.0 { slope.min(0.0) } else { slope };
            largest = largest.max(projected.abs());
            if projected.abs() < 1e-12 {
                continue;
            }
            let before = dual[row];
            dual[row] = (before - slope / norms[row]).max(0.0);
            let change = (dual[row] - before) * sign;
            weights.iter_mut().zip(rows[row]).for_each(|(weight, value)| *weight += change * f64::from(*value));
            weights[width] += change;
        }
        if largest < 1e-3 {
            break;
        }
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: [[f32; 2]; 6] = [[0.0, 1.0], [0.5, 1.5], [2.0, -1.0], [2.5, -1.5], [-2.0, -2.0], [-2.5, -1.0]];
    const LABELS: [usize; 6] = [0, 0, 1, 1, 2, 2];

    #[test]
    fn the_gradient_of_the_softmax_loss_is_its_slope() {
        let rows: Vec<&[f32]> = ROWS.iter().map(<[f32; 2]>::as_slice).collect();
        let weights = [0.1, -0.2, 0.3, 0.4, 0.5, -0.6, -0.7, 0.8, 0.9];
        let (_, gradient) = softmax_loss(&rows, &LABELS, &weights, 2, 1.7);
        for index in 0..weights.len() {
            let at = |by: f64| {
                let mut moved = weights;
                moved[index] += by;
                softmax_loss(&rows, &LABELS, &moved, 2, 1.7).0
            };
            let slope = (at(1e-6) - at(-1e-6)) / 2e-6;
            assert!((slope - gradient[index]).abs() < 1e-6, "{index}: {slope} and {}", gradient[index]);
        }
    }

    #[test]
    fn classes_that_can_be_told_apart_are() {
        let rows: Vec<&[f32]> = ROWS.iter().map(<[f32; 2]>::as_slice).collect();
        for loss in [Loss::Softmax, Loss::Svm] {
            let classifier = Classifier::train(&rows, &LABELS, 3, loss, 1.0);
            assert_eq!(classifier.accuracy(&rows, &LABELS), 1.0, "{loss:?}");
        }
    }

    #[test]
    fn one_dimension_has_the_weights_that_can_be_derived_by_hand() {
        // Two rows, x = 1 in the class and x = -1 outside: by symmetry the bias is 0 and w minimises
        // w^2 / 2 + 2 (1 - w)^2, so w = 4 / 5.
        let rows: [&[f32]; 2] = [&[1.0], &[-1.0]];
        let weights = hinge(&rows, &[0, 1], 0, 1, 1.0);
        assert!((weights[0] - 0.8).abs() < 1e-3 && weights[1].abs() < 1e-3, "{weights:?}");
    }
}
