//! A direction in 256 dimensions, in 256 bytes.

use std::fmt;

pub const DIMENSIONS: usize = 256;

/// A vector whose length says nothing; its direction is kept to about half a percent.
#[derive(Clone, PartialEq)]
pub struct Vector {
    values: [i8; DIMENSIONS],
    /// The Euclidean length of `values`.
    length: f32,
}

impl Vector {
    /// Rounds to 8 bits a dimension. What is not finite counts as zero.
    pub fn quantised(values: &[f32; DIMENSIONS]) -> Self {
        let finite = values.map(|value| if value.is_finite() { value } else { 0.0 });
        let largest = finite.iter().fold(0f32, |most, value| most.max(value.abs()));
        if largest == 0.0 {
            return Self::from_bytes([0; DIMENSIONS]);
        }
        let scale = 127.0 / largest;
        Self::from_bytes(finite.map(|value| (value * scale).round() as i8))
    }

    /// A vector as it was stored.
    pub fn from_bytes(values: [i8; DIMENSIONS]) -> Self {
        let square: i32 = values.iter().map(|&value| i32::from(value) * i32::from(value)).sum();
        Self {
            values,
            length: (square as f32).sqrt(),
        }
    }

    pub fn as_bytes(&self) -> &[i8; DIMENSIONS] {
        &self.values
    }

    /// The Euclidean length of the bytes.
    pub fn length(&self) -> f32 {
        self.length
    }

    /// Nothing is known of the text.
    pub fn is_zero(&self) -> bool {
        self.length == 0.0
    }

    /// The cosine of the angle between two vectors, -1 to 1; 0 when one is zero.
    pub fn similarity(&self, other: &Self) -> f32 {
        let lengths = self.length * other.length;
        if lengths == 0.0 {
            return 0.0;
        }
        dot(&self.values, &other.values) as f32 / lengths
    }
}

/// A direction in 128 bytes, four bits a dimension: too coarse to tell two questions apart, enough to rank passages by. Its angle to a
/// vector is that of the vector it was made of to about a hundredth.
#[derive(Clone, PartialEq)]
pub struct Coarse([u8; DIMENSIONS / 2]);

/// The largest value of four bits with a sign, both ways.
const COARSE_MOST: i32 = 7;

impl Coarse {
    pub fn of(vector: &Vector) -> Self {
        let four_bits = |value: i8| {
            let scaled = (f32::from(value) * COARSE_MOST as f32 / 127.0).round() as i32;
            (scaled + COARSE_MOST) as u8
        };
        let mut bytes = [0; DIMENSIONS / 2];
        for (byte, two) in bytes.iter_mut().zip(vector.values.chunks_exact(2)) {
            *byte = four_bits(two[0]) | four_bits(two[1]) << 4;
        }
        Self(bytes)
    }

    /// Like nothing else.
    pub fn nothing() -> Self {
        Self([COARSE_MOST as u8 * 0x11; DIMENSIONS / 2])
    }

    /// One as it was stored.
    pub fn from_bytes(bytes: [u8; DIMENSIONS / 2]) -> Self {
        Self(bytes)
    }

    pub fn as_bytes(&self) -> &[u8; DIMENSIONS / 2] {
        &self.0
    }

    /// The cosine of the angle to a vector, -1 to 1; 0 when one is zero.
    pub fn similarity(&self, other: &Vector) -> f32 {
        let (mut dot, mut square) = (0_i32, 0_i32);
        for (byte, two) in self.0.iter().zip(other.values.chunks_exact(2)) {
            let low = i32::from(byte & 0xf) - COARSE_MOST;
            let high = i32::from(byte >> 4) - COARSE_MOST;
            dot += low * i32::from(two[0]) + high * i32::from(two[1]);
            square += low * low + high * high;
        }
        let lengths = (square as f32).sqrt() * other.length;
        if lengths == 0.0 { 0.0 } else { dot as f32 / lengths }
    }

    /// What stands in the byte at each two dimensions.
    fn values(&self) -> impl Iterator<Item = i32> {
        let two = |byte: &u8| [i32::from(byte & 0xf) - COARSE_MOST, i32::from(byte >> 4) - COARSE_MOST];
        self.0.iter().flat_map(two)
    }
}

