//! Small pictures of the files beside the one that is open. A thread of its own lists the folder and decodes what is in
//! view, one after the other and the newest wish first; what was not looked at for long is forgotten.

use super::worker::{SharedState, WorkerThread};
use crate::{
    error::Result,
    picture::{Picture, pictures_in},
    ui::background::textures::rgb_texture,
};
use eframe::egui::{Context, TextureHandle, TextureOptions};
use image::imageops;
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The longer side in pixels: a tile on a screen of twice the usual density.
const SIDE: u32 = 160;

/// Number of thumbnails in memory, more than any pane shows at once: 25 MiB of textures.
const MOST: usize = 256;

/// Number of thumbnails that may wait. Older requests, which were scrolled past, are dropped.
const MOST_WANTED: usize = 64;

/// The place of a picture.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PictureFile {
    /// A file.
    File(PathBuf),
    /// A sample, by its name.
    Sample(&'static str),
}

impl PictureFile {
    /// Its name for people.
    pub fn name(&self) -> String {
        match self {
            PictureFile::File(path) => {
                path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
            }
            PictureFile::Sample(name) => (*name).to_owned(),
        }
    }

    fn open(&self) -> Result<Picture> {
        match self {
            PictureFile::File(path) => Picture::open(path),
            PictureFile::Sample(name) => Picture::from_source(format!("sample:{name}")),
        }
    }
}

/// The state of a thumbnail.
#[derive(Clone)]
pub enum Thumb {
    /// There.
    Ready(TextureHandle),
    /// On its way.
    Coming,
    /// The file is no picture, and why.
    Failed(String),
}

/// The files of a folder, or why they are not known; `None` until they are listed.
pub type Listing = Option<Result<Arc<[PathBuf]>, String>>;

/// Thumbnails, and the thread that makes them.
pub struct Thumbs {
    worker: WorkerThread<Thumbnails>,
}

#[derive(Default)]
struct Thumbnails {
    /// The folder, the run for which it was listed, and its files.
    folder: Option<(PathBuf, u64, Listing)>,
    /// Whether it is to be listed.
    relist: bool,
    made: HashMap<PictureFile, (u64, Thumb)>,
    wanted: Vec<PictureFile>,
    clock: u64,
}

enum ThumbJob {
    List(PathBuf),
    Decode(PictureFile),
}

impl Thumbs {
    /// Starts the thread.
    ///
    /// # Errors
    /// [`crate::Error::Failed`] when the system has no thread to give.
    pub fn start(ctx: Context) -> Result<Self> {
        let work = move |shared: &SharedState<Thumbnails>, job| work(shared, job, &ctx);
        Ok(Thumbs { worker: WorkerThread::start("thumbnails", Thumbnails::default(), Thumbnails::job, work)? })
    }

    /// The pictures in a folder, listed anew for every run (`of`): files come and go.
    pub fn files(&self, folder: &Path, of: u64) -> Listing {
        let mut state = self.worker.lock();
        if let Some((path, listed, files)) = &mut state.folder
            && path == folder
        {
            let files = files.clone();
            if *listed == of {
                return files;
            }
            // The old listing stays in view until the new one is there.
            *listed = of;
            state.relist = true;
            drop(state);
            self.worker.wake();
            return files;
        }
        state.folder = Some((folder.to_owned(), of, None));
        state.relist = true;
        drop(state);
        self.worker.wake();
        None
    }

    /// The thumbnail of a picture; asks for it where it is not there.
    pub fn thumb(&self, place: &PictureFile) -> Thumb {
        let mut state = self.worker.lock();
        state.clock += 1;
        let clock = state.clock;
        if let Some((used, thumb)) = state.made.get_mut(place) {
            *used = clock;
            return thumb.clone();
        }
        if !state.wanted.contains(place) {
            let passed = (state.wanted.len() + 1).saturating_sub(MOST_WANTED);
            state.wanted.drain(..passed);
            state.wanted.push(place.clone());
            drop(state);
            self.worker.wake();
        }
        Thumb::Coming
    }

