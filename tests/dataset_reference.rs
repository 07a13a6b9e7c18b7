//! Evaluation, probes, principal components and t-SNE against scikit-learn's numbers, UMAP against umap-learn's (`make_dataset.py` made them).
#![allow(clippy::unwrap_used)]

use serde::Deserialize;
use std::{fs, path::Path};
use striate::{
    dataset::{
        Entry, Evaluation, Features, LabelledFolder, Listing, Outcome, ProbeSettings, principal_components, probe,
        tsne, umap,
    },
    watch::Watch,
};

#[derive(Deserialize)]
struct Reference {
    evaluation: ReferenceEvaluation,
    features: ReferenceFeatures,
}

#[derive(Deserialize)]
struct ReferenceEvaluation {
    scores: Vec<Vec<f32>>,
    labels: Vec<usize>,
    confusion: Vec<Vec<usize>>,
    precision: Vec<f64>,
    recall: Vec<f64>,
    f1: Vec<f64>,
    means: [f64; 3],
    top1: f64,
    top5: f64,
    accuracy: Vec<f64>,
    confidence: Vec<f64>,
    ece: f64,
}

#[derive(Deserialize)]
struct ReferenceFeatures {
    values: Vec<Vec<f32>>,
    labels: Vec<usize>,
    points: Vec<Vec<f64>>,
    explained: Vec<f64>,
    train: usize,
    cost: f64,
    neighbours: usize,
    probes: Probes,
    tsne: f64,
    umap: f64,
}

/// Mean and deviation over the splits.
#[derive(Deserialize)]
struct Probes {
    svm: [f64; 2],
    softmax: [f64; 2],
    knn: [f64; 2],
}

