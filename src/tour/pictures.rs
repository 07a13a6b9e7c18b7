//! The pictures of a tour.

use crate::{
    Result,
    engine::Run,
    figures::{self, Facts, Filters, HeatStyle, Patches, Scale, gap},
    methods::{Keep, Method, Reconstruction, Settings, Target, strongest_units},
    net::NodeId,
    paint::{ColourMap, Layout, NewFolder, Range, Scaling, Style, write_png},
    watch::Watch,
};
use image::RgbaImage;

/// The folder inside a tour that holds its pictures.
pub(super) const IMAGES: &str = "images";

/// Makes pictures of one run in one folder.
pub(super) struct TourPictures<'a> {
    pub run: &'a Run,
    pub folder: &'a NewFolder,
    /// The picture's name in captions.
    pub picture: String,
}

/// A picture in the folder.
pub(super) struct TourPicture {
    /// Its address from index.html.
    pub file: String,
    pub width: u32,
    pub height: u32,
    /// A description for readers who do not see the picture.
    pub alt: String,
}

/// A mosaic of units.
pub(super) struct MosaicPicture {
    pub picture: TourPicture,
    pub columns: u32,
    pub units: usize,
    pub scaling: Scaling,
    pub range: Range,
    /// The largest value of each unit.
    pub highs: Vec<f32>,
}

/// One attribution method.
pub(super) struct MethodPictures {
    pub method: &'static Method,
    /// The layer it reads, where it reads one.
    pub layer: Option<NodeId>,
    pub map: TourPicture,
    pub overlay: TourPicture,
    pub range: Range,
}

/// One unit: the part of the picture that it sees, and its reconstruction.
pub(super) struct UnitPictures {
    pub unit: usize,
    pub position: [usize; 2],
    pub activation: f32,
    pub patch: TourPicture,
    pub reconstruction: TourPicture,
}

/// The side of pictures that show the whole input.
const SIDE: u32 = 512;

/// The longest side of a mosaic.
const MOSAIC: u32 = 1200;

