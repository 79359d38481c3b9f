//! The WASM entry and the bridge to remotes.
