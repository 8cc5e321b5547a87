//! Handlers only: parse, call, render.

pub mod openapi; // the exact form of the outside
pub mod request_log; // one line and one count a request
