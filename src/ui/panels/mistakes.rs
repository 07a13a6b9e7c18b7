//! The pictures of the indexed folder that the network gets wrong: which classes it takes for which, and the most confident
//! mistakes.

use crate::{
    dataset::Index,
    engine::{Model, PictureSource},
    figures::Spreadsheet,
    ui::{
        background::thumbnails::{PictureFile, Thumb},
        model::{commands::Command, export::Export, state::View},
        panels::panel::{Panel, PanelKind},
        theme::RADIUS,
        widgets::{WHOLE, caption, fit, folder_bar, hollow, spinner},
    },
};
use eframe::egui::{
    self, Align2, Color32, ScrollArea, Sense, Stroke, StrokeKind, TextStyle, Ui, Vec2, WidgetInfo, pos2, vec2,
};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

pub(super) const KIND: PanelKind = PanelKind {
    name: "mistakes",
    title: "Mistakes",
    about: "The pictures of an indexed folder that the network takes for another class than the folder they lie in. Click \
            one to open it.",
    how: "Left, which classes are taken for which, the commonest first; click a row to see its pictures. Right, the \
          mistakes, the most confident first. The folders directly in the indexed folder have to be named after classes.",
    formula: "top-1 = pictures whose first class is their folder's / pictures; a row counts the pictures of one folder that are taken for one class",
    paper: "Russakovsky et al. 2015, ImageNet large scale visual recognition challenge",
    make: || Box::<Mistakes>::default(),
};

#[derive(Default)]
struct Mistakes {
    found: Option<FoundMistakes>,
    /// The pair of classes whose pictures are shown; all where `None`.
    picked: Option<(usize, usize)>,
}

/// A picture that the network gets wrong.
struct Mistake {
    file: PathBuf,
    class: usize,
    predicted: usize,
    /// The probability of the predicted class.
    confidence: f32,
}

/// The mistakes of an index.
struct FoundMistakes {
    of: Arc<Index>,
    /// Pictures in folders that are named after a class, those whose class is first, and those whose class is among the
    /// first five.
    counts: [usize; 3],
    /// The wrong pairs of class and predicted class, the commonest first.
    pairs: Vec<((usize, usize), usize)>,
    /// The most confident first.
    mistakes: Vec<Mistake>,
}

const TILE: f32 = 92.0;
const WORDS: f32 = 15.0;
const ROW: f32 = 22.0;

/// Pictures in folders that are named after a class, those whose class is first, and those whose class is among the first
/// five.
pub(super) fn counts(index: &Arc<Index>, model: &Model) -> [usize; 3] {
    find(index, model).counts
}

fn find(index: &Arc<Index>, model: &Model) -> FoundMistakes {
    let named = |name: &String| model.labels.look_up(name).ok().flatten();
    let classes: Vec<Option<usize>> = index.listing.groups.iter().map(named).collect();
    let (mut counts, mut mistakes) = ([0; 3], Vec::new());
    let mut pairs: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for (picture, likeliest) in index.predictions.iter().enumerate() {
        let class = index.listing.entries[picture].group.and_then(|group| classes[group]);
        let (Some(class), Some(&(predicted, confidence))) = (class, likeliest.first()) else { continue };
        let predicted = predicted as usize;
        counts[0] += 1;
        counts[1] += usize::from(predicted == class);
        counts[2] += usize::from(likeliest.iter().any(|(other, _)| *other as usize == class));
        if predicted != class {
            *pairs.entry((class, predicted)).or_default() += 1;
            mistakes.push(Mistake { file: index.listing.path(picture), class, predicted, confidence });
        }
    }
    mistakes.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let mut pairs: Vec<_> = pairs.into_iter().collect();
    pairs.sort_by_key(|(pair, count)| (std::cmp::Reverse(*count), *pair));
    FoundMistakes { of: Arc::clone(index), counts, pairs, mistakes }
}