    /// Number of thumbnails in memory.
    pub fn kept(&self) -> usize {
        self.worker.lock().made.len()
    }
}

fn work(shared: &SharedState<Thumbnails>, job: ThumbJob, ctx: &Context) {
    match job {
        ThumbJob::List(folder) => {
            let files = pictures_in(&folder).map(Arc::from).map_err(|error| error.to_string());
            if let Some((path, _, listing)) = &mut shared.lock().folder
                && *path == folder
            {
                *listing = Some(files);
            }
        }
        ThumbJob::Decode(place) => {
            let thumb = match place.open() {
                Ok(picture) => Thumb::Ready(shrink(ctx, &picture)),
                Err(error) => Thumb::Failed(error.to_string()),
            };
            shared.lock().keep(place, thumb);
        }
    }
    ctx.request_repaint();
}

fn shrink(ctx: &Context, picture: &Picture) -> TextureHandle {
    let (width, height) = picture.pixels.dimensions();
    let longest = width.max(height);
    if longest <= SIDE {
        return rgb_texture(ctx, "thumbnail", &picture.pixels, TextureOptions::LINEAR);
    }
    let side = |side: u32| (u64::from(side) * u64::from(SIDE) / u64::from(longest)).max(1) as u32;
    let small = imageops::thumbnail(&*picture.pixels, side(width), side(height));
    rgb_texture(ctx, "thumbnail", &small, TextureOptions::LINEAR)
}

impl Thumbnails {
    /// The next job: the listing before the newest wish.
    fn job(&mut self) -> Option<ThumbJob> {
        if std::mem::take(&mut self.relist)
            && let Some((folder, ..)) = &self.folder
        {
            return Some(ThumbJob::List(folder.clone()));
        }
        // It stays among the wanted until it is made, so that it is not asked for twice.
        self.wanted.last().cloned().map(ThumbJob::Decode)
    }

    fn keep(&mut self, place: PictureFile, thumb: Thumb) {
        self.wanted.retain(|other| *other != place);
        self.made.insert(place, (self.clock, thumb));
        while self.made.len() > MOST {
            let oldest = self.made.iter().min_by_key(|(_, (used, _))| *used).map(|(place, _)| place.clone());
            oldest.map(|place| self.made.remove(&place));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use std::{
        thread,
        time::{Duration, Instant},
    };

    fn wait(thumbs: &Thumbs, place: &PictureFile) -> Thumb {
        let start = Instant::now();
        loop {
            match thumbs.thumb(place) {
                Thumb::Coming => assert!(start.elapsed() < Duration::from_secs(60), "no thumbnail of {place:?}"),
                found => return found,
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    #[test]
    fn thumbnails_are_small_and_few() {
        let folder = tempfile::tempdir().unwrap();
        let thumbs = Thumbs::start(Context::default()).unwrap();
        let large = folder.path().join("large.png");
        image::RgbImage::new(600, 300).save(&large).unwrap();
        let Thumb::Ready(texture) = wait(&thumbs, &PictureFile::File(large)) else { panic!("no thumbnail") };
        assert_eq!(texture.size(), [160, 80]);
        let Thumb::Ready(texture) = wait(&thumbs, &PictureFile::Sample("coffee")) else { panic!("no thumbnail") };
        assert_eq!(texture.size()[0], 160);
        let bad = folder.path().join("bad.png");
        std::fs::write(&bad, "no picture").unwrap();
        let Thumb::Failed(why) = wait(&thumbs, &PictureFile::File(bad)) else { panic!("a thumbnail of nothing") };
        assert!(why.contains("bad.png"));
        for index in 0..MOST + 9 {
            let path = folder.path().join(format!("{index}.ppm"));
            std::fs::write(&path, b"P6 1 1 255\nabc").unwrap();
            assert!(matches!(wait(&thumbs, &PictureFile::File(path)), Thumb::Ready(_)), "{index}");
        }
        assert_eq!(thumbs.kept(), MOST);
    }
}
