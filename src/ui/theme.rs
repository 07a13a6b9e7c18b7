//! Dark and light: neutral greys, one accent, and the sizes that every pane shares.

use eframe::egui::{
    self, Color32, CornerRadius, FontFamily, FontId, Margin, Shadow, Stroke, Style, TextStyle, Theme, Vec2, Visuals,
    style::{Selection, WidgetVisuals},
    vec2,
};

/// The colours that egui's visuals have no place for.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    /// Behind and between the panes.
    pub backdrop: Color32,
    /// A pane.
    pub pane: Color32,
    /// Picked items, handles and marks.
    pub accent: Color32,
    /// A row that is picked.
    pub picked: Color32,
    /// A row under the pointer.
    pub hovered: Color32,
    /// The bar of a class's probability. Text is read on it.
    pub bar: Color32,
    /// The same for the class that is explained.
    pub bar_picked: Color32,
    /// Hair lines and rails.
    pub line: Color32,
    /// Text that explains.
    pub weak: Color32,
    /// Warnings, such as untrained weights.
    pub warning: Color32,
    /// The second picture of a comparison.
    pub second: Color32,
    /// The receptive field on a photograph: readable on dark and on bright.
    pub field: Color32,
}

const fn grey(r: u8, g: u8, b: u8) -> Color32 {
    Color32::from_rgb(r, g, b)
}

/// The accent is a coral that no end of viridis, inferno or the grey map has, so a border around a tile shows.
const DARK: Palette = Palette {
    backdrop: grey(17, 18, 21),
    pane: grey(26, 28, 32),
    accent: grey(255, 122, 80),
    picked: grey(49, 42, 41),
    hovered: grey(35, 38, 43),
    bar: grey(62, 68, 79),
    bar_picked: grey(128, 58, 36),
    line: grey(48, 52, 59),
    weak: grey(142, 148, 158),
    warning: grey(240, 180, 80),
    second: grey(86, 180, 233),
    field: grey(255, 122, 80),
};

const LIGHT: Palette = Palette {
    backdrop: grey(226, 227, 230),
    pane: grey(250, 250, 251),
    accent: grey(178, 56, 14),
    picked: grey(251, 229, 220),
    hovered: grey(239, 240, 242),
    bar: grey(196, 203, 214),
    bar_picked: grey(250, 187, 164),
    line: grey(213, 215, 220),
    weak: grey(94, 99, 108),
    warning: grey(138, 84, 0),
    second: grey(0, 104, 168),
    field: grey(255, 100, 50),
};

/// Text, and text that stands out.
const DARK_TEXT: [Color32; 2] = [grey(214, 217, 222), grey(245, 246, 248)];
const LIGHT_TEXT: [Color32; 2] = [grey(44, 47, 53), grey(12, 13, 15)];

impl Palette {
    /// The dark palette, for what is drawn outside the window.
    pub fn dark() -> &'static Palette {
        &DARK
    }

    /// The palette of the theme in force.
    pub fn of(ctx: &egui::Context) -> &'static Palette {
        match ctx.theme() {
            Theme::Dark => &DARK,
            Theme::Light => &LIGHT,
        }
    }
}

/// Corners of everything that has any.
pub const RADIUS: u8 = 4;

/// Between panes.
pub const GAP: f32 = 5.0;

/// Inside a pane.
pub const MARGIN: Margin = Margin { left: 10, right: 10, top: 6, bottom: 8 };

/// Sets both themes.
pub fn install(ctx: &egui::Context) {
    ctx.set_style_of(Theme::Dark, style(Visuals::dark(), &DARK, DARK_TEXT));
    ctx.set_style_of(Theme::Light, style(Visuals::light(), &LIGHT, LIGHT_TEXT));
}