impl Panel for Mistakes {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        folder_bar(ui, view, out);
        let folder = view.folder.filter(|folder| folder.is_of(view));
        let Some(index) = folder.and_then(|folder| folder.state.index.as_ref()) else {
            return hollow(ui, KIND.about, folder.is_some_and(|folder| folder.state.running));
        };
        if self.found.as_ref().is_none_or(|found| !Arc::ptr_eq(&found.of, index)) {
            self.found = Some(find(index, &view.run().model));
        }
        let Some(found) = &self.found else { return };
        let [pictures, first, five] = found.counts;
        if pictures == 0 {
            return hollow(ui, "No folder in the indexed folder is named after a class of the network", false);
        }
        let percent = |count: usize| 100.0 * count as f64 / pictures as f64;
        let (top1, top5) = (percent(first), percent(five));
        caption(ui, format!("{pictures} pictures with a class  ·  top-1 {top1:.1}%  ·  top-5 {top5:.1}%"))
            .on_hover_text("Shares of pictures whose folder names the first class, and one of the first five");
        let area = ui.available_rect_before_wrap();
        let (left, right) = area.split_left_right_at_x(area.left() + (0.38 * area.width()).min(300.0));
        let mut list = ui.new_child(egui::UiBuilder::new().max_rect(left).id_salt("pairs"));
        pairs(&mut list, view, found, &mut self.picked);
        let mut grid =
            ui.new_child(egui::UiBuilder::new().max_rect(right.with_min_x(right.left() + 10.0)).id_salt("grid"));
        let picked = self.picked;
        let shown: Vec<&Mistake> = found
            .mistakes
            .iter()
            .filter(|mistake| picked.is_none_or(|pair| pair == (mistake.class, mistake.predicted)))
            .collect();
        tiles(&mut grid, view, &shown, out);
        ui.allocate_rect(area, Sense::hover());
    }

    fn export(&self, view: View) -> Option<Export> {
        let found = self.found.as_ref()?;
        let name = |class: usize| view.run().model.class_name(class);
        let mut cells = Spreadsheet::new(["file", "class", "predicted", "probability"]);
        for Mistake { file, class, predicted, confidence } in &found.mistakes {
            cells.add([file.display().to_string(), name(*class), name(*predicted), confidence.to_string()]);
        }
        Some(Export::table(view, "mistakes", cells))
    }
}

/// A row for each wrong pair of classes.
fn pairs(ui: &mut Ui, view: View, found: &FoundMistakes, picked: &mut Option<(usize, usize)>) {
    let name = |class: usize| view.run().model.class_name(class);
    if ui.selectable_label(picked.is_none(), format!("all {} mistakes", found.mistakes.len())).clicked() {
        *picked = None;
    }
    ScrollArea::vertical().auto_shrink(false).show_rows(ui, ROW, found.pairs.len(), |ui, rows| {
        for &(pair, count) in &found.pairs[rows] {
            let words = format!("{count}  {} taken for {}", name(pair.0), name(pair.1));
            let button = egui::Button::selectable(*picked == Some(pair), words.as_str()).truncate();
            if ui.add(button).on_hover_text(words).clicked() {
                *picked = Some(pair);
            }
        }
    });
}

/// The pictures, with what they are taken for.
fn tiles(ui: &mut Ui, view: View, shown: &[&Mistake], out: &mut Vec<Command>) {
    let columns = ((ui.available_width() / (TILE + 6.0)) as usize).max(1);
    let rows = shown.len().div_ceil(columns);
    ui.spacing_mut().item_spacing = Vec2::splat(6.0);
    ScrollArea::vertical().auto_shrink(false).show_rows(ui, TILE + WORDS, rows, |ui, visible| {
        for row in shown.chunks(columns).skip(visible.start).take(visible.len()) {
            ui.horizontal(|ui| row.iter().for_each(|mistake| tile(ui, view, mistake, out)));
        }
    });
}

fn tile(ui: &mut Ui, view: View, mistake: &Mistake, out: &mut Vec<Command>) {
    let (rect, response) = ui.allocate_exact_size(vec2(TILE, TILE + WORDS), Sense::click());
    let name = |class: usize| view.run().model.class_name(class);
    let (class, predicted) = (name(mistake.class), name(mistake.predicted));
    response.widget_info(|| {
        WidgetInfo::labeled(egui::Role::Button, true, format!("mistake: {class} taken for {predicted}"))
    });
    if !ui.is_rect_visible(rect) {
        return;
    }
    let (above, below) = rect.split_top_bottom_at_y(rect.bottom() - WORDS);
    ui.painter().rect_filled(above, RADIUS, view.palette.hovered);
    match view.thumbs.thumb(&PictureFile::File(mistake.file.clone())) {
        Thumb::Ready(texture) => {
            let [width, height] = texture.size().map(|side| side as f32);
            ui.painter().image(texture.id(), fit(above.shrink(2.0), width / height), WHOLE, Color32::WHITE);
        }
        Thumb::Coming => spinner(ui, above.center(), 14.0),
        Thumb::Failed(_) => {}
    }
    if response.hovered() || response.has_focus() {
        ui.painter().rect_stroke(above, RADIUS, Stroke::new(1.5, view.palette.accent), StrokeKind::Inside);
    }
    let font = TextStyle::Small.resolve(ui.style());
    let clipped = ui.painter().with_clip_rect(below.intersect(ui.clip_rect()));
    let colour = ui.visuals().text_color();
    clipped.text(pos2(below.left(), below.center().y), Align2::LEFT_CENTER, &predicted, font, colour);
    let share = 100.0 * mistake.confidence;
    let hint = format!("{}\n{class}, taken for {predicted} with {share:.1}%", mistake.file.display());
    if response.on_hover_text(hint).clicked() {
        out.push(Command::Open(PictureSource::File(mistake.file.clone())));
    }
}
