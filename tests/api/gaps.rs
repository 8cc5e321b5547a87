//! What was not answered waits for the operator, gathered by meaning, and goes when a page is said to answer it.

use serde_json::json;

use crate::app::{SECRET_A, settings};
use crate::signing::sign;

#[tokio::test]
async fn questions_that_mean_the_same_are_closed_by_one_page() {
    let app = settings().start().await;
    let page = json!({"site": "site_a", "url": "https://a.example/posting", "title": "Posting abroad",
        "markdown": "# Posting abroad\n\nWe post every weekday.\n\n## Zones\n\nZone 3: Iceland, Norway, Switzerland. It takes nine days.\n\
            \n## Parcels\n\nA parcel may weigh 20 kg.", "modified": "2026-11-24T10:00:00Z"});
    let body = serde_json::to_vec(&page).expect("JSON");
    let request = app.client.put(app.url("/api/v1/documents/posting"));
    let request = sign(SECRET_A, &body).on(request.header("content-type", "application/json"));
    assert_eq!(request.body(body).send().await.expect("an answer").status(), 200);

    let wordings = [
        "Are my gramophones repairable?",
        "are my Gramophones repairable",
        "Can you repair my gramophones?",
    ];
    for wording in wordings.into_iter().chain(["Do you sell fishing rods?"]) {
        let told = app.ask(wording).told().await;
        assert_eq!(told.finish(), "unanswered", "{wording}: {told:?}");
    }
    let operator = app.operator().await;
    let list = operator.page("/admin/gaps").await;
    let shown: Vec<&str> = list.split("<li class=\"card item\">").skip(1).collect();
    assert_eq!(shown.len(), 2, "{list}");
    assert!(
        shown[0].contains("<b>3</b> times") && shown[0].to_lowercase().contains("gramophones"),
        "{}",
        shown[0]
    );
    assert!(
        shown[1].contains("<b>1</b> time") && shown[1].contains("fishing rods"),
        "{}",
        shown[1]
    );

    let (_, link) = shown[0].split_once("href=\"").expect("a link");
    let group = link.split('"').next().expect("its end");
    let fields = [("section", "posting\nzones")];
    let to = operator.send(group, &format!("{group}/page"), &fields).await;
    let list = operator.page(&to).await;
    assert!(
        list.contains("fishing rods") && !list.to_lowercase().contains("gramophones"),
        "{list}"
    );
    // The next visitor gets that section, and the link to it.
    let told = app.ask("Are the gramophones repairable?").told().await;
    assert!(told.is_from("content").contains("nine days"), "{told:?}");
    assert_eq!(told.sources[0]["url"], "https://a.example/posting#zones");
    // A page that is not there answers nothing.
    let (_, link) = list.split_once("href=\"/admin/gaps/").expect("a link");
    let group = format!("/admin/gaps/{}", link.split('"').next().expect("its end"));
    let answer = operator
        .post(&group, &format!("{group}/page"), &[("section", "nowhere\n")])
        .await;
    assert_eq!(answer.status(), 404);
    let to = operator.send(&group, &format!("{group}/handled"), &[]).await;
    assert!(operator.page(&to).await.contains("No gaps"));
}

#[tokio::test]
async fn an_open_question_is_answered_for_everybody_who_asked_it() {
    // No provider is needed for what the operator wrote.
    let app = settings().start().await;
    let wordings = [
        "Do you ship to Norway?",
        "do you ship to norway please",
        "Is shipping to Norway possible?",
    ];
    for wording in wordings {
        app.ask(wording).told().await;
    }
    let operator = app.operator().await;
    let link = |page: &str, start: &str| {
        let at = page
            .find(&format!("href=\"{start}"))
            .unwrap_or_else(|| panic!("no link to {start} in {page}"));
        page[at + 6..]
            .split('"')
            .next()
            .expect("its end")
            .replace("&amp;", "&")
            .replace("&#38;", "&")
    };
    let gap = link(&operator.page("/admin/gaps").await, "/admin/gaps/a");
    let form = link(&operator.page(&gap).await, "/admin/curated/new?");
    let (_, id) = form.split_once("gap=").expect("an id");
    assert!(
        operator
            .page(&form)
            .await
            .contains(&format!("name=\"gap\" value=\"{id}\""))
    );
    let fields = [
        ("site", "site_a"),
        ("question", wordings[0]),
        ("text", "Yes, in nine days."),
        ("gap", id),
    ];
    operator.send(&form, "/admin/curated", &fields).await;
    for wording in wordings {
        assert_eq!(
            app.ask(wording).told().await.is_from("curated"),
            "Yes, in nine days.",
            "{wording}"
        );
    }
    assert!(operator.page("/admin/gaps").await.contains("No gaps"));
}
