//! The nearest of many vectors.
//!
//! The first dimensions of the built-in model carry the most (they are principal components), and what the rest can add at
//! most is known from its length (Cauchy and Schwarz). So of a vector only the head is read, where that tells that it is far, or a
//! block more, and nothing is missed. Where there are many, their sketches tell which of them are read at all.

use multiversion::multiversion;

use super::sketch::Sketches;

const HEAD: usize = 64;
/// After the head and each of so many blocks less one it is asked whether what follows can still matter.
const BOUNDS: usize = 3;
/// From so many vectors on there are sketches of them; reading all takes a hundredth of a millisecond until then.
const SKETCHED: usize = 1_024;
/// Vectors that are compared first: how near these are tells how near others must be.
const FIRST: usize = 128;

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
    sketches: Option<Sketches>,
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
        let last = self.len() - 1;
        if let Some(sketches) = &mut self.sketches {
            sketches.push(unit(&self.heads[last], &self.tails[last * blocks..], norms));
        } else if self.len() >= SKETCHED && self.blocks.is_some() {
            self.sketches = Some(self.sketched(blocks));
        }
    }

    fn sketched(&self, blocks: usize) -> Sketches {
        let each =
            (0..self.len()).map(|at| unit(&self.heads[at], &self.tails[at * blocks..][..blocks], self.norms[at]));
        Sketches::new((blocks + 1) * HEAD, each)
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
        if let Some(sketches) = &mut self.sketches {
            sketches.swap_remove(at);
        }
    }

    /// Up to `count` places whose cosine similarity is `floor` or more, the nearest first, then the first. From 1,024 vectors on one
    /// may be overlooked, see [`sketch`](super::sketch); the bench `near` counts how many are.
    pub fn nearest(&self, asked: &[i8], floor: f32, count: usize) -> Vec<(f32, usize)> {
        let (Some(sketches), Some(asked)) = (&self.sketches, self.asked(asked)) else {
            return self.nearest_of_all(asked, floor, count);
        };
        let sketch = sketches.of(unit(&asked.head, &asked.tail, asked.norms));
        let mut close = sketches.close(&sketch, floor);
        let mut best = Best::new(floor, count);
        let first = FIRST.max(count);
        if close.len() > first {
            let rest = {
                close.select_nth_unstable(first);
                close.split_off(first)
            };
            compare(self, &asked, close.iter().map(|one| one.place()), &mut best);
            close = rest;
            sketches.keep_closer(&mut close, &sketch, best.floor);
        }
        compare(self, &asked, close.iter().map(|one| one.place()), &mut best);
        best.found
    }

    /// The same, with nothing overlooked.
    pub fn nearest_of_all(&self, asked: &[i8], floor: f32, count: usize) -> Vec<(f32, usize)> {
        let mut best = Best::new(floor, count);
        if let Some(asked) = self.asked(asked) {
            compare(self, &asked, 0..self.len(), &mut best);
        }
        best.found
    }

    /// `None`: nothing is near such a vector.
    fn asked(&self, values: &[i8]) -> Option<Asked> {
        let (head, norms) = split(values);
        let tail = tail(values, self.blocks.unwrap_or(0)).collect();
        let is_one = norms.per_length != 0.0 && self.fits(values);
        is_one.then_some(Asked { head, tail, norms })
    }
}

/// The vector whose neighbours are wanted.
struct Asked {
    head: [i8; HEAD],
    tail: Vec<[i8; HEAD]>,
    norms: Norms,
}

/// The nearest so far.
struct Best {
    found: Vec<(f32, usize)>,
    /// What is less similar need not be looked at.
    floor: f32,
    count: usize,
}

impl Best {
    fn new(floor: f32, count: usize) -> Self {
        Self {
            found: Vec::with_capacity(count + 1),
            floor: if count == 0 { f32::INFINITY } else { floor },
            count,
        }
    }

