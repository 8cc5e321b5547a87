//! Providers, models and routing, from the file or from a key in the environment.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::{
    Environment, ModelFile, ProviderFile, RoutingFile, RuleFile, bounded, default_context, default_kind, listed,
    secret_of, web_url,
};
use crate::domain::{ModelKind, Price, Secret, Tier};
use crate::settings::layers::Layers;
use crate::settings::{Model, Pattern, Provider, Routing, RoutingRule, SettingsError, list_price};

/// `OPENAI_API_KEY` alone, or `PENNYPRESS_BASE_URL` with `PENNYPRESS_API_KEY` where the provider wants one, makes a provider;
/// `PENNYPRESS_MODEL` names its model. A key goes to nobody but whom it is for: OpenAI's not to another address, nor another's to OpenAI.
pub(super) fn provider_of_environment(
    environment: &Environment,
) -> Result<(Vec<Provider>, Vec<ModelFile>), SettingsError> {
    let value = |name: &str| {
        environment
            .get(name)
            .map(|text| text.trim())
            .filter(|text| !text.is_empty())
    };
    let (base_url, key) = match (value("PENNYPRESS_BASE_URL"), value("PENNYPRESS_API_KEY")) {
        (Some(base_url), key) => (base_url, key),
        (None, Some(_)) => {
            return Err(SettingsError::new(
                "environment variable PENNYPRESS_API_KEY",
                "found a key, but not whose it is; set PENNYPRESS_BASE_URL to the provider's address, such as `https://api.openai.com/v1`, \
                 or, for OpenAI, OPENAI_API_KEY in its place",
            ));
        }
        (None, None) => match value("OPENAI_API_KEY") {
            None => return Ok((vec![], vec![])),
            key => ("https://api.openai.com/v1", key),
        },
    };
    let base_url = web_url(base_url).ok_or_else(|| {
        SettingsError::new(
            "environment variable PENNYPRESS_BASE_URL",
            format!(
                "found `{base_url}`; allowed is an http:// or https:// address, such as `http://127.0.0.1:11434/v1`"
            ),
        )
    })?;
    let id = value("PENNYPRESS_MODEL").unwrap_or("gpt-4o-mini").to_owned();
    let name = "default".to_owned();
    let model = ModelFile {
        id,
        provider: name.clone(),
        input_usd_per_million: None,
        output_usd_per_million: None,
        context_tokens: default_context(),
        kind: default_kind(),
        usd_per_minute: 0.0,
    };
    Ok((
        vec![Provider {
            name,
            base_url,
            api_key: key.map(Secret::new),
        }],
        vec![model],
    ))
}

pub(super) fn check_providers(
    providers: Vec<ProviderFile>,
    at: &Layers,
    environment: &Environment,
) -> Result<Vec<Provider>, SettingsError> {
    let mut names = BTreeSet::new();
    let mut checked = Vec::new();
    for (i, provider) in providers.into_iter().enumerate() {
        let key = |name: &str| format!("providers[{i}].{name}");
        if provider.name.trim().is_empty() || !names.insert(provider.name.clone()) {
            let problem = format!(
                "found `{}`; allowed is a name that no other provider has",
                provider.name
            );
            return Err(at.wrong(&key("name"), problem));
        }
        let base_url = web_url(&provider.base_url).ok_or_else(|| {
            at.wrong(
                &key("base_url"),
                format!(
                    "found `{}`; allowed is an http:// or https:// address",
                    provider.base_url
                ),
            )
        })?;
        let api_key = match provider.api_key_env {
            None => None,
            Some(variable) => Some(secret_of(&variable, &key("api_key_env"), at, environment)?),
        };
        checked.push(Provider {
            name: provider.name,
            base_url,
            api_key,
        });
    }
    Ok(checked)
}