impl TourPictures<'_> {
    fn facts(&self) -> Facts {
        Facts::of(&self.run.model).picture(self.picture.clone())
    }

    fn write(&self, name: &str, image: &RgbaImage, facts: &Facts, alt: String) -> Result<TourPicture> {
        let file = format!("{IMAGES}/{name}.png");
        write_png(&self.folder.path(&file), image, &facts.texts())?;
        Ok(TourPicture { file, width: image.width(), height: image.height(), alt })
    }

    /// `012-features-3-relu`: sorted as the network runs, safe in every file system.
    fn name(&self, layer: NodeId, what: &str) -> String {
        let name: String = self.run.model.network.graph().node(layer).name.chars().map(plain).collect();
        format!("{layer:03}-{name}-{what}")
    }

    /// Pixels of a picture for each pixel of the network's input.
    fn scale(&self) -> u32 {
        let [_, height, width] = self.run.model.network.graph().input_shape();
        Scale::Pleasant.one(width, height)
    }

    /// The network's input, a square a pixel of it.
    pub fn input(&self) -> Result<TourPicture> {
        let image = figures::enlarged_rgb(&figures::input(self.run)?, self.scale());
        let alt = format!("The part of {} that {} sees", self.picture, self.run.model.card.title);
        self.write("picture", &image, &self.facts(), alt)
    }

    /// An attribution, by itself and over the picture. Methods that read layers read `layers`, the last with maps when
    /// empty.
    pub fn method(
        &self,
        method: &'static Method,
        class: usize,
        layers: &[NodeId],
        watch: &Watch,
    ) -> Result<MethodPictures> {
        let run = self.run;
        let settings = Settings::new();
        let target = Target::Class(class);
        let attribution = run.attribute_with(method, target, layers, &settings, watch)?;
        let (title, label) = (method.title, run.model.class_name(class));
        let range = Range::of(&attribution.values);
        let facts = figures::attribution_facts(run, method, target, &settings, &attribution)?;
        let facts = facts.picture(self.picture.clone());
        let (factor, style) = (self.scale(), HeatStyle::default());
        let map = figures::attribution_alone(run, &attribution, factor, &style);
        let name = match layers {
            [layer] => self.name(*layer, method.name),
            _ => format!("method-{}", method.name),
        };
        let map = self.write(&name, &map, &facts, format!("{title} for {label}"))?;
        let over = figures::attribution_over(run, &attribution, factor, &style)?;
        let alt = format!("{title} for {label}, over the picture");
        let overlay = self.write(&format!("{name}-overlay"), &over, &facts, alt)?;
        Ok(MethodPictures { method, layer: attribution.layer, map, overlay, range })
    }

    /// All feature maps of a layer.
    pub fn activations(&self, layer: NodeId) -> Result<MosaicPicture> {
        let view = &self.run.layers[layer];
        let [units, height, width] = view.shape;
        let layout = mosaic(units, width, height);
        let style = Style { map: ColourMap::Viridis, gamma: 1.0 };
        let scaling = figures::usual_scaling(style.map, height * width);
        let image = figures::all_units(view, &layout, scaling, &style)?;
        let facts = self.facts().layer(&self.run.model, layer).values(&view.shape, view.range());
        let node = self.run.model.network.graph().node(layer);
        let alt = format!("The {units} feature maps of {}, {height} by {width} each", node.name);
        let picture = self.write(&self.name(layer, "activations"), &image, &facts, alt)?;
        let highs = view.ranges.iter().map(|range| range.high).collect();
        Ok(MosaicPicture { picture, columns: layout.columns, units, scaling, range: view.range(), highs })
    }

    /// The filters of a layer that has some, with what the picture shows of them.
    pub fn filters(&self, layer: NodeId) -> Result<Option<(TourPicture, String)>> {
        let model = &self.run.model;
        let Some(filters) = Filters::of(&model.network, layer)? else { return Ok(None) };
        let (image, caption) = filters.overview(Scale::Pleasant, &Style::SIGNED);
        let facts = Facts { range: Some(filters.range()), ..Facts::of(model).layer(model, layer) };
        let alt = format!("Filters of {}", model.network.graph().node(layer).name);
        Ok(Some((self.write(&self.name(layer, "filters"), &image, &facts, alt)?, caption)))
    }

    /// The units that answer most, each with its patch of the picture and its reconstruction.
    pub fn units(&self, layer: NodeId, count: usize, watch: &Watch) -> Result<Vec<UnitPictures>> {
        let mut strongest = strongest_units(&self.run.trace, layer)?;
        strongest.retain(|&(_, activation)| activation > 0.0);
        strongest.truncate(count);
        let patches = Patches::of(self.run, layer)?;
        let mut pictures = Vec::new();
        for (index, &(unit, _)) in strongest.iter().enumerate() {
            let watch = watch.part(index, strongest.len());
            let one = self.run.deconvnet(layer, unit, Keep::Strongest, &watch)?;
            pictures.extend(self.unit(layer, &one, &patches)?);
        }
        Ok(pictures)
    }

    fn unit(&self, layer: NodeId, one: &Reconstruction, patches: &Patches) -> Result<Option<UnitPictures>> {
        let Some(position) = one.position else { return Ok(None) };
        let Reconstruction { unit, activation, .. } = *one;
        let name = &self.run.model.network.graph().node(layer).name;
        let range = Range::of(&one.values);
        let facts = self.facts().layer(&self.run.model, layer).unit(unit).values(&one.shape, range);
        let facts = facts.method("deconvnet", "Zeiler and Fergus 2014");
        let alt = format!("The part of the input that unit {unit} of {name} responds to");
        let patch =
            self.write(&self.name(layer, &format!("unit-{unit}-patch")), &patches.input(position), &facts, alt)?;
        let alt = format!("Deconvnet reconstruction of unit {unit} of {name}");
        let file = self.name(layer, &format!("unit-{unit}-deconvnet"));
        let reconstruction = self.write(&file, &patches.reconstruction(one, position), &facts, alt)?;
        Ok(Some(UnitPictures { unit, position, activation, patch, reconstruction }))
    }
}

fn plain(character: char) -> char {
    if character.is_ascii_alphanumeric() || character == '_' { character } else { '-' }
}

/// Tiles enlarged by a whole factor where that fits, shrunk where not even once fits.
fn mosaic(units: usize, width: usize, height: usize) -> Layout {
    let mut plain = Layout::square(units, (width as u32, height as u32), 0);
    if units <= 4 {
        plain.columns = units.max(1) as u32;
    }
    let (across, down) = plain.size(units);
    let longest = across.max(down).max(1);
    let layout = match MOSAIC / longest {
        0 => {
            let tile = (width as u32 * MOSAIC / longest, height as u32 * MOSAIC / longest);
            Layout { tile: (tile.0.max(1), tile.1.max(1)), ..plain }
        }
        // A handful of values need no squares the size of a hand.
        factor => {
            let factor = factor.min(48.max(SIDE.div_ceil(longest) / 4));
            Layout { tile: (width as u32 * factor, height as u32 * factor), ..plain }
        }
    };
    Layout { gap: gap(layout.tile).min(4), ..layout }
}
