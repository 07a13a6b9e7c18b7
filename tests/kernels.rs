//! The blocked kernels against plain loops in float64, over random shapes and on every instruction set of this CPU.
#![allow(clippy::unwrap_used, clippy::panic)]

use half::f16;
use striate::kernels::blocked::{
    BufferPool, ConvFilters, ConvGeometry, Direct, Epilogue, Isa, LANES, Maps, MapsMut, Owned, Placement, Winograd,
    linear, linear_reverse,
};

/// Largest difference over largest magnitude, for sums of a few thousand products in float32.
const DIRECT: f64 = 2e-6;
const F2: f64 = 4e-6;
const F4: f64 = 4e-5;

/// A sequence of numbers that looks random.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
    fn of(&mut self, choices: &[usize]) -> usize {
        choices[self.below(choices.len())]
    }
    fn values(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| (self.next() >> 40) as f32 / (1u64 << 23) as f32 - 1.0).collect()
    }
}

/// A convolution of some shape that fits its input.
fn geometry(
    random: &mut Random,
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    groups: usize,
) -> ConvGeometry {
    let channels = groups * (1 + random.below(40 / groups + 1));
    let units = groups * (1 + random.below(50 / groups + 1));
    let before = kernel.map(|k| random.below(k.min(3)));
    let after = kernel.map(|k| random.below(k.min(3)));
    let span = [0, 1].map(|axis| dilation[axis] * (kernel[axis] - 1) + 1);
    let size = [0, 1].map(|axis| (span[axis] + random.below(19)).saturating_sub(before[axis] + after[axis]).max(1));
    let room = |axis: usize| (size[axis] + before[axis] + after[axis]).checked_sub(span[axis]);
    match (room(0), room(1)) {
        (Some(rows), Some(columns)) => {
            let output = [units, rows / stride[0] + 1, columns / stride[1] + 1];
            ConvGeometry { input: [channels, size[0], size[1]], output, kernel, stride, dilation, groups, before }
        }
        _ => geometry(random, kernel, stride, dilation, groups),
    }
}

/// Calls `f(output index, input index, weight index)` for every product of the convolution.
fn products(g: &ConvGeometry, batch: usize, mut f: impl FnMut(usize, usize, usize)) {
    let (group_channels, group_units) = (g.input[0] / g.groups, g.output[0] / g.groups);
    for image in 0..batch {
        for unit in 0..g.output[0] {
            for (y, x) in (0..g.output[1]).flat_map(|y| (0..g.output[2]).map(move |x| (y, x))) {
                for inner in 0..group_channels {
                    let channel = unit / group_units * group_channels + inner;
                    for row in 0..g.kernel[0] {
                        for column in 0..g.kernel[1] {
                            let i = (y * g.stride[0] + row * g.dilation[0]).checked_sub(g.before[0]);
                            let j = (x * g.stride[1] + column * g.dilation[1]).checked_sub(g.before[1]);
                            let Some((i, j)) = i.zip(j).filter(|&(i, j)| i < g.input[1] && j < g.input[2]) else {
                                continue;
                            };
                            f(
                                ((image * g.output[0] + unit) * g.output[1] + y) * g.output[2] + x,
                                ((image * g.input[0] + channel) * g.input[1] + i) * g.input[2] + j,
                                ((unit * group_channels + inner) * g.kernel[0] + row) * g.kernel[1] + column,
                            );
                        }
                    }
                }
            }
        }
    }
}

fn owned(place: Placement, values: Option<&[f32]>, pool: &BufferPool) -> Owned {
    let mut maps = Owned { buffer: pool.take(place.buffer_length()), place };
    // Values that are never written must not be read: NaN shows it.
    maps.buffer.fill(f32::NAN);
    if let Some(values) = values {
        MapsMut::new(&mut maps.buffer, place).fill_from_planar(values);
    }
    maps
}

fn difference(ours: &[f32], theirs: &[f64]) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    let largest = theirs.iter().fold(1e-30f64, |m, v| m.max(v.abs()));
    ours.iter().zip(theirs).fold(0f64, |m, (a, b)| if a.is_nan() { f64::NAN } else { m.max((f64::from(*a) - b).abs()) })
        / largest
}

enum Kernel {
    Direct(Direct),
    Winograd(Winograd),
}

impl Kernel {
    fn run(&self, source: Maps, out: &mut MapsMut, epilogue: &Epilogue, pool: &BufferPool) {
        match self {
            Kernel::Direct(kernel) => kernel.run(source, out, epilogue, pool),
            Kernel::Winograd(kernel) => kernel.run(source, out, epilogue, pool),
        }
    }
}

