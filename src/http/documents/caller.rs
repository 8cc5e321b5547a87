//! Who may change a site's content: who signs with the site's secret, and the operator.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::web::{Data, Query};
use serde::Deserialize;

use crate::domain::Site;
use crate::http::admin::OperatorDoor;
use crate::http::json;
use crate::http::problem::Problem;
use crate::http::visitor::Gate;

pub struct Caller {
    pub site: Arc<Site>,
    /// What their documents are kept as.
    pub source: &'static str,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    site: Option<String>,
}

/// A signed request may leave the site out; with a session it is named by `?site=` or in the body.
pub async fn admit(
    request: &HttpRequest,
    body: &[u8],
    gate: &Gate,
    operator: &Data<OperatorDoor>,
) -> Result<Caller, Problem> {
    if request.headers().contains_key("webhook-signature") || !operator.knocks(request) {
        let site = gate.admit_signer(request, body).await?;
        return Ok(Caller { site, source: "plugin" });
    }
    if !operator.admits(request).await? {
        return Err(Problem::forbidden(
            "Sign in under /admin, and call from a page of this service; or sign the request with the site's secret.",
        ));
    }
    let query = Query::<Named>::from_query(request.query_string()).ok();
    let mut named = query.and_then(|query| query.into_inner().site);
    if named.is_none() && !body.trim_ascii().is_empty() {
        named = json::read::<Named>(body)?.site;
    }
    let named = named.ok_or_else(|| Problem::invalid("`site` is missing: name the site's key as `?site=`."))?;
    let site = gate.sites.find(&named).ok_or_else(Problem::unknown_site)?;
    Ok(Caller { site, source: "upload" })
}
