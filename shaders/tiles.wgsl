// A grid of tiles, each one unit's map, coloured straight from its float values.
//
// Mirrors `crate::paint`: the same taps, the same colours. Where a tap falls is computed in integers, so that no
// rounding of a device can move it to the neighbouring texel. Coordinates are absolute physical pixels: egui clamps a
// callback's viewport to the window, so anything relative to the viewport would squash a grid that is scrolled.

struct Grid {
    origin : vec2<i32>,         // top left of the grid; may be outside the window
    tile : vec2<u32>,           // a tile's size
    map_size : vec2<u32>,       // a map's width and height
    whole : vec2<u32>,          // a tile's size were all of its map shown: larger than `tile` when zoomed
    shift : vec2<u32>,          // which pixel of that is the tile's first
    taps : vec2<u32>,           // along each axis of a pixel
    gap : u32,                  // between tiles, and around them all
    columns : u32,              // tiles a row
    count : u32,                // tiles
    units : u32,                // maps in the atlas
    atlas_rows : u32,           // maps a column of the atlas
    table : u32,                // row of `tables`
    own_ranges : u32,           // whether each unit has its own; else `range` for all
    diverging : u32,            // whether 0.5 is the middle of the table
    gamma : f32,
    arm : u32,                  // half the cross's length
    range : vec2<f32>,
    cross : vec2<i32>,          // in pixels of a tile; negative for none
    selected : vec2<u32>,       // corner of that tile in pixels of the grid, or 0xffffffff
    hovered : vec2<u32>,
    selected_width : u32,       // of the border, at most `gap`
    hovered_width : u32,
    selected_colour : vec4<f32>,
    hovered_colour : vec4<f32>,
}

@group(0) @binding(0) var<uniform> grid : Grid;
@group(0) @binding(1) var order : texture_2d<u32>;      // slot -> unit, in rows
@group(1) @binding(0) var maps : texture_2d<f32>;       // unit i in column i / atlas_rows, row i % atlas_rows
@group(1) @binding(1) var ranges : texture_2d<f32>;     // unit -> (low, high), in rows
@group(2) @binding(0) var tables : texture_2d<f32>;     // 256 colours a row

// Whether gamma is not 1. Software rasterisers compute both sides of a branch on a uniform, for every pixel.
override curved : bool = true;

// One triangle that covers the viewport.
@vertex
fn vertex(@builtin(vertex_index) i : u32) -> @builtin(position) vec4<f32> {
    let p = vec2<f32>(f32((i << 1u) & 2u), f32(i & 2u));
    return vec4<f32>(p * 2.0 - 1.0, 0.0, 1.0);
}

// a / b in integers, exact for quotients below 2^20: the float quotient is off by one at most. Software rasterisers
// divide integers one by one, floats eight or sixteen at a time.
fn divide(a : u32, b : u32) -> u32 {
    let q = u32(f32(a) / f32(b));
    let rest = i32(a - q * b);
    return q + select(0u, 1u, rest >= i32(b)) - select(0u, 1u, rest < 0);
}

// Where the i-th entry of a list stands in a texture that holds the list in rows.
fn wrapped(i : u32, width : u32) -> vec2<u32> {
    let row = divide(i, width);
    return vec2<u32>(i - row * width, row);
}

// On bits: a compiler may assume that floats are finite.
fn is_finite(v : f32) -> bool {
    return (bitcast<u32>(v) & 0x7f800000u) != 0x7f800000u;
}

fn power(x : f32, exponent : f32) -> f32 {
    if (x <= 0.0) { return 0.0; }
    return pow(x, exponent);
}

fn colour(v : f32, range : vec2<f32>) -> vec3<f32> {
    let diverging = grid.diverging != 0u;
    var t = select(0.0, 0.5, diverging);
    if (range.y > range.x) {
        t = clamp((v - range.x) / (range.y - range.x), 0.0, 1.0);
    }
    if (curved) {
        if (diverging) {
            let s = 2.0 * t - 1.0;
            t = 0.5 + 0.5 * sign(s) * power(abs(s), grid.gamma);
        } else {
            t = power(t, grid.gamma);
        }
    }
    let at = t * 255.0;
    let i = min(u32(at), 254u);
    let a = textureLoad(tables, vec2<u32>(i, grid.table), 0).rgb;
    let b = textureLoad(tables, vec2<u32>(i + 1u, grid.table), 0).rgb;
    return floor(mix(a, b, at - f32(i)) * 255.0 + 0.5) / 255.0;
}

