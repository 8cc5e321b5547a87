//! Handlers only: parse, call, render.

pub mod admin; // the operator, /admin
pub mod demo; // the widget at work, for people
pub mod documents; // a site's content: /api/v1/documents
pub mod in_flight; // what is being answered, for a graceful stop
mod json; // bodies of JSON
pub mod manual; // the manual, for people
pub mod openai; // programs, /v1
pub mod openapi; // the exact form of the outside
pub mod ops; // health, metrics, the widget's files
pub mod problem; // every error, in one shape
mod readable; // what is there for HEAD, too
pub mod request_log; // one line and one count a request
pub mod visitor; // browsers and the plugin: /api/v1
