//! The nearest of many vectors, exactly.
//!
//! The first dimensions of the model carry the most (they are principal components), and what the rest can add at most is
//! known from its length (Cauchy and Schwarz). So only the heads are read of nearly all vectors, a quarter of the memory, and
//! nothing is missed.

use crate::embeddings::{DIMENSIONS, Vector};

const HEAD: usize = 64;

/// Vectors by place; a place that is vacated is used again.
#[derive(Default)]
pub struct Vectors {
    heads: Vec<[i8; HEAD]>,
    whole: Vec<Vector>,
    /// One over the length of the vector, and the share of its length that is not in its head.
    norms: Vec<(f32, f32)>,
}

impl Vectors {
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    pub fn push(&mut self, vector: &Vector) {
        let (head, norms) = split(vector);
        self.heads.push(head);
        self.norms.push(norms);
        self.whole.push(vector.clone());
    }

    /// Takes one out; the last takes its place.
    pub fn swap_remove(&mut self, at: usize) {
        self.heads.swap_remove(at);
        self.norms.swap_remove(at);
        self.whole.swap_remove(at);
    }

    /// Up to `count` places whose similarity is `floor` or more, the nearest first.
    pub fn nearest(&self, asked: &Vector, floor: f32, count: usize) -> Vec<(f32, usize)> {
        let mut found: Vec<(f32, usize)> = Vec::with_capacity(count + 1);
        if asked.is_zero() || count == 0 {
            return found;
        }
        let (head, (per_length, rest)) = split(asked);
        let mut floor = floor;
        for (at, (other, (per, other_rest))) in self.heads.iter().zip(&self.norms).enumerate() {
            let at_most = dot(&head, other) as f32 * per_length * per + rest * other_rest;
            if at_most < floor {
                continue;
            }
            let similarity = self.whole[at].similarity(asked);
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
}

fn split(vector: &Vector) -> ([i8; HEAD], (f32, f32)) {
    let mut head = [0; HEAD];
    head.copy_from_slice(&vector.as_bytes()[..HEAD]);
    let square = |bytes: &[i8]| bytes.iter().map(|&byte| i32::from(byte) * i32::from(byte)).sum::<i32>() as f32;
    let tail = square(&vector.as_bytes()[HEAD..DIMENSIONS]).sqrt();
    match vector.length() {
        0.0 => (head, (0.0, 0.0)),
        length => (head, (length.recip(), tail / length)),
    }
}

/// A plain loop over fixed arrays, which the compiler turns into vector instructions.
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
            vectors.push(&vector);
            plain.push(vector);
        }
        vectors.swap_remove(3);
        plain.swap_remove(3);
        let asked = draw(0.3);
        let mut all: Vec<(f32, usize)> = plain
            .iter()
            .enumerate()
            .map(|(at, one)| (one.similarity(&asked), at))
            .collect();
        all.sort_by(|one, other| other.0.total_cmp(&one.0));
        assert_eq!(vectors.nearest(&asked, 0.1, 5), all[..5]);
        assert!(vectors.nearest(&asked, 1.1, 5).is_empty());
    }
}
