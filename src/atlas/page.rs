//! The pages of an atlas.

use super::{feeders::Feeder, shown::ShownHit};
use crate::{
    dataset::{GroupMean, Histogram, Index, LayerStatistics, Selectivity, UnitStatistics},
    engine::Model,
    figures::{preference, words::number},
    html::{escape, facts, plain_page, table},
    net::{Field, Graph, NodeId},
};
use std::{collections::BTreeMap, fmt::Write, path::Path};

/// Classes that are listed with a unit.
const CLASSES: usize = 5;

/// The names of the pages. They follow from the layers' names alone, so that links to them stay.
pub(super) struct Names {
    slugs: BTreeMap<NodeId, String>,
}

impl Names {
    pub fn of(graph: &Graph, layers: &[NodeId]) -> Self {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let mut slugs = BTreeMap::new();
        for &layer in layers {
            let name = &graph.node(layer).name;
            let slug: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
            // A name with other characters could meet another layer's.
            slugs.insert(layer, if slug == *name { slug } else { format!("{slug}-n{layer}") });
        }
        Names { slugs }
    }

    pub fn slug(&self, layer: NodeId) -> &str {
        self.slugs.get(&layer).map_or("", String::as_str)
    }

    pub fn layer(&self, layer: NodeId) -> String {
        format!("{}.html", self.slug(layer))
    }

    pub fn unit(&self, layer: NodeId, unit: usize) -> String {
        format!("{}-{unit}.html", self.slug(layer))
    }

    pub fn covers(&self, layer: NodeId) -> bool {
        self.slugs.contains_key(&layer)
    }
}

/// One unit.
pub(super) struct UnitPage<'a> {
    pub model: &'a Model,
    pub index: &'a Index,
    pub layer: NodeId,
    pub unit: usize,
    pub statistics: &'a UnitStatistics,
    /// Units of the layer.
    pub units: usize,
    /// Mean responses to the classes of the folder, where the index keeps them.
    pub means: Vec<GroupMean>,
    pub hits: &'a [ShownHit],
    pub sheet: Option<String>,
    /// The synthesised picture.
    pub made: Option<String>,
    pub field: [Field; 2],
    /// The units that feed this one, each with the layer whose page shows it.
    pub feeders: Vec<(NodeId, Feeder)>,
    pub names: &'a Names,
    pub link: &'a dyn Fn(&Path) -> String,
}

