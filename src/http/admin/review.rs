//! The review list: what visitors thought of the answers, the worst first.

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use askama::Template;
use serde::Deserialize;

use super::answers::Item;
use super::demand::Session;
use super::error::AdminError;
use super::page::{self, Frame};
use super::show;
use crate::access::Sites;
use crate::domain::From;
use crate::store::OperatorStore;
use crate::store::operator::{ReviewFilter, Shown};

const PAGE: u32 = 25;
/// Models that answered in this time can be chosen.
const MODELS_DAYS: u32 = 90;

/// The filters as they stand in the address; what is unknown or empty means any.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice {
    show: String,
    site: String,
    model: String,
    from: String,
    state: String,
    page: String,
}

const SHOWN: [(&str, &str, Shown); 6] = [
    ("", "With a thumb", Shown::Rated),
    ("down", "Thumbs down", Shown::Down),
    ("up", "Thumbs up", Shown::Up),
    ("unanswered", "Unanswered", Shown::Unanswered),
    ("doubted", "In doubt", Shown::Doubted),
    ("all", "All answers", Shown::All),
];
const STATES: [(&str, &str, Option<bool>); 3] = [
    ("", "To do", Some(false)),
    ("handled", "Handled", Some(true)),
    ("any", "Any", None),
];

impl Choice {
    pub(super) fn filter(&self) -> ReviewFilter {
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let shown = SHOWN.iter().find(|(name, ..)| *name == self.show);
        let state = STATES.iter().find(|(name, ..)| *name == self.state);
        ReviewFilter {
            shown: shown.map_or(Shown::Rated, |(.., shown)| *shown),
            site: given(&self.site),
            model: given(&self.model),
            from: From::parse(&self.from),
            handled: state.map_or(Some(false), |(.., state)| *state),
        }
    }

    /// The query that chooses the same, with a page.
    fn query(&self, page: u32) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("show", &self.show),
            ("site", &self.site),
            ("model", &self.model),
            ("from", &self.from),
            ("state", &self.state),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        if page > 0 {
            query.append_pair("page", &(page + 1).to_string());
        }
        query.finish()
    }
}

/// One entry of a list to choose from.
pub(super) struct Entry {
    pub value: String,
    pub name: String,
    pub chosen: bool,
}

#[derive(Template)]
#[template(path = "admin/review.html")]
struct Page {
    frame: Frame,
    shown: Vec<Entry>,
    states: Vec<Entry>,
    sites: Vec<Entry>,
    models: Vec<Entry>,
    froms: Vec<Entry>,
    items: Vec<Item>,
    total: String,
    is_one: bool,
    csv: String,
    back: String,
    before: Option<String>,
    after: Option<String>,
    page: u32,
    pages: u64,
    is_filtered: bool,
}

pub(super) async fn list(
    session: Session,
    choice: Query<Choice>,
    store: Data<dyn OperatorStore>,
    sites: Data<Sites>,
) -> Result<HttpResponse, AdminError> {
    let number = choice.page.parse::<u32>().unwrap_or(1).clamp(1, 1_000_000) - 1;
    let filter = choice.filter();
    let found = store.review(&filter, number, PAGE).await?;
    let models = store.models(show::start_of_day(MODELS_DAYS)).await?;
    let pages = found.total.div_ceil(u64::from(PAGE)).max(1);
    let address = |page: u32| match choice.query(page) {
        query if query.is_empty() => "/admin/review".to_owned(),
        query => format!("/admin/review?{query}"),
    };
    let page = Page {
        frame: Frame::new(&session, "review"),
        shown: fixed(&SHOWN.map(|(value, name, _)| (value, name)), &choice.show),
        states: fixed(&STATES.map(|(value, name, _)| (value, name)), &choice.state),
        sites: any_of(
            sites.all().iter().map(|site| (site.key.clone(), site.name.clone())),
            &choice.site,
        ),
        models: any_of(models.into_iter().map(|model| (model.clone(), model)), &choice.model),
        froms: any_of(
            From::ALL.iter().map(|from| (from.to_string(), from.to_string())),
            &choice.from,
        ),
        items: found.items.into_iter().map(|one| Item::new(one, &sites)).collect(),
        total: show::count(found.total),
        is_one: found.total == 1,
        csv: format!("/admin/review.csv?{}", choice.query(0)),
        back: address(number),
        before: (number > 0).then(|| address(number - 1)),
        after: (u64::from(number) + 1 < pages).then(|| address(number + 1)),
        page: number + 1,
        pages,
        is_filtered: filter
            != ReviewFilter {
                handled: Some(false),
                ..ReviewFilter::default()
            },
    };
    page::show(&page)
}

pub(super) fn fixed(all: &[(&str, &str)], chosen: &str) -> Vec<Entry> {
    let entry = |(value, name): &(&str, &str)| Entry {
        value: (*value).to_owned(),
        name: (*name).to_owned(),
        chosen: *value == chosen,
    };
    all.iter().map(entry).collect()
}

/// With "any" in front; what is chosen stays on the list also when there is none of it (any more).
pub(super) fn any_of(all: impl Iterator<Item = (String, String)>, chosen: &str) -> Vec<Entry> {
    let mut entries = vec![Entry {
        value: String::new(),
        name: "Any".to_owned(),
        chosen: chosen.is_empty(),
    }];
    entries.extend(all.map(|(value, name)| Entry {
        chosen: value == chosen,
        value,
        name,
    }));
    if !entries.iter().any(|entry| entry.chosen) {
        entries.push(Entry {
            value: chosen.to_owned(),
            name: chosen.to_owned(),
            chosen: true,
        });
    }
    entries
}
