//! `make dev`: pages reload themselves when the shell, its style or a remote changes.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use crate::assets::Assets;
use crate::state::{AppState, WeakState};

/// Where the page finds the script.
pub const SCRIPT_PATH: &str = "/dev/reload.js";

/// Asks every second what is being served, and reloads once that has changed. While the server is built anew there is no
/// answer, which changes nothing.
pub const SCRIPT: &str = "\
let known;
setInterval(async () => {
  try {
    const answer = await fetch(\"/dev/version\", { cache: \"no-store\" });
    const version = answer.ok ? await answer.text() : known;
    if (known !== undefined && version !== known) location.reload();
    known = version;
  } catch {}
}, 1000);
";

/// How often the browser's files are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Whether `cargo leptos watch` runs this server.
pub fn watching() -> bool {
    std::env::var_os("LEPTOS_WATCH").is_some_and(|value| value.eq_ignore_ascii_case("on") || value == "true")
}

/// `GET /dev/reload.js`.
pub async fn script() -> Response {
    let mut response = Response::new(Body::from(SCRIPT));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// `GET /dev/version`: another text whenever something a page is made of is another.
pub async fn version(State(state): State<AppState>) -> Response {
    let mut hasher = DefaultHasher::new();
    state.started_at.hash(&mut hasher);
    let assets = state.assets();
    (&assets.style.path, &assets.style.integrity, &assets.boot_tag).hash(&mut hasher);
    for remote in state.registry.snapshot().remotes() {
        (&remote.manifest.name, &remote.manifest.frontend.entry, &remote.manifest.frontend.integrity)
            .hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish()).into_response()
}

/// What pages are rendered from, here as in the browser.
const SHELL: [&str; 2] = ["app/src", "contracts/src"];

/// Follows the browser's files: `cargo leptos watch` replaces them without starting the server again. Where the shell's
/// own source is newer than this server, the next one is being built and they are left to it: a browser cannot hydrate
/// what an older shell has rendered.
pub async fn follow_assets(state: WeakState) {
    let built = std::env::current_exe().ok().and_then(|program| modified(&program));
    let (mut known, mut seen) = (None, None);
    loop {
        tokio::time::sleep(LOOK).await;
        let Some(state) = state.upgrade() else { return };
        let now = newest(&state.config.site_dir.join("pkg"));
        // Files come one after the other; they are complete when nothing is added for a while.
        let settled = std::mem::replace(&mut seen, now) == now;
        if now == known || !settled || SHELL.iter().any(|source| newest(Path::new(source)) > built) {
            continue;
        }
        // A file may be half written; what cannot be read yet is looked at again.
        if let Ok(assets) = Assets::load(&state.config.site_dir) {
            state.replace_assets(assets);
            known = now;
        }
    }
}

/// When the youngest file below a directory was written.
fn newest(directory: &Path) -> Option<SystemTime> {
    let paths = std::fs::read_dir(directory).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter_map(|path| if path.is_dir() { newest(&path) } else { modified(&path) }).max()
}

fn modified(file: &Path) -> Option<SystemTime> {
    std::fs::metadata(file).and_then(|meta| meta.modified()).ok()
}
