//! The state that panes read: the selection, the run on screen, and the results of the engine.

use crate::{
    engine::{Answers, Frame, Lane, LayerView, Model, Opening, Run, Status},
    net::{Cost, Graph, Node, NodeId, Op, WeightLayers, surgery::Surgery},
    paint::{Scaling, Style},
    picture::Alteration,
    ui::{
        background::{
            cache::{Cache, LayerMaps},
            embedding::Embedding,
            evolution::EvolutionSession,
            folder_index::IndexState,
            textures::Pictures,
            thumbnails::Thumbs,
            top_tiles::TopTiles,
            training::TrainingDesk,
        },
        model::viewport::{self, Viewport},
        theme::Palette,
    },
};
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, path::Path, sync::Arc};

/// The selection that every pane follows unless it is pinned.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The layer.
    pub layer: NodeId,
    /// Its unit.
    pub unit: usize,
    /// Row and column on the unit's map; the strongest where `None`.
    pub position: Option<[usize; 2]>,
    /// The class that attributions explain; the predicted one where `None`.
    pub class: Option<usize>,
    /// The alteration of the picture that the user asks for. A run of it is on its way where the run on screen has another.
    pub alteration: Alteration,
    /// The place under the pointer.
    pub hover: Option<Hover>,
    /// The unit last selected in each layer that was visited.
    visited: HashMap<NodeId, usize>,
}

/// A place under the pointer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hover {
    /// As fractions of the network's input, from the left and from the top.
    pub place: [f32; 2],
    /// The value under the pointer, where that is over a feature map.
    pub spot: Option<HoveredValue>,
}

/// A value of a run: its id, the layer, the unit, the row and the column.
pub type HoveredValue = (u64, NodeId, usize, [usize; 2]);

impl Selection {
    /// Goes to a layer: to the unit last selected there, else to the strongest.
    pub fn select_layer(&mut self, run: &Run, layer: NodeId) {
        let layer = layer.min(run.layers.len().saturating_sub(1));
        if layer != self.layer {
            self.visited.insert(self.layer, self.unit);
            let strongest = || run.layers[layer].strongest_unit();
            let unit = self.visited.get(&layer).copied().unwrap_or_else(strongest);
            (self.layer, self.unit, self.position) = (layer, unit, None);
        }
    }

    /// Goes to a unit of the present layer.
    pub fn select_unit(&mut self, unit: usize, position: Option<[usize; 2]>) {
        (self.unit, self.position) = (unit, position);
    }

    /// Stays at the layer of the same name in a network whose layers were changed.
    pub fn follow(&mut self, old: &Run, run: &Run) {
        let [before, after] = [old, run].map(|run| run.model.network.graph());
        let same = |layer: NodeId| {
            let name = &before.node(layer).name;
            after.nodes().iter().position(|node| node.name == *name)
        };
        let kept = |(layer, unit): (NodeId, usize)| same(layer).map(|layer| (layer, unit));
        self.visited = std::mem::take(&mut self.visited).into_iter().filter_map(kept).collect();
        // A layer that only the change brought: the one that it stood behind.
        let layer = (0..=self.layer).rev().find_map(same).unwrap_or(0);
        self.layer = layer;
        self.unit = self.unit.min(run.layers[layer].shape[0].saturating_sub(1));
        self.hover = None;
    }

    /// Starts anew for another network, at its first convolution.
    pub fn start(&mut self, run: &Run) {
        let first = run.model.network.graph().nodes().iter().position(|node| matches!(node.op, Op::Conv(_)));
        let layer = first.unwrap_or(0);
        let unit = run.layers[layer].strongest_unit();
        *self = Selection { layer, unit, alteration: run.alteration, ..Selection::default() };
    }
}

/// Whether a unit has the same value everywhere on this picture. A single value is silent where it is zero.
pub fn is_silent(layer: &LayerView, unit: usize) -> bool {
    let [_, height, width] = layer.shape;
    let range = layer.ranges[unit];
    range.low == range.high && (height * width > 1 || range.high == 0.0)
}

/// Units by their value at a row and a column, strongest first.
pub fn strongest_at(layer: &LayerView, [row, column]: [usize; 2]) -> Vec<(u32, f32)> {
    let [units, height, width] = layer.shape;
    let read = |values: &[f32]| {
        (0..units).map(|unit| (unit as u32, values[(unit * height + row) * width + column])).collect::<Vec<_>>()
    };
    let mut found = layer.with_values(read).unwrap_or_default();
    found.sort_by(|a, b| b.1.total_cmp(&a.1));
    found
}

/// The colours of feature maps in every pane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Colouring {
    /// Colour map and gamma.
    pub style: Style,
    /// The range that the colours span: that of the unit or of the layer.
    pub scaling: Scaling,
}

/// A run with what is computed from its graph once.
pub struct Shown {
    /// The run.
    pub run: Arc<Run>,
    /// Costs of its layers, receptive fields among them.
    pub costs: Vec<Cost>,
    /// The number of its weight layers.
    pub depth: WeightLayers,
    /// Classes, best first.
    pub ranking: Vec<usize>,
}

