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
    let hash: String =
        Sha256::digest(source.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Asset {
        path: format!("/pkg/boot.{hash}.js"),
        integrity: integrity(source.as_bytes()),
        content_type: HeaderValue::from_static("text/javascript; charset=utf-8"),
        identity: Bytes::from(source),
        brotli: None,
        gzip: None,
    }
}
