//! `retrieve FILE`: puts the documents of a JSON file into an index and asks its questions; prints each passage and each ranking as
//! a line of JSON. `tests/bench/retrieval.py` writes such files and reads the lines. With `RUST_LOG=trace`, what the gate saw of each question
//! comes to the standard error, for `src/embeddings/model/gate.py`.

use std::collections::HashMap;
use std::io::{BufWriter, Write};

use pennypress::knowledge::{Document, Knowledge, Query};
use serde::Deserialize;
use serde_json::json;
use tracing_subscriber::EnvFilter;

/// As deep as a ranking is told.
const DEPTH: usize = 20;
const SITE: &str = "bench";

#[derive(Deserialize)]
struct Input {
    documents: Vec<Page>,
    questions: Vec<Question>,
}

#[derive(Deserialize)]
struct Page {
    id: String,
    title: String,
    markdown: String,
}

#[derive(Deserialize)]
struct Question {
    id: String,
    text: String,
    #[serde(default)]
    locale: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let path = std::env::args().nth(1).ok_or("which file?")?;
    let input: Input = serde_json::from_slice(&std::fs::read(path)?)?;
    let knowledge = Knowledge::with_manual();
    let pages = input.documents.into_iter().map(|page| Document {
        url: page.id.clone(),
        id: page.id,
        title: page.title,
        markdown: page.markdown,
        locale: None,
        asked: Vec::new(),
    });
    knowledge.replace(SITE, pages.collect());
    knowledge.read_all();
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut numbers = HashMap::new();
    for passage in knowledge.passages(SITE) {
        let line = json!({
            "document": passage.document, "url": passage.url, "title": passage.title,
            "section": passage.section, "text": passage.text,
        });
        writeln!(out, "{line}")?;
        let number = numbers.len();
        numbers.entry((passage.url, passage.text)).or_insert(number);
    }
    for question in input.questions {
        let query = Query {
            text: &question.text,
            turns: &[],
            locale: &question.locale,
            speaks: "",
        };
        tracing::trace!(id = &*question.id, "asked");
        let retrieved = knowledge.search(SITE, &query, DEPTH);
        let ranking: Vec<usize> = retrieved
            .passages
            .into_iter()
            .filter_map(|passage| numbers.get(&(passage.url, passage.text)).copied())
            .collect();
        let line = json!({"id": question.id, "ranking": ranking, "confidence": retrieved.confidence});
        writeln!(out, "{line}")?;
    }
    out.flush()?;
    Ok(())
}
