//! Staged change: what is tried, on whom.

use super::{ExperimentFile, listed};
use crate::settings::layers::Layers;
use crate::settings::{Experiment, Model, SettingsError};

/// Characters of a name and of a persona.
const LONGEST_NAME: usize = 60;
const LONGEST_PERSONA: usize = 8_000;

/// A site has one experiment at a time, so that what is seen has one cause.
pub(super) fn check_experiments(
    experiments: Vec<ExperimentFile>,
    models: &[Model],
    at: &Layers,
) -> Result<Vec<Experiment>, SettingsError> {
    let ids: Vec<&str> = models.iter().map(|model| model.id.as_str()).collect();
    let mut checked: Vec<Experiment> = Vec::new();
    for (i, one) in experiments.into_iter().enumerate() {
        let wrong = |name: &str, problem: String| Err(at.wrong(&format!("experiments[{i}].{name}"), problem));
        let name = one.name.trim().to_owned();
        let taken = checked.iter().any(|other| other.name == name);
        if name.is_empty() || name.chars().count() > LONGEST_NAME || taken {
            let problem = format!(
                "found `{}`; allowed is a name of 1 to {LONGEST_NAME} characters that no other experiment has",
                one.name
            );
            return wrong("name", problem);
        }
        if !(1..=100).contains(&one.share) {
            return wrong("share", format!("found {}; allowed is 1 to 100 percent", one.share));
        }
        if let Some((j, id)) = one
            .models
            .iter()
            .enumerate()
            .find(|(_, id)| !ids.contains(&id.as_str()))
        {
            let problem = format!("found `{id}`; allowed is a model's id: {}", listed(&ids));
            return wrong(&format!("models[{j}]"), problem);
        }
        let persona = one.persona.filter(|persona| !persona.trim().is_empty());
        if persona
            .as_ref()
            .is_some_and(|persona| persona.chars().count() > LONGEST_PERSONA)
        {
            return wrong("persona", format!("allowed are at most {LONGEST_PERSONA} characters"));
        }
        if one.models.is_empty() && persona.is_none() {
            return wrong(
                "models",
                "found nothing to try; set `models`, `persona` or both".to_owned(),
            );
        }
        let overlaps = |other: &&Experiment| other.site.is_none() || one.site.is_none() || other.site == one.site;
        if let Some(other) = checked.iter().find(overlaps) {
            let problem = format!(
                "the site has the experiment `{}` already; allowed is one at a time",
                other.name
            );
            return wrong("site", problem);
        }
        checked.push(Experiment {
            name,
            site: one.site,
            share: one.share,
            mode: one.mode,
            models: one.models,
            persona,
        });
    }
    Ok(checked)
}
