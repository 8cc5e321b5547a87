//! A site's content, for the plugin and other programs that sign, and for the operator's session: `/api/v1/documents`.

mod body;
mod caller;
mod change;
mod list;

use actix_web::web::{self, Data, ServiceConfig};

use super::admin::OperatorDoor;
use super::problem::Problem;
use super::visitor::Gate;
use crate::knowledge::Library;

/// The routes. They must be registered before the visitors' scope, which has the same beginning.
pub fn configure(config: &mut ServiceConfig, gate: Data<Gate>, operator: Data<OperatorDoor>, library: Data<Library>) {
    let wrong_method = || async { Err::<&str, _>(Problem::method_not_allowed()) };
    let resource = |path: &str| web::resource(path.to_owned()).default_service(web::to(wrong_method));
    config.service(
        // What does not begin so is not held against the pattern.
        web::scope("/api/v1/documents")
            .app_data(gate)
            .app_data(operator)
            .app_data(library)
            .service(
                resource("")
                    .route(web::get().to(list::list))
                    .route(web::post().to(change::batch)),
            )
            .service(
                // An id may hold `/`.
                resource("/{id:.+}")
                    .route(web::put().to(change::put))
                    .route(web::delete().to(change::delete)),
            ),
    );
}
