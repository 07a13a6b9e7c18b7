//! The contact sheet and the page of many heatmaps.

use super::{facts::BatchFacts, trust::TrustRow};
use crate::{
    figures::spaced,
    html::{address, escape, plain_page, table},
};
use image::{Rgba, RgbaImage, imageops};
use std::{
    fmt::Write,
    path::{Path, absolute},
};

/// Longest side of a tile of the contact sheet, in pixels, and the tiles in a row.
const SIDE: u32 = 180;
const COLUMNS: u32 = 8;

/// A tile of the contact sheet: the heatmap in the middle of a square.
pub(super) fn tile(image: &RgbaImage) -> RgbaImage {
    let (width, height) = image.dimensions();
    let scale = f64::from(SIDE) / f64::from(width.max(height));
    let fit = |length: u32| ((f64::from(length) * scale).round() as u32).clamp(1, SIDE);
    let small = imageops::resize(image, fit(width), fit(height), imageops::FilterType::Triangle);
    let mut tile = RgbaImage::from_pixel(SIDE, SIDE, Rgba([24, 24, 27, 255]));
    let (left, top) = ((SIDE - small.width()) / 2, (SIDE - small.height()) / 2);
    imageops::overlay(&mut tile, &small, left.into(), top.into());
    tile
}

/// All tiles, in the order of the pictures.
pub(super) fn contact_sheet(tiles: &[RgbaImage]) -> RgbaImage {
    spaced(tiles, COLUMNS.min(tiles.len().max(1) as u32), 6)
}

/// The page; it lies in `here`.
pub(super) fn page(facts: &BatchFacts, here: &Path) -> String {
    let title = format!("{} by {}, {} pictures", facts.method_title, facts.facts.network, facts.pictures.len());
    let mut body = format!("<header><h1>{}</h1>\n", escape(&title));
    if facts.facts.untrained {
        body.push_str("<p class=\"warning\">The weights are made up: the network is untrained, and no heatmap here means anything.</p>\n");
    }
    body.push_str("<p class=\"lead\">A heatmap links to its picture. All on one: <a href=\"contact-sheet.png\">contact sheet</a>; \
                   as numbers: <a href=\"heatmaps.json\">JSON</a>.</p></header>\n");
    body.push_str(&trust(&facts.trust));
    body.push_str("<section><div class=\"mistakes\">\n");
    for own in &facts.pictures {
        let link = absolute(&own.picture).map_or_else(|_| String::new(), |file| address(&file, here));
        let class = own.class.as_ref().map_or_else(String::new, |class| {
            let share = class.probability.map_or_else(String::new, |share| format!(" {:.1}%", 100.0 * share));
            format!("<b>{}</b>{share}<br>", escape(&class.title()))
        });
        let name = own.picture.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let _ = writeln!(
            body,
            "<figure><a href=\"{link}\"><img src=\"{}\" alt=\"heatmap\" loading=\"lazy\"></a><figcaption>{class}{}</figcaption></figure>",
            own.file,
            escape(&name)
        );
    }
    plain_page(&title, facts.command, &(body + "</div></section>\n"))
}

fn trust(rows: &[TrustRow]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let row = |row: &TrustRow| {
        vec![
            escape(row.method),
            format!("{:.3} ± {:.3}", row.deletion, row.deletion_std),
            format!("{:.3} ± {:.3}", row.insertion, row.insertion_std),
            row.pictures.to_string(),
        ]
    };
    format!(
        "<section><h2>Which method to trust</h2>\n<p class=\"lead\">The mean probability of the class while the brightest pixels \
         are covered first (deletion: small is good) or shown first (insertion: large is good), after Petsiuk, Das and Saenko \
         (2018); mean and deviation over the pictures, the best difference first.</p>\n{}</section>\n",
        table(&["method", "deletion", "insertion", "pictures"], rows.iter().map(row))
    )
}
