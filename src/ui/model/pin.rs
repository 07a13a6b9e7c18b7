//! What a pane keeps to itself while the others follow the selection: its layer and unit, its class, its picture with the
//! network that saw it. Two layers, two classes, two pictures or two networks so stand side by side.

use crate::{
    engine::{Opening, PictureSource, Run},
    net::NodeId,
    picture::{Preparation, SAMPLES},
    ui::model::{
        commands::Command,
        state::{Selection, Shown, View, strongest_unit},
    },
    weights::Source,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A layer, a unit and a position on its map.
type Place = (NodeId, usize, Option<[usize; 2]>);

/// A pane's pins; it follows the selection in whatever is `None`.
#[derive(Clone, Default)]
pub struct Pin {
    place: Option<Place>,
    class: Option<usize>,
    run: Option<Arc<Shown>>,
    /// A run of an earlier session, until it ran again.
    wanted: Option<KeptRun>,
}

/// A pin as settings hold it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    place: Option<Place>,
    class: Option<usize>,
    run: Option<KeptRun>,
}

/// A picture and the network that saw it, as settings hold them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptRun {
    network: String,
    /// A file or `synthetic:SEED`; what ships where empty.
    weights: String,
    /// Height and width of the input.
    size: [usize; 2],
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
        let [_, height, width] = model.network.graph().input_shape();
        let size = [height, width];
        Some(KeptRun { network: model.card.name.to_owned(), weights, size, picture })
    }

    /// What to open, and which picture to run; `None` where the settings say something else.
    pub fn again(&self) -> Option<(Opening, PictureSource)> {
        let weights = if self.weights.is_empty() { Source::Shipped } else { self.weights.parse().ok()? };
        let preparation = Preparation { size: Some(self.size), ..Preparation::default() };
        let opening = Opening { weights, preparation, ..Opening::of(&self.network) };
        Some((opening, PictureSource::Named(self.picture.clone())))
    }
}

/// Something that can be pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Layer, unit and position.
    Layer,
    /// The class that is explained.
    Class,
    /// The picture, with the network that saw it.
    Run,
}

impl Part {
    /// All of them.
    pub const ALL: [Part; 3] = [Part::Layer, Part::Class, Part::Run];

    /// In the pane's menu.
    pub fn label(self) -> &'static str {
        match self {
            Part::Layer => "this layer and unit",
            Part::Class => "this class",
            Part::Run => "this picture and network",
        }
    }
}

impl Pin {
    /// For the settings.
    pub fn kept(&self) -> Kept {
        let run = self.run.as_ref().map_or_else(|| self.wanted.clone(), |shown| KeptRun::of(&shown.run));
        Kept { place: self.place, class: self.class, run }
    }

    /// From the settings; a run is [`Pin::wanted`] until somebody brings it.
    pub fn restored(kept: Kept) -> Self {
        Pin { place: kept.place, class: kept.class, run: None, wanted: kept.run }
    }

    /// The run of an earlier session that is to be brought by [`Pin::to_run`].
    pub fn wanted(&self) -> Option<&KeptRun> {
        self.wanted.as_ref()
    }

    /// Whether something is pinned.
    pub fn holds(&self, part: Part) -> bool {
        match part {
            Part::Layer => self.place.is_some(),
            Part::Class => self.class.is_some(),
            Part::Run => self.run.is_some() || self.wanted.is_some(),
        }
    }

    /// Whether anything is.
    pub fn is_any(&self) -> bool {
        Part::ALL.into_iter().any(|part| self.holds(part))
    }

    /// Pins what the pane shows now, or lets it follow again.
    pub fn toggle(&mut self, part: Part, view: View, shown: &Arc<Shown>) {
        let own = self.selection(view);
        match part {
            Part::Layer => self.place = self.place.is_none().then_some((own.layer, own.unit, own.position)),
            Part::Class => {
                let class = View { selection: &own, shown: self.shown(view.shown), ..view }.class();
                self.class = self.class.is_none().then_some(class);
            }
            Part::Run if self.holds(part) => (self.run, self.wanted) = (None, None),
            Part::Run => self.run = Some(Arc::clone(shown)),
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
                own.unit = strongest_unit(&shown.run.layers[own.layer]);
                own.position = None;
            }
            let classes = |shown: &Shown| shown.run.model.labels.all();
            if !std::ptr::eq(classes(shown), classes(view.shown)) && classes(shown) != classes(view.shown) {
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

    /// Keeps for the pane what it asks for about something pinned; hands on the rest.
    pub fn take(&mut self, command: Command, own: &Selection, present: &Shown) -> Option<Command> {
        // What a pane of another network says of layers and units means nothing to the other panes.
        let foreign = self.run.as_ref().is_some_and(|shown| !is_same_network(shown, present));
        let keeps_place = self.place.is_some() || foreign;
        match command {
            Command::SelectLayer(layer) if keeps_place => {
                let unit = strongest_unit(&self.shown(present).run.layers[layer]);
                self.place = Some((layer, unit, None));
            }
            Command::SelectUnit(unit, position) if keeps_place => self.place = Some((own.layer, unit, position)),
            Command::SelectClass(Some(class)) if self.class.is_some() || foreign => self.class = Some(class),
            Command::SelectClass(None) if self.class.is_some() => self.class = None,
            // A picture that is pinned stays as it is.
            Command::Alter(_) if self.run.is_some() => {}
            // The arrow keys walk over the grid of the panes that follow.
            Command::ShowGrid(_) if keeps_place => {}
            other => return Some(other),
        }
        None
    }
}

/// Whether layers and units of one mean the same in the other.
fn is_same_network(one: &Shown, other: &Shown) -> bool {
    one.run.model.is_same_network(&other.run.model)
}
