//! The operator's door: the one-time link, the password, wrong ones, and forms that our own pages did not send.

use reqwest::{Response, StatusCode, header};

use crate::app::{App, settings, until};
use crate::operator::{Operator, PASSWORD, form};

impl App {
    /// The token of the one-time link, which is printed just after the address.
    async fn setup_token(&self) -> String {
        until("the one-time link is printed", async || {
            self.log().contains("/admin/setup?token=")
        })
        .await;
        let log = self.log();
        let (_, token) = log.split_once("/admin/setup?token=").expect("the one-time link");
        token.chars().take_while(|c| c.is_ascii_graphic()).collect()
    }

    /// A form of a page that is shown before signing in, as a browser at this address behind the proxy sends it.
    async fn knock(&self, path: &str, fields: &[(&str, &str)], from: &str) -> Response {
        let request = self.client.post(self.url(path)).body(form(fields));
        let request = request
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, self.url(""))
            .header("x-forwarded-for", from);
        request.send().await.expect("an answer")
    }
}

#[tokio::test]
async fn the_first_link_sets_the_password_once() {
    let mut app = settings().start().await;
    let token = app.setup_token().await;
    let setup = async |app: &App, token: &str| {
        let page = app.client.get(app.url(&format!("/admin/setup?token={token}")));
        page.send().await.expect("an answer").status()
    };
    assert_eq!(setup(&app, &token).await, 200);
    assert_eq!(setup(&app, &token[1..]).await, 403);
    assert_eq!(setup(&app, "").await, 403);

    let set = async |app: &App, token: &str, password: &str, again: &str| {
        let fields = [("token", token), ("password", password), ("again", again)];
        app.knock("/admin/setup", &fields, "192.0.2.1").await
    };
    let short = set(&app, &token, "too short", "too short").await;
    assert_eq!(short.status(), 422);
    assert!(short.text().await.expect("a page").contains("at least 12 characters"));
    assert_eq!(set(&app, &token, PASSWORD, "something else here").await.status(), 422);
    assert_eq!(
        set(&app, &token, "aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa").await.status(),
        422
    );
    assert_eq!(set(&app, "guessed", PASSWORD, PASSWORD).await.status(), 403);

    let done = set(&app, &token, PASSWORD, PASSWORD).await;
    assert_eq!(done.status(), StatusCode::SEE_OTHER);
    let cookie = done.headers()[header::SET_COOKIE].to_str().expect("text");
    for wanted in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(wanted), "{cookie}");
    }
    assert_eq!(setup(&app, &token).await, 403, "the link is used up");
    assert_eq!(
        set(&app, &token, "another good password", "another good password")
            .await
            .status(),
        403
    );

    app.start_again().await;
    assert_eq!(
        app.knock("/admin/login", &[("password", PASSWORD)], "192.0.2.1")
            .await
            .status(),
        303
    );
    assert!(
        !app.log().contains("/admin/setup?token="),
        "there is a password, and another link"
    );
    assert_eq!(setup(&app, &token).await, 403);
}

#[tokio::test]
async fn wrong_passwords_make_their_network_wait_and_no_other() {
    let app = settings().behind_a_proxy().start().await;
    app.operator().await;
    let sign_in = async |password: &str, from: &str| app.knock("/admin/login", &[("password", password)], from).await;
    for _ in 0..5 {
        let wrong = sign_in("not the right password", "192.0.2.7").await;
        assert_eq!(wrong.status(), 401);
        assert!(!wrong.headers().contains_key(header::SET_COOKIE));
    }
    // One more is let in to be counted, and makes the next wait; without a race against the clock, so ask until it says so.
    until("the network has to wait", async || {
        sign_in("not the right password", "192.0.2.7").await.status() == 429
    })
    .await;
    let refused = sign_in(PASSWORD, "192.0.2.7").await;
    assert_eq!(refused.status(), 429, "also the right one");
    let wait: u64 = refused.headers()[header::RETRY_AFTER]
        .to_str()
        .expect("text")
        .parse()
        .expect("seconds");
    assert!((1..=900).contains(&wait), "{wait}");
    assert!(!refused.headers().contains_key(header::SET_COOKIE));
    assert!(refused.text().await.expect("a page").contains("Try again in"));
    assert_eq!(
        sign_in(PASSWORD, "192.0.2.8").await.status(),
        303,
        "another network does not wait"
    );
    let log = app.log();
    assert!(
        !log.contains("not the right password") && !log.contains(PASSWORD),
        "a password in the log"
    );
}

