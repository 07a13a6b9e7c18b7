//! The sections of the layers.

use super::{
    super::pictures::MosaicPicture,
    Page, Section,
    html::{image, sees, times},
};
use crate::{
    figures::words::{detail, number, range, thousands},
    html::{escape, facts},
    net::{Cost, Node, NodeId},
    paint::Scaling,
};
use std::fmt::Write;

impl Page<'_> {
    pub(super) fn layers(&self) -> String {
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

    fn activations(&self, mosaic: &MosaicPicture, node: &Node) -> String {
        let [units, height, width] = node.extent();
        let what = match (node.inputs.is_empty(), height * width) {
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
            image(&mosaic.picture, "sharp"),
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
        for shown in &section.units {
            let [row, column] = shown.position;
            let place = if height * width > 1 { format!(" at ({row}, {column})") } else { String::new() };
            let _ = writeln!(
                html,
                "<figure class=\"unit\"><div class=\"pair\">{}{}</div><figcaption><b>unit {}{}</b> {}{place}\
                 </figcaption></figure>",
                image(&shown.patch, "whole"),
                image(&shown.reconstruction, "sharp"),
                shown.unit,
                self.label(section.layer, shown.unit),
                number(shown.activation),
            );
        }
        html + "</div>\n</div>\n"
    }

    /// The class that a unit of the score layer stands for.
    fn label(&self, layer: NodeId, unit: usize) -> String {
        match layer == self.run.model.network.graph().scores() {
            true => format!(" “{}”", escape(&self.run.model.class_name(unit))),
            false => String::new(),
        }
    }
}
