//! What `/openapi.json` says is what the service does.

use reqwest::{Method, Response};
use serde_json::{Map, Value, json};

use crate::app::{App, PROGRAM_KEY, settings};
use crate::asking::json_of;
use crate::calling::question;
use crate::provider::Provider;

struct Document(Value);

impl Document {
    async fn of(app: &App) -> Self {
        Document(
            json_of(
                app.client
                    .get(app.url("/openapi.json"))
                    .send()
                    .await
                    .expect("an answer"),
            )
            .await,
        )
    }

    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => self
                .0
                .pointer(&reference[1..])
                .unwrap_or_else(|| panic!("{reference} leads nowhere")),
            None => schema,
        }
    }

    /// Why `value` does not fit, if it does not. Stricter than JSON Schema: a property that is not listed does not fit.
    fn misfit(&self, schema: &Value, value: &Value) -> Option<String> {
        let schema = self.resolve(schema);
        if let Some(any) = schema["anyOf"].as_array() {
            let fits = any.iter().any(|one| self.misfit(one, value).is_none());
            return (!fits).then(|| format!("{value} fits none of {any:?}"));
        }
        if let Some(allowed) = schema["enum"].as_array() {
            return (!allowed.contains(value)).then(|| format!("{value} is none of {allowed:?}"));
        }
        if schema.get("const").is_some_and(|only| only != value) {
            return Some(format!("{value} is not {}", schema["const"]));
        }
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_u64() || number.is_i64() => "integer",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let fits = match &schema["type"] {
            Value::String(one) => one == kind,
            Value::Array(several) => several.iter().any(|one| one == kind),
            _ => true,
        };
        if !fits {
            return Some(format!("{value} is no {}", schema["type"]));
        }
        match value {
            Value::Array(items) => items.iter().find_map(|item| self.misfit(&schema["items"], item)),
            Value::Object(members) => self.misfit_of_members(schema, members),
            _ => None,
        }
    }

    fn misfit_of_members(&self, schema: &Value, members: &Map<String, Value>) -> Option<String> {
        let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
        let missing = required
            .iter()
            .filter_map(Value::as_str)
            .find(|name| !members.contains_key(*name));
        if let Some(name) = missing {
            return Some(format!("`{name}` is missing in {members:?}"));
        }
        members.iter().find_map(|(name, value)| {
            let told = schema["properties"].get(name).or(schema.get("additionalProperties"));
            match told {
                Some(schema) => self.misfit(schema, value).map(|why| format!("{name}: {why}")),
                None if schema["properties"].is_object() => Some(format!("`{name}` is not described in {schema}")),
                None => None,
            }
        })
    }

    /// Checks a JSON answer against what the operation says of it.
    async fn check(&self, path: &str, method: &str, answer: Response) -> Value {
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let told = self.resolve(&self.0["paths"][path][method]["responses"][status.to_string()]);
        assert!(
            told.is_object(),
            "{method} {path} gave {status}, of which nothing is said"
        );
        let text = answer.text().await.expect("text");
        let kind = headers
            .get("content-type")
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default();
        if told["content"].is_null() {
            assert_eq!(text, "", "{method} {path}: {status} has a body");
            return Value::Null;
        }
        let content = &told["content"][kind];
        assert!(
            content.is_object(),
            "{method} {path}: {status} with content type `{kind}`: {text}"
        );
        if !kind.ends_with("json") {
            return Value::Null;
        }
        let value: Value = serde_json::from_str(&text).expect("JSON");
        if let Some(why) = self.misfit(&content["schema"], &value) {
            panic!("{method} {path}: {status}: {why}");
        }
        value
    }
}

