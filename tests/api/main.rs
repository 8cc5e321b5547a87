//! The service as its callers see it: the real binary, started on a free port, spoken to over HTTP.

mod events;
#[path = "../fake_provider/mod.rs"]
mod fake_provider;
#[path = "../fake_provider/tests.rs"]
mod fake_provider_tests;
mod provider;
