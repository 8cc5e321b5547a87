//! The operator's pages, `/admin`. No JavaScript; every form is a POST with the session's own token.

mod answers;
mod budgets;
mod content;
mod content_document;
mod content_in;
mod csv_file;
mod curated;
mod demand;
mod door;
mod doors;
mod error;
mod evaluations;
mod experiments;
mod export;
mod gaps;
mod golden;
mod ledger;
mod ledger_export;
mod markdown;
mod overview;
mod page;
mod picture;
mod review;
mod show;
mod sign_in;
mod site_form;
mod site_plugin;
mod site_secrets;
mod sites;
mod style;

use std::collections::HashSet;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Data, PayloadConfig, ServiceConfig};
use actix_web::{Error, HttpResponse};

use crate::access::Sites;
use crate::access::operator::Operator;
use crate::domain::Usd;
use crate::knowledge::Library;
use crate::settings::Settings;
use crate::store::{EvaluationStore, GapStore, LedgerStore, OperatorStore, StoreError, TrialStore};

use budgets::Allowed;
pub use door::OperatorDoor;
use doors::Doors;
use error::AdminError;
use experiments::Staged;
use site_secrets::FreshSecrets;

/// A form with every field as long as allowed stays well below this.
const FORM_BYTES: usize = 256 * 1_024;

/// Keys of the sites that stand in the settings, which these pages show and do not change.
struct SettingsSites(HashSet<String>);

/// The model that savings are counted against, where its price is known.
struct Baseline(Option<String>);

/// What these pages read and write.
pub struct Stores {
    pub operator: Arc<dyn OperatorStore>,
    pub ledger: Arc<dyn LedgerStore>,
    pub trials: Arc<dyn TrialStore>,
    pub gaps: Arc<dyn GapStore>,
    pub evaluations: Arc<dyn EvaluationStore>,
}

/// The parts that these pages use. Clones share them.
#[derive(Clone)]
pub struct Admin {
    operator: Data<Operator>,
    store: Data<dyn OperatorStore>,
    ledger: Data<dyn LedgerStore>,
    trials: Data<dyn TrialStore>,
    gaps: Data<dyn GapStore>,
    evaluations: Data<dyn EvaluationStore>,
    staged: Data<Staged>,
    allowed: Data<Allowed>,
    sites: Data<Sites>,
    library: Data<Library>,
    settings_sites: Data<SettingsSites>,
    baseline: Data<Baseline>,
    doors: Data<Doors>,
    fresh: Data<FreshSecrets>,
}

impl Admin {
    /// The token sets the first password; there is one as long as none is set.
    pub async fn open(
        settings: &Settings,
        stores: Stores,
        sites: Arc<Sites>,
        library: Arc<Library>,
    ) -> Result<(Self, Option<String>), StoreError> {
        let (operator, token) = Operator::open(stores.operator.clone()).await?;
        let admin = Self {
            operator: Data::new(operator),
            store: Data::from(stores.operator),
            ledger: Data::from(stores.ledger),
            trials: Data::from(stores.trials),
            gaps: Data::from(stores.gaps),
            evaluations: Data::from(stores.evaluations),
            staged: Data::new(Staged(settings.experiments.clone().into())),
            allowed: Data::new(Allowed {
                daily: settings.limits.daily_budget_usd.map(Usd),
                monthly: settings.limits.monthly_budget_usd.map(Usd),
                programs: settings
                    .api_keys
                    .iter()
                    .filter_map(|key| Some((key.program.clone(), key.program.monthly_budget?)))
                    .collect(),
            }),
            sites: Data::from(sites),
            library: Data::from(library),
            settings_sites: Data::new(SettingsSites(
                settings.sites.iter().map(|site| site.key.clone()).collect(),
            )),
            baseline: Data::new(Baseline(
                (settings.routing.baseline_price.is_some()).then(|| settings.routing.baseline.clone()),
            )),
            doors: Data::new(Doors {
                public_url: settings.server.public_url.clone(),
                trusted_proxies: settings.server.trusted_proxies.clone(),
            }),
            fresh: Data::new(FreshSecrets::default()),
        };
        Ok((admin, token))
    }

    /// The one-time link. `base` is the service's address without a trailing slash.
    pub fn setup_link(base: &str, token: &str) -> String {
        format!("{base}/admin/setup?token={token}")
    }

    /// For what the operator's session opens beside these pages.
    pub fn door(&self) -> OperatorDoor {
        OperatorDoor {
            operator: self.operator.clone(),
            doors: self.doors.clone(),
        }
    }

