//! Staged change: a share of the visitors, always the same ones, gets another model or persona; or a second model is asked
//! beside the first, and nobody is shown what it says.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::bill::{Bill, SitePurse};
use super::run::{End, Run};
use super::{Parts, now_ms, prompt};
use crate::domain::{Arm, Enrolment, Finish, From, Purpose, Question, ShadowAnswer, Site};
use crate::limits::Standing;
use crate::models::{Catalogue, Ending, Model, Sink};
use crate::settings::{Experiment, Mode};

/// Shadows that are asked at once; beyond that a question goes without.
const SHADOWS: usize = 8;

/// The experiments of the settings, with their models.
pub struct Experiments {
    trials: Vec<Trial>,
    shadows: Arc<Semaphore>,
}

struct Trial {
    settings: Experiment,
    /// Empty: the models stay as they are.
    chain: Vec<Arc<Model>>,
}

impl Trial {
    fn covers(&self, site: &str) -> bool {
        self.settings.site.as_deref().is_none_or(|one| one == site)
    }
}

impl Experiments {
    pub fn new(settings: &[Experiment], catalogue: &Catalogue) -> Self {
        let trial = |one: &Experiment| Trial {
            chain: catalogue.named(&one.models),
            settings: one.clone(),
        };
        Self {
            trials: settings.iter().map(trial).collect(),
            shadows: Arc::new(Semaphore::new(SHADOWS)),
        }
    }

    /// Whether the site's visitors have a part in any.
    pub(super) fn cover(&self, site: &str) -> bool {
        self.trials.iter().any(|trial| trial.covers(site))
    }

    /// The part of whoever asks in the site's experiment; `who` is what stays the same about them.
    pub(super) fn enrol(&self, site: &str, who: &str) -> Option<Enrolment> {
        let trial = &self.trials.iter().find(|trial| trial.covers(site))?.settings;
        let arm = match bucket(&trial.name, who) < u64::from(trial.share) * 100 {
            true => Arm::Variant,
            false => Arm::Control,
        };
        Some(Enrolment {
            experiment: trial.name.clone(),
            arm,
        })
    }

    /// The trial of a question whose visitor is in the variant.
    fn of(&self, question: &Question, mode: Mode) -> Option<&Trial> {
        let part = question.enrolment.as_ref().filter(|part| part.arm == Arm::Variant)?;
        let named = |trial: &&Trial| trial.settings.name == part.experiment && trial.settings.mode == mode;
        self.trials.iter().find(named)
    }

    /// The models that are tried instead of the tier's.
    pub(super) fn chain(&self, question: &Question) -> Option<&[Arc<Model>]> {
        let trial = self.of(question, Mode::Live)?;
        Some(trial.chain.as_slice()).filter(|chain| !chain.is_empty())
    }

    /// The site with the persona that is tried; what is cached under another persona is another answer.
    pub(super) fn site(&self, question: &Question) -> Option<Arc<Site>> {
        let trial = self.of(question, Mode::Live)?;
        with_persona(question, trial.settings.persona.as_ref())
    }
}

fn with_persona(question: &Question, persona: Option<&String>) -> Option<Arc<Site>> {
    let mut site = Site::clone(&question.site);
    site.persona = persona?.clone();
    Some(Arc::new(site))
}

/// From 0 to 9,999, by visitor and experiment, so that one experiment's visitors are not the next one's.
fn bucket(experiment: &str, who: &str) -> u64 {
    let mut hash = blake3::Hasher::new_derive_key("pennypress 2026 experiment");
    hash.update(&(experiment.len() as u64).to_le_bytes());
    hash.update(experiment.as_bytes());
    hash.update(who.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash.finalize().as_bytes()[..8]);
    u64::from_le_bytes(first) % 10_000
}

/// After an answer that a model wrote has been told and written down: asks the shadow the same, if its visitor has one, nothing
/// is missing in the budget, and not too many are asked already.
pub(super) fn shadow(parts: &Arc<Parts>, run: &Arc<Run>) {
    let Some(trial) = parts.experiments.of(&run.question, Mode::Shadow) else {
        return;
    };
    let whole = run.with(|state| {
        let is_whole = state.from == Some(From::Model) && state.end == Some(End::Done(Finish::Stop));
        is_whole && !state.is_forgotten
    });
    let site = &run.question.site.key;
    if !whole || parts.budgets.standing(site, jiff::Timestamp::now()) != Standing::Free {
        return;
    }
    let Ok(permit) = parts.experiments.shadows.clone().try_acquire_owned() else {
        tracing::debug!(experiment = trial.settings.name, "too many shadows are asked already");
        return;
    };
    let name = trial.settings.name.clone();
    let (parts, run) = (parts.clone(), run.clone());
    let stopping = parts.runs.stopping();
    parts.clone().runs.aside(async move {
        ask(&parts, &run, &name, &stopping).await;
        drop(permit);
    });
}

