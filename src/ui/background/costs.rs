//! Parameters and multiply-adds of all networks of the zoo, counted once on a thread.

use crate::{
    ui::background::worker::spawn,
    zoo::{Card, ZOO},
};
use eframe::egui::Context;
use std::{collections::BTreeMap, sync::OnceLock};

/// The parameters and multiply-adds of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkCost {
    /// Learned weights.
    pub parameters: u64,
    /// Multiply-adds of one picture at the usual size.
    pub macs: u64,
}

static COSTS: OnceLock<BTreeMap<&'static str, NetworkCost>> = OnceLock::new();

/// The costs of a network; `None` until a thread has built all graphs once.
pub fn network_cost(name: &str) -> Option<NetworkCost> {
    COSTS.get()?.get(name).copied()
}

/// Starts to count the costs of all networks, once.
pub fn count_costs(ctx: &Context) {
    static STARTED: OnceLock<()> = OnceLock::new();
    if STARTED.set(()).is_err() {
        return;
    }
    let ctx = ctx.clone();
    // Without a thread the numbers stay away.
    let _ = spawn("costs", move || {
        crate::engine::lower_priority();
        let count = |card: &Card| {
            let graph = (card.build)(card.size()).ok()?;
            let costs = graph.costs();
            let parameters = costs.iter().map(|cost| cost.parameters).sum();
            Some((card.name, NetworkCost { parameters, macs: costs.iter().map(|cost| cost.macs).sum() }))
        };
        let _ = COSTS.set(ZOO.iter().filter_map(count).collect());
        ctx.request_repaint();
    });
}
