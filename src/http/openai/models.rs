//! `GET /v1/models` and `GET /v1/models/{id}`: the router's names, then every model of the settings.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Serialize;

use super::caller::Caller;
use super::error::ApiError;
use crate::domain::Tier;
use crate::gateway::{AUTO, Gateway, Rejection};

/// When the first version was made, in Unix seconds; when a provider made its model is not known here.
const CREATED: i64 = 1_790_000_000;

#[derive(Serialize)]
struct Model {
    id: String,
    object: &'static str,
    created: i64,
    owned_by: String,
}

#[derive(Serialize)]
struct List {
    object: &'static str,
    data: Vec<Model>,
}

pub async fn list(_: Caller, gateway: Data<Gateway>) -> HttpResponse {
    HttpResponse::Ok().json(List {
        object: "list",
        data: all(&gateway),
    })
}

pub async fn one(_: Caller, gateway: Data<Gateway>, id: Path<String>) -> Result<HttpResponse, ApiError> {
    let id = id.into_inner();
    match all(&gateway).into_iter().find(|model| model.id == id) {
        Some(model) => Ok(HttpResponse::Ok().json(model)),
        None => Err(Rejection::unknown_model(&id).into()),
    }
}

fn all(gateway: &Gateway) -> Vec<Model> {
    let model = |id: String, owned_by: &str| Model {
        id,
        object: "model",
        created: CREATED,
        owned_by: owned_by.to_owned(),
    };
    let tiers = Tier::ALL.iter().map(|tier| format!("{AUTO}:{tier}"));
    let routed = std::iter::once(AUTO.to_owned())
        .chain(tiers)
        .map(|id| model(id, "pennypress"));
    let named = gateway.models().iter();
    routed
        .chain(named.map(|known| model(known.id.clone(), known.provider.name())))
        .collect()
}
