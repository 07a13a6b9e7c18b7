//! Charts of all networks: accuracy against multiply-adds and parameters, and the errors of the papers.

use super::NetworkRow;
use crate::{
    Result,
    figures::{Bar, Blob, bar_chart, blob_chart},
    zoo::{self, CIFAR10, ILSVRC, TEN_CROPS, published},
};
use image::{Rgba, RgbaImage, imageops};

/// Two columns: blobs, and bars beside them.
pub(super) fn draw(rows: &[NetworkRow]) -> Result<RgbaImage> {
    let accuracy = "top-1 accuracy on ImageNet, %, as published";
    let (groups, blobs) = blobs(rows);
    let of = |x: fn(&NetworkRow) -> f64, size: fn(&NetworkRow) -> f64| -> Vec<Blob> {
        let blob = |&(row, y, group): &(&NetworkRow, f64, usize)| Blob {
            name: row.name.to_owned(),
            x: x(row),
            y,
            size: size(row),
            group,
        };
        blobs.iter().map(blob).collect()
    };
    let macs = |row: &NetworkRow| row.macs as f64 / 1e9;
    let parameters = |row: &NetworkRow| row.parameters as f64 / 1e6;
    let left = [
        blob_chart(
            "Accuracy against multiply-adds; the area is the number of parameters",
            "multiply-adds of one picture, thousand millions",
            accuracy,
            &groups,
            &of(macs, parameters),
        )?,
        blob_chart(
            "Accuracy against parameters; the area is the number of multiply-adds",
            "parameters, millions",
            accuracy,
            &groups,
            &of(parameters, macs),
        )?,
    ];
    Ok(columns([&left, &[winners()?, ten_crops()?, cifar()?]]))
}

/// The families, and the networks with a published accuracy on ImageNet, of one crop: accuracy and number of the family.
fn blobs(rows: &[NetworkRow]) -> (Vec<String>, Vec<(&NetworkRow, f64, usize)>) {
    let mut groups: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for row in rows {
        let Some(own) = published(row.name).filter(zoo::PublishedAccuracy::is_comparable) else { continue };
        let group = groups.iter().position(|group| group == row.family).unwrap_or_else(|| {
            groups.push(row.family.to_owned());
            groups.len() - 1
        });
        found.push((row, f64::from(own.top1), group));
    }
    (groups, found)
}

/// ILSVRC by year.
fn winners() -> Result<RgbaImage> {
    let bar = |&(year, name, error): &(u16, &str, f32)| Bar {
        name: format!("{year}  {name}"),
        percent: rounded(error),
        is_baseline: name == "a person",
    };
    let bars: Vec<Bar> = ILSVRC.iter().map(bar).collect();
    bar_chart("ILSVRC: the best entries by year, and a person", "top-5 error, %", 30.0, &bars)
}

/// Depth with and without shortcuts on ImageNet.
fn ten_crops() -> Result<RgbaImage> {
    let axis = "top-1 error on ImageNet, ten crops, %";
    bar_chart("Plain and residual networks (He et al. 2016)", axis, 30.0, &titled(TEN_CROPS))
}

fn cifar() -> Result<RgbaImage> {
    let title = "CIFAR-10 (He et al. 2016; Huang et al. 2017)";
    bar_chart(title, "error with augmentation, %", 10.0, &titled(CIFAR10))
}

/// Bars with the titles that the zoo gives networks.
fn titled(errors: &[(&str, f32)]) -> Vec<Bar> {
    let title = |name: &str| zoo::find(name).map_or_else(|_| name.to_owned(), |card| card.title.to_owned());
    errors
        .iter()
        .map(|&(name, error)| Bar {
            name: title(name),
            percent: rounded(error),
            is_baseline: name.starts_with("plain"),
        })
        .collect()
}

/// A percentage as it was published, in two digits behind the point.
fn rounded(percent: f32) -> f64 {
    (f64::from(percent) * 100.0).round() / 100.0
}

/// Columns of pictures on white.
fn columns(columns: [&[RgbaImage]; 2]) -> RgbaImage {
    let width = |column: &[RgbaImage]| column.iter().map(RgbaImage::width).max().unwrap_or(0);
    let height = |column: &[RgbaImage]| column.iter().map(RgbaImage::height).sum::<u32>();
    let size = (columns.iter().map(|column| width(column)).sum(), columns.map(height).into_iter().max().unwrap_or(0));
    let mut whole = RgbaImage::from_pixel(size.0, size.1, Rgba([255; 4]));
    let mut left = 0;
    for column in columns {
        let mut top = 0;
        for part in column {
            imageops::replace(&mut whole, part, left.into(), top.into());
            top += part.height();
        }
        left += width(column);
    }
    whole
}