impl UnitPage<'_> {
    pub fn render(&self) -> String {
        let name = &self.model.network.graph().node(self.layer).name;
        let title = format!("Unit {} of {name}, {}", self.unit, self.model.card.name);
        let (pictures, table, histogram) = (self.pictures(), self.hit_table(), self.histogram());
        let body = [self.opening(&title), pictures, table, histogram, self.preferred(), self.votes(), self.fed_by()];
        plain_page(&title, "atlas", &body.concat())
    }

    fn opening(&self, title: &str) -> String {
        let name = escape(&self.model.network.graph().node(self.layer).name);
        let other = |unit: Option<usize>, word: &str| match unit.filter(|&unit| unit < self.units) {
            Some(unit) => format!("<a href=\"{}\">{word}</a> ", self.names.unit(self.layer, unit)),
            None => String::new(),
        };
        let [down, across] = &self.field;
        let own = self.statistics;
        let about = facts(&[
            ("sees", format!("{} × {} pixels, every {}", down.size, across.size, down.stride)),
            ("mean response", number(own.mean() as f32)),
            ("deviation", number(own.deviation() as f32)),
            ("excited by", format!("{:.1}% of {} pictures", 100.0 * own.share(), own.pictures)),
        ]);
        format!(
            "<header><p class=\"caption\"><a href=\"index.html\">atlas</a> / <a href=\"{}\">{name}</a> &nbsp; {}{}</p>\
             <h1>{}</h1>\n{about}</header>\n",
            self.names.layer(self.layer),
            other(self.unit.checked_sub(1), "← previous unit"),
            other(Some(self.unit + 1), "next unit →"),
            escape(title),
        )
    }

    fn pictures(&self) -> String {
        let Some(sheet) = &self.sheet else {
            return "<p class=\"warning\">No picture of the folder excites this unit.</p>\n".to_owned();
        };
        let mut html = format!(
            "<section><h2>The pictures that excite it most</h2>\n<p class=\"lead\">Left the parts that the unit sees, right \
             their deconvnet reconstructions (Zeiler and Fergus 2014), strongest first by rows.</p>\n\
             <a href=\"{sheet}\"><img class=\"sharp\" src=\"{sheet}\" alt=\"strongest pictures and reconstructions\"></a></section>\n"
        );
        if let Some(made) = &self.made {
            let _ = writeln!(
                html,
                "<section><h2>A picture made to excite it</h2>\n<img src=\"{made}\" alt=\"synthesised picture\"></section>"
            );
        }
        html
    }

    fn hit_table(&self) -> String {
        let rows = self.hits.iter().enumerate().map(|(rank, shown)| {
            let picture = shown.hit.picture as usize;
            let (path, entry) = (self.index.listing.path(picture), &self.index.listing.entries[picture]);
            let group = entry.group.map_or_else(String::new, |group| self.index.listing.groups[group].clone());
            let predicted = self.index.predictions.get(picture).and_then(|likeliest| likeliest.first());
            let predicted = predicted.map_or_else(String::new, |(class, share)| {
                format!("{} {:.0}%", self.model.class_name(*class as usize), 100.0 * share)
            });
            vec![
                format!(
                    "{}. <a href=\"{}\">{}</a>",
                    rank + 1,
                    (self.link)(&path),
                    escape(&entry.path.display().to_string())
                ),
                number(shown.hit.value),
                escape(&group),
                escape(&predicted),
            ]
        });
        match self.hits.is_empty() {
            true => String::new(),
            false => format!("<section>{}</section>\n", table(&["picture", "response", "folder", "predicted"], rows)),
        }
    }

    fn histogram(&self) -> String {
        format!(
            "<section><h2>Distribution of its response</h2>\n<p class=\"lead\">The response to a picture is the largest \
             activation of the map. The height of a bar grows with the logarithm of the number of pictures.</p>\n{}</section>\n",
            histogram(&self.statistics.histogram)
        )
    }

    /// The classes of the folder that excite the unit most, on the mean over their pictures.
    fn preferred(&self) -> String {
        if self.means.len() < 2 {
            return String::new();
        }
        let groups = &self.index.listing.groups;
        let row = |mean: &GroupMean| vec![escape(&groups[mean.group]), number(mean.mean as f32)];
        let words = Selectivity::of(&self.means).map_or_else(
            || "A selectivity is not given: some means are negative, or all are zero.".to_owned(),
            |found| format!("It {}.", escape(&preference(&found, groups))),
        );
        format!(
            "<section><h2>The classes that excite it most</h2>\n<p class=\"lead\">The mean response to the pictures of a class. \
             {words} Selectivity is the difference of the two means over their sum (Morcos et al. 2018).</p>\n{}</section>\n",
            table(&["class", "mean response"], self.means.iter().take(CLASSES).map(row)),
        )
    }

    /// The classes whose scores fall most without the unit, on the mean over the pictures above.
    fn votes(&self) -> String {
        let classes = self.hits.first().map_or(0, |hit| hit.votes.len());
        if classes == 0 {
            return String::new();
        }
        let mean = |class: usize| self.hits.iter().map(|hit| hit.votes[class]).sum::<f32>() / self.hits.len() as f32;
        let mut means: Vec<(usize, f32)> = (0..classes).map(|class| (class, mean(class))).collect();
        means.sort_by(|a, b| b.1.total_cmp(&a.1));
        let row = |&(class, value): &(usize, f32)| vec![escape(&self.model.class_name(class)), format!("{value:+.3}")];
        let (most, least) = (&means[..CLASSES.min(classes)], means.iter().rev().take(CLASSES));
        format!(
            "<section><h2>The classes it votes for</h2>\n<p class=\"lead\">What the score of a class loses, on the mean over \
             these pictures, when the unit is silenced.</p>\n<div class=\"columns\">{}{}</div></section>\n",
            table(&["votes for", "score"], most.iter().map(row)),
            table(&["votes against", "score"], least.map(row)),
        )
    }

    fn fed_by(&self) -> String {
        if self.feeders.is_empty() {
            return String::new();
        }
        let graph = self.model.network.graph();
        let row = |(shown, feeder): &(NodeId, Feeder)| {
            let what = match feeder.layer {
                0 => format!("channel {} of the picture", feeder.unit),
                layer => format!("unit {} of {}", feeder.unit, escape(&graph.node(layer).name)),
            };
            let what = match self.names.covers(*shown) && feeder.layer > 0 {
                true => format!("<a href=\"{}\">{what}</a>", self.names.unit(*shown, feeder.unit)),
                false => what,
            };
            vec![what, number(feeder.norm), format!("{:+.3}", feeder.sum)]
        };
        format!(
            "<section><h2>The units that feed it</h2>\n<p class=\"lead\">By the norm of the weights from each; a sum above zero \
             excites, one below inhibits.</p>\n{}</section>\n",
            table(&["unit", "norm of the weights", "sum"], self.feeders.iter().map(row))
        )
    }
}

