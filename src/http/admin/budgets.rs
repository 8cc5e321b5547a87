//! How much of its budget each site and each program has used, by the ledger.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::error::AdminError;
use super::show;
use crate::access::Sites;
use crate::domain::{Program, Usd};
use crate::limits::Budgets;
use crate::store::LedgerStore;
use crate::store::ledger::CallFilter;

/// What each site may cost a day and a month (UTC), and what programs may cost a month that have a budget of their own.
#[derive(Debug, Clone)]
pub(super) struct Allowed {
    pub daily: Option<Usd>,
    pub monthly: Option<Usd>,
    pub programs: Vec<(Program, Usd)>,
}

/// One budget of one site or program.
pub(super) struct Standing {
    /// Whose it is.
    pub name: String,
    /// `today` or `this month`, and that it is a program's.
    pub time: &'static str,
    pub spent: String,
    pub budget: String,
    pub share: String,
    /// In thousandths of the line.
    pub width: u64,
    /// `free`, `tight` or `spent`.
    pub state: &'static str,
    pub meaning: &'static str,
}

/// The budgets of all sites and programs, or of the site chosen; none when no budget is set.
pub(super) async fn standings(
    allowed: &Allowed,
    ledger: &dyn LedgerStore,
    sites: &Sites,
    chosen: Option<&str>,
) -> Result<Vec<Standing>, AdminError> {
    let (day, month) = Budgets::periods(jiff::Timestamp::now());
    let mut all = Vec::new();
    for (time, budget, since) in [("today", allowed.daily, day), ("this month", allowed.monthly, month)] {
        let Some(budget) = budget else { continue };
        let filter = CallFilter {
            since_ms: since.as_millisecond(),
            ..CallFilter::default()
        };
        let spent = ledger.costs_by_site(&filter).await?;
        for site in sites.all() {
            if chosen.is_none_or(|chosen| chosen == site.key) {
                let of_site = spent.iter().find(|(key, _)| *key == site.key);
                let cost = of_site.map_or(Usd::ZERO, |(_, cost)| *cost);
                all.push(standing(site.name.clone(), time, cost, budget, &OF_SITE));
            }
        }
    }
    if chosen.is_none() && !allowed.programs.is_empty() {
        let filter = CallFilter {
            since_ms: month.as_millisecond(),
            ..CallFilter::default()
        };
        let spent = ledger.costs_by_site(&filter).await?;
        for (program, budget) in &allowed.programs {
            let key = program.ledger_name();
            let of_program = spent.iter().find(|(name, _)| *name == key);
            let cost = of_program.map_or(Usd::ZERO, |(_, cost)| *cost);
            let name = program.name.clone();
            all.push(standing(name, "this month, a program", cost, *budget, &OF_PROGRAM));
        }
    }
    all.sort_by(|a, b| b.width.cmp(&a.width).then_with(|| a.name.cmp(&b.name)));
    Ok(all)
}

/// What it means that a budget is spent, and that it is nearly so.
type Meanings = [&'static str; 2];

const OF_SITE: Meanings = [
    "spent: cache and content answer",
    "nearly spent: the simple tier answers",
];
const OF_PROGRAM: Meanings = [
    "spent: only the cache answers",
    "nearly spent: auto means the simple tier",
];

fn standing(name: String, time: &'static str, spent: Usd, budget: Usd, meanings: &Meanings) -> Standing {
    // A budget of nothing is spent.
    let thousandths = match budget.0.is_zero() {
        true => 1_000,
        false => (spent.0 / budget.0 * Decimal::ONE_THOUSAND)
            .floor()
            .to_u64()
            .unwrap_or(u64::MAX),
    };
    let (state, meaning) = match thousandths {
        1_000.. => ("spent", meanings[0]),
        800.. => ("tight", meanings[1]),
        _ => ("free", "enough"),
    };
    Standing {
        name,
        time,
        spent: show::usd(spent),
        budget: show::usd(budget),
        share: format!("{}%", thousandths / 10),
        width: thousandths.min(1_000),
        state,
        meaning,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_says_where_it_stands() {
        let of = |spent: &str, budget: &str| {
            let usd = |text: &str| Usd(text.parse().expect("money"));
            let standing = standing("A".to_owned(), "today", usd(spent), usd(budget), &OF_SITE);
            (standing.state, standing.share, standing.width)
        };
        assert_eq!(of("0", "20"), ("free", "0%".to_owned(), 0));
        assert_eq!(of("15.999", "20"), ("free", "79%".to_owned(), 799));
        assert_eq!(of("16", "20"), ("tight", "80%".to_owned(), 800));
        assert_eq!(of("24", "20"), ("spent", "120%".to_owned(), 1_000));
        assert_eq!(of("0", "0"), ("spent", "100%".to_owned(), 1_000));
    }
}