/// Forward with a full epilogue, and the input gradient with scaled filters, of one convolution by one algorithm.
fn check(random: &mut Random, isa: Isa, g: ConvGeometry, tile: Option<usize>, planar: bool, tolerance: f64) {
    let pool = BufferPool::default();
    let batch = 1 + random.below(3);
    let count = |[channels, height, width]: [usize; 3]| batch * channels * height * width;
    let x = random.values(count(g.input));
    let seed = random.values(count(g.output));
    let weights = random.values(g.output[0] * g.input[0] / g.groups * g.kernel[0] * g.kernel[1]);
    let [scale, shift] = [0, 1].map(|_| random.values(g.output[0].next_multiple_of(LANES)));
    let [residual, gate] = [0, 1].map(|_| random.values(count(g.output)));
    let pixels = g.output[1] * g.output[2];
    let kernel = |filters: ConvFilters| match tile {
        Some(tile) => Kernel::Winograd(Winograd::new(isa, filters, tile, &pool)),
        None => Kernel::Direct(Direct::new(isa, filters, planar && !filters.transposed, &pool)),
    };
    let what = format!("{} {g:?} tile {tile:?} planar {planar} batch {batch}", isa.name());

    let mut sums = vec![0f64; seed.len()];
    products(&g, batch, |o, i, w| sums[o] += f64::from(x[i]) * f64::from(weights[w]));
    let source = if planar { Placement::planar(batch, g.input) } else { Placement::alone(batch, g.input) };
    let source = owned(source, Some(&x), &pool);
    let plain = ConvFilters { values: &weights, geometry: g, transposed: false, scale: None };
    let forward = kernel(plain);
    // The output lies between other maps in its buffer, which must stay as they are.
    let place = Placement { first: 1, total: g.output[0].div_ceil(LANES) + 2, ..Placement::alone(batch, g.output) };
    let mut out = owned(place, None, &pool);
    forward.run(source.view(), &mut out.view_mut(), &Epilogue::default(), &pool);
    let d = difference(&out.view().to_planar(), &sums);
    assert!(d <= tolerance, "{what}: {d:e}");
    let written = place.blocks() * place.plane() * batch;
    assert_eq!(out.buffer.iter().filter(|v| !v.is_nan()).count(), written, "{what}: writes outside");

    let full: Vec<f64> = sums
        .iter()
        .enumerate()
        .map(|(index, sum)| {
            let unit = index / pixels % g.output[0];
            let value = sum * f64::from(scale[unit]) + f64::from(shift[unit]) + f64::from(residual[index]);
            if gate[index] > 0.0 { value.max(0.0) } else { 0.0 }
        })
        .collect();
    let alone = Placement::alone(batch, g.output);
    let (add, gates) = (owned(alone, Some(&residual), &pool), owned(alone, Some(&gate), &pool));
    let (add, gates) = (Some(add.view()), Some(gates.view()));
    let epilogue =
        Epilogue { scale: Some(&scale), shift: Some(&shift), add, gate: gates, rectify: true, ..Epilogue::default() };
    forward.run(source.view(), &mut out.view_mut(), &epilogue, &pool);
    // Relative to the sums before the epilogue: it may leave few values.
    let scale_of = sums.iter().fold(1.0f64, |m, v| m.max(v.abs())) / full.iter().fold(1e-30f64, |m, v| m.max(v.abs()));
    let d = difference(&out.view().to_planar(), &full) / scale_of.max(1.0);
    assert!(d <= 2.0 * tolerance, "{what} with epilogue: {d:e}");

    let mut gradient = vec![0f64; x.len()];
    products(&g, batch, |o, i, w| {
        let factor = f64::from(scale[o / pixels % g.output[0]]);
        gradient[i] += f64::from(seed[o]) * factor * f64::from(weights[w]);
    });
    let reverse = kernel(ConvFilters { transposed: true, scale: Some(&scale), ..plain });
    let seed = owned(alone, Some(&seed), &pool);
    let mut back = owned(Placement::alone(batch, g.input), None, &pool);
    reverse.run(seed.view(), &mut back.view_mut(), &Epilogue::default(), &pool);
    let d = difference(&back.view().to_planar(), &gradient);
    assert!(d <= tolerance, "{what} gradient: {d:e}");
}

#[test]
fn direct_convolutions() {
    let mut random = Random(1);
    for isa in Isa::all() {
        for _ in 0..40 {
            let kernel = [random.of(&[1, 1, 2, 3, 5, 7]), random.of(&[1, 1, 2, 3, 5, 7])];
            let stride = [0, 1].map(|_| random.of(&[1, 1, 2, 3, 4]));
            let dilation = [0, 1].map(|_| random.of(&[1, 1, 1, 2, 3]));
            let groups = random.of(&[1, 1, 1, 2, 3, 8, 32]);
            let g = geometry(&mut random, kernel, stride, dilation, groups);
            check(&mut random, isa, g, None, false, DIRECT);
        }
    }
}

#[test]
fn the_first_layer_reads_a_planar_picture() {
    let mut random = Random(2);
    for isa in Isa::all() {
        for _ in 0..20 {
            let kernel = random.of(&[1, 3, 5, 7, 11]);
            let stride = [0, 1].map(|_| random.of(&[1, 2, 4]));
            let g = geometry(&mut random, [kernel, kernel], stride, [1; 2], 1);
            let g = ConvGeometry { input: [1 + random.below(4), g.input[1], g.input[2]], ..g };
            check(&mut random, isa, g, None, true, DIRECT);
        }
    }
}

