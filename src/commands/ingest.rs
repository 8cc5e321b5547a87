//! `pennypress ingest`: content from files, exports and sitemaps.

use std::process::ExitCode;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use url::Url;

use super::Outcome;
use crate::knowledge::ingest::{Onlooker, Shelves, Wanted, ingest as read};
use crate::settings::Settings;
use crate::store::syncs::{Sync, SyncState, Trouble};
use crate::store::{self, Store, StoreError};

/// What stands on the command line.
pub struct Ingest {
    pub what: String,
    pub site: Option<String>,
    pub base_url: Option<String>,
    pub allow_private: bool,
}

/// A running service sees what is written within a second or two, since it follows the store.
pub async fn ingest(settings: &Settings, asked: Ingest) -> Outcome {
    let store = store::open(&settings.store_url).await?;
    let outcome = run(settings, &store, asked).await;
    store.close().await;
    outcome
}

async fn run(settings: &Settings, store: &Arc<dyn Store>, asked: Ingest) -> Outcome {
    let site = site(settings, &**store, asked.site.as_deref()).await?;
    let base_url = asked.base_url.as_deref().map(base_url).transpose()?;
    let wanted = Wanted {
        base_url,
        allow_private: asked.allow_private,
    };
    let shelves = Shelves {
        documents: store.clone(),
        syncs: store.clone(),
        encodings: store.clone(),
    };
    let bar = Bar::new();
    let shown = bar.0.clone();
    let sync = read(shelves, &site, &asked.what, &wanted, Box::new(bar)).await;
    shown.finish_and_clear();
    let sync = sync?;
    println!(
        "{}: {} new or changed, {} unchanged, {} removed, {} not read",
        site, sync.stored, sync.unchanged, sync.removed, sync.failed
    );
    if !sync.note.is_empty() {
        println!("{}", sync.note);
    }
    // That some documents could not be read was said line by line; the others are in, if there are any.
    Ok(match sync.state {
        SyncState::Done if sync.stored + sync.unchanged > 0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

fn base_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| format!("--base-url must be an address such as https://example.com/docs/, not `{text}`"))
}

/// The site that is named, or the only one there is.
async fn site(
    settings: &Settings,
    store: &dyn Store,
    named: Option<&str>,
) -> Result<String, Box<dyn std::error::Error>> {
    let mut keys: Vec<String> = settings.sites.iter().map(|site| site.key.clone()).collect();
    let made: Result<_, StoreError> = store.sites().await;
    keys.extend(
        made?
            .into_iter()
            .map(|site| site.key)
            .filter(|key| !keys.contains(key))
            .collect::<Vec<_>>(),
    );
    let there = || format!("there are: {}", keys.join(", "));
    match (named, keys.as_slice()) {
        (Some(named), _) if keys.iter().any(|key| key == named) => Ok(named.to_owned()),
        (Some(named), _) => Err(format!("there is no site `{named}`; {}", there()).into()),
        (None, [only]) => Ok(only.clone()),
        (None, []) => Err("there is no site yet; add one under [[sites]] or in the operator's pages".into()),
        (None, _) => Err(format!("say which site with --site; {}", there()).into()),
    }
}

/// A bar on a terminal; elsewhere just the lines of what went wrong.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} {elapsed} {wide_msg}");
        // The template is right, or the bar looks as bars do.
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self(bar)
    }
}

impl Onlooker for Bar {
    fn progress(&mut self, sync: &Sync) {
        if sync.expected > 0 {
            self.0.set_length(sync.expected);
        }
        self.0.set_position(sync.seen);
        self.0.set_message(plain(&sync.note));
    }

    fn trouble(&mut self, trouble: &Trouble) {
        let line = plain(&format!("{}: {}", trouble.what, trouble.why));
        self.0.suspend(|| eprintln!("{line}"));
    }
}

/// Names of files and pages cannot steer the terminal.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
