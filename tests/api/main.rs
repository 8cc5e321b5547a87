//! The service as its callers see it: the real binary, started on a free port, spoken to over HTTP.

#[path = "../fake_provider/mod.rs"]
mod fake_provider;
#[path = "../fake_provider/tests.rs"]
mod fake_provider_tests;
#[path = "../postgres/mod.rs"]
mod server;

// What the tests are written with.
mod abstaining;
mod app;
mod asking;
mod calling;
mod events;
mod near;
mod near_meaning;
mod near_shared;
mod operator;
mod provider;
mod signing;
mod stored;
mod web;

// The tests, a file a subject.
mod budgets;
mod cache;
mod chat;
mod commands;
mod content;
mod content_pages;
mod cost;
mod crashes;
mod crawling;
mod curated;
mod current;
mod demo;
mod dialects;
mod documents;
mod doubts;
mod eval;
mod eval_cost;
mod experiments;
mod failover;
mod feedback;
mod gaps;
mod hedging;
mod hostile;
mod ingest;
mod injection;
mod killed;
mod last_resort;
mod leaving;
mod ledger;
mod limits;
mod openai_audio;
mod openai_budgets;
mod openai_chat;
mod openai_errors;
mod openai_failover;
mod openai_money;
mod openapi;
mod operations;
mod overview;
mod postgres;
mod problems;
mod process;
mod readable;
mod reading;
mod redis;
mod review;
mod routing;
mod secrecy;
mod sharing;
mod signatures;
mod signing_in;
mod silent_providers;
mod sites;
mod translating;
mod two_services;