impl Shown {
    /// Everything about a run that arrived.
    pub fn new(run: Arc<Run>) -> Self {
        let graph = run.model.network.graph();
        let (costs, depth, ranking) = (graph.costs(), graph.weight_layers(), run.ranking());
        Shown { run, costs, depth, ranking }
    }

    /// The layers.
    pub fn graph(&self) -> &Graph {
        self.run.model.network.graph()
    }
}

/// The grid on screen, for the arrow keys.
#[derive(Clone, Debug)]
pub struct UnitGrid {
    /// The layer it shows.
    pub layer: NodeId,
    /// Its units in their order.
    pub order: Arc<[u32]>,
    /// Tiles a row.
    pub columns: u32,
}

/// The message in the status line.
pub struct Message {
    /// Its text.
    pub text: String,
    /// Whether it reports a failure.
    pub failed: bool,
}

/// The indexed folder as panes read it.
#[derive(Clone, Copy)]
pub struct FolderView<'a> {
    /// The folder.
    pub folder: &'a Path,
    /// The network that looked at it.
    pub model: &'a Arc<Model>,
    /// The index so far.
    pub state: &'a IndexState,
}

impl FolderView<'_> {
    /// Whether the index is by the network on screen, prepared alike.
    pub fn is_of(&self, view: View) -> bool {
        Arc::ptr_eq(self.model, &view.run().model)
            || self.model.is_same_network(&view.run().model) && self.model.preprocess == view.run().model.preprocess
    }
}

/// All that a pane may read.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The run on screen.
    pub shown: &'a Shown,
    /// Another picture run through the same network, for comparison.
    pub other: Option<&'a Shown>,
    /// The selection.
    pub selection: &'a Selection,
    /// The open network with the choices about it.
    pub opening: &'a Opening,
    /// The changes to the network that were asked for last.
    pub surgery: &'a Surgery,
    /// The colours of feature maps.
    pub look: Colouring,
    /// Which part of the picture panes show.
    pub viewport: Viewport,
    /// The layers on the GPU.
    pub cache: &'a Cache,
    /// Small pictures of the files beside the open one.
    pub thumbs: &'a Thumbs,
    /// The indexed folder, if there is one.
    pub folder: Option<FolderView<'a>>,
    /// Its pictures on planes, once that is asked for.
    pub embedding: Option<&'a Embedding>,
    /// Strong responses of units in its pictures.
    pub tops: &'a TopTiles,
    /// Answers to background questions.
    pub answers: &'a Answers,
    /// The live synthesis.
    pub synthesis: Option<&'a Arc<Frame>>,
    /// The checkpoints of the run that is open, if one is.
    pub evolution: Option<&'a EvolutionSession>,
    /// The run of training, if one was started.
    pub training: &'a TrainingDesk,
    /// The work that is running.
    pub work: &'a [Status],
    /// Colours.
    pub palette: &'static Palette,
}

impl<'a> View<'a> {
    /// The work in progress in a lane.
    pub fn status(&self, lane: impl Into<Lane>) -> Option<&'a Status> {
        let lane = lane.into();
        self.work.iter().find(|status| status.lane == lane)
    }

    /// The run.
    pub fn run(&self) -> &'a Arc<Run> {
        &self.shown.run
    }

    /// The picture, the network's part of it and the thumbnails, once they are painted.
    pub fn pictures(&self) -> Option<Arc<Pictures>> {
        self.cache.pictures(self.run())
    }

    /// The selected layer's maps on the GPU.
    pub fn maps(&self) -> LayerMaps {
        self.cache.selected_maps(self.run(), self.selection.layer)
    }

    /// The unit, row and column of the selected layer under the pointer. The unit is the selected one, unless the pointer
    /// is over the map of another.
    pub fn hovered_spot(&self) -> Option<(usize, [usize; 2])> {
        let hover = self.selection.hover?;
        let spot = hover.spot.filter(|(run, layer, ..)| *run == self.run().id && *layer == self.selection.layer);
        let [_, height, width] = self.layer().shape;
        let below = || (height * width > 1).then(|| (self.selection.unit, viewport::cell(hover.place, height, width)));
        spot.map(|(_, _, unit, at)| (unit, at)).or_else(below)
    }

    /// The selected layer.
    pub fn node(&self) -> &'a Node {
        self.shown.graph().node(self.selection.layer)
    }

    /// Its maps.
    pub fn layer(&self) -> &'a LayerView {
        &self.run().layers[self.selection.layer]
    }

    /// The class that is explained.
    pub fn class(&self) -> usize {
        self.selection.class.unwrap_or_else(|| self.shown.ranking.first().copied().unwrap_or(0))
    }

    /// The selected position, or where the unit is strongest; `None` where the layer has no extent.
    pub fn position(&self) -> Option<[usize; 2]> {
        let [_, height, width] = self.layer().shape;
        (height * width > 1).then(|| {
            self.selection
                .position
                .unwrap_or_else(|| self.cache.strongest_position(self.run(), self.selection.layer, self.selection.unit))
        })
    }
}

/// A layer's name with the paper's, as captions say it.
pub fn layer_name(node: &Node) -> String {
    node.title.map_or_else(|| node.name.clone(), |title| format!("{title} ({})", node.name))
}
