//! The nearest of many vectors, exactly.
//!
//! The first dimensions of the built-in model carry the most (they are principal components), and what the rest can add at
//! most is known from its length (Cauchy and Schwarz). So only the heads are read of nearly all vectors, a quarter of the
//! memory, of some a block more, and nothing is missed.

use multiversion::multiversion;

const HEAD: usize = 64;
/// After the head and each of so many blocks less one it is asked whether what follows can still matter.
const BOUNDS: usize = 3;

/// What is known of a vector beside its values.
#[derive(Clone, Copy, Default)]
struct Norms {
    /// One over its length; 0 of a vector that is nowhere.
    per_length: f32,
    /// The share of its length that is not in the head, not in the head and the first block, and so on.
    rests: [f32; BOUNDS],
}

/// Vectors of one model by place; a place that is vacated is taken by the last.
#[derive(Default)]
pub struct Vectors {
    heads: Vec<[i8; HEAD]>,
    /// What follows the heads, in blocks; of every vector as many.
    tails: Vec<[i8; HEAD]>,
    /// Blocks of a tail; `None` as long as nothing was pushed that has a length.
    blocks: Option<usize>,
    norms: Vec<Norms>,
}

impl Vectors {
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// The first vector says how many dimensions all have. An empty one holds a place, as does one of another length; neither is
    /// ever near.
    pub fn push(&mut self, values: &[i8]) {
        if self.blocks.is_none() && !values.is_empty() {
            let blocks = values.len().div_ceil(HEAD) - 1;
            self.blocks = Some(blocks);
            self.tails.resize(self.len() * blocks, [0; HEAD]);
        }
        let blocks = self.blocks.unwrap_or(0);
        let values = if self.fits(values) { values } else { &[] };
        let (head, norms) = split(values);
        self.heads.push(head);
        self.norms.push(norms);
        self.tails.extend(tail(values, blocks));
    }

    fn fits(&self, values: &[i8]) -> bool {
        self.blocks
            .is_some_and(|blocks| values.len().div_ceil(HEAD) == blocks + 1)
    }

    /// Takes one out; the last takes its place.
    pub fn swap_remove(&mut self, at: usize) {
        self.heads.swap_remove(at);
        self.norms.swap_remove(at);
        let blocks = self.blocks.unwrap_or(0);
        let last = self.tails.len() - blocks;
        self.tails.copy_within(last.., at * blocks);
        self.tails.truncate(last);
    }

    /// Up to `count` places whose cosine similarity is `floor` or more, the nearest first.
    pub fn nearest(&self, asked: &[i8], floor: f32, count: usize) -> Vec<(f32, usize)> {
        let (head, norms) = split(asked);
        if norms.per_length == 0.0 || count == 0 || !self.fits(asked) {
            return Vec::new();
        }
        let tail: Vec<[i8; HEAD]> = tail(asked, self.blocks.unwrap_or(0)).collect();
        scan(self, &Asked { head, tail, norms }, floor, count)
    }
}

/// The vector whose neighbours are wanted.
struct Asked {
    head: [i8; HEAD],
    tail: Vec<[i8; HEAD]>,
    norms: Norms,
}

// A processor with AVX2 multiplies twice as much at once; others take the plain version.
#[multiversion(targets("x86_64+avx2"))]
fn scan(vectors: &Vectors, asked: &Asked, floor: f32, count: usize) -> Vec<(f32, usize)> {
    let mut found: Vec<(f32, usize)> = Vec::with_capacity(count + 1);
    let blocks = asked.tail.len();
    let mut floor = floor;
    'vectors: for (at, (head, norms)) in vectors.heads.iter().zip(&vectors.norms).enumerate() {
        let scale = asked.norms.per_length * norms.per_length;
        // Rounding must not lose one that is just at the floor.
        let is_far =
            |sum: i32, bound: usize| sum as f32 * scale + asked.norms.rests[bound] * norms.rests[bound] < floor - 1e-4;
        let mut sum = dot(&asked.head, head);
        if is_far(sum, 0) {
            continue;
        }
        let tail = &vectors.tails[at * blocks..][..blocks];
        for (block, (one, other)) in asked.tail.iter().zip(tail).enumerate() {
            sum += dot(one, other);
            if block + 1 < BOUNDS && is_far(sum, block + 1) {
                continue 'vectors;
            }
        }
        let similarity = sum as f32 * scale;
        if similarity < floor {
            continue;
        }
        let place = found.partition_point(|(better, _)| *better >= similarity);
        found.insert(place, (similarity, at));
        found.truncate(count);
        if found.len() == count {
            floor = found[count - 1].0;
        }
    }
    found
}

