//! Pins: a layer and unit, a class, or a run that a pane keeps while the others follow the selection. Two layers, two classes,
//! two pictures or two networks so stand side by side.

use crate::{
    engine::{Opening, PictureSource, Run},
    net::NodeId,
    picture::{Preparation, SAMPLES},
    ui::model::state::{Selection, Shown, View},
    weights::Source,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A layer, a unit and a position on its map.
type PinnedPlace = (NodeId, usize, Option<[usize; 2]>);

/// A pane's pins; it follows the selection in whatever is `None`.
#[derive(Clone, Default)]
pub struct Pin {
    place: Option<PinnedPlace>,
    class: Option<usize>,
    run: Option<Arc<Shown>>,
    /// A run of an earlier session, until it ran again.
    wanted: Option<KeptRun>,
}

/// A pin as settings hold it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptPin {
    place: Option<PinnedPlace>,
    class: Option<usize>,
    run: Option<KeptRun>,
}

/// A picture and the network that saw it, as settings hold them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptRun {
    network: String,
    /// A file or `synthetic:SEED`; what ships where empty.
    weights: String,
    #[serde(default)]
    preparation: Preparation,
    picture: String,
}

impl KeptRun {
    /// `None` for pictures that were pasted, dropped without a path or drawn: they are gone.
    fn of(run: &Run) -> Option<Self> {
        let (model, picture) = (&run.model, run.picture.as_ref()?);
        let is_sample = SAMPLES.iter().any(|sample| sample.name == picture.name);
        let picture = match &picture.path {
            Some(path) => path.to_str()?.to_owned(),
            None if is_sample => format!("sample:{}", picture.name),
            None => return None,
        };
        let weights = if model.weights == Source::Shipped { String::new() } else { model.weights.to_string() };
        let preparation = Preparation::of(&model.preprocess);
        Some(KeptRun { network: model.card.reference(), weights, preparation, picture })
    }

    /// The network to open and the picture to run; `None` where the settings do not parse.
    pub fn again(&self) -> Option<(Opening, PictureSource)> {
        let weights = if self.weights.is_empty() { Source::Shipped } else { self.weights.parse().ok()? };
        let opening = Opening { weights, preparation: self.preparation.clone(), ..Opening::of(&self.network) };
        Some((opening, PictureSource::Named(self.picture.clone())))
    }
}

/// Something that can be pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pinned {
    /// Layer, unit and position.
    Layer,
    /// The class that is explained.
    Class,
    /// The picture, with the network that saw it.
    Run,
}

impl Pinned {
    /// All of them.
    pub const ALL: [Pinned; 3] = [Pinned::Layer, Pinned::Class, Pinned::Run];

    /// In the pane's menu.
    pub fn label(self) -> &'static str {
        match self {
            Pinned::Layer => "this layer and unit",
            Pinned::Class => "this class",
            Pinned::Run => "this picture and network",
        }
    }
}

impl Pin {
    /// For the settings.
    pub fn kept(&self) -> KeptPin {
        let run = self.run.as_ref().map_or_else(|| self.wanted.clone(), |shown| KeptRun::of(&shown.run));
        KeptPin { place: self.place, class: self.class, run }
    }

    /// A pin read from the settings. Its run is only [`Pin::wanted`] until [`Pin::to_run`] brings it.
    pub fn restored(kept: KeptPin) -> Self {
        Pin { place: kept.place, class: kept.class, run: None, wanted: kept.run }
    }

    /// The run of an earlier session that is to be brought by [`Pin::to_run`].
    pub fn wanted(&self) -> Option<&KeptRun> {
        self.wanted.as_ref()
    }

    /// Whether something is pinned.
    pub fn holds(&self, part: Pinned) -> bool {
        match part {
            Pinned::Layer => self.place.is_some(),
            Pinned::Class => self.class.is_some(),
            Pinned::Run => self.run.is_some() || self.wanted.is_some(),
        }
    }

    /// Whether anything is.
    pub fn is_any(&self) -> bool {
        Pinned::ALL.into_iter().any(|part| self.holds(part))
    }

