//! Whether what two groups show could be chance: 95% intervals of the difference.

/// The 97.5% point of the normal distribution.
const Z: f64 = 1.96;
/// Below so many in a group nothing is said.
const ENOUGH: u64 = 20;

/// What is known of a measure in one group.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sample {
    pub count: u64,
    pub sum: f64,
    /// The sum of the squares.
    pub squares: f64,
}

impl Sample {
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }

    /// The square of the mean's standard error.
    fn error_squared(&self) -> f64 {
        let n = self.count as f64;
        let variance = ((self.squares - self.sum * self.sum / n) / (n - 1.0)).max(0.0);
        variance / n
    }
}

/// An interval in which a difference lies, 95 times of 100.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

impl Interval {
    /// Whether no difference at all is among the possible ones.
    pub fn could_be_chance(&self) -> bool {
        self.low <= 0.0 && self.high >= 0.0
    }
}

/// The second mean less the first (Welch's interval; with [`ENOUGH`] in each group the normal distribution stands in for
/// Student's). `None`: too few to tell.
pub fn of_means(first: &Sample, second: &Sample) -> Option<Interval> {
    if first.count < ENOUGH || second.count < ENOUGH {
        return None;
    }
    let difference = second.mean()? - first.mean()?;
    let reach = Z * (first.error_squared() + second.error_squared()).sqrt();
    Some(Interval {
        low: difference - reach,
        high: difference + reach,
    })
}

/// The second share less the first, each a count of a whole (Newcombe 1998, method 10: from Wilson's intervals). `None`: too few.
pub fn of_shares(first: (u64, u64), second: (u64, u64)) -> Option<Interval> {
    if first.1 < ENOUGH || second.1 < ENOUGH {
        return None;
    }
    let (p1, low1, high1) = wilson(first);
    let (p2, low2, high2) = wilson(second);
    let difference = p2 - p1;
    Some(Interval {
        low: difference - ((p2 - low2).powi(2) + (high1 - p1).powi(2)).sqrt(),
        high: difference + ((high2 - p2).powi(2) + (p1 - low1).powi(2)).sqrt(),
    })
}

/// A share with its interval (Wilson 1927).
fn wilson((part, whole): (u64, u64)) -> (f64, f64, f64) {
    let (n, p) = (whole as f64, part as f64 / whole as f64);
    let middle = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let reach = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    (p, middle - reach, middle + reach)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(values: impl Iterator<Item = f64>) -> Sample {
        values.fold(Sample::default(), |sample, value| Sample {
            count: sample.count + 1,
            sum: sample.sum + value,
            squares: sample.squares + value * value,
        })
    }

    #[test]
    fn shares_are_as_newcombe_published_them() {
        // His example (a): 56 of 70 and 48 of 80 differ by 0.2, from 0.0524 to 0.3339.
        let found = of_shares((48, 80), (56, 70)).expect("enough");
        assert!(
            (found.low - 0.0524).abs() < 0.0005 && (found.high - 0.3339).abs() < 0.0005,
            "{found:?}"
        );
        assert!(!found.could_be_chance());
        assert!(of_shares((10, 30), (12, 30)).expect("enough").could_be_chance());
        assert_eq!(of_shares((1, 2), (2, 2)), None);
    }

    #[test]
    fn means_that_are_the_same_may_be_chance_and_others_not() {
        let one = sample((0..100).map(|i| f64::from(i % 10)));
        let same = sample((0..50).map(|i| f64::from(i % 10)));
        let other = sample((0..50).map(|i| f64::from(i % 10) + 3.0));
        assert!(of_means(&one, &same).expect("enough").could_be_chance());
        let found = of_means(&one, &other).expect("enough");
        assert!(
            !found.could_be_chance() && found.low > 1.9 && found.high < 4.1,
            "{found:?}"
        );
        assert_eq!(of_means(&one, &Sample::default()), None);
    }
}