/// A histogram as SVG, a bar a bin, cut to the bins that hold something.
fn histogram(histogram: &Histogram) -> String {
    let filled = |index: &usize| histogram.bins[*index] > 0;
    let bins = 0..histogram.bins.len();
    let (Some(first), Some(last)) = (bins.clone().find(filled), bins.rev().find(filled)) else { return String::new() };
    let most = f64::from(histogram.bins.iter().copied().max().unwrap_or(1)).ln_1p();
    let width = 600.0 / (last - first + 1) as f64;
    let edge = |index: usize| (index as f32 / histogram.bins.len() as f32 * 2.0 - 1.0) * histogram.range;
    let mut svg = String::from(
        "<svg class=\"chart\" viewBox=\"0 0 640 190\" width=\"640\" height=\"190\" role=\"img\" aria-label=\"histogram\">\n",
    );
    for index in first..=last {
        let count = histogram.bins[index];
        let height = 150.0 * f64::from(count).ln_1p() / most;
        let (x, y) = (20.0 + (index - first) as f64 * width, 160.0 - height);
        let said = format!("{} to {}: {count}", number(edge(index)), number(edge(index + 1)));
        let _ = writeln!(
            svg,
            "<rect class=\"bin\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{height:.1}\"><title>{said}</title></rect>",
            (width - 1.0).max(0.5)
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"20\" y=\"180\">{}</text><text x=\"620\" y=\"180\" text-anchor=\"end\">{}</text></svg>",
        number(edge(first)),
        number(edge(last + 1))
    );
    svg
}

/// One layer: its units with their strongest crops.
pub(super) struct LayerPage<'a> {
    pub model: &'a Model,
    pub layer: NodeId,
    pub statistics: &'a LayerStatistics,
    pub names: &'a Names,
}

impl LayerPage<'_> {
    pub fn render(&self) -> String {
        let title = format!("Layer {}, {}", self.statistics.name, self.model.card.name);
        let dead = self.statistics.units.iter().filter(|unit| unit.excited == 0).count();
        let mut body = format!(
            "<header><p class=\"caption\"><a href=\"index.html\">atlas</a></p><h1>{}</h1>\n<p class=\"lead\">{} units of {} × {} \
             places; {dead} that no picture excites. Each with the crop that excites it most.</p></header>\n<div class=\"mistakes\">\n",
            escape(&title),
            self.statistics.shape[0],
            self.statistics.shape[1],
            self.statistics.shape[2],
        );
        for (unit, own) in self.statistics.units.iter().enumerate() {
            let page = self.names.unit(self.layer, unit);
            let image = match own.top.first().is_some_and(|hit| hit.value > 0.0) {
                true => format!(
                    "<img class=\"sharp\" src=\"images/{}-{unit}-first.png\" alt=\"strongest crop\" loading=\"lazy\">",
                    self.names.slug(self.layer)
                ),
                false => String::new(),
            };
            let class = self.class(unit);
            let _ = writeln!(
                body,
                "<figure><a href=\"{page}\">{image}</a><figcaption><b><a href=\"{page}\">unit {unit}</a></b>{class} mean {}, \
                 {:.0}% excite it</figcaption></figure>",
                number(own.mean() as f32),
                100.0 * own.share(),
            );
        }
        plain_page(&title, "atlas", &(body + "</div>\n"))
    }

    /// The class that a unit of the scores stands for.
    fn class(&self, unit: usize) -> String {
        match self.layer == self.model.network.graph().scores() {
            true => format!(" {}", escape(&self.model.class_name(unit))),
            false => String::new(),
        }
    }
}

/// The index: the layers.
pub(super) fn front_page(model: &Model, index: &Index, layers: &[NodeId], names: &Names) -> String {
    let graph = model.network.graph();
    let title = format!("{} on {}", model.card.title, index.listing.root.display());
    let untrained = match model.is_untrained() {
        true => {
            "<p class=\"warning\">The weights are made up: the network is untrained, and no picture here means anything.</p>\n"
        }
        false => "",
    };
    let rows = layers.iter().filter_map(|&layer| {
        let node = graph.node(layer);
        let own = index.layer(&node.name).ok()?;
        let share = own.units.iter().map(UnitStatistics::share).sum::<f64>() / own.units.len().max(1) as f64;
        let dead = own.units.iter().filter(|unit| unit.excited == 0).count();
        let field = &graph.costs()[layer].field;
        Some(vec![
            format!("<a href=\"{}\">{}</a>", names.layer(layer), escape(&node.name)),
            own.shape[0].to_string(),
            format!("{} × {}", own.shape[1], own.shape[2]),
            format!("{} × {}", field[0].size, field[1].size),
            format!("{:.1}", 100.0 * share),
            dead.to_string(),
        ])
    });
    let rows = table(&["layer", "units", "places", "sees pixels", "excited by %", "dead"], rows);
    let body = format!(
        "<header><h1>{}</h1>\n{untrained}<p class=\"lead\">A page for every unit: the pictures that excite it most with their \
         deconvnet reconstructions, its distribution, the classes it votes for and the units that feed it, over {} pictures.</p>\
         </header>\n{rows}",
        escape(&title),
        index.done - index.damaged.len(),
    );
    plain_page(&title, "atlas", &body)
}
