//! The operator in a browser: signed in, with forms that are sent from the pages on which they stand.

use reqwest::StatusCode;
use reqwest::header;

use crate::app::{App, until};

pub const PASSWORD: &str = "five random words are enough";

pub struct Operator<'a> {
    app: &'a App,
    cookie: String,
}

impl App {
    /// Follows the one-time link of the first start, and sets the password.
    pub async fn operator(&self) -> Operator<'_> {
        // It is printed just after the address.
        until("the one-time link is printed", async || {
            self.log().contains("/admin/setup?token=")
        })
        .await;
        let log = self.log();
        let (_, token) = log.split_once("/admin/setup?token=").expect("the one-time link");
        let token: String = token.chars().take_while(|c| c.is_ascii_graphic()).collect();
        let fields = [("token", token.as_str()), ("password", PASSWORD), ("again", PASSWORD)];
        self.let_in("/admin/setup", &fields).await
    }

    /// Another session, of another browser: the password is set already.
    pub async fn operator_again(&self) -> Operator<'_> {
        self.let_in("/admin/login", &[("password", PASSWORD)]).await
    }

    async fn let_in(&self, path: &str, fields: &[(&str, &str)]) -> Operator<'_> {
        let request = self
            .client
            .post(self.url(path))
            .header("origin", self.url(""))
            .body(form(fields));
        let answer = request
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
        let cookie = answer.headers()[header::SET_COOKIE].to_str().expect("text");
        let cookie = cookie.split(';').next().expect("a name and a value").to_owned();
        Operator { app: self, cookie }
    }
}

impl Operator<'_> {
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// A page, which must be there.
    pub async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.expect("a page")
    }

    pub async fn get(&self, path: &str) -> reqwest::Response {
        let request = self
            .app
            .client
            .get(self.app.url(path))
            .header(header::COOKIE, &self.cookie);
        request.send().await.expect("an answer")
    }

    /// Sends a form that stands on `page`, with the session's token; the answer must lead to another page, whose path is given.
    pub async fn send(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> String {
        let answer = self.post(page, action, fields).await;
        let status = answer.status();
        let to = answer.headers().get(header::LOCATION).cloned();
        assert_eq!(
            status,
            StatusCode::SEE_OTHER,
            "{action}: {}",
            answer.text().await.expect("a page")
        );
        to.expect("a location").to_str().expect("text").to_owned()
    }

    /// The same, whatever the answer.
    pub async fn post(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> reqwest::Response {
        let csrf = self.csrf(page).await;
        let fields: Vec<(&str, &str)> = fields.iter().copied().chain([("csrf", csrf.as_str())]).collect();
        let request = self
            .app
            .client
            .post(self.app.url(action))
            .header(header::COOKIE, &self.cookie);
        let request = request.header("origin", self.app.url("")).body(form(&fields));
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        request.send().await.expect("an answer")
    }

    /// A request of a page of this session.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.app.client.request(method, self.app.url(path));
        request
            .header(header::COOKIE, &self.cookie)
            .header("origin", self.app.url(""))
    }

    /// The session's token, as it stands in the forms of a page.
    pub async fn csrf(&self, page: &str) -> String {
        let page = self.page(page).await;
        let (_, after) = page
            .split_once("name=\"csrf\" value=\"")
            .expect("a form with the session's token");
        after.split('"').next().expect("its end").to_owned()
    }
}

pub fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}