pub(super) fn check_models(
    models: Vec<ModelFile>,
    providers: &[Provider],
    at: &Layers,
) -> Result<Vec<Model>, SettingsError> {
    let mut ids = BTreeSet::new();
    let mut checked = Vec::new();
    for (i, model) in models.into_iter().enumerate() {
        let key = |name: &str| format!("models[{i}].{name}");
        // `auto` and `auto:simple` let the router choose.
        if model.id == "auto" || model.id.starts_with("auto:") {
            let problem = format!(
                "found `{}`, which lets the router choose; allowed is another id",
                model.id
            );
            return Err(at.wrong(&key("id"), problem));
        }
        if model.id.trim().is_empty() || !ids.insert(model.id.clone()) {
            return Err(at.wrong(
                &key("id"),
                format!("found `{}`; allowed is an id that no other model has", model.id),
            ));
        }
        if !providers.iter().any(|provider| provider.name == model.provider) {
            let names: Vec<_> = providers.iter().map(|provider| provider.name.as_str()).collect();
            let problem = format!(
                "found `{}`; allowed is a provider's name: {}",
                model.provider,
                listed(&names)
            );
            return Err(at.wrong(&key("provider"), problem));
        }
        bounded(
            at,
            &key("context_tokens"),
            u64::from(model.context_tokens),
            512,
            100_000_000,
        )?;
        let amount = |name: &str, value: Option<f64>| {
            let value = value.unwrap_or(0.0);
            Decimal::try_from(value)
                .ok()
                .filter(|_| (0.0..=1_000_000.0).contains(&value))
                .ok_or_else(|| {
                    at.wrong(
                        &key(name),
                        format!("found {value}; allowed is a price in US dollars from 0 to 1000000"),
                    )
                })
        };
        let told = Price {
            input_usd_per_million: amount("input_usd_per_million", model.input_usd_per_million)?,
            output_usd_per_million: amount("output_usd_per_million", model.output_usd_per_million)?,
        };
        let is_told = model.input_usd_per_million.is_some()
            || model.output_usd_per_million.is_some()
            || model.usd_per_minute > 0.0;
        let known = if is_told { Some(told) } else { list_price(&model.id) };
        let kind = ModelKind::parse(&model.kind).ok_or_else(|| {
            let allowed: Vec<_> = ModelKind::ALL.iter().map(|kind| kind.as_str()).collect();
            at.wrong(
                &key("kind"),
                format!("found `{}`; allowed is one of: {}", model.kind, listed(&allowed)),
            )
        })?;
        checked.push(Model {
            kind,
            usd_per_minute: amount("usd_per_minute", Some(model.usd_per_minute))?,
            price: known.unwrap_or_default(),
            price_is_unknown: known.is_none(),
            id: model.id,
            provider: model.provider,
            context_tokens: model.context_tokens,
        });
    }
    Ok(checked)
}

impl RoutingFile {
    /// A tier that is not set takes the chain of `standard`; without that, all chat models in their order.
    pub(super) fn check(self, models: &[Model], at: &Layers) -> Result<Routing, SettingsError> {
        let ids: Vec<&str> = models
            .iter()
            .filter(|model| model.kind == ModelKind::Chat)
            .map(|model| model.id.as_str())
            .collect();
        for (tier, chain) in [
            ("simple", &self.simple),
            ("standard", &self.standard),
            ("complex", &self.complex),
        ] {
            for (i, id) in chain.iter().enumerate() {
                if !ids.contains(&id.as_str()) {
                    let problem = format!("found `{id}`; allowed is a chat model's id: {}", listed(&ids));
                    return Err(at.wrong(&format!("routing.{tier}[{i}]"), problem));
                }
            }
        }
        let or = |chain: Vec<String>, other: &[String]| if chain.is_empty() { other.to_vec() } else { chain };
        let all: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        let standard = or(self.standard, &all);
        let baseline = self.baseline.unwrap_or_else(|| "gpt-4o".to_owned());
        let of_settings = models
            .iter()
            .find(|model| model.id == baseline && !model.price_is_unknown);
        Ok(Routing {
            simple: or(self.simple, &standard),
            complex: or(self.complex, &standard),
            baseline_price: of_settings.map(|model| model.price).or_else(|| list_price(&baseline)),
            baseline,
            rules: check_rules(self.rules, at)?,
            standard,
        })
    }
}

fn check_rules(rules: Vec<RuleFile>, at: &Layers) -> Result<Vec<RoutingRule>, SettingsError> {
    let mut checked = Vec::new();
    for (i, rule) in rules.into_iter().enumerate() {
        let key = |name: &str| format!("routing.rules[{i}].{name}");
        let pattern = match (rule.contains, rule.matches) {
            (Some(words), None) if !words.trim().is_empty() => Pattern::Contains(words),
            (None, Some(expression)) => {
                Pattern::matches(&expression).map_err(|problem| at.wrong(&key("matches"), problem))?
            }
            (Some(_), Some(_)) => {
                return Err(at.wrong(&key("matches"), "found beside `contains`; allowed is one of the two"));
            }
            _ => {
                return Err(at.wrong(
                    &key("contains"),
                    "found nothing; allowed are words that a question may hold, or `matches` with a regular expression",
                ));
            }
        };
        let wrong = || {
            let problem = format!("found `{}`; allowed is one of: simple, standard, complex", rule.tier);
            at.wrong(&key("tier"), problem)
        };
        checked.push(RoutingRule {
            tier: Tier::parse(&rule.tier).ok_or_else(wrong)?,
            pattern,
        });
    }
    Ok(checked)
}
