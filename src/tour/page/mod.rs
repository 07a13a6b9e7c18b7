//! The tour's index.html: one file with its own style, pictures beside it.

mod html;
mod layers;
mod methods;

use super::{
    methods::MethodAnswers,
    pictures::{MosaicPicture, TourPicture, UnitPictures},
};
use crate::{
    engine::Run,
    figures::{
        ClassFacts,
        words::{number, thousands},
    },
    html::{escape, facts, page},
    net::{Cost, Node, NodeId},
};
use html::{image, times};
use std::fmt::Write;

/// Everything the page says.
pub(super) struct Page<'a> {
    pub run: &'a Run,
    /// The picture's name in captions.
    pub picture: String,
    pub input: TourPicture,
    /// The class that the methods explain.
    pub class: ClassFacts,
    /// The most probable classes.
    pub top: Vec<ClassFacts>,
    pub methods: MethodAnswers,
    pub sections: Vec<Section>,
}

/// One layer.
pub(super) struct Section {
    pub layer: NodeId,
    pub activations: MosaicPicture,
    pub filters: Option<(TourPicture, String)>,
    pub units: Vec<UnitPictures>,
    /// The layer that shows this one's units.
    pub follower: Option<NodeId>,
}

impl Page<'_> {
    pub fn render(&self) -> String {
        let model = &self.run.model;
        let (card, picture) = (&model.card.title, self.short_picture());
        let script = include_str!("script.js");
        let body = format!(
            "{contents}<main>\n{opening}{methods}{heatmaps}{left_out}{layers}{footer}</main>\n<script>\n{script}</script>\n",
            contents = self.contents(),
            opening = self.opening(&format!("{} looks at {}", escape(card), escape(&picture))),
            methods = self.pixels(),
            heatmaps = self.cams(),
            left_out = self.left_out(),
            layers = self.layers(),
            footer = self.footer(),
        );
        page(&format!("{card} looks at {picture}"), "tour", "", &body)
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
                "<p class=\"warning\">Untrained: the weights are made up, so no score and no picture of what the network \
                 does means anything.</p>\n"
            }
            false => "",
        };
        let facts = facts(&[
            ("network", format!("{}, {}", escape(&model.card.title), escape(&model.card.paper))),
            ("weights", escape(&model.weights.to_string())),
            ("picture", escape(&self.picture)),
            ("input", times(&graph.input_shape())),
            ("parameters", sum(|cost| cost.parameters)),
            ("multiply-adds", sum(|cost| cost.macs)),
            ("forward pass", format!("{:.0} ms", self.run.took.as_secs_f64() * 1000.0)),
        ]);
        let bars = self.top.iter().fold(String::new(), |html, class| html + &bar(class));
        format!(
            "<header id=\"picture\">\n<div class=\"seen\">{picture}<p class=\"caption\">The network's input.</p></div>\
             \n<div>\n<h1>{title}</h1>\n{warning}<h2 class=\"small\">Its classes</h2>\n<ol class=\"classes\">\n\
             {bars}</ol>\n</div>\n{facts}</header>\n",
            picture = image(&self.input, "sharp whole"),
        )
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

/// A class as a line of the list: with a bar as long as its probability, or its score where the network is untrained.
fn bar(class: &ClassFacts) -> String {
    let (title, score) = (escape(&class.title()), number(class.score));
    let Some(probability) = class.probability else {
        return format!("<li><span class=\"label\">{title}</span><span class=\"share\">{score}</span></li>\n");
    };
    let (share, names) = (100.0 * probability, escape(class.names.as_deref().unwrap_or_default()));
    format!(
        "<li title=\"{names}: class {}, score {score}\"><span class=\"label\">{title}</span><span class=\"share\">\
         {share:.1}%</span><span class=\"bar\"><span style=\"width:{share:.2}%\"></span></span></li>\n",
        class.index,
    )
}
