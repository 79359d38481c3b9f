use axum::http::HeaderValue;
use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::Asset;
use super::load::integrity;

/// The module that starts the shell: external, from `'self'`, without a nonce.
///
/// It takes the import map's nonce out of the document before any remote can run, fetches the WASM with its hash (the
/// Integrity Policy does not cover WASM), and hands `import()` to the bridge, since Rust has no syntax for it. A failure
/// leaves the server's HTML, which works by itself, and says so in the console.
pub(super) fn module(glue: &Asset, wasm: &Asset) -> Asset {
    let source = format!(
        "import init, {{ hydrate }} from \"{glue}\";\n\
         const map = document.querySelector(\"script[type=importmap]\");\n\
         const nonce = map.nonce;\n\
         map.nonce = \"\";\n\
         map.removeAttribute(\"nonce\");\n\
         const wasm = fetch(\"{wasm}\", {{ integrity: \"{integrity}\", credentials: \"same-origin\" }});\n\
         await init({{ module_or_path: wasm }});\n\
         hydrate(nonce, (url) => import(url));\n\
         document.documentElement.dataset.hydrated = \"\";\n",
        glue = glue.path,
        wasm = wasm.path,
        integrity = wasm.integrity,
    );
    script("boot", source.into())
}

/// The module that keeps a page up to date which says how things are now; on such pages alone.
pub(super) fn live() -> Asset {
    script("live", Bytes::from_static(include_bytes!("live.js")))
}

/// A script of the server's own, under a name with its hash.
fn script(name: &str, source: Bytes) -> Asset {
    let hash: String = Sha256::digest(&source).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Asset {
        path: format!("/pkg/{name}.{hash}.js"),
        integrity: integrity(&source),
        content_type: HeaderValue::from_static("text/javascript; charset=utf-8"),
        identity: source,
        brotli: None,
        gzip: None,
    }
}
