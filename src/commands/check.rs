//! `pennypress check`: whether everything works, each on a line.

use std::process::ExitCode;
use std::time::Duration;

use super::Outcome;
use crate::models::Catalogue;
use crate::settings::Settings;
use crate::startup::{engines, redis};
use crate::store;

/// A provider has this long to list its models.
const PATIENCE: Duration = Duration::from_secs(10);

pub async fn check(settings: &Settings) -> Outcome {
    let mut all_good = true;
    let mut line = |what: &str, result: Result<String, String>| match result {
        Ok(said) => println!("ok    {what}: {said}"),
        Err(why) => {
            all_good = false;
            println!("FAIL  {what}: {why}");
        }
    };
    let (sites, models) = (settings.sites.len(), settings.models.len());
    line("settings", Ok(format!("read; {sites} site(s), {models} model(s)")));
    line(
        "store",
        works(&settings.store_url)
            .await
            .map(|()| store::shown(&settings.store_url)),
    );
    match redis(settings) {
        Err(error) => line("cache", Err(error.to_string())),
        Ok(redis) => {
            let (cache, limits) = engines(settings, redis.as_ref());
            let place = if settings.cache.url == "memory" {
                "in memory"
            } else {
                "in Redis"
            };
            line("cache", cache.ready().await.map(|()| place.to_owned()));
            line("limits", limits.ready().await.map(|()| place.to_owned()));
        }
    }
    let catalogue = Catalogue::new(settings)?;
    if catalogue.providers().is_empty() {
        line("providers", Ok("none set; answers come from the content".to_owned()));
    }
    for provider in catalogue.providers() {
        let found = provider.check(PATIENCE).await;
        let told = found.map(|models| format!("answers, and lists {models} model(s)"));
        line(
            &format!("provider {}", provider.name()),
            told.map_err(|error| provider.told(&error)),
        );
    }
    for note in unknown_prices(settings) {
        println!("note  {note}");
    }
    Ok(if all_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What costs money without anybody knowing how much.
fn unknown_prices(settings: &Settings) -> Vec<String> {
    let models = settings.models.iter().filter(|model| model.price_is_unknown);
    let mut notes: Vec<String> = models
        .map(|model| {
            format!(
                "model {}: its price is unknown, so its calls count as 0 dollars and no budget stops them; set its \
                 input_usd_per_million and output_usd_per_million (0 for a model of your own)",
                model.id
            )
        })
        .collect();
    if settings.routing.baseline_price.is_none() {
        notes.push(format!(
            "routing.baseline {}: its price is unknown, so savings cannot be told; name a model of [[models]] with a price",
            settings.routing.baseline
        ));
    }
    notes
}

/// Whether the store can be opened, read and written.
async fn works(url: &str) -> Result<(), String> {
    let store = store::open(url).await.map_err(|error| error.to_string())?;
    let ready = store.ready().await.map_err(|error| error.to_string());
    store.close().await;
    ready
}
