//! The tour's index.html: one file with its own style, pictures beside it.

use super::{
    super::{
        facts::{ClassFacts, number, range},
        layers::detail,
        table::thousands,
    },
    figures::{Figure, MethodFigures, Mosaic, UnitFigures},
};
use crate::{
    engine::Run,
    net::{Cost, Field, Node, NodeId},
    paint::Scaling,
};
use std::fmt::Write;

/// Everything the page says.
pub(super) struct Page<'a> {
    pub run: &'a Run,
    /// What captions call the picture.
    pub picture: String,
    pub looked_at: Figure,
    /// The class that the methods explain.
    pub class: ClassFacts,
    /// The most probable classes.
    pub top: Vec<ClassFacts>,
    pub methods: Vec<MethodFigures>,
    /// Class activation maps of the last maps, and of one method from the first layers to the last.
    pub heatmaps: Vec<MethodFigures>,
    pub deep: Vec<MethodFigures>,
    pub sections: Vec<Section>,
}

/// One layer.
pub(super) struct Section {
    pub layer: NodeId,
    pub activations: Mosaic,
    pub filters: Option<(Figure, String)>,
    pub units: Vec<UnitFigures>,
    /// The layer that shows this one's units.
    pub follower: Option<NodeId>,
}

/// Text that is not HTML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// `3 × 64 × 64`.
fn times(shape: &[usize]) -> String {
    shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(" × ")
}

fn image(figure: &Figure, class: &str) -> String {
    let Figure { file, width, height, alt } = figure;
    let alt = escape(alt);
    format!(
        "<a href=\"{file}\"><img class=\"{class}\" src=\"{file}\" width=\"{width}\" height=\"{height}\" \
         alt=\"{alt}\" loading=\"lazy\"></a>"
    )
}

/// `<dt>` and `<dd>` pairs.
fn facts(pairs: &[(&str, String)]) -> String {
    pairs.iter().fold(String::from("<dl class=\"facts\">"), |mut html, (term, value)| {
        let _ = write!(html, "<div><dt>{term}</dt><dd>{value}</dd></div>");
        html
    }) + "</dl>\n"
}

