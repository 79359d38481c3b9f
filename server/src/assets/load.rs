use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use axum::http::HeaderValue;
use base64::Engine as _;
use bytes::Bytes;
use sha2::{Digest, Sha384};
use thiserror::Error;

use super::{boot, serve};
use crate::dev::live_reload;

/// One file, in every encoding it was built in.
#[derive(Clone, Debug)]
pub struct Asset {
    /// Its URL path.
    pub path: String,
    /// Its hash (Subresource Integrity).
    pub integrity: String,
    /// Its media type.
    pub content_type: HeaderValue,
    /// Uncompressed.
    pub identity: Bytes,
    /// Brotli, where the build made one.
    pub brotli: Option<Bytes>,
    /// gzip, where the build made one.
    pub gzip: Option<Bytes>,
}

/// Everything under `/pkg`, and the parts of a document that follow from it.
#[derive(Debug)]
pub struct Assets {
    files: HashMap<String, Asset>,
    /// The shell's style sheet.
    pub style: Asset,
    /// `<link>` elements that fetch the shell's modules and WASM early.
    pub preloads: String,
    /// The `<script>` element that starts the shell.
    pub boot_tag: String,
    /// The `<script>` element that keeps a page of the present up to date.
    pub live_tag: String,
    /// How long browsers may keep the files.
    pub(super) caching: HeaderValue,
    site_dir: PathBuf,
}

/// Why the browser's files cannot be served.
#[derive(Debug, Error)]
pub enum AssetsError {
    /// The directory is not there, or lacks a file.
    #[error("{0} has no {1}; build it with `cargo leptos build --release`, or set site_dir to where it is")]
    Missing(PathBuf, &'static str),
    /// A file cannot be read.
    #[error("{0} cannot be read: {1}")]
    Unreadable(PathBuf, std::io::Error),
}

impl Assets {
    /// Reads everything the browser may ask for, so that no request touches the disk.
    pub fn load(site_dir: &Path) -> Result<Self, AssetsError> {
        let pkg = site_dir.join("pkg");
        let mut files = HashMap::new();
        collect(&pkg, "/pkg", &mut files)?;
        let newest = |extension: &'static str| {
            newest(&pkg, &files, extension).ok_or_else(|| AssetsError::Missing(pkg.clone(), extension))
        };
        let (glue, wasm, style) = (newest(".js")?, newest(".wasm")?, newest(".css")?);
        let boot = boot::module(&glue, &wasm);
        // Browsers do not check `integrity` here for a fetch, and warn; the boot module's own fetch names the hash.
        let preloads = format!(
            "<link rel=\"modulepreload\" href=\"{}\" integrity=\"{}\">\
             <link rel=\"preload\" as=\"fetch\" crossorigin=\"anonymous\" type=\"application/wasm\" href=\"{}\">",
            glue.path, glue.integrity, wasm.path
        );
        let mut boot_tag = script_tag(&boot.path, &boot.integrity);
        let mut caching = serve::IMMUTABLE;
        if live_reload::watching() {
            caching = serve::ALWAYS_ASKED_FOR;
            boot_tag
                .push_str(&script_tag(live_reload::SCRIPT_PATH, &integrity(live_reload::SCRIPT.as_bytes())));
        }
        let live = boot::live();
        let live_tag = script_tag(&live.path, &live.integrity);
        files.extend([boot, live].map(|asset| (asset.path.clone(), asset)));
        Ok(Self { files, style, preloads, boot_tag, live_tag, caching, site_dir: site_dir.to_owned() })
    }

    /// The file at a URL path.
    pub fn get(&self, path: &str) -> Option<&Asset> {
        self.files.get(path)
    }

    /// The hashes of the shell's own modules, for the import map.
    pub fn module_integrity(&self) -> BTreeMap<&str, &str> {
        let modules = self.files.values().filter(|asset| asset.path.ends_with(".js"));
        modules.map(|asset| (asset.path.as_str(), asset.integrity.as_str())).collect()
    }

    /// A file of `public/`, which the build copies beside `pkg`.
    pub fn public(&self, name: &str) -> Option<Bytes> {
        std::fs::read(self.site_dir.join(name)).ok().map(Bytes::from)
    }
}

fn script_tag(path: &str, integrity: &str) -> String {
    format!("<script type=\"module\" src=\"{path}\" integrity=\"{integrity}\"></script>")
}

/// `sha384-…` of some bytes.
pub(super) fn integrity(bytes: &[u8]) -> String {
    format!("sha384-{}", base64::engine::general_purpose::STANDARD.encode(Sha384::digest(bytes)))
}

fn collect(directory: &Path, url: &str, files: &mut HashMap<String, Asset>) -> Result<(), AssetsError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |error| AssetsError::Unreadable(path, error)
    };
    let entries =
        std::fs::read_dir(directory).map_err(|_| AssetsError::Missing(directory.to_owned(), "files"))?;
    for entry in entries {
        let path = entry.map_err(unreadable(directory))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let url = format!("{url}/{name}");
        if path.is_dir() {
            collect(&path, &url, files)?;
            continue;
        }
        let Some(content_type) = content_type(&name) else { continue };
        let identity = Bytes::from(std::fs::read(&path).map_err(unreadable(&path))?);
        let sibling = |extension: &str| {
            std::fs::read(directory.join(format!("{name}{extension}"))).ok().map(Bytes::from)
        };
        let asset = Asset {
            integrity: integrity(&identity),
            content_type: HeaderValue::from_static(content_type),
            brotli: sibling(".br"),
            gzip: sibling(".gz"),
            path: url.clone(),
            identity,
        };
        files.insert(url, asset);
    }
    Ok(())
}

/// The newest of the shell's files of a kind: a development build may leave older hashes beside it.
fn newest(pkg: &Path, files: &HashMap<String, Asset>, extension: &str) -> Option<Asset> {
    let modified = |asset: &Asset| {
        let name = asset.path.rsplit('/').next().unwrap_or_default();
        std::fs::metadata(pkg.join(name)).and_then(|meta| meta.modified()).ok()
    };
    files
        .values()
        .filter(|asset| asset.path.starts_with("/pkg/portico") && asset.path.ends_with(extension))
        .max_by_key(|asset| modified(asset))
        .cloned()
}

fn content_type(name: &str) -> Option<&'static str> {
    match name.rsplit('.').next()? {
        "js" => Some("text/javascript; charset=utf-8"),
        "wasm" => Some("application/wasm"),
        "css" => Some("text/css; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
}