    /// Pins what the pane shows now, or lets it follow again.
    pub fn toggle(&mut self, part: Pinned, view: View, shown: &Arc<Shown>) {
        let own = self.selection(view);
        match part {
            Pinned::Layer => self.place = self.place.is_none().then_some((own.layer, own.unit, own.position)),
            Pinned::Class => {
                let class = View { selection: &own, shown: self.shown(view.shown), ..view }.class();
                self.class = self.class.is_none().then_some(class);
            }
            Pinned::Run if self.holds(part) => (self.run, self.wanted) = (None, None),
            Pinned::Run => self.run = Some(Arc::clone(shown)),
        }
    }

    /// Shows this run, whatever is selected: that which was wanted.
    pub fn to_run(&mut self, shown: Arc<Shown>) {
        (self.run, self.wanted) = (Some(shown), None);
    }

    /// The run that it is pinned to.
    pub fn run(&self) -> Option<&Shown> {
        self.run.as_deref()
    }

    /// The run that the pane shows.
    pub fn shown<'a>(&'a self, present: &'a Shown) -> &'a Shown {
        self.run.as_deref().unwrap_or(present)
    }

    /// The selection as the pane sees it. In another network the layer follows by depth.
    pub fn selection(&self, view: View) -> Selection {
        let mut own = view.selection.clone();
        if let Some(shown) = &self.run {
            own.alteration = shown.run.alteration;
            if !is_same_network(shown, view.shown) {
                let last = |shown: &Shown| shown.run.layers.len() - 1;
                let share = own.layer as f64 / last(view.shown).max(1) as f64;
                // Only the input is the input's match: beside a first convolution it would say nothing.
                let matched = (share * last(shown) as f64).round() as usize;
                own.layer = matched.max(usize::from(view.selection.layer > 0));
                own.unit = shown.run.layers[own.layer].strongest_unit();
                own.position = None;
            }
            if shown.run.model.labels != view.shown.run.model.labels {
                own.class = None;
            }
        }
        if let Some(class) = self.class {
            own.class = Some(class);
        }
        if let Some((layer, unit, position)) = self.place {
            (own.layer, own.unit, own.position) = (layer, unit, position);
        }
        // Settings and networks come and go; a pin outlives both.
        let shown = self.shown(view.shown);
        own.layer = own.layer.min(shown.run.layers.len() - 1);
        own.unit = own.unit.min(shown.run.layers[own.layer].shape[0] - 1);
        own.class = own.class.filter(|&class| class < shown.run.scores.len());
        let [_, height, width] = shown.run.layers[own.layer].shape;
        own.position = own.position.filter(|&[row, column]| row < height && column < width);
        own
    }

    /// Whether what the pane shows belongs to another network than the present one.
    fn is_foreign(&self, present: &Shown) -> bool {
        self.run.as_ref().is_some_and(|shown| !is_same_network(shown, present))
    }

    /// Whether a choice of layer, unit or position in the pane concerns the pane alone.
    pub fn keeps_place(&self, present: &Shown) -> bool {
        self.place.is_some() || self.is_foreign(present)
    }

    /// Whether a choice of class in the pane concerns the pane alone.
    pub fn keeps_class(&self, present: &Shown) -> bool {
        self.class.is_some() || self.is_foreign(present)
    }

    /// Pins a layer, at its strongest unit.
    pub fn set_layer(&mut self, layer: NodeId, present: &Shown) {
        self.place = Some((layer, self.shown(present).run.layers[layer].strongest_unit(), None));
    }

    /// Pins a unit of a layer, and a position on its map.
    pub fn set_unit(&mut self, layer: NodeId, unit: usize, position: Option<[usize; 2]>) {
        self.place = Some((layer, unit, position));
    }

    /// Pins a class; `None` lets the pane follow again.
    pub fn set_class(&mut self, class: Option<usize>) {
        self.class = class;
    }
}

/// Whether layers and units of one mean the same in the other.
fn is_same_network(one: &Shown, other: &Shown) -> bool {
    one.run.model.is_same_network(&other.run.model)
}
