//! Money in exact decimals: a bill is never a float.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Usage;

/// An amount in US dollars, exact. Stored and sent as a decimal string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Usd(#[serde(with = "rust_decimal::serde::str")] pub Decimal);

impl Usd {
    pub const ZERO: Usd = Usd(Decimal::ZERO);

    /// In millionths of a millionth of a dollar (10⁻¹²), as the store keeps it: an integer that sums exactly.
    /// Amounts beyond ±9.2 million dollars are cut to that bound.
    pub fn to_pico(self) -> i64 {
        use rust_decimal::prelude::ToPrimitive;
        let scaled = (self.0 * Decimal::from(1_000_000_000_000u64)).round();
        scaled
            .to_i64()
            .unwrap_or(if self.0.is_sign_negative() { i64::MIN } else { i64::MAX })
    }

    /// The inverse of [`Usd::to_pico`].
    pub fn from_pico(pico: i64) -> Usd {
        Usd(Decimal::from_i128_with_scale(i128::from(pico), 12).normalize())
    }
}

/// What a model costs, in US dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Price {
    pub input_usd_per_million: Decimal,
    pub output_usd_per_million: Decimal,
}

impl Price {
    pub fn of(&self, usage: &Usage) -> Usd {
        let input = self.input_usd_per_million * Decimal::from(usage.prompt_tokens);
        let output = self.output_usd_per_million * Decimal::from(usage.completion_tokens);
        Usd((input + output) / Decimal::from(1_000_000u64))
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Add for Usd {
    type Output = Usd;
    fn add(self, other: Usd) -> Usd {
        Usd(self.0 + other.0)
    }
}

impl Sub for Usd {
    type Output = Usd;
    fn sub(self, other: Usd) -> Usd {
        Usd(self.0 - other.0)
    }
}

impl AddAssign for Usd {
    fn add_assign(&mut self, other: Usd) {
        self.0 += other.0;
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Usd>>(amounts: I) -> Usd {
        amounts.fold(Usd::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_cost_exactly_what_the_price_says() {
        let price = Price {
            input_usd_per_million: Decimal::new(27, 2),
            output_usd_per_million: Decimal::new(11, 1),
        };
        let cost = |prompt_tokens, completion_tokens| {
            price.of(&Usage {
                prompt_tokens,
                completion_tokens,
                counted: true,
            })
        };
        assert_eq!(cost(3, 0).to_string(), "0.00000081");
        assert_eq!(cost(3, 7).to_string(), "0.00000851");
        assert_eq!(Usd::from_pico(cost(3, 7).to_pico()), cost(3, 7));
    }
}