    /// The routes.
    pub fn configure(&self, config: &mut ServiceConfig) {
        config.service(web::resource("/admin/").to(|| async { page::see_other("/admin") }));
        config.service(
            web::scope("/admin")
                .wrap(from_fn(guard_headers))
                .app_data(self.operator.clone())
                .app_data(self.store.clone())
                .app_data(self.ledger.clone())
                .app_data(self.allowed.clone())
                .app_data(self.trials.clone())
                .app_data(self.gaps.clone())
                .app_data(self.evaluations.clone())
                .app_data(self.staged.clone())
                .app_data(self.sites.clone())
                .app_data(self.library.clone())
                .app_data(self.settings_sites.clone())
                .app_data(self.baseline.clone())
                .app_data(self.doors.clone())
                .app_data(self.fresh.clone())
                .app_data(PayloadConfig::new(FORM_BYTES))
                .configure(routes)
                .default_service(web::to(|| async {
                    Err::<HttpResponse, _>(AdminError::NotFound("page"))
                })),
        );
    }
}

fn routes(config: &mut ServiceConfig) {
    let route = |path: &str| {
        let wrong = || async { Err::<HttpResponse, _>(AdminError::WrongMethod) };
        web::resource(path.to_owned()).default_service(web::to(wrong))
    };
    let (get, post) = (web::get, web::post);
    config
        .service(route("").route(get().to(overview::overview)))
        .service(route("/style.css").route(get().to(style::style)))
        .service(
            route("/setup")
                .route(get().to(sign_in::setup_page))
                .route(post().to(sign_in::set_up)),
        )
        .service(
            route("/login")
                .route(get().to(sign_in::login_page))
                .route(post().to(sign_in::sign_in)),
        )
        .service(route("/logout").route(post().to(sign_in::sign_out)))
        .service(
            route("/password")
                .route(get().to(sign_in::password_page))
                .route(post().to(sign_in::change_password)),
        )
        .service(route("/content").route(get().to(content::list)))
        .service(route("/content/document").route(get().to(content_document::show)))
        .service(route("/content/delete").route(post().to(content_document::delete)))
        .service(route("/content/upload").route(post().to(content_in::upload)))
        .service(route("/content/crawl").route(post().to(content_in::crawl)))
        .service(route("/content/qa").route(post().to(content_in::pair)))
        .service(route("/review").route(get().to(review::list)))
        .service(route("/experiments").route(get().to(experiments::list)))
        .service(route("/ledger").route(get().to(ledger::list)))
        .service(route("/ledger.csv").route(get().to(ledger_export::csv)))
        .service(route("/gaps").route(get().to(gaps::list)))
        .service(route("/gaps/{answer}").route(get().to(gaps::show_group)))
        .service(route("/gaps/{answer}/page").route(post().to(gaps::page_answers)))
        .service(route("/gaps/{answer}/handled").route(post().to(gaps::handled)))
        .service(route("/review.csv").route(get().to(export::csv)))
        .service(route("/conversations/{conversation}").route(get().to(answers::conversation)))
        .service(route("/answers/{answer}/handled").route(post().to(answers::handle)))
        .service(
            route("/curated")
                .route(get().to(curated::list))
                .route(post().to(curated::save)),
        )
        .service(route("/curated/new").route(get().to(curated::new)))
        .service(route("/curated/{id}").route(get().to(curated::edit)))
        .service(route("/curated/{id}/delete").route(post().to(curated::delete)))
        .service(
            route("/sites")
                .route(get().to(sites::list))
                .route(post().to(sites::create)),
        )
        .service(route("/sites/new").route(get().to(sites::new)))
        .service(
            route("/sites/{key}")
                .route(get().to(sites::show))
                .route(post().to(sites::change)),
        )
        .service(route("/sites/{key}/secret").route(post().to(site_secrets::rotate)))
        .service(route("/sites/{key}/evaluations/{id}").route(get().to(evaluations::show_run)))
        .service(route("/sites/{key}/golden.toml").route(get().to(golden::set)))
        .service(route("/sites/{key}/plugin").route(post().to(site_plugin::plugin)))
        .service(route("/sites/{key}/delete").route(post().to(sites::delete)));
}

/// Nothing from elsewhere, no script, no frame; nothing of it is kept by a browser or a proxy.
const HEADERS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Not `no-referrer`: with it a browser sends `Origin: null` with our own forms, and the origin could not be checked
    // (https://fetch.spec.whatwg.org/#append-a-request-origin-header). Other sites are told nothing either way.
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

async fn guard_headers(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    // An error of a handler is a response already when it comes here.
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Ok(response)
}