fn reference() -> Reference {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/dataset.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn features(reference: &ReferenceFeatures) -> Features {
    Features {
        pictures: (0..reference.values.len()).collect(),
        width: reference.values[0].len(),
        values: reference.values.concat(),
    }
}

fn close(ours: &[f64], theirs: &[f64]) {
    assert_eq!(ours.len(), theirs.len());
    for (a, b) in ours.iter().zip(theirs) {
        // The scores are float32 here, float64 there.
        assert!((a - b).abs() < 1e-7, "{ours:?} where {theirs:?} belongs");
    }
}

#[test]
fn an_evaluation_has_scikit_learns_numbers() {
    let reference = reference().evaluation;
    let entry = |(picture, class): (usize, &usize)| Entry {
        path: format!("{class}/{picture}.png").into(),
        group: Some(*class),
        bytes: 1,
        modified: 0,
    };
    let listing = Listing {
        root: "root".into(),
        groups: (0..5).map(|class| class.to_string()).collect(),
        entries: reference.labels.iter().enumerate().map(entry).collect(),
    };
    let folder = LabelledFolder::new(listing, "net", &|name: &str| Ok(name.parse().ok())).unwrap();
    let outcome = |(picture, scores): (usize, &Vec<f32>)| Outcome::of(picture, folder.class(picture), scores);
    let outcomes: Vec<Outcome> = reference.scores.iter().enumerate().map(outcome).collect();
    let found = Evaluation::of(&folder, &outcomes);
    close(&[found.hits.top1(), found.hits.top5()], &[reference.top1, reference.top5]);
    for cell in &found.confusion {
        assert_eq!(cell.pictures, reference.confusion[cell.class][cell.predicted]);
    }
    assert_eq!(found.confusion.iter().map(|cell| cell.pictures).sum::<usize>(), reference.labels.len());
    let of = |value: fn(&striate::dataset::ClassHits) -> Option<f64>| -> Vec<f64> {
        found.classes.iter().map(|class| value(class).unwrap_or(0.0)).collect()
    };
    close(&of(|class| class.precision), &reference.precision);
    close(&of(|class| class.recall), &reference.recall);
    close(&of(|class| class.f1), &reference.f1);
    close(&found.means(), &reference.means);
    let filled: Vec<_> = found.calibration.bins.iter().filter(|bin| bin.pictures > 0).collect();
    close(&filled.iter().map(|bin| bin.accuracy).collect::<Vec<_>>(), &reference.accuracy);
    close(&filled.iter().map(|bin| bin.confidence).collect::<Vec<_>>(), &reference.confidence);
    close(&[found.calibration.ece], &[reference.ece]);
    assert!(found.mistakes.windows(2).all(|pair| pair[0].confidence >= pair[1].confidence));
}

#[test]
fn principal_components_are_scikit_learns() {
    let reference = reference().features;
    let found = principal_components(&features(&reference), 3, &Watch::default()).unwrap();
    let theirs = reference.points.concat();
    let largest = theirs.iter().fold(0f64, |most, value| most.max(value.abs()));
    for (ours, theirs) in found.points.iter().zip(&theirs) {
        assert!((f64::from(*ours) - theirs).abs() <= 1e-4 * largest, "{ours} where {theirs} belongs");
    }
    for (ours, theirs) in found.explained.iter().zip(&reference.explained) {
        assert!((ours - theirs).abs() <= 1e-4);
    }
}

#[test]
fn probes_are_within_half_a_point_of_scikit_learns() {
    let reference = reference().features;
    let settings = ProbeSettings {
        train: reference.train,
        splits: 3,
        cost: reference.cost,
        neighbours: reference.neighbours,
        seed: 0,
    };
    let found = probe(&features(&reference), &reference.labels, 5, &settings, &Watch::default()).unwrap();
    let probes = &reference.probes;
    for (name, ours, theirs) in
        [("svm", found.svm, probes.svm), ("softmax", found.softmax, probes.softmax), ("knn", found.knn, probes.knn)]
    {
        assert!((ours.mean - theirs[0]).abs() <= 0.5, "{name}: {} where {} belongs", ours.mean, theirs[0]);
        assert!((ours.std - theirs[1]).abs() <= 0.5, "{name}: deviation {} where {} belongs", ours.std, theirs[1]);
    }
}

/// The trustworthiness of points on a plane (Venna and Kaski 2001): 1 less a penalty for neighbours that are none in the
/// features.
fn trustworthiness(features: &Features, points: &[f32], neighbours: usize) -> f64 {
    let count = features.len();
    let order = |row: usize, distance: &dyn Fn(usize) -> f64| -> Vec<usize> {
        let mut others: Vec<usize> = (0..count).filter(|&other| other != row).collect();
        others.sort_by(|&a, &b| distance(a).total_cmp(&distance(b)));
        others
    };
    let squared = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
    let point = |row: usize| &points[row * 2..][..2];
    let mut penalty = 0.0;
    for row in 0..count {
        let far = order(row, &|other| squared(features.row(row), features.row(other)));
        let near = order(row, &|other| squared(point(row), point(other)));
        for other in &near[..neighbours] {
            let rank = far.iter().position(|far| far == other).unwrap() + 1;
            penalty += rank.saturating_sub(neighbours) as f64;
        }
    }
    let (n, k) = (count as f64, neighbours as f64);
    1.0 - penalty * 2.0 / (n * k * (2.0 * n - 3.0 * k - 1.0))
}

#[test]
fn tsne_is_as_trustworthy_as_scikit_learns() {
    let reference = reference().features;
    let features = features(&reference);
    // The threads of the descent add in any order, so a run differs from the next by up to 0.02.
    const RUNS: usize = 12;
    let run = |_| trustworthiness(&features, &tsne(&features, 20.0, &mut |_| {}, &Watch::default()).unwrap(), 5);
    let ours = (0..RUNS).map(run).sum::<f64>() / RUNS as f64;
    assert!(ours >= reference.tsne - 0.01, "{ours} where scikit-learn has {}", reference.tsne);
}

#[test]
fn umap_is_as_trustworthy_as_umap_learns() {
    let reference = reference().features;
    let features = features(&reference);
    let points = umap(&features, 15, &mut |_| {}, &Watch::default()).unwrap();
    let ours = trustworthiness(&features, &points, 5);
    assert!(ours >= reference.umap - 0.01, "{ours} where umap-learn has {}", reference.umap);
}