// The texel under tap i of n: floor of (pixel + (i + 0.5) / n) * texels / pixels.
fn texel(pixel : u32, i : u32, n : u32, pixels : u32, texels : u32) -> u32 {
    return divide((2u * n * pixel + 2u * i + 1u) * texels, 2u * n * pixels);
}

fn unit_colour(unit : u32, p : vec2<u32>) -> vec3<f32> {
    let base = wrapped(unit, grid.atlas_rows).yx * grid.map_size;
    let n = grid.taps;
    var sum = 0.0;
    var finite = true;
    for (var j = 0u; j < n.y; j++) {
        let y = texel(p.y, j, n.y, grid.whole.y, grid.map_size.y);
        for (var i = 0u; i < n.x; i++) {
            let x = texel(p.x, i, n.x, grid.whole.x, grid.map_size.x);
            let v = textureLoad(maps, base + vec2<u32>(x, y), 0).x;
            finite = finite && is_finite(v);
            sum += v;
        }
    }
    if (!finite || !is_finite(sum)) { return vec3<f32>(1.0, 0.0, 1.0); }
    var range = grid.range;
    if (grid.own_ranges != 0u) {
        range = textureLoad(ranges, wrapped(unit, textureDimensions(ranges).x), 0).xy;
    }
    return colour(sum / f32(n.x * n.y), range);
}

// Whether p, which lies in a gap, is within `width` pixels of the tile with its corner at `low`.
fn on_border(p : vec2<u32>, low : vec2<u32>, width : u32) -> bool {
    return all(p + width >= low) && all(p < low + grid.tile + width);
}

fn shade(position : vec4<f32>) -> vec3<f32> {
    let signed = vec2<i32>(floor(position.xy)) - grid.origin;
    if (any(signed < vec2<i32>(0))) { discard; }
    let p = vec2<u32>(signed);
    let stride = grid.tile + grid.gap;
    let shifted = p - min(p, vec2<u32>(grid.gap));
    let cell = vec2<u32>(divide(shifted.x, stride.x), divide(shifted.y, stride.y));
    let q = shifted - cell * stride;
    let slot = cell.y * grid.columns + cell.x;
    if (any(p < vec2<u32>(grid.gap)) || any(q >= grid.tile)) {
        if (on_border(p, grid.selected, grid.selected_width)) { return grid.selected_colour.rgb; }
        if (on_border(p, grid.hovered, grid.hovered_width)) { return grid.hovered_colour.rgb; }
        discard;
    }
    if (cell.x >= grid.columns || slot >= grid.count) { discard; }
    let unit = textureLoad(order, wrapped(slot, textureDimensions(order).x), 0).x;
    if (unit >= grid.units) { discard; }
    let c = unit_colour(unit, q + grid.shift);
    let d = vec2<u32>(abs(vec2<i32>(q) - grid.cross));
    if (grid.cross.x >= 0 && min(d.x, d.y) == 0u && max(d.x, d.y) <= grid.arm) {
        // White on dark, black on bright: it shows on every colour of every table.
        return vec3<f32>(select(1.0, 0.0, dot(c, vec3<f32>(0.299, 0.587, 0.114)) > 0.5));
    }
    return c;
}

// For a target whose format is not sRGB, which is what egui asks for: encoded values go through as they are.
@fragment
fn encoded(@builtin(position) position : vec4<f32>) -> @location(0) vec4<f32> {
    return vec4<f32>(shade(position), 1.0);
}

// For an sRGB target, which encodes what it is given.
@fragment
fn linear(@builtin(position) position : vec4<f32>) -> @location(0) vec4<f32> {
    let c = shade(position);
    let high = pow((c + 0.055) / 1.055, vec3<f32>(2.4));
    return vec4<f32>(select(high, c / 12.92, c <= vec3<f32>(0.04045)), 1.0);
}
