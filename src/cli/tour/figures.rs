//! The pictures of a tour.

use super::super::{
    activations,
    facts::{ClassFacts, Facts},
    filters::Filters,
    patches::Patches,
    pictures::{Scale, gap, heatmap, paint_heatmap, paint_values, seen, usual_map},
};
use crate::{
    Error, Result,
    engine::Run,
    methods::{Attribution, Keep, Method, Reconstruction, Settings, Target, strongest_units},
    net::NodeId,
    paint::{ColourMap, Layout, NewFolder, Range, Scaling, Style, write_png},
    watch::Watch,
};
use image::{DynamicImage, RgbaImage};

/// The folder inside a tour that holds its pictures.
pub(super) const IMAGES: &str = "images";

/// Makes pictures of one run in one folder.
pub(super) struct Figures<'a> {
    pub run: &'a Run,
    pub folder: &'a NewFolder,
    /// What captions call the picture.
    pub picture: String,
}

/// A picture in the folder.
pub(super) struct Figure {
    /// Its address from index.html.
    pub file: String,
    pub width: u32,
    pub height: u32,
    /// What it shows, for those who do not see it.
    pub alt: String,
}

/// A mosaic of units.
pub(super) struct Mosaic {
    pub figure: Figure,
    pub columns: u32,
    pub units: usize,
    pub scaling: Scaling,
    pub range: Range,
    /// The largest value of each unit.
    pub highs: Vec<f32>,
}

/// One attribution method.
pub(super) struct MethodFigures {
    pub method: &'static Method,
    /// The layer it reads, where it reads one.
    pub layer: Option<NodeId>,
    pub map: Figure,
    pub overlay: Figure,
    pub range: Range,
}

/// What one unit sees, and what of it excites the unit.
pub(super) struct UnitFigures {
    pub unit: usize,
    pub position: [usize; 2],
    pub activation: f32,
    pub patch: Figure,
    pub reconstruction: Figure,
}

/// The side of pictures that show the whole input.
const SIDE: u32 = 512;

/// The side of a patch; finer ones would not be seen.
const PATCH: u32 = 224;

/// The longest side of a mosaic.
const MOSAIC: u32 = 1200;

