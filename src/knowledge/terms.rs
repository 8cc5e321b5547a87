//! What is compared when a question is compared with a text: stems of words, and pairs of characters where words are not spaced.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use snowball_stemmers_rs::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

static ENGLISH: LazyLock<Stemmer> = LazyLock::new(|| Stemmer::create(Algorithm::English));

/// Words that say nothing about what a text is about.
static STOP: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "a about actually after again all also am an and any anybody anyone anything are as at be because been before being but by \
     can cannot could did do does doing don done else even ever every few find for from further get gets getting give go going \
     got had has have having he hello help her here hers hey hi him his how however i if in into is it its just kind know let like ll \
     look made make many may maybe me might mine more most much must my need of okay on one only or other our ours out over own \
     please possible pls put really re s same say see shall she should show so some someone something still such sure t take tell than thank \
     thanks that the their theirs them then there these they thing things this those through to too try u under until up ur us use used uses using \
     ve very via want wanted wants was way we were what when where whether which while who whom whose why will with would yes \
     yet you your yours im ive id dont doesnt cant wont isnt whats hows theres couldnt didnt d m o"
        .split_whitespace()
        .collect()
});

/// One term, and the word that it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    pub stem: String,
    /// Lower case, not stemmed; the same as `stem` for a pair of characters.
    pub word: String,
}

/// The terms of a text in their order, without stop words.
pub(super) fn terms(text: &str) -> Vec<Term> {
    let text: String = text.nfkc().flat_map(char::to_lowercase).collect();
    let mut found = Vec::new();
    // Characters of a script without spaces, and where the latest ends.
    let mut run: Vec<char> = Vec::new();
    let mut run_end = 0;
    for (at, word) in text.unicode_word_indices() {
        if word.chars().all(is_unspaced) {
            if at != run_end {
                pairs(&mut run, &mut found);
            }
            run.extend(word.chars());
            run_end = at + word.len();
            continue;
        }
        pairs(&mut run, &mut found);
        // `public_url`, `widget.js` and `don't` are found by their parts.
        let parts = word.split(|c: char| !c.is_alphanumeric() && !is_mark(c));
        for part in parts.filter(|part| !part.is_empty() && !STOP.contains(part)) {
            found.push(Term {
                stem: stem(part).into_owned(),
                word: part.to_owned(),
            });
        }
    }
    pairs(&mut run, &mut found);
    found
}

/// The stem of a lower-case word.
pub(super) fn stem(word: &str) -> Cow<'_, str> {
    if word.is_ascii() && word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        ENGLISH.stem(word)
    } else {
        Cow::Borrowed(word)
    }
}

/// Combining vowels and viramas, without which the words of Indic scripts fall apart.
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

fn pairs(run: &mut Vec<char>, found: &mut Vec<Term>) {
    let mut push = |text: String| {
        found.push(Term {
            word: text.clone(),
            stem: text,
        });
    };
    match run.as_slice() {
        [] => {}
        [single] => push(single.to_string()),
        several => several.windows(2).for_each(|two| push(two.iter().collect())),
    }
    run.clear();
}

/// Han, Hiragana, Katakana, Thai, Lao, Khmer and Myanmar are written without spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' | '\u{3040}'..='\u{30ff}'
        | '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stems(text: &str) -> Vec<String> {
        terms(text).into_iter().map(|term| term.stem).collect()
    }

    #[test]
    fn words_are_folded_and_stop_words_left_out() {
        assert_eq!(stems("How do I install the Plugins?"), ["instal", "plugin"]);
        assert_eq!(stems("public_url and widget.js"), ["public", "url", "widget", "js"]);
        assert_eq!(stems("ＦＵＬＬ ﬁle"), ["full", "file"]);
        assert!(stems("what is this").is_empty());
    }

    #[test]
    fn scripts_without_spaces_are_read_in_pairs() {
        assert_eq!(stems("安装插件"), ["安装", "装插", "插件"]);
        assert_eq!(stems("安装 plugin 插件"), ["安装", "plugin", "插件"]);
        assert_eq!(stems("を"), ["を"]);
        assert_eq!(stems("ติดตั้ง").len(), "ติดตั้ง".chars().count() - 1);
        assert_eq!(stems("प्लगइन कैसे"), ["प्लगइन", "कैसे"]);
    }
}
