//! A vector's sketch: 256 bits that tell most far vectors from near ones in a ninth of the memory and a few instructions.
//!
//! What all vectors of a scope have in common is taken away first, as it makes questions about one subject look alike. Then all are
//! turned in one random way, and the sign of each direction is a bit. Two vectors differ in a bit with the probability of the angle
//! between them by that of a half turn (Charikar 2002, "Similarity estimation techniques from rounding algorithms"; the turn from
//! signs and Hadamard matrices: Yu et al. 2016, "Orthogonal random features"). So in how many bits two vectors may differ whose
//! similarity is wanted is known but for chance, and [`LEEWAY`] is how much chance is allowed for.

use multiversion::multiversion;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const BITS: usize = 256;
const WORDS: usize = BITS / 64;
/// Standard deviations of the number of differing bits: a vector that is only just as near as is asked for is overlooked once in
/// 4,000 times, a nearer one hardly ever.
const LEEWAY: f32 = 3.5;
/// Random signs and a Hadamard matrix, so many times.
const ROUNDS: usize = 3;
/// Lengths are kept in steps; none is over 2.
const STEPS: usize = 256;
const STEP: f32 = 2.0 / STEPS as f32;

type Bits = [u64; WORDS];

/// How the vectors of a scope are looked at.
struct View {
    /// What they have in common; whatever it is, nothing is overlooked for it.
    middle: Vec<f32>,
    /// Of each round; as many as the turn has dimensions, a power of two.
    signs: [Vec<f32>; ROUNDS],
}

/// A vector as it looks from the middle.
pub(super) struct Sketch {
    bits: Bits,
    /// How far it is from the middle.
    length: f32,
}

/// A place whose vector may be near, those first that differ in few bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Close(u64);

impl Close {
    fn new(differing: u32, place: usize) -> Self {
        Self(u64::from(differing) << 32 | place as u64)
    }

    fn differing(self) -> u32 {
        (self.0 >> 32) as u32
    }

    pub fn place(self) -> usize {
        // The lower half is the place.
        self.0 as u32 as usize
    }
}

/// The sketches of vectors by place; a place that is vacated is taken by the last.
pub(super) struct Sketches {
    view: View,
    bits: Vec<Bits>,
    /// In steps, rounded down; a cast ends at the last.
    lengths: Vec<u8>,
}

impl Sketches {
    /// Of vectors of length 1, in their order. `dimensions` is how many values each has.
    pub fn new(dimensions: usize, vectors: impl ExactSizeIterator<Item = impl Iterator<Item = f32>> + Clone) -> Self {
        let mut middle = vec![0f32; dimensions];
        let share = 1.0 / vectors.len().max(1) as f32;
        for values in vectors.clone() {
            let each = middle.iter_mut().zip(values);
            each.for_each(|(middle, value)| *middle += value * share);
        }
        // Any seed will do.
        let mut dice = StdRng::seed_from_u64(0);
        let size = dimensions.next_power_of_two().max(BITS);
        let mut sign = || if dice.random::<bool>() { 1.0 } else { -1.0 };
        let signs = std::array::from_fn(|_| (0..size).map(|_| sign()).collect());
        let mut sketches = Self {
            view: View { middle, signs },
            bits: Vec::new(),
            lengths: Vec::new(),
        };
        vectors.for_each(|values| sketches.push(values));
        sketches
    }

    pub fn push(&mut self, values: impl Iterator<Item = f32>) {
        let sketch = self.of(values);
        self.bits.push(sketch.bits);
        self.lengths.push((sketch.length / STEP) as u8);
    }

    pub fn swap_remove(&mut self, at: usize) {
        self.bits.swap_remove(at);
        self.lengths.swap_remove(at);
    }

    pub fn of(&self, values: impl Iterator<Item = f32>) -> Sketch {
        let View { middle, signs } = &self.view;
        let mut turned = vec![0f32; signs[0].len()];
        for ((turned, value), middle) in turned.iter_mut().zip(values).zip(middle) {
            *turned = value - middle;
        }
        let length = turned.iter().map(|value| value * value).sum::<f32>().sqrt();
        for signs in signs {
            turned.iter_mut().zip(signs).for_each(|(value, sign)| *value *= sign);
            hadamard(&mut turned);
        }
        let word = |values: &[f32]| values.iter().fold(0, |word, value| word << 1 | u64::from(*value > 0.0));
        let bits = std::array::from_fn(|at| word(&turned[at * 64..][..64]));
        Sketch { bits, length }
    }

    /// The places of all whose similarity may be `floor` or more, in their order.
    pub fn close(&self, asked: &Sketch, floor: f32) -> Vec<Close> {
        let mut close = Vec::new();
        differing(
            &self.bits,
            &self.lengths,
            &asked.bits,
            &limits(asked.length, floor),
            &mut close,
        );
        close
    }

    /// Leaves out of them what cannot be so near.
    pub fn keep_closer(&self, close: &mut Vec<Close>, asked: &Sketch, floor: f32) {
        let limits = limits(asked.length, floor);
        close.retain(|one| one.differing() < limits[usize::from(self.lengths[one.place()])]);
    }
}

/// Of vectors of each length, those that differ in fewer bits may be so similar to one of this length.
fn limits(asked: f32, floor: f32) -> [u32; STEPS] {
    let limit = |length: f32| {
        // The law of cosines: the end points of two vectors of length 1 are so far apart.
        let apart = 2.0 * (1.0 - floor);
        let cosine = (asked * asked + length * length - apart) / (2.0 * asked * length).max(f32::MIN_POSITIVE);
        if cosine > 1.0 {
            return 0.0;
        }
        let share = cosine.max(-1.0).acos() / std::f32::consts::PI;
        let bits = BITS as f32;
        bits * share + LEEWAY * (bits * share * (1.0 - share)).sqrt()
    };
    let ends: [f32; STEPS + 1] = std::array::from_fn(|at| limit(at as f32 * STEP));
    std::array::from_fn(|at| ends[at].max(ends[at + 1]).ceil() as u32 + 1)
}

/// Counts at once what the processor can count at once; others take the plain version.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512vl+avx512vpopcntdq+popcnt",
    "x86_64+avx2+popcnt",
    "x86_64+popcnt"
))]
fn differing(all: &[Bits], lengths: &[u8], asked: &Bits, limits: &[u32; STEPS], close: &mut Vec<Close>) {
    const AT_ONCE: usize = 128;
    for (block, (all, lengths)) in all.chunks(AT_ONCE).zip(lengths.chunks(AT_ONCE)).enumerate() {
        let mut held = [Close(0); AT_ONCE];
        let mut count = 0;
        for (at, (bits, length)) in all.iter().zip(lengths).enumerate() {
            let differing = bits
                .iter()
                .zip(asked)
                .map(|(one, other)| (one ^ other).count_ones())
                .sum();
            // Without a branch, as nobody could foretell it.
            held[count] = Close::new(differing, block * AT_ONCE + at);
            count += usize::from(differing < limits[usize::from(*length)]);
        }
        close.extend_from_slice(&held[..count]);
    }
}

/// The fast Walsh–Hadamard transform of a power of two of values, which only turns and lengthens.
fn hadamard(values: &mut [f32]) {
    let mut half = 1;
    while half < values.len() {
        for both in values.chunks_exact_mut(2 * half) {
            let (left, right) = both.split_at_mut(half);
            for (left, right) in left.iter_mut().zip(right) {
                (*left, *right) = (*left + *right, *left - *right);
            }
        }
        half *= 2;
    }
}
