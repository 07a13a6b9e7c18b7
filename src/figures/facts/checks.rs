//! Results of the tests that tell whether to believe a heatmap (`--check`).

use crate::figures::words::number;
use serde::Serialize;

/// Two tests of a heatmap. The field names are the keys of `--json`.
#[derive(Clone, Debug, Serialize)]
pub struct TrustChecks {
    /// The class's probability as the brightest pixels are covered first: should fall fast.
    pub deletion: CurveTest,
    /// The class's probability as the brightest pixels are shown first: should rise fast.
    pub insertion: CurveTest,
    /// Layers redrawn at random from the top down to this one, and the rank correlation with the trained network's heatmap.
    pub randomisation: Vec<LayerRedrawn>,
}

/// One curve of a test.
#[derive(Clone, Debug, Serialize)]
pub struct CurveTest {
    /// Area under the curve.
    pub area: f32,
    /// Area with the dimmest pixels first: the heatmap has to do better than this.
    pub reversed_area: f32,
    /// Share of the pixels at each step.
    pub shares: Vec<f32>,
    /// The network's answer at each step.
    pub values: Vec<f32>,
}

/// One step of the randomisation test.
#[derive(Clone, Debug, Serialize)]
pub struct LayerRedrawn {
    /// The last layer that was redrawn.
    pub layer: String,
    /// Rank correlation with the trained network's heatmap; `None` where the heatmap is empty.
    pub correlation: Option<f32>,
}

impl TrustChecks {
    /// A line for each test, with what it means.
    pub fn text(&self) -> String {
        let line = |name: &str, test: &CurveTest, better: bool, what: &str| {
            let verdict = if better { "passed" } else { "FAILED" };
            let (area, reversed) = (number(test.area), number(test.reversed_area));
            format!("{name:10}{verdict}: {what} first, area {area}; {reversed} in the opposite order\n")
        };
        let TrustChecks { deletion, insertion, randomisation } = self;
        let mut text = line("deletion", deletion, deletion.area < deletion.reversed_area, "brightest pixels covered");
        text += &line("insertion", insertion, insertion.area > insertion.reversed_area, "brightest pixels shown");
        let steps: Vec<String> = randomisation
            .iter()
            .map(|step| match step.correlation {
                Some(correlation) => format!("{} {correlation:.2}", step.layer),
                None => format!("{} nothing left", step.layer),
            })
            .collect();
        text += &format!("redrawn   rank correlation as layers are redrawn down to: {}\n", steps.join(", "));
        text
    }
}
