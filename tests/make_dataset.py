#!/usr/bin/env python3
"""scikit-learn's numbers for tests/dataset_reference.rs: an evaluation, principal components, probes, t-SNE, and umap-learn's plane.

    python3 -m venv venv && venv/bin/pip install numpy scikit-learn umap-learn
    venv/bin/python tests/make_dataset.py

Writes tests/data/dataset.json. Scores and features are made up: rounded to few digits, so that the file stays small and both
sides read the same numbers. The splits are those of src/dataset/probe.rs, by the same generator.
"""
import json, warnings
from pathlib import Path
import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.manifold import TSNE, trustworthiness
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support, top_k_accuracy_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC

warnings.filterwarnings("ignore")
MASK = (1 << 64) - 1

def split(labels, classes, count, seed):
    """src/dataset/probe.rs: the rows to train on, and the others."""
    state = (seed * 0x9E3779B97F4A7C15 & MASK) | 1
    train, test = [], []
    for c in range(classes):
        rows = [r for r, label in enumerate(labels) if label == c]
        for last in range(len(rows) - 1, 0, -1):
            state ^= (state << 13) & MASK
            state ^= state >> 7
            state ^= (state << 17) & MASK
            other = state % (last + 1)
            rows[last], rows[other] = rows[other], rows[last]
        train += rows[:count]
        test += rows[count:]
    return train, test

def evaluation(rng):
    classes, count = 7, 120
    labels = rng.integers(0, 5, count)          # two classes have no pictures, but are predicted
    scores = np.round(rng.normal(size=(count, classes)) * 2 + 2.5 * np.eye(classes)[labels], 2)
    predicted = scores.argmax(1)
    shares = np.exp(scores - scores.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    own = list(range(5))
    precision, recall, f1, _ = precision_recall_fscore_support(labels, predicted, labels=own, zero_division=0)
    means = precision_recall_fscore_support(labels, predicted, labels=own, average="macro", zero_division=0)[:3]
    right, confidence = predicted == labels, shares.max(1)
    accuracy, mean = calibration_curve(right, confidence, n_bins=15)
    counts = np.histogram(confidence, bins=np.linspace(0, 1, 16))[0]
    counts = counts[counts > 0]
    return {"scores": scores.tolist(), "labels": labels.tolist(), "confusion": confusion_matrix(labels, predicted, labels=range(classes)).tolist(),
            "precision": precision.tolist(), "recall": recall.tolist(), "f1": f1.tolist(), "means": list(means),
            "top1": 100 * right.mean(), "top5": 100 * top_k_accuracy_score(labels, scores, k=5, labels=range(classes)),
            "accuracy": accuracy.tolist(), "confidence": mean.tolist(), "ece": float(np.abs(accuracy - mean) @ counts / len(labels))}

def by_umap(x):
    """The trustworthiness of umap-learn's plane, the mean of three."""
    import umap
    planes = [umap.UMAP(n_neighbors=15, min_dist=0.1, random_state=seed).fit_transform(x) for seed in range(3)]
    return float(np.mean([trustworthiness(x, plane, n_neighbors=5) for plane in planes]))

def features(rng):
    count, width, classes, train, cost, neighbours, splits = 150, 12, 5, 12, 0.01, 5, 3
    labels = np.arange(count) % classes
    centres = rng.normal(size=(classes, width))
    x = np.round(centres[labels] * 1.1 + rng.normal(size=(count, width)) * np.linspace(0.3, 2.5, width), 3)
    pca = PCA(3, svd_solver="full").fit(x)
    points = pca.transform(x)
    signs = np.sign(pca.components_[range(3), np.abs(pca.components_).argmax(1)])
    shares = {"svm": [], "softmax": [], "knn": []}
    for seed in range(splits):
        a, b = split(labels, classes, train, seed)
        mean, deviation = x[a].mean(0), x[a].std(0)
        z = (x - mean) / deviation
        svm = LinearSVC(C=cost, loss="squared_hinge", dual=True, max_iter=100000, tol=1e-6)
        softmax = LogisticRegression(C=cost, max_iter=10000, tol=1e-8)
        knn = KNeighborsClassifier(neighbours, metric="cosine")
        for name, model in [("svm", svm), ("softmax", softmax), ("knn", knn)]:
            shares[name].append(100 * model.fit(z[a], labels[a]).score(z[b], labels[b]))
    placed = TSNE(2, perplexity=20, init="pca", random_state=0).fit_transform(x)
    return {"values": x.tolist(), "labels": labels.tolist(), "points": (points * signs).tolist(),
            "explained": pca.explained_variance_ratio_.tolist(), "train": train, "cost": cost, "neighbours": neighbours,
            "probes": {name: [float(np.mean(own)), float(np.std(own))] for name, own in shares.items()},
            "tsne": float(trustworthiness(x, placed, n_neighbors=5)), "umap": by_umap(x)}

if __name__ == "__main__":
    rng = np.random.default_rng(7)
    found = {"evaluation": evaluation(rng), "features": features(rng)}
    Path(__file__).parent.joinpath("data", "dataset.json").write_text(json.dumps(found) + "\n")
    print({key: found["features"][key] for key in ("probes", "tsne", "umap", "explained")}, found["evaluation"]["ece"])
