//! `glossary-words LANGUAGE`: for each line of the standard input, which is an English text, a tab and its translation, the words of
//! the first that the model has whole, a tab and the stems of the second. `make.py` runs it.

use std::io::{BufWriter, Write};

use pennypress::embeddings::is_word;
use pennypress::knowledge::words_and_stems;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let language = std::env::args().nth(1).ok_or("which language?")?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lines() {
        let line = line?;
        let (english, other) = line.split_once('\t').unwrap_or_default();
        let english = words_and_stems(english, "en").into_iter().map(|(word, _)| word);
        let english: Vec<String> = english.filter(|word| is_word(word)).collect();
        let other: Vec<String> = words_and_stems(other, &language)
            .into_iter()
            .map(|(_, stem)| stem)
            .collect();
        writeln!(out, "{}\t{}", english.join(" "), other.join(" "))?;
    }
    out.flush()?;
    Ok(())
}
