//! The pictures of a folder that excite the selected unit most, each beside its deconvnet reconstruction: the figures of
//! Zeiler and Fergus (2014).

use crate::{
    dataset::{Hit, HitChoice, Index, Responses, Selectivity, TOP, stand_in},
    engine::{Inquiry, ResponsesInquiry},
    figures::{Spreadsheet, preference},
    net::NodeId,
    ui::{
        background::top_tiles::{TileKey, TopTile},
        model::{
            commands::Command,
            export::Export,
            state::{FolderView, View, layer_name},
        },
        panels::panel::{Panel, PanelKind, keep, take},
        theme::RADIUS,
        widgets::{WHOLE, caption, fit, folder_bar, hollow, number, spinner, toolbar},
    },
};
use eframe::egui::{
    self, Align2, Color32, ScrollArea, Sense, Stroke, StrokeKind, TextStyle, Ui, Vec2, WidgetInfo, vec2,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{path::PathBuf, sync::Arc};

pub(super) const KIND: PanelKind = PanelKind {
    name: "top",
    title: "Top pictures",
    about: "The nine pictures of a folder that excite the selected unit most: the part that the unit sees, and its \
            deconvnet reconstruction (Zeiler and Fergus 2014); or the weakest, nine at random of the strongest hundredth, or \
            those where the unit matters most for the class. Click one to open that picture at that place.",
    how: "Look for what the nine pictures share: that is what the unit finds. The reconstruction shows which structures of each excite it.",
    formula: "the pictures with the largest max A[k, y, x], each shown at that place",
    paper: "Zeiler and Fergus 2014, figure 2",
    make: || Box::<TopPictures>::default(),
};

/// Which pictures of a unit are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum TopChoice {
    #[default]
    Strongest,
    Weakest,
    Random,
    Relevance,
}

const CHOICES: [(TopChoice, &str, &str); 4] = [
    (TopChoice::Strongest, "strongest", "The nine largest activations: the index holds them"),
    (TopChoice::Weakest, "weakest", "The nine pictures that excite the unit least"),
    (TopChoice::Random, "random of top 1%", "Nine of the strongest hundredth: less alike than the strongest nine"),
    (TopChoice::Relevance, "for the class", "Where activation times gradient adds most to the score of the class"),
];

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct TopPictures {
    choice: TopChoice,
    /// The number of the random draw.
    draw: u64,
}

/// Width of a pair in points: the least, and the most.
const PAIR: [f32; 2] = [120.0, 380.0];
/// Height of the words below a pair.
const WORDS: f32 = 17.0;
const GAP: f32 = 10.0;

/// A strong response, with its file and its place on the unit's map.
struct TopResponse {
    file: PathBuf,
    value: f32,
    position: [usize; 2],
}

/// The responses that are shown, or a sentence that says why there are none.
type FoundResponses = Result<Vec<TopResponse>, String>;

impl TopPictures {
    /// The question about the whole folder that the choice needs; `None` for the strongest, which the index holds.
    fn inquiry(&self, view: View, index: &Arc<Index>, layer: NodeId) -> Option<ResponsesInquiry> {
        let (model, index) = (Arc::clone(&view.run().model), Arc::clone(index));
        let class = (self.choice == TopChoice::Relevance).then(|| view.class());
        (self.choice != TopChoice::Strongest).then_some(ResponsesInquiry { model, index, layer, class })
    }