#[test]
fn winograd() {
    let mut random = Random(3);
    for isa in Isa::all() {
        for (tile, tolerance) in [(2, F2), (4, F4)] {
            for _ in 0..20 {
                let g = geometry(&mut random, [3, 3], [1; 2], [1; 2], 1);
                check(&mut random, isa, g, Some(tile), false, tolerance);
            }
            // More channels than one task takes through all steps.
            let g = ConvGeometry { input: [144, 13, 9], ..geometry(&mut random, [3, 3], [1; 2], [1; 2], 1) };
            let g = ConvGeometry { output: [g.output[0], 12, 8], before: [1, 0], ..g };
            check(&mut random, isa, g, Some(tile), false, tolerance);
        }
    }
}

/// On a flat background every pooling window must find a tie, as after a direct convolution.
#[test]
fn winograd_keeps_a_flat_background_flat() {
    let mut random = Random(4);
    let pool = BufferPool::default();
    for (isa, tile, channels) in Isa::all()
        .into_iter()
        .flat_map(|isa| [2, 4].map(|tile| (isa, tile)))
        .flat_map(|(isa, tile)| [20, 144].map(|channels| (isa, tile, channels)))
    {
        let g = ConvGeometry { input: [channels, 24, 24], ..geometry(&mut random, [3, 3], [1; 2], [1; 2], 1) };
        let g = ConvGeometry { output: [g.output[0], 24, 24], before: [1, 1], ..g };
        let background = random.values(channels);
        let mut x: Vec<f32> = background.iter().flat_map(|&value| [value; 576]).collect();
        // A bar that reaches neither the upper edge nor the lower one.
        for place in
            (0..x.len()).filter(|place| (9..11).contains(&(place % 24)) && (8..16).contains(&(place / 24 % 24)))
        {
            x[place] = random.values(1)[0];
        }
        let weights = random.values(g.output[0] * channels * 9);
        let filters = ConvFilters { values: &weights, geometry: g, transposed: false, scale: None };
        let source = owned(Placement::alone(1, g.input), Some(&x), &pool);
        let mut out = owned(Placement::alone(1, g.output), None, &pool);
        Winograd::new(isa, filters, tile, &pool).run(source.view(), &mut out.view_mut(), &Epilogue::default(), &pool);
        let found = out.view().to_planar();
        let at = |unit: usize, y: usize, x: usize| found[unit * 576 + y * 24 + x];
        let what = format!("{} tiles of {tile}, {channels} channels", isa.name());
        for unit in 0..g.output[0] {
            // All outputs that see nothing but the background, at every side of the bar.
            let mut flat = (1..23).flat_map(|y| (1..23).map(move |x| (y, x)));
            let sees_the_bar = |y: usize, x: usize| (7..17).contains(&y) && (8..12).contains(&x);
            assert!(flat.all(|(y, x)| sees_the_bar(y, x) || at(unit, y, x) == at(unit, 1, 1)), "{what}");
            // The upper edge, where the padding begins, is the same all along.
            assert!((1..23).all(|x| at(unit, 0, x) == at(unit, 0, 1)), "{what} at the edge");
        }
    }
}

/// Both directions of a fully connected layer, float32 weights and the same values in float16.
#[test]
fn fully_connected_layers() {
    let mut random = Random(7);
    for (batch, inputs, outputs) in [(1, 1, 1), (1, 53, 7), (3, 64, 9), (2, 1500, 33), (1, 2048, 130)] {
        let halves: Vec<f16> = random.values(inputs * outputs).into_iter().map(f16::from_f32).collect();
        let singles: Vec<f32> = halves.iter().map(|weight| weight.to_f32()).collect();
        let (x, bias) = (random.values(batch * inputs), random.values(outputs));
        let mut grad = random.values(batch * outputs);
        grad.iter_mut().step_by(3).for_each(|value| *value = 0.0);
        let weight = |row: usize, column: usize| f64::from(singles[row * inputs + column]);
        let dot = |count: usize, f: &dyn Fn(usize) -> f64| (0..count).map(f).sum::<f64>();
        let forward = (0..batch * outputs).map(|at| {
            let (image, row) = (at / outputs, at % outputs);
            f64::from(bias[row]) + dot(inputs, &|column| weight(row, column) * f64::from(x[image * inputs + column]))
        });
        let reverse = (0..batch * inputs).map(|at| {
            let (image, column) = (at / inputs, at % inputs);
            dot(outputs, &|row| weight(row, column) * f64::from(grad[image * outputs + row]))
        });
        let (forward, reverse): (Vec<f64>, Vec<f64>) = (forward.collect(), reverse.collect());
        for isa in Isa::all() {
            let found = linear(isa, &x, &singles, Some(&bias), outputs);
            assert!(difference(&found, &forward) < DIRECT, "{} {batch}x{inputs}x{outputs}", isa.name());
            assert_eq!(linear(isa, &x, &halves, Some(&bias), outputs), found);
            let found = linear_reverse(isa, &grad, &singles, outputs);
            assert!(difference(&found, &reverse) < DIRECT, "{} {batch}x{inputs}x{outputs} back", isa.name());
            assert_eq!(linear_reverse(isa, &grad, &halves, outputs), found);
        }
    }
}