#[tokio::test]
async fn a_form_counts_only_from_a_page_of_its_own_session() {
    let app = settings().start().await;
    let operator = app.operator().await;
    let other = app.operator_again().await;
    let own = operator.csrf("/admin/sites/new").await;
    let foreign = other.csrf("/admin/sites/new").await;
    assert_ne!(own, foreign);
    let send = async |who: &Operator<'_>, csrf: &str, headers: &[(&str, &str)]| {
        let fields = [
            ("name", "Sneaky"),
            ("origins", "https://sneaky.example"),
            ("csrf", csrf),
        ];
        let mut request = app.client.post(app.url("/admin/sites")).body(form(&fields));
        request = request
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, who.cookie());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.expect("an answer")
    };
    let here = app.url("");
    for (csrf, headers) in [
        ("", vec![("origin", here.as_str())]),
        ("guessed", vec![("origin", &here)]),
        (foreign.as_str(), vec![("origin", &here)]),
        (own.as_str(), vec![]),
        (own.as_str(), vec![("origin", "null")]),
        (own.as_str(), vec![("origin", "https://evil.example")]),
        (own.as_str(), vec![("origin", &here), ("sec-fetch-site", "cross-site")]),
    ] {
        let answer = send(&operator, csrf, &headers).await;
        assert_eq!(answer.status(), 403, "{csrf} {headers:?}");
        assert!(answer.text().await.expect("a page").contains("Nothing was changed"));
    }
    assert!(!operator.page("/admin/sites").await.contains("Sneaky"));
    let answer = send(&operator, &own, &[("origin", &here)]).await;
    let (status, text) = (answer.status(), answer.text().await.expect("a page"));
    assert!(
        status == 422 || status == 303,
        "the same form from its page is read: {status} {text}"
    );
    let asked = operator.get("/admin/logout").await;
    assert_eq!(asked.status(), 405, "a link cannot sign anybody out");
    assert!(operator.page("/admin").await.contains("Overview"));
}

#[tokio::test]
async fn a_session_ends_when_it_is_left_and_when_the_password_changes() {
    let app = settings().start().await;
    let operator = app.operator().await;
    let (second, third) = (app.operator_again().await, app.operator_again().await);
    let is_in = async |who: &Operator<'_>| who.get("/admin").await.status() == 200;
    assert!(is_in(&operator).await && is_in(&second).await && is_in(&third).await);

    assert_eq!(second.send("/admin", "/admin/logout", &[]).await, "/admin/login");
    assert!(!is_in(&second).await && is_in(&third).await);
    let led = second.get("/admin/review").await;
    assert_eq!(
        (led.status(), &led.headers()[header::LOCATION]),
        (StatusCode::SEE_OTHER, &"/admin/login".parse().expect("a value"))
    );

    let new = "six other random words, then";
    let change = |old: &'static str| [("old", old), ("password", new), ("again", new)];
    let refused = operator
        .post("/admin/password", "/admin/password", &change("wrong wrong wrong"))
        .await;
    assert_eq!(refused.status(), 422);
    assert!(is_in(&third).await);
    let changed = operator
        .post("/admin/password", "/admin/password", &change(PASSWORD))
        .await;
    assert_eq!(changed.status(), 303);
    assert!(
        !is_in(&third).await && !is_in(&operator).await,
        "sessions of the old password"
    );
    assert_eq!(
        app.knock("/admin/login", &[("password", PASSWORD)], "192.0.2.1")
            .await
            .status(),
        401
    );
    assert_eq!(
        app.knock("/admin/login", &[("password", new)], "192.0.2.1")
            .await
            .status(),
        303
    );
}

#[tokio::test]
async fn every_page_is_closed_to_strangers_and_to_scripts() {
    let app = settings().start().await;
    let operator = app.operator().await;
    for path in [
        "",
        "/review",
        "/review.csv",
        "/gaps",
        "/curated",
        "/curated/new",
        "/content",
        "/ledger",
        "/ledger.csv",
        "/experiments",
        "/sites",
        "/sites/new",
        "/sites/site_a",
        "/password",
    ] {
        let path = format!("/admin{path}");
        let stranger = app.client.get(app.url(&path)).send().await.expect("an answer");
        assert_eq!(stranger.status(), 303, "{path}");
        assert_eq!(stranger.headers()[header::LOCATION], "/admin/login", "{path}");
        assert_eq!(stranger.text().await.expect("a page"), "", "{path}");
        let page = operator.get(&path).await;
        assert_eq!(page.status(), 200, "{path}");
        let told = |name: &str| page.headers()[name].to_str().expect("text").to_owned();
        let policy = told("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("script-src") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert!(
            policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self'"),
            "{policy}"
        );
        assert_eq!(told("cache-control"), "no-store", "{path}");
        assert_eq!(told("x-content-type-options"), "nosniff", "{path}");
        assert!(!page.text().await.expect("a page").contains("<script"), "{path}");
    }
}
