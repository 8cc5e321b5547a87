//! `rival FILE`: what tantivy makes of the same passages and questions. The file has a line of JSON for each: `{"passage": "…"}`,
//! `{"question": "…"}`. Prints a line of JSON for each question, the numbers of its best passages; then one with what it took.
//!
//! tantivy as it comes: BM25 with its own constants over one field, its English stemmer and stop words (bm25s leaves them out, too),
//! the words of a question joined with OR, one segment, in memory.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde::Deserialize;
use serde_json::json;
use tantivy::collector::TopDocs;
use tantivy::directory::RamDirectory;
use tantivy::query::BooleanQuery;
use tantivy::schema::{FAST, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{Language, LowerCaser, RemoveLongFilter, SimpleTokenizer, Stemmer, StopWordFilter, TextAnalyzer};
use tantivy::{Index, IndexSettings, Searcher, TantivyDocument, Term};

/// As deep as a ranking is told.
const DEPTH: usize = 20;
const MEMORY: usize = 200_000_000;
const ANALYZER: &str = "english";

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Passage(String),
    Question(String),
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("which file?")?;
    let (mut passages, mut questions) = (Vec::new(), Vec::new());
    for line in BufReader::new(std::fs::File::open(path)?).lines() {
        match serde_json::from_str(&line?)? {
            Line::Passage(text) => passages.push(text),
            Line::Question(text) => questions.push(text),
        }
    }
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(ANALYZER)
        .set_index_option(IndexRecordOption::WithFreqs);
    let text = schema.add_text_field("text", TextOptions::default().set_indexing_options(indexing));
    let number = schema.add_u64_field("number", FAST);
    let directory = RamDirectory::create();
    let index = Index::create(directory.clone(), schema.build(), IndexSettings::default())?;
    let mut analyzer = TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(40))
        .filter(LowerCaser)
        .filter(StopWordFilter::new(Language::English).ok_or("no stop words")?)
        .filter(Stemmer::new(Language::English))
        .build();
    index.tokenizers().register(ANALYZER, analyzer.clone());

    let (began, on_processor) = (Instant::now(), processor_time(ClockId::ProcessCPUTime));
    let mut writer = index.writer_with_num_threads(2, MEMORY)?;
    for (at, passage) in passages.iter().enumerate() {
        let mut document = TantivyDocument::default();
        document.add_text(text, passage);
        document.add_u64(number, at as u64);
        writer.add_document(document)?;
    }
    writer.commit()?;
    let segments = index.searchable_segment_ids()?;
    if segments.len() > 1 {
        writer.merge(&segments).wait()?;
    }
    let took = began.elapsed();
    let busy = processor_time(ClockId::ProcessCPUTime).saturating_sub(on_processor);
    writer.wait_merging_threads()?;

    let searcher = index.reader()?.searcher();
    let mut out = BufWriter::new(std::io::stdout().lock());
    let (mut clock, mut processor) = (Vec::new(), Vec::new());
    for question in &questions {
        let (began, on_processor) = (Instant::now(), processor_time(ClockId::ThreadCPUTime));
        let ranking = ranking(&searcher, &mut analyzer, text, question)?;
        clock.push(began.elapsed());
        processor.push(processor_time(ClockId::ThreadCPUTime).saturating_sub(on_processor));
        writeln!(out, "{}", json!({"ranking": ranking}))?;
    }
    let a_passage = |value: f64| value / passages.len().max(1) as f64;
    let told = json!({
        "passages_per_second": 1.0 / a_passage(took.as_secs_f64()),
        "processor_microseconds_per_passage": a_passage(busy.as_secs_f64() * 1e6),
        "bytes_per_passage": a_passage(directory.total_mem_usage() as f64),
        "median_ms": quantile(&mut clock, 0.5), "p99_ms": quantile(&mut clock, 0.99),
        "processor_median_ms": quantile(&mut processor, 0.5), "processor_p99_ms": quantile(&mut processor, 0.99),
    });
    writeln!(out, "{told}")?;
    out.flush()?;
    Ok(())
}

/// The numbers of the best passages.
fn ranking(searcher: &Searcher, analyzer: &mut TextAnalyzer, text: Field, question: &str) -> tantivy::Result<Vec<u64>> {
    let mut terms = Vec::new();
    let mut tokens = analyzer.token_stream(question);
    tokens.process(&mut |token| terms.push(Term::from_field_text(text, &token.text)));
    terms.sort();
    terms.dedup();
    let query = BooleanQuery::new_multiterms_query(terms);
    let found = searcher.search(&query, &TopDocs::with_limit(DEPTH).order_by_score())?;
    let number = |address: tantivy::DocAddress| {
        let numbers = searcher.segment_reader(address.segment_ord).fast_fields().u64("number")?;
        Ok(numbers.first(address.doc_id).unwrap_or(u64::MAX))
    };
    found.into_iter().map(|(_, address)| number(address)).collect()
}

fn quantile(times: &mut [Duration], share: f64) -> f64 {
    times.sort();
    let at = (times.len().saturating_sub(1) as f64 * share) as usize;
    times.get(at).map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
}

/// How long the processor has worked for this thread, or for all threads of this process.
fn processor_time(clock: ClockId) -> Duration {
    Duration::try_from(clock_gettime(clock)).unwrap_or_default()
}
