//! The network and the picture on screen, and the requests that change them.

use super::{device::DeviceChoice, event::Event, model::Model, opening::Opening, run::Run, source::PictureSource};
use crate::{
    Result,
    net::surgery::Surgery,
    picture::{Alteration, Picture, Preparation},
    watch::Watch,
};
use std::{path::Path, sync::Arc};

/// State of the thread that opens networks and runs pictures.
pub(super) struct Screen {
    device: DeviceChoice,
    model: Option<Arc<Model>>,
    picture: Option<Picture>,
    /// Applied to the picture, also after the network changes.
    alteration: Alteration,
    /// The second picture, for comparison.
    other: Option<Picture>,
    /// Id of the present network's first run of the present picture ([`Run::of`]).
    of: Option<u64>,
}

impl Screen {
    pub fn new(device: DeviceChoice) -> Self {
        let (model, picture, other, of) = (None, None, None, None);
        Screen { device, model, picture, alteration: Alteration::default(), other, of }
    }

    /// Opens a network and runs the present picture through it. The old network stays until the new one has run, so
    /// that a failure changes nothing.
    pub fn open_network(&mut self, opening: &Opening, watch: &Watch, send: &dyn Fn(Event)) -> Result<()> {
        self.take(Model::open(opening, &self.device.open()?, watch)?, watch, send)
    }

    /// Goes on with a model that has run the present picture already.
    pub fn adopt(&mut self, model: Arc<Model>, of: u64) {
        (self.model, self.of) = (Some(model), Some(of));
    }

    /// Prepares pictures for the open network differently, and names its classes by a file, or as it was opened.
    pub fn prepare(
        &mut self,
        preparation: &Preparation,
        labels: Option<&Path>,
        watch: &Watch,
        send: &dyn Fn(Event),
    ) -> Result<()> {
        let Some(model) = &self.model else { return Ok(()) };
        let base = Arc::new(model.unchanged().prepared(preparation)?.labelled(labels)?);
        let changed = Model { weights: model.weights.clone(), ..base.changed(&model.surgery)? };
        self.take(changed, watch, send)
    }

    /// Makes changes to the open network, in place of those made before.
    pub fn operate(&mut self, surgery: &Surgery, watch: &Watch, send: &dyn Fn(Event)) -> Result<()> {
        let Some(model) = &self.model else { return Ok(()) };
        let changed = model.changed(surgery)?;
        self.take(changed, watch, send)
    }

    fn take(&mut self, model: Model, watch: &Watch, send: &dyn Fn(Event)) -> Result<()> {
        let model = Arc::new(model);
        let run = |picture| Run::altered(&model, picture, self.alteration, None, watch);
        let run = self.picture.clone().map(run).transpose()?;
        (self.model, self.of) = (Some(Arc::clone(&model)), run.as_ref().map(|run| run.of));
        send(Event::Model(model));
        if let Some(run) = run {
            send(Event::Run(Arc::new(run)));
        }
        Ok(())
    }

    /// Opens a picture and runs it. Before the first network is open, the picture waits for it.
    pub fn open_picture(&mut self, source: PictureSource, watch: &Watch, send: &dyn Fn(Event)) -> Result<()> {
        let picture = source.open(self.picture.as_ref())?;
        if let Some(model) = &self.model {
            let run = Arc::new(Run::picture(model, picture.clone(), watch)?);
            self.of = Some(run.of);
            send(Event::Run(run));
        }
        (self.picture, self.alteration) = (Some(picture), Alteration::default());
        Ok(())
    }

    /// Runs the present picture, altered.
    pub fn alter(&mut self, alteration: Alteration, watch: &Watch, send: &dyn Fn(Event)) -> Result<()> {
        if let (Some(model), Some(picture)) = (&self.model, &self.picture) {
            let run = Run::altered(model, picture.clone(), alteration, self.of, watch)?;
            send(Event::Run(Arc::new(run)));
        }
        self.alteration = alteration;
        Ok(())
    }

    /// Opens the second picture and runs it; `None` ends the comparison.
    pub fn compare(&mut self, source: Option<PictureSource>, watch: &Watch, send: &dyn Fn(Event)) -> Result<()> {
        self.other = source.map(|source| source.open(self.picture.as_ref())).transpose()?;
        self.run_other(watch, send)
    }

    /// Runs the second picture through the present network.
    pub fn run_other(&self, watch: &Watch, send: &dyn Fn(Event)) -> Result<()> {
        let run = match (&self.model, &self.other) {
            (Some(model), Some(other)) => Some(Arc::new(Run::picture(model, other.clone(), watch)?)),
            _ => None,
        };
        send(Event::Compared(run));
        Ok(())
    }
}

/// Runs pictures for pinned panes. A network that several of them share in a row is opened once.
pub(super) fn reopen(
    wanted: Vec<(u64, Opening, PictureSource)>,
    device: DeviceChoice,
    watch: &Watch,
    send: &dyn Fn(Event),
) -> Result<()> {
    let count = wanted.len();
    let mut last: Option<(Opening, Arc<Model>)> = None;
    for (index, (number, opening, source)) in wanted.into_iter().enumerate() {
        let watch = watch.part(index, count);
        let model = match last.take().filter(|(other, _)| *other == opening) {
            Some((_, model)) => model,
            None => Arc::new(Model::open(&opening, &device.open()?, &watch)?),
        };
        let run = Run::picture(&model, source.open(None)?, &watch)?;
        send(Event::Reopened(number, Arc::new(run)));
        last = Some((opening, model));
    }
    Ok(())
}
