//! What a model invents is shown to the operator, and to no visitor.

use serde_json::json;

use crate::app::settings;
use crate::provider::Provider;

#[tokio::test]
async fn an_invented_sentence_is_flagged_and_a_true_one_is_not() {
    let provider = Provider::start().await;
    let app = settings().no_sites().models(&provider, &["model"]).start().await;
    let own = app.url("");
    let question = "How do I install the WordPress plugin?";
    let ask = || app.ask(question).with("site", "site_demo".into()).origin(Some(&own));
    // What the manual says, from the mouth of no model.
    provider.plan("model", json!({"fault": {"kind": "status", "status": 400}}));
    let told = ask().told().await;
    let truth = told.sources[0]["quote"].as_str().expect("a quote").to_owned();
    let truth = truth.trim_end_matches('…').trim_end().to_owned();
    let invention = "Afterwards a technician named Gundula calls within 47 minutes.";
    provider.plan("model", json!({"text": format!("{truth} [1]. {invention}")}));
    let told = ask().told().await;
    assert!(told.is_from("model").contains(invention), "{told:?}");
    let operator = app.operator().await;
    let list = operator.page("/admin/review?show=doubted").await;
    assert!(list.contains(question), "it is on the list of doubted answers");
    let (_, link) = list
        .split_once("/admin/conversations/")
        .expect("a link to the conversation");
    let id: String = link
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        .collect();
    let page = operator.page(&format!("/admin/conversations/{id}")).await;
    let doubts: Vec<&str> = page
        .split("class=\"doubt\"")
        .skip(1)
        .map(|part| part.split("</li>").next().unwrap())
        .collect();
    assert_eq!(doubts.len(), 1, "{doubts:#?}");
    assert!(doubts[0].contains("technician"), "{doubts:#?}");
    // A visitor is told nothing of it.
    let (start, end) = (json!(told.sources).to_string(), format!("{:?}", told.ending));
    assert!(!start.contains("doubt") && !end.contains("doubt"));

    // What was looked at goes off the list.
    let list = operator.page("/admin/review?show=doubted").await;
    let (_, answer) = list.split_once("action=\"/admin/answers/").expect("a form");
    let action = format!("/admin/answers/{}", answer.split('"').next().expect("its end"));
    let fields = [("handled", "yes"), ("back", "/admin/review?show=doubted")];
    let back = operator.send("/admin/review?show=doubted", &action, &fields).await;
    assert!(!operator.page(&back).await.contains(question));
}