    /// The responses of the choice; `None` where the folder has to be run for them.
    fn found(&self, index: &Arc<Index>, view: View, layer: NodeId) -> Option<FoundResponses> {
        let node = view.shown.graph().node(layer);
        let (width, unit) = (node.extent()[2].max(1), view.selection.unit);
        let one = |hit: &Hit| TopResponse {
            file: index.listing.path(hit.picture as usize),
            value: hit.value,
            position: [hit.position as usize / width, hit.position as usize % width],
        };
        let Some(inquiry) = self.inquiry(view, index, layer) else {
            let hits = index.top(&node.name, unit).map_err(|error| error.to_string());
            return Some(hits.map(|hits| hits.iter().filter(|hit| hit.value > 0.0).map(one).collect()));
        };
        let choice = match self.choice {
            TopChoice::Strongest | TopChoice::Relevance => HitChoice::Strongest,
            TopChoice::Weakest => HitChoice::Weakest,
            TopChoice::Random => HitChoice::Random(self.draw),
        };
        let of_unit = |responses: &Arc<Responses>| responses.choose(unit, choice, TOP).iter().map(one).collect();
        Some(view.answers.get(&inquiry.key())?.as_ref().map(of_unit).map_err(Clone::clone))
    }

    /// The choice of pictures, and the button that runs the folder for it.
    fn choose(&mut self, ui: &mut Ui, view: View, index: Option<&Arc<Index>>, layer: NodeId, out: &mut Vec<Command>) {
        for (choice, name, hint) in CHOICES {
            ui.selectable_value(&mut self.choice, choice, name).on_hover_text(hint);
        }
        if self.choice == TopChoice::Random && ui.button("draw again").on_hover_text("Nine others").clicked() {
            self.draw += 1;
        }
        let Some(inquiry) = index.and_then(|index| self.inquiry(view, index, layer)) else { return };
        if view.answers.get(&inquiry.key()).is_some() {
            return;
        }
        if let Some(status) = view.status(inquiry.lane()) {
            let bar = egui::ProgressBar::new(status.fraction).desired_width(90.0).desired_height(6.0);
            ui.add(bar).accessible_name("Progress of the responses");
        } else {
            let hint = "The index holds the strongest only: for others the network looks at every picture again";
            let text = format!("Run {} pictures", inquiry.index.done);
            if ui.button(text).on_hover_text(hint).clicked() {
                out.push(Command::Ask(inquiry.into()));
            }
        }
    }
}

impl Panel for TopPictures {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        folder_bar(ui, view, out);
        let Some(folder) = view.folder.filter(|folder| folder.is_of(view)) else {
            return hollow(ui, KIND.about, false);
        };
        let layer = stand_in(view.shown.graph(), view.selection.layer);
        let name = layer_name(view.shown.graph().node(layer));
        let via = if layer == view.selection.layer { "" } else { ", which its activations go through" };
        let index = folder.state.index.as_ref().filter(|_| !folder.state.running);
        toolbar(ui, |ui| self.choose(ui, view, index, layer, out));
        caption(
            ui,
            format!("unit {} of {name}{via}  ·  left what it sees, right what excites it there", view.selection.unit),
        );
        if let Some(words) = folder.state.index.as_ref().and_then(|index| preferred(index, view, layer)) {
            caption(ui, words);
        }
        let Some(index) = &folder.state.index else {
            let (words, busy) = match folder.state.running {
                true => ("The first pictures are on their way", true),
                false => ("Nothing of this folder is indexed", false),
            };
            return hollow(ui, words, busy);
        };
        match self.found(index, view, layer) {
            None => hollow(ui, "These pictures are found by another look at the whole folder", false),
            Some(Err(why)) => hollow(ui, &why, false),
            Some(Ok(found)) if found.is_empty() => {
                hollow(ui, "No picture of the folder so far excites this unit", false);
            }
            Some(Ok(found)) => pairs(ui, view, folder, layer, &found, out),
        }
    }

    fn export(&self, view: View) -> Option<Export> {
        let folder = view.folder.filter(|folder| folder.is_of(view))?;
        let layer = stand_in(view.shown.graph(), view.selection.layer);
        let found = self.found(folder.state.index.as_ref()?, view, layer)?.ok()?;
        let mut cells = Spreadsheet::new(["file", "value", "row", "column"]);
        for one in found {
            let [row, column] = one.position.map(|place| place.to_string());
            cells.add([one.file.display().to_string(), one.value.to_string(), row, column]);
        }
        let name = format!("{} unit {} top pictures", view.node().name, view.selection.unit);
        Some(Export::table(view, &name, cells))
    }

    fn options(&self) -> Value {
        keep(self)
    }

    fn restore(&mut self, options: Value) {
        *self = take(options);
    }
}

