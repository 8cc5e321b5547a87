//! The gaps: what visitors asked and did not get a good answer to, gathered by meaning, the largest first.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use askama::Template;
use serde::Deserialize;

use super::demand::{Posted, Session};
use super::error::AdminError;
use super::page::{self, Frame};
use super::show;
use crate::access::Sites;
use crate::domain::AnswerId;
use crate::knowledge::{self, Library, excerpt, gaps};
use crate::store::GapStore;
use crate::store::gaps::OpenQuestion;

/// Questions of so many days are gathered.
const DAYS: u32 = 90;
/// The latest of them.
const MOST_QUESTIONS: u32 = 2_000;
/// Groups on the page.
const GROUPS: usize = 50;
/// Other wordings that the list shows of a group, and that one page can be given at once.
const WORDINGS: usize = 3;
const MOST_WORDINGS: usize = 20;
/// Sections that are offered as the answer.
const SECTIONS: usize = 6;
/// Characters that are shown of each.
const EXCERPT: usize = 260;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice {
    site: String,
    done: String,
}

/// Questions that mean the same.
struct Group {
    /// The most typical question.
    question: String,
    answer: String,
    site_name: String,
    times: String,
    is_one: bool,
    unanswered: usize,
    down: usize,
    doubted: usize,
    latest: String,
    latest_iso: String,
    others: Vec<String>,
}

struct SiteEntry {
    key: String,
    name: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "admin/gaps.html")]
struct ListPage {
    frame: Frame,
    groups: Vec<Group>,
    sites: Vec<SiteEntry>,
    total: String,
    is_one: bool,
    hidden: usize,
    done: Option<&'static str>,
    is_filtered: bool,
}

pub(super) async fn list(
    session: Session,
    choice: Query<Choice>,
    store: Data<dyn GapStore>,
    sites: Data<Sites>,
) -> Result<HttpResponse, AdminError> {
    let site = Some(choice.site.as_str()).filter(|site| !site.is_empty());
    let open = store
        .open_questions(site, show::start_of_day(DAYS), MOST_QUESTIONS)
        .await?;
    let total = open.len();
    let gathered = gathered(open).await?;
    let hidden = gathered.len().saturating_sub(GROUPS);
    let groups = gathered
        .into_iter()
        .take(GROUPS)
        .map(|questions| group(&questions, &sites))
        .collect();
    let entry = |site: &crate::domain::Site| SiteEntry {
        key: site.key.clone(),
        name: site.name.clone(),
        chosen: site.key == choice.site,
    };
    let page = ListPage {
        frame: Frame::new(&session, "gaps"),
        groups,
        sites: sites.all().iter().map(|site| entry(site)).collect(),
        total: show::count(total as u64),
        is_one: total == 1,
        hidden,
        done: match choice.done.as_str() {
            "page" => Some("The page is now found by these questions, and they are off the list."),
            "handled" => Some("Marked as handled."),
            _ => None,
        },
        is_filtered: site.is_some(),
    };
    page::show(&page)
}

/// Per site, since an answer belongs to one.
async fn gathered(mut open: Vec<OpenQuestion>) -> Result<Vec<Vec<OpenQuestion>>, AdminError> {
    // Some hundreds of questions take milliseconds, two thousand may take a second: not on a thread that serves visitors.
    let gathered = tokio::task::spawn_blocking(move || {
        open.sort_by(|a, b| a.site.cmp(&b.site).then(b.asked_at_ms.cmp(&a.asked_at_ms)));
        let mut groups: Vec<Vec<OpenQuestion>> = Vec::new();
        for of_site in open.chunk_by(|a, b| a.site == b.site) {
            let texts: Vec<&str> = of_site.iter().map(|one| one.question.as_str()).collect();
            let members = |group: Vec<usize>| group.into_iter().map(|at| of_site[at].clone()).collect();
            groups.extend(gaps::gather(&texts).into_iter().map(members));
        }
        groups.sort_by(|a, b| b.len().cmp(&a.len()).then(latest(b).cmp(&latest(a))));
        groups
    });
    gathered.await.map_err(|_| AdminError::Unassembled)
}

fn latest(questions: &[OpenQuestion]) -> i64 {
    questions.iter().map(|one| one.asked_at_ms).max().unwrap_or(0)
}

fn group(questions: &[OpenQuestion], sites: &Sites) -> Group {
    let count = |is: fn(&OpenQuestion) -> bool| questions.iter().filter(|one| is(one)).count();
    let first = &questions[0];
    let last = latest(questions);
    Group {
        question: first.question.clone(),
        answer: first.answer.to_string(),
        site_name: sites
            .find(&first.site)
            .map_or_else(|| first.site.clone(), |site| site.name.clone()),
        times: show::count(questions.len() as u64),
        is_one: questions.len() == 1,
        unanswered: count(|one| one.unanswered),
        down: count(|one| one.down),
        doubted: count(|one| one.doubted),
        latest: show::when(last),
        latest_iso: show::iso(last),
        others: wordings(questions).into_iter().skip(1).take(WORDINGS).collect(),
    }
}

/// The different wordings, the typical one first.
pub(super) fn wordings(questions: &[OpenQuestion]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for one in questions {
        let text = one.question.trim();
        if !all.iter().any(|other| other.to_lowercase() == text.to_lowercase()) {
            all.push(text.to_owned());
        }
    }
    all
}

/// A section that may hold the answer.
struct Section {
    document: String,
    fragment: String,
    title: String,
    url: String,
    leads: bool,
    excerpt: String,
}

