//! A question as a browser or the plugin asks it, and what was told.

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::app::{App, ORIGIN_A, ORIGIN_B, SITE_A, SITE_B};
use crate::events::{Event, Events};
use crate::signing;

/// A question in the making: of a browser on site A's page, until told otherwise.
pub struct Asking<'a> {
    app: &'a App,
    body: Value,
    origin: Option<String>,
    token: Option<String>,
    secret: Option<&'static str>,
    headers: Vec<(&'static str, String)>,
}

impl App {
    pub fn ask(&self, message: &str) -> Asking<'_> {
        Asking {
            app: self,
            body: json!({"site": SITE_A, "message": message}),
            origin: Some(ORIGIN_A.to_owned()),
            token: None,
            secret: None,
            headers: Vec::new(),
        }
    }

    /// A request of a browser on a page of site A.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.url(path)).header("origin", ORIGIN_A)
    }

    pub async fn post(&self, path: &str, body: Value) -> Response {
        self.request(Method::POST, path)
            .json(&body)
            .send()
            .await
            .expect("an answer")
    }

    /// A new visitor's token on site A.
    pub async fn visitor(&self) -> String {
        let issued = json_of(self.post("/api/v1/visitors", json!({"site": SITE_A})).await).await;
        issued["token"].as_str().expect("a token").to_owned()
    }

    /// The rest of an answer after the event with the id `after`.
    pub async fn resume(&self, answer: &str, after: Option<&str>, token: Option<&str>) -> Response {
        let mut request = self.request(Method::GET, &format!("/api/v1/answers/{answer}/events?site={SITE_A}"));
        if let Some(after) = after {
            request = request.header("last-event-id", after);
        }
        if let Some(token) = token {
            request = request.header("x-pennypress-visitor", token);
        }
        request.send().await.expect("an answer")
    }

    pub async fn conversation(&self, id: &str, token: &str) -> Response {
        self.with_conversation(Method::GET, id, token).await
    }

    pub async fn delete_conversation(&self, id: &str, token: &str) -> Response {
        self.with_conversation(Method::DELETE, id, token).await
    }

    async fn with_conversation(&self, method: Method, id: &str, token: &str) -> Response {
        self.request(method, &format!("/api/v1/conversations/{id}?site={SITE_A}"))
            .header("x-pennypress-visitor", token)
            .send()
            .await
            .expect("an answer")
    }
}