/// The direction in which many lie together.
#[derive(Clone)]
pub struct Common([f32; DIMENSIONS]);

impl Default for Common {
    fn default() -> Self {
        Self([0.0; DIMENSIONS])
    }
}

impl Common {
    pub fn add(&mut self, one: &Coarse) {
        self.change(one, 1.0);
    }

    /// Takes out one that was added.
    pub fn take(&mut self, one: &Coarse) {
        self.change(one, -1.0);
    }

    fn change(&mut self, one: &Coarse, times: f32) {
        let square: i32 = one.values().map(|value| value * value).sum();
        let step = times / (square.max(1) as f32).sqrt();
        for (sum, value) in self.0.iter_mut().zip(one.values()) {
            *sum += step * value as f32;
        }
    }

    /// A vector without so much, of its length, of what is common.
    pub fn taken_from(&self, vector: &Vector, share: f32) -> Vector {
        let length = self.0.iter().map(|value| value * value).sum::<f32>().sqrt();
        let scale = if length > f32::EPSILON {
            share * vector.length / length
        } else {
            0.0
        };
        Vector::quantised(&std::array::from_fn(|at| {
            f32::from(vector.values[at]) - scale * self.0[at]
        }))
    }
}

impl fmt::Debug for Vector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vector({:?}…)", &self.values[..4])
    }
}

/// Of two slices of one length. A plain loop over fixed arrays, which the compiler turns into vector instructions.
fn dot(one: &[i8; DIMENSIONS], other: &[i8; DIMENSIONS]) -> i32 {
    let mut sum = 0;
    for at in 0..DIMENSIONS {
        sum += i32::from(one[at]) * i32::from(other[at]);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_keeps_its_direction() {
        let mut values = [0f32; DIMENSIONS];
        for (at, value) in values.iter_mut().enumerate() {
            *value = ((at * 37 % 101) as f32 - 50.0) * 1e-6;
        }
        let vector = Vector::quantised(&values);
        let opposite = Vector::quantised(&values.map(|value| -value * 1e9));
        assert!(vector.similarity(&vector) > 0.9999);
        assert!(vector.similarity(&opposite) < -0.999);
        assert_eq!(Vector::from_bytes(*vector.as_bytes()), vector);
    }

    #[test]
    fn a_coarse_direction_is_nearly_the_same() {
        let values = |step: usize| std::array::from_fn(|at| ((at * step % 101) as f32 - 50.0) / 50.0);
        let (one, other) = (Vector::quantised(&values(37)), Vector::quantised(&values(41)));
        let coarse = Coarse::of(&one);
        assert!(coarse.similarity(&one) > 0.99);
        assert!((coarse.similarity(&other) - one.similarity(&other)).abs() < 0.02);
        assert_eq!(Coarse::of(&Vector::quantised(&[0.0; DIMENSIONS])).similarity(&one), 0.0);
        assert_eq!(Coarse::nothing().similarity(&one), 0.0);
        assert!(Coarse::from_bytes(*coarse.as_bytes()) == coarse);
    }

    #[test]
    fn what_is_common_to_all_tells_them_apart_no_more() {
        let of = |at: [usize; 2]| {
            let mut values = [0f32; DIMENSIONS];
            at.into_iter().for_each(|at| values[at] = 1.0);
            Vector::quantised(&values)
        };
        let mut common = Common::default();
        for own in 1..20 {
            common.add(&Coarse::of(&of([0, own])));
        }
        let gone = Coarse::of(&of([200, 201]));
        common.add(&gone);
        common.take(&gone);
        let asked = common.taken_from(&of([0, 7]), 0.5);
        let (right, vague) = (of([7, 100]), of([0, 100]));
        assert!(asked.similarity(&right) > asked.similarity(&vague) + 0.1);
        assert_eq!(Common::default().taken_from(&right, 0.5), right);
        assert_eq!(common.taken_from(&right, 0.0), right);
    }

    #[test]
    fn nothing_is_like_nothing() {
        let zero = Vector::quantised(&[f32::NAN; DIMENSIONS]);
        assert!(zero.is_zero());
        assert_eq!(zero.similarity(&zero), 0.0);
    }
}