struct Asked {
    question: String,
    conversation: String,
    answer: String,
    when: String,
    unanswered: bool,
    down: bool,
    doubted: bool,
}

#[derive(Template)]
#[template(path = "admin/gap.html")]
struct GroupPage {
    frame: Frame,
    group: Group,
    asked: Vec<Asked>,
    sections: Vec<Section>,
    has_content: bool,
    /// Fills in the form in which the answer is written.
    curate: String,
}

pub(super) async fn show_group(
    session: Session,
    path: Path<String>,
    store: Data<dyn GapStore>,
    sites: Data<Sites>,
    library: Data<Library>,
) -> Result<HttpResponse, AdminError> {
    let questions = find(&path, &**store).await?;
    let first = &questions[0];
    let query = knowledge::Query {
        text: &first.question,
        locale: &first.locale,
        turns: &[],
        speaks: "",
    };
    let knowledge = library.knowledge();
    let has_content = knowledge.has_content(&first.site);
    let found = match has_content {
        true => knowledge.search(&first.site, &query, SECTIONS).passages,
        false => Vec::new(),
    };
    let page = GroupPage {
        frame: Frame::new(&session, "gaps"),
        group: group(&questions, &sites),
        asked: questions.iter().take(MOST_QUESTIONS as usize / 10).map(asked).collect(),
        sections: found.into_iter().map(section).collect(),
        has_content,
        curate: url::form_urlencoded::Serializer::new(String::new())
            .append_pair("site", &first.site)
            .append_pair("question", &first.question)
            .append_pair("gap", &first.answer.to_string())
            .finish(),
    };
    page::show(&page)
}

/// The group that holds an answer's question.
pub(super) async fn find(answer: &str, store: &dyn GapStore) -> Result<Vec<OpenQuestion>, AdminError> {
    let id = AnswerId::parse(answer).map_err(|_| AdminError::NotFound("question"))?;
    let open = store
        .open_questions(None, show::start_of_day(DAYS), MOST_QUESTIONS)
        .await?;
    let groups = gathered(open).await?;
    let group = groups
        .into_iter()
        .find(|group| group.iter().any(|one| one.answer == id));
    group.ok_or(AdminError::NotFound("question"))
}

/// The open questions of a site in the same words, whatever their case and signs; in every language when none is named.
pub(super) async fn asked_alike(
    site: &str,
    question: &str,
    locale: &str,
    store: &dyn GapStore,
) -> Result<Vec<AnswerId>, AdminError> {
    let words = |text: &str| {
        let words = text
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty());
        words.map(str::to_lowercase).collect::<Vec<_>>()
    };
    let open = store
        .open_questions(Some(site), show::start_of_day(DAYS), MOST_QUESTIONS)
        .await?;
    let wanted = words(question);
    let alike = open
        .into_iter()
        .filter(|one| (locale.is_empty() || one.locale.eq_ignore_ascii_case(locale)) && words(&one.question) == wanted);
    Ok(alike.map(|one| one.answer).collect())
}

fn asked(one: &OpenQuestion) -> Asked {
    Asked {
        question: one.question.clone(),
        conversation: one.conversation.to_string(),
        answer: one.answer.to_string(),
        when: show::when(one.asked_at_ms),
        unanswered: one.unanswered,
        down: one.down,
        doubted: one.doubted,
    }
}

fn section(passage: knowledge::Passage) -> Section {
    let title = match passage.section.as_str() {
        "" => passage.title,
        section => format!("{} › {section}", passage.title),
    };
    Section {
        document: passage.document,
        fragment: passage
            .url
            .split_once('#')
            .map_or("", |(_, fragment)| fragment)
            .to_owned(),
        title,
        leads: passage.url.starts_with("https://") || passage.url.starts_with("http://"),
        url: passage.url,
        excerpt: excerpt(&passage.text, EXCERPT),
    }
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    /// The document's id, a line end, the fragment.
    section: String,
}

/// "This page answers it."
pub(super) async fn page_answers(
    path: Path<String>,
    posted: Posted<Chosen>,
    store: Data<dyn GapStore>,
    library: Data<Library>,
) -> Result<HttpResponse, AdminError> {
    let questions = find(&path, &**store).await?;
    let section = posted.form.section.replace("\r\n", "\n");
    let (document, fragment) = section.split_once('\n').unwrap_or((&section, ""));
    let mut wordings = wordings(&questions);
    wordings.truncate(MOST_WORDINGS);
    let now = show::now_ms();
    if !store
        .page_answers(&questions[0].site, document, fragment, &wordings, now)
        .await?
    {
        return Err(AdminError::NotFound("page"));
    }
    library.catch_up().await?;
    store
        .settle(&ids(&questions), "Answered by a page of the site.", now)
        .await?;
    Ok(page::see_other("/admin/gaps?done=page"))
}

#[derive(Deserialize)]
pub(super) struct Nothing {}

pub(super) async fn handled(
    path: Path<String>,
    _posted: Posted<Nothing>,
    store: Data<dyn GapStore>,
) -> Result<HttpResponse, AdminError> {
    let questions = find(&path, &**store).await?;
    store.settle(&ids(&questions), "", show::now_ms()).await?;
    Ok(page::see_other("/admin/gaps?done=handled"))
}

fn ids(questions: &[OpenQuestion]) -> Vec<AnswerId> {
    questions.iter().map(|one| one.answer).collect()
}