#[tokio::test]
async fn answers_have_the_shape_that_is_described() {
    let provider = Provider::start().await;
    let app = settings().models(&provider, &["echo"]).start().await;
    let document = Document::of(&app).await;
    let made = app.post("/api/v1/visitors", json!({"site": "site_a"})).await;
    let made = document.check("/api/v1/visitors", "post", made).await;
    let token = made["token"].as_str().expect("a token");
    let answer = app
        .ask("Hello?")
        .visitor(token)
        .with("stream", json!(false))
        .send()
        .await;
    let answer = document.check("/api/v1/chat", "post", answer).await;
    let thumb = app
        .request(Method::POST, "/api/v1/feedback")
        .header("x-pennypress-visitor", token);
    let thumb = thumb.json(&json!({"site": "site_a", "answer": answer["answer"], "rating": "down"}));
    document
        .check("/api/v1/feedback", "post", thumb.send().await.expect("an answer"))
        .await;
    let id = answer["conversation"].as_str().expect("an id");
    let read = app.conversation(id, token).await;
    let read = document.check("/api/v1/conversations/{id}", "get", read).await;
    assert_eq!(read["messages"][1]["rating"], "down");
    for site in ["site_a", "site_b"] {
        let url = app.url(&format!("/api/v1/widget?site={site}"));
        let widget = app.client.get(url).send().await.expect("an answer");
        let widget = document.check("/api/v1/widget", "get", widget).await;
        assert_eq!(widget["site"], site);
        if site == "site_b" {
            assert_eq!(
                (&widget["greeting"], &widget["suggestions"]),
                (&json!("Moin!"), &json!(["What is it?"]))
            );
            assert_eq!(widget["colours"], json!({"accent": "#ffee00", "on_accent": "#000000"}));
        }
    }
    let foreign = app.request(Method::GET, "/api/v1/widget?site=site_b").send().await;
    document
        .check("/api/v1/widget", "get", foreign.expect("an answer"))
        .await;
    let events = app.ask("Hello again?").told().await.events;
    for event in events {
        let name = match event.name.as_str() {
            "start" => "EventStart",
            "delta" => "EventDelta",
            "done" => "EventDone",
            _ => continue,
        };
        let schema = &document.0["components"]["schemas"][name];
        assert_eq!(document.misfit(schema, &event.json()), None, "{event:?}");
    }
    for (asked, status) in [
        (app.ask(""), 400),
        (app.ask("x").visitor("forged"), 401),
        (app.ask("x").origin(None), 403),
        (app.ask("x").with("site", json!("nowhere")), 404),
        (app.ask(&"x".repeat(4_001)), 413),
    ] {
        let answer = asked.send().await;
        assert_eq!(answer.status(), status);
        document.check("/api/v1/chat", "post", answer).await;
    }
}

#[tokio::test]
async fn what_programs_call_has_the_shape_that_is_described() {
    let provider = Provider::start().await;
    let more = "[[models]]\nid = \"v\"\nprovider = \"hush-provider\"\nkind = \"embedding\"\n\
        [[models]]\nid = \"s\"\nprovider = \"hush-provider\"\nkind = \"speech\"\n";
    let app = settings().models(&provider, &["m"]).more(more).start().await;
    let document = Document::of(&app).await;
    for (path, body) in [
        ("/v1/chat/completions", question("m")),
        (
            "/v1/chat/completions",
            json!({"model": "m", "messages": [{}], "stream": true}),
        ),
        ("/v1/chat/completions", question("nobody")),
        ("/v1/chat/completions", json!({})),
        ("/v1/embeddings", json!({"model": "v", "input": "x"})),
        ("/v1/embeddings", json!({"model": "m", "input": "x"})),
        (
            "/v1/audio/speech",
            json!({"model": "s", "input": "x", "voice": "alloy"}),
        ),
        ("/v1/audio/transcriptions", json!({})),
    ] {
        let answer = app.call(path, &body).send().await.expect("an answer");
        document.check(path, "post", answer).await;
        let stranger = app
            .client
            .post(app.url(path))
            .json(&body)
            .send()
            .await
            .expect("an answer");
        assert_eq!(stranger.status(), 401);
        document.check(path, "post", stranger).await;
    }
    for (path, asked) in [
        ("/v1/models", "/v1/models"),
        ("/v1/models/{model}", "/v1/models/auto:simple"),
    ] {
        let get = app.client.get(app.url(asked)).bearer_auth(PROGRAM_KEY);
        document.check(path, "get", get.send().await.expect("an answer")).await;
    }
}
