//! The steps of the guided tour.

use crate::{
    net::{Graph, NodeId, Op},
    ui::model::arrangement::Arrangement,
};

/// A step of the tour.
pub struct GuideStep {
    /// Its heading.
    pub title: &'static str,
    /// The things to see and to try.
    pub text: &'static str,
    /// The arrangement that it is about.
    pub arrangement: Arrangement,
    /// The pane that comes to the front.
    pub pane: &'static str,
    /// The layer that is selected, as a share of the stages from the first convolution to the last maps.
    pub depth: Option<f32>,
}

/// All steps, in their order.
pub const STEPS: &[GuideStep] = &[
    GuideStep {
        title: "A feature map",
        text: "The network has looked at the picture. Its first layer has a number of units, and each has made a feature \
               map: bright where the unit finds what it looks for. Rest on a map of the first row: the cross shows the \
               same place in the picture and in all other maps.",
        arrangement: Arrangement::Explore,
        pane: "overview",
        depth: Some(0.0),
    },
    GuideStep {
        title: "What a unit looks for",
        text: "A unit of the first layer looks for a small pattern of colours: its filter. Here are all filters of the \
               layer. Edges and spots of colour are what every network learns first. Click one to see its map.",
        arrangement: Arrangement::Unit,
        pane: "filters",
        depth: Some(0.0),
    },
    GuideStep {
        title: "Deeper layers",
        text: "Drag the slider at the left. The maps get smaller and more numerous; the receptive field, framed on the \
               picture, gets larger. Late units no longer respond to edges but to parts of things.",
        arrangement: Arrangement::Explore,
        pane: "overview",
        depth: Some(0.6),
    },
    GuideStep {
        title: "What excites a unit",
        text: "Filters of deeper layers say little to the eye. A deconvnet instead projects an activation back to the \
               picture: left the structure that excites the unit, right the part of the picture that it sees.",
        arrangement: Arrangement::Unit,
        pane: "deconvnet",
        depth: Some(0.6),
    },
    GuideStep {
        title: "Which pixels matter",
        text: "From the score of the class, a gradient goes back to every pixel. Strong colours are pixels that the score \
               is sensitive to. The four heatmaps answer by four methods; the ? of each pane says how it works and where \
               it misleads.",
        arrangement: Arrangement::Explain,
        pane: "saliency",
        depth: None,
    },
    GuideStep {
        title: "Where the class is",
        text: "A class activation map adds up the last feature maps, each weighted by what it means for the class. Click \
               another class in the list of scores: the map moves to what speaks for that one.",
        arrangement: Arrangement::Explain,
        pane: "cam",
        depth: None,
    },
    GuideStep {
        title: "What a class would like to see",
        text: "Synthesis begins with noise and changes the picture, step by step, so that the score of the class rises. \
               Press Start and watch. What appears is what the network has learned of the class.",
        arrangement: Arrangement::Unit,
        pane: "synthesis",
        depth: None,
    },
    GuideStep {
        title: "Your own network",
        text: "Drop a file of weights on the window: its tensors say which network it is. This pane shows the picture as \
               that network receives it; correct its preparation here, and give the names of the classes. Drop a picture \
               or a folder in the same way.",
        arrangement: Arrangement::Explain,
        pane: "preparation",
        depth: None,
    },
];

/// The convolution at a share of the way from the first one to the last feature maps.
pub fn layer_at(graph: &Graph, depth: f32) -> NodeId {
    let last = graph.last_maps();
    let is_convolution = |id: &NodeId| matches!(graph.node(*id).op, Op::Conv(_) | Op::TableConv { .. });
    let layers: Vec<NodeId> = (0..=last).filter(is_convolution).collect();
    let at = (depth.clamp(0.0, 1.0) * layers.len().saturating_sub(1) as f32).round() as usize;
    layers.get(at).copied().unwrap_or(0)
}