impl Page<'_> {
    pub fn render(&self) -> String {
        let model = &self.run.model;
        let title = format!("{} looks at {}", escape(model.card.title), escape(&self.short_picture()));
        let version = env!("CARGO_PKG_VERSION");
        let (style, script) = (include_str!("page.css"), include_str!("page.js"));
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"generator\" content=\"striate tour {version}\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>\n{style}</style>\n\
             </head>\n<body>\n{contents}<main>\n{opening}{methods}{heatmaps}{layers}{footer}</main>\n\
             <script>\n{script}</script>\n</body>\n</html>\n",
            contents = self.contents(),
            opening = self.opening(&title),
            methods = self.methods(),
            heatmaps = self.heatmaps(),
            layers = self.layers(),
            footer = self.footer(),
        )
    }

    /// A file's name without its folders.
    fn short_picture(&self) -> String {
        let name = self.picture.strip_prefix("sample:").unwrap_or(&self.picture);
        name.rsplit(['/', '\\']).next().unwrap_or(name).to_owned()
    }

    fn node(&self, layer: NodeId) -> &Node {
        self.run.model.network.graph().node(layer)
    }

    fn contents(&self) -> String {
        let mut html = String::from(
            "<nav aria-label=\"Contents\">\n<p class=\"brand\">striate</p>\n<a href=\"#picture\">The picture</a>\n\
             <a href=\"#methods\">Which pixels matter</a>\n<a href=\"#heatmaps\">Where the class is seen</a>\n<p>Layers</p>\n<ol>\n",
        );
        for section in &self.sections {
            let node = self.node(section.layer);
            let (name, [units, height, width]) = (escape(&node.name), node.extent());
            let shape = if height * width == 1 { units.to_string() } else { format!("{units}×{height}×{width}") };
            let title = node.title.map_or_else(String::new, |title| format!(" <i>{}</i>", escape(title)));
            let _ = writeln!(
                html,
                "<li><a href=\"#layer-{}\"><b>{name}</b>{title}<span>{shape}</span></a></li>",
                section.layer
            );
        }
        html + "</ol>\n</nav>\n"
    }

    fn opening(&self, title: &str) -> String {
        let model = &self.run.model;
        let graph = model.network.graph();
        let costs = graph.costs();
        let sum = |part: fn(&Cost) -> u64| thousands(costs.iter().map(part).sum());
        let warning = match model.is_untrained() {
            true => {
                "<p class=\"warning\">The weights are synthetic: this network is untrained, and nothing it shows \
                     means anything.</p>\n"
            }
            false => "",
        };
        let facts = facts(&[
            ("network", format!("{}, {}", escape(model.card.title), escape(model.card.paper))),
            ("weights", escape(&model.weights.to_string())),
            ("picture", escape(&self.picture)),
            ("input", times(&graph.input_shape())),
            ("parameters", sum(|cost| cost.parameters)),
            ("multiply-adds", sum(|cost| cost.macs)),
            ("forward pass", format!("{:.0} ms", self.run.took.as_secs_f64() * 1000.0)),
        ]);
        let bars = self.top.iter().fold(String::new(), |mut html, class| {
            let (share, label) = (100.0 * class.probability, escape(&class.names));
            let _ = writeln!(
                html,
                "<li title=\"{label}: class {}, score {}\"><span class=\"label\">{}</span><span class=\"share\">\
                 {share:.1}%</span><span class=\"bar\"><span style=\"width:{share:.2}%\"></span></span></li>",
                class.index,
                number(class.score),
                escape(&class.label),
            );
            html
        });
        format!(
            "<header id=\"picture\">\n<div class=\"seen\">{picture}<p class=\"caption\">What the network sees.</p></div>\
             \n<div>\n<h1>{title}</h1>\n{warning}<h2 class=\"small\">What it takes it for</h2>\n<ol class=\"classes\">\n\
             {bars}</ol>\n</div>\n{facts}</header>\n",
            picture = image(&self.looked_at, "whole"),
        )
    }

    fn methods(&self) -> String {
        let class = &self.class;
        let mut html = format!(
            "<section id=\"methods\">\n<h2>Which pixels matter <small>for “{}”, class {}</small></h2>\n\
             <p class=\"lead\">Each method explains the score {} that the network gives this class before softmax \
             (probability {:.2}%). Colours span up to the 99.5% quantile of the values.</p>\n<div class=\"methods\">\n",
            escape(&class.label),
            class.index,
            number(class.score),
            100.0 * class.probability,
        );
        html.extend(self.methods.iter().map(|figures| self.card(figures)));
        if self.methods.is_empty() {
            html.push_str("<p class=\"warning\">No pixel of this picture changes the score of this class.</p>\n");
        }
        html + "</div>\n</section>\n"
    }

    /// A method: its map, the map over the picture, and what it is.
    fn card(&self, figures: &MethodFigures) -> String {
        let method = figures.method;
        format!(
            "<figure class=\"card\"><div class=\"pair\">{}{}</div><figcaption><h3>{}</h3><p>{}</p>\
             <p class=\"caption\">{} · {} · values {}</p></figcaption></figure>\n",
            image(&figures.map, "sharp"),
            image(&figures.overlay, "whole"),
            escape(method.title),
            escape(method.about),
            escape(method.paper),
            escape(&self.class.label),
            range(figures.range),
        )
    }

    fn heatmaps(&self) -> String {
        let name = |layer: NodeId| escape(&self.node(layer).name);
        let at = self.heatmaps.first().and_then(|figures| figures.layer).map_or_else(String::new, name);
        let mut html = format!(
            "<section id=\"heatmaps\">\n<h2>Where the class is seen <small>for “{}”, class {}</small></h2>\n\
             <p class=\"lead\">Heatmaps of the feature maps of {at}, the last before they are averaged or flattened, \
             stretched over the picture.</p>\n<div class=\"methods\">\n",
            escape(&self.class.label),
            self.class.index,
        );
        if self.heatmaps.is_empty() {
            html.push_str("<p class=\"warning\">In no place do the units speak for this class.</p>\n");
        }
        html.extend(self.heatmaps.iter().map(|figures| self.card(figures)));
        html.push_str("</div>\n");
        if let [first, ..] = &self.deep[..] {
            let _ = write!(
                html,
                "<h3>{}, from the first layers to the last</h3>\n<div class=\"units\">\n",
                first.method.title
            );
            for figures in &self.deep {
                let _ = writeln!(
                    html,
                    "<figure class=\"unit\"><div class=\"pair\">{}{}</div><figcaption><b>{}</b> values {}</figcaption></figure>",
                    image(&figures.map, "sharp"),
                    image(&figures.overlay, "whole"),
                    figures.layer.map_or_else(String::new, name),
                    range(figures.range),
                );
            }
            html.push_str("</div>\n");
        }
        html + "</section>\n"
    }

    fn layers(&self) -> String {
        let costs = self.run.model.network.graph().costs();
        self.sections.iter().map(|section| self.layer(section, &costs[section.layer])).collect()
    }

    fn layer(&self, section: &Section, cost: &Cost) -> String {
        let node = self.node(section.layer);
        let title = node.title.map_or_else(String::new, |title| format!(" <small>{}</small>", escape(title)));
        let mut pairs = vec![
            ("kind", escape(format!("{} {}", node.op.kind(), detail(&node.op)).trim_end())),
            ("output", times(&node.shape)),
            ("sees", sees(&cost.field)),
            ("values", range(section.activations.range)),
        ];
        for (term, count) in [("parameters", cost.parameters), ("multiply-adds", cost.macs)] {
            pairs.extend((count > 0).then(|| (term, thousands(count))));
        }
        let mut html = format!(
            "<section class=\"layer\" id=\"layer-{}\">\n<h2>{}{title}</h2>\n{}<div class=\"figures\">\n{}",
            section.layer,
            escape(&node.name),
            facts(&pairs),
            self.activations(&section.activations, node),
        );
        if let Some((figure, caption)) = &section.filters {
            let _ = writeln!(
                html,
                "<figure class=\"filters\">{}<figcaption><h3>Filters</h3><p>{}</p></figcaption></figure>",
                image(figure, "sharp"),
                escape(caption)
            );
        }
        html.push_str(&self.units(section, node));
        html + "</div>\n</section>\n"
    }

    fn activations(&self, mosaic: &Mosaic, node: &Node) -> String {
        let [units, height, width] = node.extent();
        let what = match (section_is_input(node), height * width) {
            (true, _) => "The picture's channels, normalised".to_owned(),
            (_, 1) => format!("{units} units, one value each"),
            _ => format!("{units} units, maps of {height} × {width}"),
        };
        let scale = match mosaic.scaling {
            Scaling::Unit => "each on its own scale",
            Scaling::Layer | Scaling::Symmetric => "on one scale",
        };
        let silent = mosaic.highs.iter().filter(|&&high| high <= 0.0).count();
        let silent = match silent {
            0 => String::new(),
            1 => " One unit stays at or below zero.".to_owned(),
            _ => format!(" {silent} units stay at or below zero."),
        };
        let highs: Vec<String> = mosaic.highs.iter().map(|&high| number(high)).collect();
        format!(
            "<figure class=\"activations\" data-columns=\"{}\" data-units=\"{}\" data-highs=\"{}\">{}<figcaption>\
             <h3>Activations</h3><p>{what}, row by row, {scale}.{silent} <output></output></p></figcaption></figure>\n",
            mosaic.columns,
            mosaic.units,
            highs.join(" "),
            image(&mosaic.figure, "sharp"),
        )
    }

    fn units(&self, section: &Section, node: &Node) -> String {
        if let Some(follower) = section.follower {
            let name = escape(&self.node(follower).name);
            return format!(
                "<p class=\"caption\">Its units' reconstructions: see <a href=\"#layer-{follower}\">{name}</a>.</p>\n"
            );
        }
        if section.units.is_empty() {
            return String::new();
        }
        let mut html = String::from(
            "<div class=\"strongest\">\n<h3>The units that answer most</h3>\n<p class=\"caption\">With each its strongest activation, at (row, column). \
             Left the part of the picture that it sees, right what of it excites the unit: a deconvnet reconstruction (Zeiler and Fergus 2014), \
             grey where nothing does.</p>\n<div class=\"units\">\n",
        );
        let [_, height, width] = node.extent();
        for figures in &section.units {
            let [row, column] = figures.position;
            let place = if height * width > 1 { format!(" at ({row}, {column})") } else { String::new() };
            let _ = writeln!(
                html,
                "<figure class=\"unit\"><div class=\"pair\">{}{}</div><figcaption><b>unit {}{}</b> {}{place}\
                 </figcaption></figure>",
                image(&figures.patch, "whole"),
                image(&figures.reconstruction, "sharp"),
                figures.unit,
                self.label(section.layer, figures.unit),
                number(figures.activation),
            );
        }
        html + "</div>\n</div>\n"
    }

    /// The class that a unit of the score layer stands for.
    fn label(&self, layer: NodeId, unit: usize) -> String {
        match layer == self.run.model.network.graph().scores() {
            true => format!(" “{}”", escape(self.run.model.class_name(unit))),
            false => String::new(),
        }
    }

    fn footer(&self) -> String {
        let credit = crate::picture::SAMPLES
            .iter()
            .find(|sample| self.picture.strip_prefix("sample:") == Some(sample.name))
            .map_or_else(String::new, |sample| {
                format!(" Picture: {} ({}).", escape(sample.title), escape(sample.credit))
            });
        format!(
            "<footer><p>Written by striate {} with {} weights.{credit} Layers that only pass values on (dropout, \
             flatten) are left out. Every picture's PNG says in its text chunks what it shows.</p></footer>\n",
            env!("CARGO_PKG_VERSION"),
            match self.run.model.is_untrained() {
                true => "synthetic",
                false => "trained",
            },
        )
    }
}

fn section_is_input(node: &Node) -> bool {
    node.inputs.is_empty()
}

/// "27 × 27 pixels, every 4".
fn sees([down, across]: &[Field; 2]) -> String {
    let step = |field: &Field| format!("{:.1}", field.stride).trim_end_matches(".0").to_owned();
    let steps = if down.stride == across.stride { step(down) } else { format!("{} × {}", step(down), step(across)) };
    format!("{} × {} pixels, every {steps}", down.size, across.size)
}
