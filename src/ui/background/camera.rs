//! A camera whose frames run through the network. A thread reads the frames; the window takes the newest.

use super::{film::CameraSource, worker::spawn};
use crate::{Error, Result, picture::Picture};
use eframe::egui;
use image::imageops;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// The state of the camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filming {
    /// This program was built without.
    Never,
    /// It could film.
    Off,
    /// It films.
    On,
}

/// The camera, on or off.
pub struct Camera {
    film: Option<CameraSource>,
    reel: Option<Arc<Reel>>,
}

/// State that the thread and the window share.
#[derive(Default)]
struct Reel {
    newest: Mutex<Option<Result<Picture>>>,
    ended: AtomicBool,
}

impl Reel {
    fn newest(&self) -> MutexGuard<'_, Option<Result<Picture>>> {
        // Nothing that holds the lock panics half way.
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Camera {
    /// One that films so, and is off; none where `None`.
    pub fn new(film: Option<CameraSource>) -> Self {
        Camera { film, reel: None }
    }

    /// Whether it films.
    pub fn state(&self) -> Filming {
        match (&self.film, &self.reel) {
            (None, _) => Filming::Never,
            (Some(_), None) => Filming::Off,
            (Some(_), Some(_)) => Filming::On,
        }
    }

    /// Begins to film, or ends it.
    ///
    /// # Errors
    /// [`Error::Failed`] when the system has no thread to give.
    pub fn toggle(&mut self, ctx: &egui::Context) -> Result<()> {
        if self.reel.is_some() {
            self.stop();
            return Ok(());
        }
        let Some(film) = self.film.clone() else { return Ok(()) };
        let reel = Arc::<Reel>::default();
        let (read, ctx) = (Arc::clone(&reel), ctx.clone());
        spawn("camera", move || {
            let caught = catch_unwind(AssertUnwindSafe(|| record(&film, &read, &ctx)));
            let defect = |_| Err(Error::Failed("the camera stopped: a defect in its driver".into()));
            if let Err(why) = caught.unwrap_or_else(defect) {
                *read.newest() = Some(Err(why));
                ctx.request_repaint();
            }
        })?;
        self.reel = Some(reel);
        Ok(())
    }

    /// Ends filming. The thread is not waited for: a camera may take its time over a frame.
    pub fn stop(&mut self) {
        if let Some(reel) = self.reel.take() {
            reel.ended.store(true, Ordering::Relaxed);
        }
    }

    /// The newest frame that was not taken yet, or why there are no more: then it films no longer.
    pub fn newest(&mut self) -> Option<Result<Picture>> {
        let newest = self.reel.as_ref()?.newest().take();
        if matches!(newest, Some(Err(_))) {
            self.stop();
        }
        newest
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Reads frames until the camera is turned off, and mirrors them: people expect to see themselves as in a mirror.
fn record(film: &CameraSource, reel: &Reel, ctx: &egui::Context) -> Result<()> {
    let mut next = film()?;
    while !reel.ended.load(Ordering::Relaxed) {
        let mut frame = next()?;
        imageops::flip_horizontal_in_place(&mut frame);
        *reel.newest() = Some(Ok(Picture::from_rgb("webcam", frame)));
        ctx.request_repaint();
    }
    Ok(())
}

/// The system's first camera, in a build with the feature `webcam`.
pub fn native() -> Option<CameraSource> {
    #[cfg(feature = "webcam")]
    return Some(Arc::new(super::webcam::film));
    #[cfg(not(feature = "webcam"))]
    None
}
