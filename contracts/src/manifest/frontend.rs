use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the browser loads. Paths are relative to the manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Frontend {
    /// The file that is loaded first.
    pub entry: String,
    /// How the entry is mounted.
    #[serde(default)]
    pub format: Format,
    /// The tag that `custom-element` defines; only with that format.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub element: Option<String>,
    /// The exposed module, such as `./App`; only with `module-federation`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expose: Option<String>,
    /// The global that the script assigns; only with `iife`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub global: Option<String>,
    /// The entry's hash (Subresource Integrity), `sha384-…`. Only `iframe` and `fragment` go without.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(test, schemars(regex(pattern = r"^sha(256|384|512)-[A-Za-z0-9+/]+={0,2}$")))]
    pub integrity: Option<String>,
    /// Every further file the remote loads, with its hash: scripts, wasm, images, fonts.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub files: BTreeMap<String, String>,
    /// Style sheets that the shell adopts inside the remote's root.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub styles: Vec<ManifestStyle>,
    /// Where the remote's markup lives.
    #[serde(default)]
    pub isolation: Isolation,
    /// All script that one route needs, in bytes after gzip.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bundle_size: Option<u32>,
    /// Pages it answers for.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub routes: Vec<ManifestRoute>,
    /// Cards it offers to slots.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub cards: Vec<ManifestCard>,
    /// Modules it would share with other remotes, by package name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub shared: BTreeMap<String, SharedModule>,
}

/// How an entry is mounted. All of them are adapted onto `mount(el, ctx)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// A module that exports `mount`.
    #[default]
    Esm,
    /// A custom element; it gets its context as the property `ctx`.
    CustomElement,
    /// `bootstrap`, `mount`, `unmount`; the context arrives as `props.ctx`.
    SingleSpa,
    /// An `mf-manifest.json` or a `remoteEntry.js`.
    ModuleFederation,
    /// A classic script that assigns a global.
    Iife,
    /// A document in a sandboxed frame.
    Iframe,
    /// HTML that the remote's server renders (Podium manifest).
    Fragment,
    /// A Backstage front-end plug-in, through `register(app)`.
    Backstage,
}

impl Format {
    /// As it is written in a manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Esm => "esm",
            Self::CustomElement => "custom-element",
            Self::SingleSpa => "single-spa",
            Self::ModuleFederation => "module-federation",
            Self::Iife => "iife",
            Self::Iframe => "iframe",
            Self::Fragment => "fragment",
            Self::Backstage => "backstage",
        }
    }

    /// Whether the entry is script that runs in the page, so that its hash and weight must be known.
    pub fn is_script(self) -> bool {
        !matches!(self, Self::Iframe | Self::Fragment)
    }
}

/// Where a remote's markup lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Isolation {
    /// In a shadow root: its styles and the shell's do not meet.
    #[default]
    Shadow,
    /// In the page.
    None,
}

impl Isolation {
    /// As it is written in a manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shadow => "shadow",
            Self::None => "none",
        }
    }
}

/// A page of a remote, which answers for `path` and everything below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ManifestRoute {
    /// Absolute path in the portal, such as `/todos`.
    pub path: String,
    /// The page's title and the navigation entry's text.
    pub title: String,
    /// The export with the `mount` signature.
    #[serde(default = "default_mount")]
    pub mount: String,
    /// Where the navigation shows it; none keeps it out of the navigation.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub nav: Option<ManifestNav>,
}

/// A navigation entry's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ManifestNav {
    /// The section's heading.
    pub section: String,
    /// Ascending within the section.
    #[serde(default)]
    pub order: i32,
}

/// A card of a remote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ManifestCard {
    /// `home:top`, `home:left` or `home:right`.
    pub slot: String,
    /// The export with the `mount` signature.
    #[serde(default = "default_mount")]
    pub mount: String,
    /// The card's heading; the remote's display name without it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub title: Option<String>,
    /// The height that its skeleton reserves, in CSS pixels.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub height: Option<u32>,
}

/// A style sheet of a remote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ManifestStyle {
    /// Where it is, relative to the manifest.
    pub href: String,
    /// Its hash, `sha384-…`.
    pub integrity: String,
}

/// A module that a remote would share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SharedModule {
    /// The versions it works with: a range as npm writes it.
    pub required_version: String,
    /// Whether the page may hold only one.
    #[serde(default)]
    pub singleton: bool,
}

fn default_mount() -> String {
    "mount".to_owned()
}