fn style(base: Visuals, palette: &Palette, [text, strong]: [Color32; 2]) -> Style {
    let mut style = Style { visuals: visuals(base, palette, text, strong), ..Style::default() };
    let font = |size, family| FontId::new(size, family);
    style.text_styles = [
        (TextStyle::Heading, font(16.0, FontFamily::Proportional)),
        (TextStyle::Body, font(13.0, FontFamily::Proportional)),
        (TextStyle::Button, font(13.0, FontFamily::Proportional)),
        (TextStyle::Small, font(11.5, FontFamily::Proportional)),
        (TextStyle::Monospace, font(11.5, FontFamily::Monospace)),
    ]
    .into();
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(8.0, 5.0);
    spacing.button_padding = vec2(7.0, 2.0);
    spacing.interact_size = vec2(28.0, 22.0);
    spacing.menu_margin = Margin::same(5);
    spacing.combo_width = 40.0;
    spacing.combo_height = 420.0;
    spacing.slider_width = 80.0;
    spacing.slider_rail_height = 4.0;
    spacing.icon_width = 15.0;
    spacing.icon_width_inner = 9.0;
    spacing.icon_spacing = 5.0;
    spacing.tooltip_width = 380.0;
    spacing.scroll = egui::style::ScrollStyle::thin();
    // Where colours are numbers, nothing may be shaded.
    spacing.scroll.fade.strength = 0.0;
    style.interaction.selectable_labels = false;
    style.animation_time = 0.08;
    style
}

fn visuals(base: Visuals, palette: &Palette, text: Color32, strong: Color32) -> Visuals {
    let radius = CornerRadius::same(RADIUS);
    let raised = palette.line;
    let widget = |fill: Color32, outline: Color32, ink: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, outline),
        corner_radius: radius,
        fg_stroke: Stroke::new(1.0, ink),
        expansion: 0.0,
    };
    let mut visuals = base;
    visuals.widgets.noninteractive = widget(palette.pane, palette.line, text);
    visuals.widgets.inactive = widget(palette.hovered, palette.line, text);
    visuals.widgets.hovered = widget(raised, palette.weak.gamma_multiply(0.6), strong);
    visuals.widgets.active = widget(raised, palette.accent, strong);
    visuals.widgets.open = widget(raised, palette.weak.gamma_multiply(0.6), strong);
    visuals.selection = Selection { bg_fill: palette.picked, stroke: Stroke::new(1.0, palette.accent) };
    visuals.hyperlink_color = palette.accent;
    visuals.weak_text_color = Some(palette.weak);
    visuals.faint_bg_color = palette.hovered;
    visuals.extreme_bg_color = palette.backdrop;
    visuals.code_bg_color = palette.hovered;
    visuals.warn_fg_color = palette.warning;
    visuals.window_corner_radius = CornerRadius::same(RADIUS + 2);
    visuals.menu_corner_radius = CornerRadius::same(RADIUS + 2);
    visuals.window_fill = palette.pane;
    visuals.window_stroke = Stroke::new(1.0, palette.line);
    visuals.panel_fill = palette.backdrop;
    visuals.window_shadow = shadow(24);
    visuals.popup_shadow = shadow(12);
    visuals.slider_trailing_fill = true;
    visuals.handle_shape = egui::style::HandleShape::Circle;
    visuals
}

fn shadow(blur: u8) -> Shadow {
    Shadow { offset: [0, 4], blur, spread: 0, color: Color32::from_black_alpha(70) }
}

/// A frame without a line: what panels stand in.
pub fn bare(fill: Color32, margin: Margin) -> egui::Frame {
    egui::Frame::NONE.fill(fill).inner_margin(margin)
}

/// The size of small pictures beside text.
pub const THUMBNAIL: Vec2 = Vec2::splat(34.0);

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance by WCAG 2.
    fn luminance(colour: Color32) -> f64 {
        let linear = |value: u8| match f64::from(value) / 255.0 {
            value if value <= 0.03928 => value / 12.92,
            value => ((value + 0.055) / 1.055).powf(2.4),
        };
        0.2126 * linear(colour.r()) + 0.7152 * linear(colour.g()) + 0.0722 * linear(colour.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_has_the_contrast_of_wcag_aa_in_both_themes() {
        assert!((contrast(Color32::WHITE, Color32::BLACK) - 21.0).abs() < 1e-9);
        for (palette, [text, strong]) in [(DARK, DARK_TEXT), (LIGHT, LIGHT_TEXT)] {
            let Palette { accent, weak, warning, second, .. } = palette;
            for behind in [palette.backdrop, palette.pane, palette.picked, palette.hovered] {
                for ink in [text, strong, accent, weak, warning, second] {
                    assert!(contrast(ink, behind) >= 4.5, "{ink:?} on {behind:?}: {:.2}", contrast(ink, behind));
                }
            }
            for behind in [palette.bar, palette.bar_picked] {
                assert!(contrast(strong, behind) >= 4.5, "{strong:?} on {behind:?}: {:.2}", contrast(strong, behind));
            }
        }
    }
}
