//! `model-bags`: for each pair of the standard input, a line of JSON that `pairs.py` wrote, what the model averages for the heading and
//! for the passage, and the stems of both, by which BM25 compares them. `train.py` reads the lines. A text that was left in English is
//! passed over.

use std::io::{BufWriter, Write};

use pennypress::knowledge::{bag_of_meaning, words_and_stems};
use serde::Deserialize;

#[derive(Deserialize)]
struct Pair {
    package: String,
    language: String,
    place: String,
    page: String,
    heading: String,
    text: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lines() {
        let pair: Pair = serde_json::from_str(&line?)?;
        let found = whatlang::detect(&pair.text).filter(whatlang::Info::is_reliable);
        let is_english = |found: whatlang::Info| found.lang() == whatlang::Lang::Eng;
        if found.is_some_and(|found| is_english(found) != (pair.language == "en")) {
            continue;
        }
        // As an index reads them: a passage with its page's title, which counts twice.
        let passage = format!("{} {} {}", pair.page, pair.page, pair.text);
        let once = format!("{} {}", pair.page, pair.text);
        write!(out, "{}\t{}\t{}", pair.package, pair.language, pair.place)?;
        for text in [&pair.heading, &passage] {
            let bag = bag_of_meaning(text, &pair.language);
            let bag: Vec<String> = bag.iter().map(|(row, share)| format!("{row}:{share:.3}")).collect();
            write!(out, "\t{}", bag.join(" "))?;
        }
        for text in [&pair.heading, &once] {
            let stems = words_and_stems(text, &pair.language);
            let stems: Vec<String> = stems.into_iter().map(|(_, stem)| stem).collect();
            write!(out, "\t{}", stems.join(" "))?;
        }
        writeln!(out)?;
    }
    out.flush()?;
    Ok(())
}