/// What follows the head, the last block filled up with zeros.
fn tail(values: &[i8], blocks: usize) -> impl Iterator<Item = [i8; HEAD]> {
    let rest = values.get(HEAD..).unwrap_or_default();
    (0..blocks).map(move |at| block(rest.get(at * HEAD..).unwrap_or_default()))
}

fn block(values: &[i8]) -> [i8; HEAD] {
    let mut block = [0; HEAD];
    let length = values.len().min(HEAD);
    block[..length].copy_from_slice(&values[..length]);
    block
}

fn split(values: &[i8]) -> ([i8; HEAD], Norms) {
    let square = |from: usize| {
        let rest = values.get(from..).unwrap_or_default();
        rest.iter()
            .map(|&value| i32::from(value) * i32::from(value))
            .sum::<i32>() as f32
    };
    let norms = match square(0).sqrt() {
        0.0 => Norms::default(),
        length => Norms {
            per_length: length.recip(),
            rests: std::array::from_fn(|bound| square((bound + 1) * HEAD).sqrt() / length),
        },
    };
    (block(values), norms)
}

/// A plain loop over fixed arrays, which the compiler turns into the vector instructions of whoever it is a part of.
#[inline(always)]
fn dot(one: &[i8; HEAD], other: &[i8; HEAD]) -> i32 {
    let mut sum = 0;
    for at in 0..HEAD {
        sum += i32::from(one[at]) * i32::from(other[at]);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embeddings::{DIMENSIONS, Vector};
    use rand::{RngExt, SeedableRng};

    #[test]
    fn nothing_near_is_missed() {
        let mut dice = rand::rngs::StdRng::seed_from_u64(7);
        let mut draw = |round: f32| {
            let mut values = [0f32; DIMENSIONS];
            for (at, value) in values.iter_mut().enumerate() {
                *value = (dice.random::<f32>() - 0.5 + round) / (1.0 + at as f32 / 30.0);
            }
            Vector::quantised(&values)
        };
        let (mut vectors, mut plain) = (Vectors::default(), Vec::new());
        for at in 0..500 {
            let vector = draw(at as f32 % 7.0 / 10.0);
            vectors.push(vector.as_bytes());
            plain.push(vector);
        }
        for gone in [3, 498] {
            vectors.swap_remove(gone);
            plain.swap_remove(gone);
        }
        let asked = draw(0.3);
        let mut all: Vec<(f32, usize)> = plain
            .iter()
            .enumerate()
            .map(|(at, one)| (one.similarity(&asked), at))
            .collect();
        all.sort_by(|one, other| other.0.total_cmp(&one.0));
        let found = vectors.nearest(asked.as_bytes(), 0.1, 5);
        let places = |list: &[(f32, usize)]| list.iter().map(|one| one.1).collect::<Vec<_>>();
        assert_eq!(places(&found), places(&all[..5]));
        assert!(
            found
                .iter()
                .zip(&all)
                .all(|(one, other)| (one.0 - other.0).abs() < 1e-5)
        );
        assert!(vectors.nearest(asked.as_bytes(), 1.1, 5).is_empty());
    }

    #[test]
    fn vectors_of_other_lengths_are_never_compared() {
        let mut vectors = Vectors::default();
        vectors.push(&[]);
        vectors.push(&[5; 100]);
        vectors.push(&[5; 300]);
        vectors.swap_remove(0);
        assert_eq!(vectors.nearest(&[5; 100], 0.5, 3).len(), 1);
        assert!(vectors.nearest(&[5; 300], 0.0, 3).is_empty());
        assert!(vectors.nearest(&[], 0.0, 3).is_empty());
    }
}
