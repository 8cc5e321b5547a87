//! Which models a call goes to: the one that it names and those that stand behind it, or the chain of a tier.

use std::sync::Arc;

use super::{Parts, Rejection};
use crate::domain::{ModelKind, Tier};
use crate::limits::Standing;
use crate::models::{Features, Model, decide};

/// Lets the router choose.
pub const AUTO: &str = "auto";

/// The chain, the first to be asked first; never empty.
#[derive(Debug)]
pub struct Choice {
    pub models: Vec<Arc<Model>>,
    /// The program did not ask for this very model, so another one may answer what it refuses.
    pub is_free: bool,
}

/// The tier that a model's name stands for, such as `auto:simple`; `Some(None)` is `auto` itself.
fn tier_of(name: &str) -> Option<Option<Tier>> {
    let rest = name.strip_prefix(AUTO)?;
    match rest.strip_prefix(':') {
        None if rest.is_empty() => Some(None),
        None => None,
        Some(tier) => Tier::parse(tier).map(Some),
    }
}

/// For a chat completion. `latest` and `turns` are what the router looks at.
pub fn for_chat(
    parts: &Parts,
    name: &str,
    standing: Standing,
    conversation: impl FnOnce() -> (String, usize),
) -> Result<Choice, Rejection> {
    let catalogue = &parts.catalogue;
    if let Some(model) = catalogue.find(name) {
        of_kind(model, ModelKind::Chat)?;
        return Ok(Choice {
            models: with_fallbacks(parts, model),
            is_free: false,
        });
    }
    let tier = match tier_of(name) {
        None => return Err(Rejection::unknown_model(name)),
        Some(Some(tier)) => tier,
        Some(None) if standing == Standing::Tight => Tier::Simple,
        Some(None) => {
            let (text, turns) = conversation();
            let features = Features {
                text: &text,
                turns,
                best_passage: None,
            };
            let decision = decide(catalogue.rules(), &features);
            tracing::debug!(tier = decision.tier.as_str(), reason = &*decision.reason, "routed");
            decision.tier
        }
    };
    let models = catalogue.chain(tier).to_vec();
    match models.is_empty() {
        true => Err(Rejection::unknown_model(name)),
        false => Ok(Choice { models, is_free: true }),
    }
}

/// For everything else: the model that is named, or the first of its kind. Embeddings of two models do not go together, and
/// voices differ, so nothing stands in for a model that was named.
pub fn for_kind(parts: &Parts, name: &str, kind: ModelKind) -> Result<Choice, Rejection> {
    let catalogue = &parts.catalogue;
    if let Some(model) = catalogue.find(name) {
        of_kind(model, kind)?;
        return Ok(Choice {
            models: vec![model.clone()],
            is_free: false,
        });
    }
    let of_this_kind = catalogue.models().iter().filter(|model| model.kind == kind).cloned();
    let models: Vec<_> = match kind {
        ModelKind::Embedding => of_this_kind.take(1).collect(),
        _ => of_this_kind.collect(),
    };
    if name != AUTO || models.is_empty() {
        return Err(Rejection::unknown_model(name));
    }
    Ok(Choice { models, is_free: true })
}

fn of_kind(model: &Model, kind: ModelKind) -> Result<(), Rejection> {
    if model.kind == kind {
        return Ok(());
    }
    let message = format!(
        "`{}` is a {} model here and cannot be used for this; wanted is a {kind} model (`kind` in its [[models]] settings).",
        model.id, model.kind
    );
    Err(Rejection::invalid(Some("model"), message))
}

/// The model, and what stands after it in the tier in which the most does.
fn with_fallbacks(parts: &Parts, model: &Arc<Model>) -> Vec<Arc<Model>> {
    let after = |tier: &Tier| {
        let chain = parts.catalogue.chain(*tier);
        let at = chain.iter().position(|other| other.id == model.id);
        at.map_or(&[][..], |at| &chain[at + 1..])
    };
    let most = Tier::ALL
        .iter()
        .map(after)
        .max_by_key(|rest| rest.len())
        .unwrap_or_default();
    std::iter::once(model).chain(most).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_are_named_after_a_colon() {
        assert_eq!(tier_of("auto"), Some(None));
        assert_eq!(tier_of("auto:simple"), Some(Some(Tier::Simple)));
        for other in ["auto:", "auto:best", "automatic", "gpt-4o", ""] {
            assert_eq!(tier_of(other), None, "{other}");
        }
    }
}
