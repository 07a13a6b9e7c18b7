//! The sections of the attribution methods.

use super::{super::pictures::MethodPictures, Page, html::image};
use crate::{
    figures::words::{number, range},
    html::escape,
    net::NodeId,
};
use std::fmt::Write;

impl Page<'_> {
    pub(super) fn pixels(&self) -> String {
        let class = &self.class;
        let probability =
            class.probability.map_or_else(String::new, |share| format!(" (probability {:.2}%)", 100.0 * share));
        let mut html = format!(
            "<section id=\"methods\">\n<h2>Which pixels matter <small>for “{}”, class {}</small></h2>\n\
             <p class=\"lead\">Each method explains the score {} that the network gives this class before \
             softmax{probability}. Colours span up to the 99.5% quantile of the values.</p>\n<div class=\"methods\">\n",
            escape(&class.title()),
            class.index,
            number(class.score),
        );
        html.extend(self.methods.pixels.iter().map(|shown| self.card(shown)));
        if self.methods.pixels.is_empty() {
            html.push_str("<p class=\"warning\">No pixel of this picture changes the score of this class.</p>\n");
        }
        html + "</div>\n</section>\n"
    }

    /// A method: its map, the map over the picture, and what it is.
    fn card(&self, shown: &MethodPictures) -> String {
        let method = shown.method;
        format!(
            "<figure class=\"card\"><div class=\"pair\">{}{}</div><figcaption><h3>{}</h3><p>{}</p>\
             <p class=\"caption\">{} · {} · values {}</p></figcaption></figure>\n",
            image(&shown.map, "sharp"),
            image(&shown.overlay, "whole"),
            escape(method.title),
            escape(method.about),
            escape(method.paper),
            escape(&self.class.title()),
            range(shown.range),
        )
    }

    pub(super) fn cams(&self) -> String {
        let name = |layer: NodeId| escape(&self.node(layer).name);
        let at = self.methods.cams.first().and_then(|shown| shown.layer).map_or_else(String::new, name);
        let mut html = format!(
            "<section id=\"heatmaps\">\n<h2>Where the class is seen <small>for “{}”, class {}</small></h2>\n\
             <p class=\"lead\">Heatmaps of the feature maps of {at}, the last before they are averaged or flattened, \
             stretched over the picture.</p>\n<div class=\"methods\">\n",
            escape(&self.class.title()),
            self.class.index,
        );
        if self.methods.cams.is_empty() {
            html.push_str("<p class=\"warning\">In no place do the units speak for this class.</p>\n");
        }
        html.extend(self.methods.cams.iter().map(|shown| self.card(shown)));
        html.push_str("</div>\n");
        if let [first, ..] = &self.methods.depths[..] {
            let _ = write!(
                html,
                "<h3>{}, from the first layers to the last</h3>\n<div class=\"units\">\n",
                first.method.title
            );
            for shown in &self.methods.depths {
                let _ = writeln!(
                    html,
                    "<figure class=\"unit\"><div class=\"pair\">{}{}</div><figcaption><b>{}</b> values {}</figcaption></figure>",
                    image(&shown.map, "sharp"),
                    image(&shown.overlay, "whole"),
                    shown.layer.map_or_else(String::new, name),
                    range(shown.range),
                );
            }
            html.push_str("</div>\n");
        }
        html + "</section>\n"
    }

    /// The methods without a picture, and why.
    pub(super) fn left_out(&self) -> String {
        if self.methods.left_out.is_empty() {
            return String::new();
        }
        let mut html = String::from("<section id=\"left-out\">\n<h2>Methods left out</h2>\n<ul>\n");
        for left in &self.methods.left_out {
            let _ = writeln!(html, "<li><b>{}</b>: {}</li>", escape(left.method.title), escape(&left.why));
        }
        html + "</ul>\n</section>\n"
    }
}