    fn offer(&mut self, similarity: f32, at: usize) {
        let is_before = |one: &(f32, usize)| one.0 > similarity || (one.0 == similarity && one.1 < at);
        let place = self.found.partition_point(is_before);
        self.found.insert(place, (similarity, at));
        self.found.truncate(self.count);
        if self.found.len() == self.count {
            self.floor = self.found[self.count - 1].0;
        }
    }
}

// A processor with AVX2 multiplies twice as much at once; others take the plain version.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2"))]
fn compare(vectors: &Vectors, asked: &Asked, places: impl Iterator<Item = usize>, best: &mut Best) {
    let blocks = asked.tail.len();
    'vectors: for at in places {
        let (head, norms) = (&vectors.heads[at], &vectors.norms[at]);
        let scale = asked.norms.per_length * norms.per_length;
        // Rounding must not lose one that is just at the floor.
        let is_far = |sum: i32, bound: usize, floor: f32| {
            sum as f32 * scale + asked.norms.rests[bound] * norms.rests[bound] < floor - 1e-4
        };
        let mut sum = dot(&asked.head, head);
        if is_far(sum, 0, best.floor) {
            continue;
        }
        let tail = &vectors.tails[at * blocks..][..blocks];
        for (block, (one, other)) in asked.tail.iter().zip(tail).enumerate() {
            sum += dot(one, other);
            if block + 1 < BOUNDS && is_far(sum, block + 1, best.floor) {
                continue 'vectors;
            }
        }
        let similarity = sum as f32 * scale;
        if similarity >= best.floor {
            best.offer(similarity, at);
        }
    }
}

/// A vector's values with the length of 1.
fn unit<'a>(head: &'a [i8; HEAD], tail: &'a [[i8; HEAD]], norms: Norms) -> impl Iterator<Item = f32> {
    let values = head.iter().chain(tail.as_flattened());
    values.map(move |value| f32::from(*value) * norms.per_length)
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

    /// Questions about a hundred matters of one subject.
    fn subject(count: usize, dice: &mut rand::rngs::StdRng) -> Vec<Vector> {
        let mut around = |middle: &[f32], spread: f32| -> Vec<f32> {
            let each = middle.iter();
            each.map(|value| value + (dice.random::<f32>() - 0.5) * spread)
                .collect()
        };
        let all = around(&[0.0; DIMENSIONS], 1.0);
        let matters: Vec<Vec<f32>> = (0..100).map(|_| around(&all, 1.0)).collect();
        let mut question = |at: usize| around(&matters[at % 100], 0.2 + (at % 7) as f32 / 10.0);
        (0..count)
            .map(|at| Vector::quantised(&question(at).try_into().unwrap()))
            .collect()
    }

    #[test]
    fn of_many_only_a_few_are_read_and_the_nearest_are_among_them() {
        let mut dice = rand::rngs::StdRng::seed_from_u64(7);
        let mut vectors = Vectors::default();
        let all = subject(4_000, &mut dice);
        let (kept, asked) = all.split_at(3_500);
        kept.iter().for_each(|one| vectors.push(one.as_bytes()));
        (0..200).for_each(|at| vectors.swap_remove(at * 3));
        let (mut wanted, mut found, mut read) = (0, 0, 0);
        for one in asked {
            let of_all = vectors.nearest_of_all(one.as_bytes(), 0.8, 5);
            let nearest = vectors.nearest(one.as_bytes(), 0.8, 5);
            wanted += of_all.len();
            found += nearest.iter().filter(|one| of_all.contains(one)).count();
            let asked = vectors.asked(one.as_bytes()).unwrap();
            let sketches = vectors.sketches.as_ref().unwrap();
            let sketch = sketches.of(unit(&asked.head, &asked.tail, asked.norms));
            read += sketches.close(&sketch, 0.8).len();
        }
        assert!(wanted > 2_000 && found * 1_000 >= wanted * 999, "{found} of {wanted}");
        assert!(read < asked.len() * vectors.len() / 10, "{read}");
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
