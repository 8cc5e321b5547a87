//! `pennypress ask`: one answer to the terminal.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use super::Outcome;
use crate::answering::{Asked, End, Reader, Reply};
use crate::domain::{Finish, Site, Source};
use crate::settings::Settings;
use crate::startup::Engine;

pub async fn ask(settings: &Settings, question: &str, site: Option<&str>) -> Outcome {
    let engine = Engine::start(settings).await?;
    engine.library.caught_up().await?;
    let outcome = answer(&engine, settings, question, site).await;
    engine.stop().await;
    outcome
}

async fn answer(engine: &Engine, settings: &Settings, question: &str, site: Option<&str>) -> Outcome {
    let message = question.trim();
    if message.is_empty() {
        return Err("the question is empty".into());
    }
    let site = chosen(engine, settings, site)?;
    let asked = Asked {
        message: message.to_owned(),
        conversation: None,
        visitor: None,
        user: None,
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        page: None,
        locale: site.appearance.locale.to_ascii_lowercase(),
        began: Instant::now(),
        site,
    };
    let end = match engine.answering.ask(asked).await? {
        Reply::Whole(whole) => {
            println!("{}", whole.told.text);
            print_sources(&whole.told.sources);
            End::Done(whole.told.finish)
        }
        Reply::Running(reader) => print_running(reader).await?,
    };
    // An answer that says honestly that there is none is an answer.
    Ok(match end {
        End::Done(Finish::Stop | Finish::Length | Finish::Unanswered) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

pub(super) fn chosen(engine: &Engine, settings: &Settings, named: Option<&str>) -> Result<Arc<Site>, String> {
    let first = || settings.sites.first().map(|site| site.key.as_str());
    let key = named
        .or_else(first)
        .ok_or("there is no site to ask; add one under [[sites]]")?;
    engine
        .sites
        .find(key)
        .ok_or_else(|| format!("there is no site `{key}`"))
}

async fn print_running(mut reader: Reader) -> std::io::Result<End> {
    let mut out = std::io::stdout();
    let mut ended = End::CutOff;
    while let Some(update) = reader.next().await {
        out.write_all(update.text.as_bytes())?;
        out.flush()?;
        if let Some(end) = update.end {
            println!();
            ended = end;
        }
        print_sources(&update.sources.unwrap_or_default());
    }
    if ended == End::CutOff {
        eprintln!("pennypress: the answer was cut off; no provider could go on with it");
    }
    Ok(ended)
}

fn print_sources(sources: &[Source]) {
    if !sources.is_empty() {
        println!();
    }
    for source in sources {
        println!("[{}] {} {}", source.n, source.title, source.url);
    }
}