impl Figures<'_> {
    fn facts(&self) -> Facts {
        Facts::of(&self.run.model).picture(self.picture.clone())
    }

    fn write(&self, name: &str, image: &RgbaImage, facts: &Facts, alt: String) -> Result<Figure> {
        let file = format!("{IMAGES}/{name}.png");
        write_png(&self.folder.path(&file), image, &facts.texts())?;
        Ok(Figure { file, width: image.width(), height: image.height(), alt })
    }

    /// `012-features-3-relu`: sorted as the network runs, safe in every file system.
    fn name(&self, layer: NodeId, what: &str) -> String {
        let name: String = self.run.model.network.graph().node(layer).name.chars().map(plain).collect();
        format!("{layer:03}-{name}-{what}")
    }

    fn factor(&self) -> u32 {
        let [_, height, width] = self.run.model.network.graph().input_shape();
        SIDE.div_ceil(height.max(width).max(1) as u32)
    }

    /// What the network sees of the picture.
    pub fn seen(&self) -> Result<Figure> {
        let image = DynamicImage::from(seen(self.run, self.factor())?).into_rgba8();
        let alt = format!("The part of {} that {} sees", self.picture, self.run.model.card.title);
        self.write("picture", &image, &self.facts(), alt)
    }

    /// An attribution, by itself and over the picture; `None` where there is nothing to show. Methods that read layers
    /// read `layers`, the last with maps when empty.
    pub fn method(
        &self,
        method: &'static Method,
        class: usize,
        layers: &[NodeId],
        watch: &Watch,
    ) -> Result<Option<MethodFigures>> {
        let run = self.run;
        let attribution = match run.attribute_with(method, Target::Class(class), layers, &Settings::new(), watch) {
            Ok(attribution) => attribution,
            // CAM proper is for some networks only.
            Err(Error::Failed(_) | Error::Usage(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let Attribution { shape: shape @ [channels, height, width], .. } = attribution;
        let class = ClassFacts::of(run, class);
        let (title, label) = (method.title, class.label.clone());
        let range = Range::of(&attribution.values);
        let facts = Facts { class: Some(class), method: Some(method.name), paper: Some(method.paper), ..self.facts() }
            .values(&shape, range);
        let facts = attribution.layer.map_or(facts.clone(), |layer| facts.layer(&run.model, layer));
        let (values, signed) = heatmap(&attribution);
        let style = Style { map: usual_map(signed), gamma: 1.0 };
        let factor = self.factor();
        let paint = |over| paint_heatmap(&values, signed, [height, width], &style, factor, run, over);
        let map = match channels {
            3 => paint_values(&attribution.values, shape, factor),
            _ => paint(false)?,
        };
        let name = match layers {
            [layer] => self.name(*layer, method.name),
            _ => format!("method-{}", method.name),
        };
        let map = self.write(&name, &map, &facts, format!("{title} for {label}"))?;
        let alt = format!("{title} for {label}, over the picture");
        let overlay = self.write(&format!("{name}-overlay"), &paint(true)?, &facts, alt)?;
        Ok(Some(MethodFigures { method, layer: attribution.layer, map, overlay, range }))
    }

    /// All feature maps of a layer.
    pub fn activations(&self, layer: NodeId) -> Result<Mosaic> {
        let view = &self.run.layers[layer];
        let [units, height, width] = view.shape;
        // A value alone says nothing on its own scale.
        let scaling = if height * width == 1 { Scaling::Layer } else { Scaling::Unit };
        let layout = mosaic(units, width, height);
        let style = Style { map: ColourMap::Viridis, gamma: 1.0 };
        let image = activations::all(view, &layout, scaling, &style)?;
        let facts = self.facts().layer(&self.run.model, layer).values(&view.shape, view.range());
        let node = self.run.model.network.graph().node(layer);
        let alt = format!("The {units} feature maps of {}, {height} by {width} each", node.name);
        let figure = self.write(&self.name(layer, "activations"), &image, &facts, alt)?;
        let highs = view.ranges.iter().map(|range| range.high).collect();
        Ok(Mosaic { figure, columns: layout.columns, units, scaling, range: view.range(), highs })
    }

    /// The filters of a layer that has some, with what the picture shows of them.
    pub fn filters(&self, layer: NodeId) -> Result<Option<(Figure, String)>> {
        let model = &self.run.model;
        let Some(filters) = Filters::of(&model.network, layer)? else { return Ok(None) };
        let (image, caption) = filters.overview(Scale::Pleasant, &Style { map: ColourMap::RedBlue, gamma: 1.0 });
        let facts = Facts { range: Some(filters.range()), ..Facts::of(model).layer(model, layer) };
        let alt = format!("Filters of {}", model.network.graph().node(layer).name);
        Ok(Some((self.write(&self.name(layer, "filters"), &image, &facts, alt)?, caption)))
    }

    /// The units that answer most, each with its patch of the picture and its reconstruction.
    pub fn units(&self, layer: NodeId, count: usize, watch: &Watch) -> Result<Vec<UnitFigures>> {
        let mut strongest = strongest_units(&self.run.trace, layer)?;
        strongest.retain(|&(_, activation)| activation > 0.0);
        strongest.truncate(count);
        let patches = Patches::of(self.run, layer, PATCH)?;
        let mut figures = Vec::new();
        for (index, &(unit, _)) in strongest.iter().enumerate() {
            let watch = watch.part(index, strongest.len());
            let one = self.run.deconvnet(layer, unit, Keep::Strongest, &watch)?;
            figures.extend(self.unit(layer, &one, &patches)?);
        }
        Ok(figures)
    }

    fn unit(&self, layer: NodeId, one: &Reconstruction, patches: &Patches) -> Result<Option<UnitFigures>> {
        let Some(position) = one.position else { return Ok(None) };
        let Reconstruction { unit, activation, .. } = *one;
        let name = &self.run.model.network.graph().node(layer).name;
        let facts = Facts {
            unit: Some(unit),
            method: Some("deconvnet"),
            paper: Some("Zeiler and Fergus 2014"),
            ..self.facts().layer(&self.run.model, layer).values(&one.shape, Range::of(&one.values))
        };
        let alt = format!("The part of the picture that unit {unit} of {name} answers to");
        let patch =
            self.write(&self.name(layer, &format!("unit-{unit}-patch")), &patches.picture(position), &facts, alt)?;
        let alt = format!("Deconvnet reconstruction of unit {unit} of {name}");
        let file = self.name(layer, &format!("unit-{unit}-deconvnet"));
        let reconstruction = self.write(&file, &patches.reconstruction(one, position), &facts, alt)?;
        Ok(Some(UnitFigures { unit, position, activation, patch, reconstruction }))
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
