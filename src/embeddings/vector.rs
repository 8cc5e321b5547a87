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
    fn nothing_is_like_nothing() {
        let zero = Vector::quantised(&[f32::NAN; DIMENSIONS]);
        assert!(zero.is_zero());
        assert_eq!(zero.similarity(&zero), 0.0);
    }
}
