//! `model-cohort LESSONS OUT`: reads English passages and questions of the lessons, evenly spread over all, with both encoders, and writes
//! the cohorts that `embeddings/cohort.rs` compares with. To be run again when an encoder was taught anew:
//!
//! ```sh
//! cargo run --release --example model-cohort src/embeddings/model/lessons src/embeddings/model
//! ```

use std::error::Error;
use std::path::PathBuf;

use pennypress::embeddings::{COHORT, Coarse, Tokens, encode_passage, encode_question};
use serde::Deserialize;

#[derive(Deserialize)]
struct Lesson {
    told: In,
    asked: Vec<In>,
}

#[derive(Deserialize)]
struct In {
    en: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).map(PathBuf::from);
    let (Some(lessons), Some(out)) = (arguments.next(), arguments.next()) else {
        return Err("where are the lessons, and where shall the cohorts be written?".into());
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(lessons)?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()?;
    files.sort();
    let mut all: Vec<Lesson> = Vec::new();
    for file in files {
        let lines = std::fs::read_to_string(file)?;
        for line in lines.lines() {
            all.push(serde_json::from_str(line)?);
        }
    }
    let chosen = (0..COHORT).map(|at| &all[at * all.len() / COHORT]);
    for (name, in_english) in [("english", true), ("multilingual", false)] {
        let (mut passages, mut questions) = (Vec::new(), Vec::new());
        for (at, lesson) in chosen.clone().enumerate() {
            let told = Tokens::of_passage(&lesson.told.en, in_english).and_then(|told| encode_passage(&told));
            // Now one, now another of a passage's questions.
            let question = &lesson.asked[at % lesson.asked.len()].en;
            let asked = Tokens::of_question(question, in_english).and_then(|asked| encode_question(&asked));
            passages.extend_from_slice(Coarse::of(&told.ok_or("a passage says nothing")?).as_bytes());
            let asked = asked.ok_or("a question says nothing")?;
            questions.extend(asked.as_bytes().map(i8::cast_unsigned));
        }
        passages.append(&mut questions);
        std::fs::write(out.join(format!("cohort-{name}.bin")), passages)?;
    }
    Ok(())
}
