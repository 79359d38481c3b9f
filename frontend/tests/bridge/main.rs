//! The bridge in a real browser: real modules, real import maps, real shadow roots; only server and network are played.
#![cfg(target_arch = "wasm32")]

mod boot;
mod breaker;
mod connection;
mod context;
mod events;
mod failures;
mod fetch;
mod integrity;
mod isolation;
mod mounting;
mod reports;
mod server;
mod sharing;
mod state;
mod tabs;
mod tokens;
mod traces;
mod world;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
