//! `pennypress cost`: what a list of questions would cost.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use super::{Outcome, bar};
use crate::answering::{Asked as Question, Reply};
use crate::cache::near::Daring;
use crate::domain::{AnswerId, From};
use crate::replay::{self, Asked, Measures, Rates, Tokens, Verifier};
use crate::settings::Settings;
use crate::startup::Engine;

/// How the questions are played.
#[derive(Debug, Clone, Copy)]
pub struct CostOptions {
    /// Draws by Zipf's law with this exponent; `None`: the list as it stands.
    pub zipf: Option<f64>,
    /// How many are drawn; `None`: twice as many as the list has.
    pub count: Option<usize>,
    pub seed: u64,
    /// How often the played verifier errs, from 0 to 1.
    pub verifier_error: f64,
    /// Asks each different question of the providers, and pays for it.
    pub real: bool,
}

pub async fn cost(settings: &Settings, file: &Path, options: CostOptions) -> Outcome {
    if options.zipf.is_some_and(|s| !(0.0..=10.0).contains(&s)) || !(0.0..=1.0).contains(&options.verifier_error) {
        return Err("--zipf is a number from 0 to 10, --verifier-error one from 0 to 1".into());
    }
    let rates = Rates::of(settings)?;
    let list = replay::read(file)?;
    let stream: Vec<&Asked> = match options.zipf {
        Some(s) => replay::zipf(&list, s, options.count.unwrap_or(list.len() * 2), options.seed),
        None => list.iter().take(options.count.unwrap_or(usize::MAX)).collect(),
    };
    let different: HashSet<&str> = stream.iter().map(|asked| asked.text.as_str()).collect();
    println!(
        "{}: {} questions, {} different\n",
        file.display(),
        stream.len(),
        different.len()
    );
    let mut tokens = Tokens::simulated(options.seed, u64::from(settings.upstream.max_answer_tokens));
    if options.real {
        ask_all(settings, &stream, &mut tokens).await?;
    }
    let verifier = Verifier::new(options.seed, options.verifier_error);
    let progress = bar("played", stream.len() * Measures::STEPS.len())?;
    let mut steps = Vec::new();
    for (name, measures) in Measures::STEPS {
        let bill = replay::play(&stream, measures, &rates, &tokens, &verifier, &mut || progress.inc(1));
        steps.push((name, bill));
    }
    progress.finish_and_clear();
    let baseline = replay::baseline(&stream, &rates, &tokens);
    let baseline = baseline.map(|cost| (settings.routing.baseline.as_str(), cost));
    replay::print(&steps, baseline, &rates.single);
    if baseline.is_none() {
        println!("the price of the baseline {} is unknown", settings.routing.baseline);
    }
    println!("{}", how(options.real, options.verifier_error));
    Ok(ExitCode::SUCCESS)
}

fn how(real: bool, error: f64) -> String {
    let tokens = match real {
        true => "tokens are those that the providers told",
        false => "tokens are simulated (the manual's page on cost says how)",
    };
    format!(
        "{tokens}; near matches are judged by the list's labels with an error of {:.0}%",
        error * 100.0
    )
}

/// Every different question once, through the whole service with an empty store; the settings' budgets bound it.
async fn ask_all(
    settings: &Settings,
    stream: &[&Asked],
    tokens: &mut Tokens,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut settings = settings.clone();
    settings.store_url = "sqlite::memory:".to_owned();
    // What a near match would be answered with is paid for as well where the near cache is off.
    settings.cache.near = Daring::Off;
    let engine = Engine::start_apart(&settings).await?;
    let mut seen = HashSet::new();
    let different: Vec<&&Asked> = stream.iter().filter(|asked| seen.insert(&asked.text)).collect();
    let progress = bar("asked", different.len())?;
    let mut outcome = Ok(());
    for asked in different {
        progress.inc(1);
        outcome = ask(&engine, &settings, asked, tokens).await;
        if outcome.is_err() {
            break;
        }
    }
    progress.finish_and_clear();
    engine.stop().await;
    outcome
}

async fn ask(
    engine: &Engine,
    settings: &Settings,
    asked: &Asked,
    tokens: &mut Tokens,
) -> Result<(), Box<dyn std::error::Error>> {
    let first = settings
        .sites
        .first()
        .ok_or("there is no site to ask; add one under [[sites]]")?;
    let site = engine.sites.find(&first.key).ok_or("the first site is missing")?;
    let question = Question {
        message: asked.text.clone(),
        conversation: None,
        visitor: None,
        user: None,
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        page: None,
        locale: site.appearance.locale.to_ascii_lowercase(),
        began: Instant::now(),
        site,
    };
    let id: AnswerId = match engine.answering.ask(question).await? {
        Reply::Whole(whole) => whole.answer,
        Reply::Running(mut reader) => {
            reader.ended().await;
            reader.run().answer
        }
    };
    let answer = engine.store.answer(id).await?.ok_or("an answer was not written down")?;
    match answer.from {
        From::Model => tokens.measured(&asked.text, answer.usage),
        // Another spelling of a question that was asked already.
        From::Cache | From::Near => {}
        From::Content | From::Curated => {
            return Err("no model answered: a budget is spent, or no provider could be reached".into());
        }
    }
    Ok(())
}