/// The class of the folder that the unit prefers, in words.
fn preferred(index: &Index, view: View, layer: NodeId) -> Option<String> {
    let statistics = index.layer(&view.shown.graph().node(layer).name).ok()?;
    let means = statistics.group_means(view.selection.unit, &index.group_pictures());
    Selectivity::of(&means).map(|found| preference(&found, &index.listing.groups))
}

/// The pairs as large as the pane allows.
fn pairs(ui: &mut Ui, view: View, folder: FolderView, layer: NodeId, found: &[TopResponse], out: &mut Vec<Command>) {
    let area = ui.available_size() - vec2(10.0, 0.0);
    let width_in = |columns: usize| {
        let rows = found.len().div_ceil(columns) as f32;
        (area.x / columns as f32 - GAP).min(2.0 * (area.y / rows - GAP - WORDS))
    };
    let columns = (1..=found.len()).max_by(|&a, &b| width_in(a).total_cmp(&width_in(b))).unwrap_or(1);
    let width = width_in(columns).clamp(PAIR[0], PAIR[1]).floor();
    let columns = ((area.x / (width + GAP)) as usize).clamp(1, found.len());
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing = Vec2::splat(GAP);
        for row in found.chunks(columns) {
            ui.horizontal(|ui| row.iter().for_each(|one| pair(ui, view, folder, layer, one, width, out)));
        }
    });
}

/// The part of the picture beside the reconstruction, over the value and the file's name.
fn pair(
    ui: &mut Ui,
    view: View,
    folder: FolderView,
    layer: NodeId,
    one: &TopResponse,
    width: f32,
    out: &mut Vec<Command>,
) {
    let (rect, response) = ui.allocate_exact_size(vec2(width, width / 2.0 + WORDS), Sense::click());
    let name = one.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("top picture {name}")));
    if !ui.is_rect_visible(rect) {
        return;
    }
    let (above, below) = rect.split_top_bottom_at_y(rect.bottom() - WORDS);
    let painter = ui.painter();
    let key = TileKey {
        file: one.file.clone(),
        model: Arc::as_ptr(folder.model) as usize,
        layer,
        unit: view.selection.unit,
        position: one.position,
    };
    let (left, right) = above.split_left_right_at_fraction(0.5);
    let mut hint = one.file.display().to_string();
    match view.tops.tile(&key, folder.model) {
        TopTile::Ready(textures) => {
            for (half, texture) in [left, right].into_iter().zip(&textures) {
                let [across, down] = texture.size().map(|side| side as f32);
                painter.image(texture.id(), fit(half.shrink(1.0), across / down), WHOLE, Color32::WHITE);
            }
        }
        TopTile::Coming => {
            painter.rect_filled(above.shrink(1.0), RADIUS, view.palette.hovered);
            spinner(ui, above.center(), 14.0);
        }
        TopTile::Failed(why) => {
            painter.rect_filled(above.shrink(1.0), RADIUS, view.palette.hovered);
            hint = why;
        }
    }
    if response.hovered() || response.has_focus() {
        painter.rect_stroke(above, RADIUS, Stroke::new(1.5, view.palette.accent), StrokeKind::Inside);
    }
    let font = TextStyle::Small.resolve(ui.style());
    let clipped = painter.with_clip_rect(below.intersect(ui.clip_rect()));
    let words = format!("{}  {name}", number(one.value));
    clipped.text(below.left_center(), Align2::LEFT_CENTER, words, font, view.palette.weak);
    if response.on_hover_text(format!("{hint}\nClick: open it at this place")).clicked() {
        out.push(Command::OpenAt { file: one.file.clone(), layer, unit: view.selection.unit, position: one.position });
    }
}