async fn ask(parts: &Parts, run: &Run, name: &str, stopping: &CancellationToken) {
    let Some(trial) = parts.experiments.of(&run.question, Mode::Shadow) else {
        return;
    };
    let mut question = run.question.clone();
    if let Some(site) = with_persona(&question, trial.settings.persona.as_ref()) {
        question.site = site;
    }
    let models = match trial.chain.as_slice() {
        [] => parts.catalogue.chain(run.tier),
        chain => chain,
    };
    let key = question.site.key.clone();
    let limits = (parts.chain.temperature(), parts.chain.max_answer_tokens());
    let prompt = |model: &Model| prompt::prompt_for(model, &question, &run.passages, limits.0, limits.1).prompt;
    let began = Instant::now();
    let mut unseen = Unseen::new(began);
    let mut purse = SitePurse {
        bill: Bill::default(),
        reservation: None,
        purpose: Purpose::Shadow,
        answer: run.answer,
        site: &key,
        budgets: &parts.budgets,
        store: &*parts.store,
        metrics: &parts.metrics,
    };
    let ending = parts
        .chain
        .answer(models, &prompt, &mut unseen, stopping, &mut purse)
        .await;
    let SitePurse {
        mut bill, reservation, ..
    } = purse;
    for call in &mut bill.calls {
        call.purpose = Purpose::Shadow;
    }
    parts.budgets.pay(&key, bill.cost, jiff::Timestamp::now());
    drop(reservation);
    parts.store.record_calls(bill.calls).await;
    let ms = |time: Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
    let told = ShadowAnswer {
        answer: run.answer,
        experiment: name.to_owned(),
        model: bill.model.as_deref().map(str::to_owned),
        text: unseen.text,
        finish: match ending {
            Ending::Finished(finish) => finish,
            Ending::Cancelled => Finish::Aborted,
            Ending::Exhausted => Finish::Failed,
        },
        cost: bill.cost,
        first_word_ms: unseen.first_word.map(ms),
        total_ms: ms(began.elapsed()),
        asked_at_ms: now_ms(),
    };
    if let Err(error) = parts.store.record_shadow(told).await {
        tracing::warn!(%error, experiment = name, "a shadow's answer was not written down");
    }
}

/// Takes words that nobody reads.
struct Unseen {
    began: Instant,
    text: String,
    first_word: Option<Duration>,
}

impl Unseen {
    fn new(began: Instant) -> Self {
        Self {
            began,
            text: String::new(),
            first_word: None,
        }
    }
}

impl Sink for Unseen {
    fn told(&self) -> String {
        self.text.clone()
    }

    fn tell(&mut self, text: &str) {
        self.first_word.get_or_insert_with(|| self.began.elapsed());
        self.text.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn experiments(share: u8) -> Experiments {
        let one = Experiment {
            name: "cheaper".to_owned(),
            site: Some("shop".to_owned()),
            share,
            mode: Mode::Live,
            models: Vec::new(),
            persona: Some("Be brief.".to_owned()),
        };
        Experiments {
            trials: vec![Trial {
                settings: one,
                chain: Vec::new(),
            }],
            shadows: Arc::new(Semaphore::new(1)),
        }
    }

    #[test]
    fn the_share_is_kept_and_a_visitor_stays_where_they_are() {
        for share in [5, 10, 50] {
            let experiments = experiments(share);
            let arm = |i: u32| experiments.enrol("shop", &format!("visitor {i}")).expect("covered").arm;
            let many = 20_000;
            let chosen = (0..many).filter(|i| arm(*i) == Arm::Variant).count() as f64 / f64::from(many);
            assert!((chosen - f64::from(share) / 100.0).abs() < 0.01, "{share}%: {chosen}");
            assert!((0..100).all(|i| arm(i) == arm(i)));
        }
        assert!(experiments(50).enrol("another", "visitor").is_none());
    }

    #[test]
    fn whoever_is_in_at_five_percent_stays_in_at_fifty() {
        let arm = |share, i: u32| experiments(share).enrol("shop", &i.to_string()).expect("covered").arm;
        for i in (0..2_000).filter(|i| arm(5, *i) == Arm::Variant) {
            assert_eq!(arm(50, i), Arm::Variant);
        }
    }
}