impl Asking<'_> {
    pub fn of_site_b(mut self) -> Self {
        self.origin = Some(ORIGIN_B.to_owned());
        self.with("site", json!(SITE_B))
    }

    pub fn origin(mut self, origin: Option<&str>) -> Self {
        self.origin = origin.map(str::to_owned);
        self
    }

    pub fn visitor(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    pub fn conversation(self, id: &str) -> Self {
        self.with("conversation", json!(id))
    }

    pub fn with(mut self, key: &str, value: Value) -> Self {
        self.body[key] = value;
        self
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// As the plugin asks for a visitor with this address: signed, without an origin.
    pub fn signed_for(mut self, secret: &'static str, ip: &str) -> Self {
        self.secret = Some(secret);
        self.origin = None;
        self.with("visitor", json!({"ip": ip, "id": null}))
    }

    pub async fn send(self) -> Response {
        let body = serde_json::to_vec(&self.body).expect("JSON");
        let mut request = self.app.client.post(self.app.url("/api/v1/chat"));
        request = request.header("content-type", "application/json");
        if let Some(origin) = &self.origin {
            request = request.header("origin", origin);
        }
        if let Some(token) = &self.token {
            request = request.header("x-pennypress-visitor", token);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if let Some(secret) = self.secret {
            request = signing::sign(secret, &body).on(request);
        }
        request.body(body).send().await.expect("an answer")
    }

    /// The stream of events, once it has begun.
    pub async fn events(self) -> Events {
        let response = self.send().await;
        let status = response.status();
        if status != StatusCode::OK {
            panic!("{status}: {}", response.text().await.unwrap_or_default());
        }
        let kind = response.headers()["content-type"].to_str().expect("text");
        assert!(kind.starts_with("text/event-stream"), "{kind}");
        Events::new(response)
    }

    /// The whole stream.
    pub async fn told(self) -> Told {
        Told::of(self.events().await.rest().await)
    }

    /// The answer without a stream.
    pub async fn whole(self) -> Told {
        let response = self.with("stream", json!(false)).send().await;
        assert_eq!(response.headers()["content-type"], "application/json");
        let answer = json_of(response).await;
        let text_of = |key: &str| {
            answer[key]
                .as_str()
                .unwrap_or_else(|| panic!("{key} in {answer}"))
                .to_owned()
        };
        Told {
            conversation: text_of("conversation"),
            answer: text_of("answer"),
            from: text_of("from"),
            text: text_of("text"),
            sources: answer["sources"].as_array().expect("sources").clone(),
            ending: Ending::Done(text_of("finish")),
            events: Vec::new(),
        }
    }

    /// The problem with it, after its shape was checked.
    pub async fn problem(self) -> Problem {
        Problem::of(self.send().await).await
    }
}

pub async fn json_of(response: Response) -> Value {
    let (status, text) = (response.status(), response.text().await.expect("text"));
    assert!(status.is_success(), "{status}: {text}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    Done(String),
    Error(Value),
}

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Told {
    pub conversation: String,
    pub answer: String,
    pub from: String,
    pub text: String,
    pub sources: Vec<Value>,
    pub ending: Ending,
    pub events: Vec<Event>,
}

impl Told {
    /// Reads the events of an answer from its start, and checks their names, their order and every id.
    pub fn of(events: Vec<Event>) -> Told {
        let start = events.first().expect("events");
        assert_eq!((start.name.as_str(), start.id.as_str()), ("start", "0"), "{events:#?}");
        let start = start.json();
        let text_of = |key: &str| {
            start[key]
                .as_str()
                .unwrap_or_else(|| panic!("{key} in {start}"))
                .to_owned()
        };
        let mut told = Told {
            conversation: text_of("conversation"),
            answer: text_of("answer"),
            from: text_of("from"),
            text: String::new(),
            sources: Vec::new(),
            ending: Ending::Error(Value::Null),
            events: events.clone(),
        };
        assert!(
            told.conversation.starts_with("c_") && told.answer.starts_with("a_"),
            "{start}"
        );
        told.continue_with(&events[1..]);
        told
    }

    /// Adds the events that came after those that were read before.
    pub fn continue_with(&mut self, events: &[Event]) {
        let mut stage = 0;
        for event in events {
            let (now, id) = match event.name.as_str() {
                "delta" => {
                    let text = event.json()["text"].as_str().expect("text").to_owned();
                    assert!(!text.is_empty(), "an empty delta");
                    self.text.push_str(&text);
                    (0, self.text.len())
                }
                "sources" => {
                    self.sources = event.json().as_array().expect("a list").clone();
                    (1, self.text.len() + 1)
                }
                "done" => {
                    let finish = event.json()["finish"].as_str().expect("a finish").to_owned();
                    self.ending = Ending::Done(finish);
                    (2, self.text.len() + 2)
                }
                "error" => {
                    self.ending = Ending::Error(event.json());
                    (2, self.text.len() + 2)
                }
                other => panic!("an event `{other}` among {events:#?}"),
            };
            assert_eq!(event.id, id.to_string(), "the id of {event:?}");
            assert!(now > stage || now == 0 && stage == 0, "out of order: {events:#?}");
            stage = now;
        }
        assert_eq!(stage, 2, "no end: {events:#?}");
    }

    pub fn finish(&self) -> &str {
        match &self.ending {
            Ending::Done(finish) => finish,
            Ending::Error(error) => panic!("it ended with {error}"),
        }
    }

    /// Checks where it came from and that it ended well, and gives the text.
    pub fn is_from(&self, from: &str) -> &str {
        assert_eq!((self.from.as_str(), self.finish()), (from, "stop"), "{}", self.text);
        &self.text
    }
}

/// A problem (RFC 9457) whose shape is as the contract has it.
#[derive(Debug)]
pub struct Problem {
    pub status: u16,
    pub code: String,
    pub detail: String,
    /// Seconds.
    pub retry_after: Option<u64>,
}

impl Problem {
    pub async fn of(response: Response) -> Problem {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("text");
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        assert_eq!(
            header("content-type"),
            Some("application/problem+json"),
            "{status}: {text}"
        );
        let body: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(
            (&body["type"], &body["status"]),
            (&json!("about:blank"), &json!(status)),
            "{text}"
        );
        for key in ["title", "code", "detail"] {
            assert!(
                body[key].as_str().is_some_and(|text| !text.is_empty()),
                "{key} in {text}"
            );
        }
        let retry_after = header("retry-after").map(|value| value.parse().expect("seconds"));
        assert_eq!(body["retry_after"].as_u64(), retry_after, "{text}");
        Problem {
            status,
            code: body["code"].as_str().unwrap_or_default().to_owned(),
            detail: body["detail"].as_str().unwrap_or_default().to_owned(),
            retry_after,
        }
    }

    pub fn is(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code.as_str()), (status, code), "{self:?}");
    }
}
