//! The colours of kinds of operators, in the list of layers and in the drawing: distinct to colour-blind eyes too (Okabe and
//! Ito 2008).

use crate::net::Op;
use eframe::egui::Color32;

/// The colour of an operator's kind; `None` for operators that only rectify, normalise or pass on.
pub fn kind_colour(op: &Op) -> Option<Color32> {
    match op {
        Op::Conv(_) | Op::TableConv { .. } => Some(Color32::from_rgb(86, 180, 233)),
        Op::MaxPool(_) | Op::AvgPool { .. } | Op::AdaptiveAvgPool { .. } | Op::Subsample(_) => {
            Some(Color32::from_rgb(0, 158, 115))
        }
        Op::Linear { .. } => Some(Color32::from_rgb(230, 159, 0)),
        Op::Add | Op::Concat => Some(Color32::from_rgb(204, 121, 167)),
        _ => None,
    }
}
