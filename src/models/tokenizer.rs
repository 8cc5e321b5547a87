//! Counts the tokens of a text, for calls whose provider does not say what it used.
//!
//! The encoding is o200k_base, that of OpenAI's models since GPT-4o. It takes some 100 ms and 42 MB to make ready, so it is
//! made ready when it is first needed and let go when it was not needed for a while; the allocator gives the pages back to the
//! system as soon as others are asked of it (measured: 12 MB before, 50 after the first count, 14 after it was let go).
//!
//! Counting runs on threads that may block, some 40 MB of text a second, and never where a question waits for its first word.
//! Prompts are cut to a model's context and budgets are set aside by [`super::estimate`] instead, whose bound costs a thousandth
//! of that.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tiktoken_rs::CoreBPE;
use tokio::runtime::Handle;

use super::estimate::estimated_tokens;

/// Its memory is let go when nothing was counted for so long.
const UNUSED: Duration = Duration::from_secs(600);
/// A longer text is counted in pieces of at most so many bytes: the tokenizer's regular expressions give up on very long runs
/// of one kind of character. A cut between words changes nothing, any other adds a token at most.
const PIECE: usize = 4_096;

/// The encoding while it is in memory, and when it was used last.
static READY: Mutex<Option<(Arc<CoreBPE>, Instant)>> = Mutex::new(None);

/// How many tokens the texts have. Blocks: call it where that is allowed, or use [`count`].
pub fn count_here<'a>(texts: impl IntoIterator<Item = &'a str>) -> u64 {
    let encoding = ready();
    let of = |text: &str| match &encoding {
        Some(encoding) => pieces(text).map(|piece| tokens_of(encoding, piece)).sum(),
        None => estimated_tokens(text),
    };
    texts.into_iter().map(of).sum()
}

/// The library gives up with a panic on what its regular expressions cannot follow; one piece is estimated then.
fn tokens_of(encoding: &CoreBPE, piece: &str) -> u64 {
    let counted = std::panic::catch_unwind(AssertUnwindSafe(|| encoding.encode_ordinary(piece).len() as u64));
    counted.unwrap_or_else(|_| estimated_tokens(piece))
}

/// Runs `counting`, which may use [`count_here`], on a thread that may block.
pub async fn count<T: Send + 'static>(counting: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    match tokio::task::spawn_blocking(counting).await {
        Ok(counted) => Some(counted),
        // It fails when the runtime ends.
        Err(error) => {
            tracing::warn!(%error, "tokens could not be counted, and are estimated");
            None
        }
    }
}

fn ready() -> Option<Arc<CoreBPE>> {
    let mut ready = READY.lock();
    if let Some((encoding, used)) = &mut *ready {
        *used = Instant::now();
        return Some(encoding.clone());
    }
    let began = Instant::now();
    match tiktoken_rs::o200k_base() {
        Ok(encoding) => {
            let encoding = Arc::new(encoding);
            tracing::debug!(ms = began.elapsed().as_millis(), "the tokenizer is ready");
            *ready = Some((encoding.clone(), Instant::now()));
            drop(ready);
            // Without a runtime it stays, as in a command that ends soon.
            if let Ok(runtime) = Handle::try_current() {
                runtime.spawn(let_go());
            }
            Some(encoding)
        }
        // The vocabulary is in the binary, so this would be a mistake of the library's.
        Err(error) => {
            tracing::error!(%error, "the tokenizer cannot be made ready; tokens are estimated");
            None
        }
    }
}

/// Ends when the tokenizer was not used for a while, with its memory.
async fn let_go() {
    loop {
        tokio::time::sleep(UNUSED).await;
        let mut ready = READY.lock();
        if ready.as_ref().is_none_or(|(_, used)| used.elapsed() >= UNUSED) {
            *ready = None;
            return;
        }
    }
}

/// The text in pieces that are short enough, cut before a space where there is one: a word's token begins with its space.
fn pieces(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        if text.is_empty() {
            return None;
        }
        let longest = text.floor_char_boundary(PIECE);
        let end = match longest < text.len() {
            true => text[..longest].rfind(' ').filter(|at| *at > 0).unwrap_or(longest),
            false => text.len(),
        };
        let (piece, rest) = text.split_at(end);
        text = rest;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::super::estimate::most_tokens;
    use super::*;

    fn count(text: &str) -> u64 {
        count_here([text])
    }

    #[test]
    fn known_texts_have_their_known_tokens() {
        // From OpenAI's cookbook, "How to count tokens with tiktoken", for o200k_base.
        for (text, tokens) in [
            ("", 0),
            ("tiktoken is great!", 6),
            ("antidisestablishmentarianism", 6),
            ("2 + 2 = 4", 7),
            ("お誕生日おめでとう", 8),
            ("hello world", 2),
        ] {
            assert_eq!(count(text), tokens, "{text}");
        }
        assert_eq!(count_here(["hello world", "tiktoken is great!"]), 8);
    }

    #[test]
    fn long_and_odd_texts_are_counted_too() {
        let sentence = "How do I reset my password? ";
        let one = count(sentence.trim_end()) as f64;
        let many = count(&sentence.repeat(5_000)) as f64 / 5_000.0;
        assert!((many - one).abs() < 0.05, "{many} and {one}");
        for odd in [" ", "a", "\n", "0", "!", "字", "\u{0}", "\u{200d}"] {
            assert!(count(&odd.repeat(300_000)) > 0, "{odd:?}");
        }
        assert_eq!(pieces(&"ab ".repeat(5_000)).collect::<String>(), "ab ".repeat(5_000));
    }

    /// What is set aside for a prompt is not less than it takes, in what people and programs write.
    #[test]
    fn the_bound_is_one() {
        let written = [
            "How do I get a refund for an order that never arrived?",
            "Wie bekomme ich mein Geld zurück, wenn die Bestellung nicht angekommen ist?",
            "Как мне вернуть деньги за заказ, который так и не пришёл?",
            "كيف أسترد أموالي عن طلب لم يصل أبدًا؟",
            "मुझे उस ऑर्डर का पैसा वापस कैसे मिलेगा जो कभी पहुँचा ही नहीं?",
            "ฉันจะขอเงินคืนสำหรับคำสั่งซื้อที่ไม่เคยมาถึงได้อย่างไร",
            "从未送达的订单怎么退款？",
            "届かなかった注文の返金はどうすればいいですか？",
            "도착하지 않은 주문은 어떻게 환불받나요?",
            "fn main() { println!(\"{:?}\", (1..=10).map(|n| n * n).collect::<Vec<_>>()); }",
            "{\"id\":\"01a20ff19a4e\",\"n\":[1,22,333,4444],\"ok\":true,\"at\":\"2026-11-24T23:13:39Z\"}",
            "https://example.com/a/b?c=d&e=%20f#g",
            "aGVsbG8gd29ybGQsIHRoaXMgaXMgYmFzZTY0IGFuZCBub3QgYSB3b3Jk",
            "🎉🎉 👩‍👩‍👧‍👦 ❤️",
        ];
        for text in written {
            let (bound, tokens) = (most_tokens(text), count(text));
            assert!(bound >= tokens, "{bound} < {tokens}: {text}");
            assert!(bound <= tokens * 3 + 4, "{bound} is far above {tokens}: {text}");
        }
    }
}
