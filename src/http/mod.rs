//! Handlers only: parse, call, render.

pub mod openapi; // the exact form of the outside
