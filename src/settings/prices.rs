//! List prices of well-known models, for settings that tell none. Only those that their makers have published, as of
//! 2025; what the settings say always counts more.

use rust_decimal::Decimal;

use crate::domain::Price;

/// Name, US cents for a million tokens in, and out.
const LIST: &[(&str, u32, u32)] = &[
    // https://platform.openai.com/docs/pricing
    ("gpt-5", 125, 1_000),
    ("gpt-5-mini", 25, 200),
    ("gpt-5-nano", 5, 40),
    ("gpt-4.1", 200, 800),
    ("gpt-4.1-mini", 40, 160),
    ("gpt-4.1-nano", 10, 40),
    ("gpt-4o", 250, 1_000),
    ("gpt-4o-mini", 15, 60),
    ("gpt-4-turbo", 1_000, 3_000),
    ("gpt-3.5-turbo", 50, 150),
    ("o3", 200, 800),
    ("o3-mini", 110, 440),
    ("o4-mini", 110, 440),
    // https://docs.claude.com/en/docs/about-claude/pricing
    ("claude-opus-4-1", 1_500, 7_500),
    ("claude-sonnet-4-5", 300, 1_500),
    ("claude-haiku-4-5", 100, 500),
    ("claude-3-5-haiku", 80, 400),
    ("claude-3-haiku", 25, 125),
    // https://ai.google.dev/gemini-api/docs/pricing, prompts of up to 200,000 tokens
    ("gemini-2.5-pro", 125, 1_000),
    ("gemini-2.5-flash", 30, 250),
    ("gemini-2.5-flash-lite", 10, 40),
    ("gemini-2.0-flash", 10, 40),
];

/// Makers whose name may stand before a model's, as aggregators write it.
const MAKERS: &[&str] = &["openai/", "anthropic/", "google/"];

/// The published price of a model, also under a dated name (`gpt-4o-2024-08-06`) or with its maker before it
/// (`openai/gpt-4o`). `None`: it is not on the list.
pub fn list_price(model: &str) -> Option<Price> {
    let name = MAKERS
        .iter()
        .find_map(|maker| model.strip_prefix(maker))
        .unwrap_or(model);
    let name = without_date(name);
    let (_, input, output) = LIST.iter().find(|(known, ..)| *known == name)?;
    Some(Price {
        input_usd_per_million: Decimal::new(i64::from(*input), 2).normalize(),
        output_usd_per_million: Decimal::new(i64::from(*output), 2).normalize(),
    })
}

/// Without `-2024-08-06` or `-20241022` at its end.
fn without_date(name: &str) -> &str {
    let date = |length: usize| {
        let cut = name.len().checked_sub(length)?;
        let (rest, tail) = (name.get(..cut)?, name.get(cut..)?);
        let digits = tail.bytes().filter(u8::is_ascii_digit).count();
        let plain = tail.starts_with('-') && tail.bytes().all(|b| b == b'-' || b.is_ascii_digit());
        (plain && digits == 8).then_some(rest)
    };
    date(11).or_else(|| date(9)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_model_has_its_price_under_its_other_names_too() {
        let price = |model: &str| {
            let price = list_price(model)?;
            Some((
                price.input_usd_per_million.to_string(),
                price.output_usd_per_million.to_string(),
            ))
        };
        let gpt_4o = Some(("2.5".to_owned(), "10".to_owned()));
        for name in ["gpt-4o", "openai/gpt-4o", "gpt-4o-2024-08-06"] {
            assert_eq!(price(name), gpt_4o, "{name}");
        }
        assert_eq!(
            price("claude-3-5-haiku-20241022"),
            Some(("0.8".to_owned(), "4".to_owned()))
        );
        for unknown in ["gpt-4o-audio", "qwen3:8b", "someone/gpt-4o", "", "-2024-08-06"] {
            assert_eq!(price(unknown), None, "{unknown}");
        }
    }
}
