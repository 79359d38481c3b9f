use std::sync::Arc;

use futures::future::join_all;
use futures::lock::Mutex;
use parking_lot::RwLock;
use portico_ports::{Clock, HttpClient, Random};
use semver::Version;
use thiserror::Error;

use crate::collect::{Collected, collect};
use crate::config::{ConfigProblem, RegistryConfig};
use crate::conflicts::settle;
use crate::description::Descriptions;
use crate::files::{FileError, FileStore, VerifiedFile, content_type};
use crate::load::Loader;
use crate::problem::LoadProblem;
use crate::remote::Serving;
use crate::signature::{DevelopmentKey, DevelopmentKeyError, TrustedKeys};
use crate::snapshot::Snapshot;
use crate::source::{Found, at_url, in_directory};

/// All manifests, verified, and what each session may load of them.
pub struct Registry {
    config: RegistryConfig,
    shell: Version,
    ports: RegistryPorts,
    trusted: TrustedKeys,
    files: FileStore,
    loaded: Mutex<Loaded>,
    current: RwLock<Arc<Snapshot>>,
}

/// The outside world, as the registry sees it.
#[derive(Clone)]
pub struct RegistryPorts {
    /// Dates development signatures.
    pub clock: Arc<dyn Clock>,
    /// Makes the development key.
    pub random: Arc<dyn Random>,
    /// Fetches hosted manifests.
    pub http: Arc<dyn HttpClient>,
}

/// What a load works on; one at a time.
struct Loaded {
    development: Option<DevelopmentKey>,
    descriptions: Descriptions,
    /// What the last round brought: the last good manifest of each place.
    collected: Collected,
}

/// Why there is no registry. A bad manifest is no reason: it is left out.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The configuration cannot be worked with.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Config(Vec<ConfigProblem>),
    /// The shell's own version is not one.
    #[error("the shell's version {0:?} is not a version as SemVer 2.0 writes it")]
    ShellVersion(String),
    /// The development key can be neither read nor made.
    #[error(transparent)]
    DevelopmentKey(#[from] DevelopmentKeyError),
}

/// What a load brought.
#[derive(Clone, Debug)]
pub struct ReloadReport {
    /// How many remotes are in use.
    pub in_use: usize,
    /// What was found and is not in use.
    pub problems: Vec<LoadProblem>,
    /// Whether some source could not be reached: a reload a moment later may find more.
    pub incomplete: bool,
}

impl Registry {
    /// Opens the registry and loads everything once. `shell_version` is what manifests' `shell` ranges are held
    /// against: [`portico_contracts::SHELL_VERSION`].
    ///
    /// # Errors
    /// [`OpenError`]: a configuration or a development key that cannot be worked with.
    pub async fn open(
        config: RegistryConfig,
        shell_version: &str,
        ports: RegistryPorts,
    ) -> Result<Self, OpenError> {
        let problems = config.problems();
        if !problems.is_empty() {
            return Err(OpenError::Config(problems));
        }
        let shell =
            Version::parse(shell_version).map_err(|_| OpenError::ShellVersion(shell_version.to_owned()))?;
        let mut trusted = TrustedKeys::new(&config.trusted_keys);
        let open = |path: &std::path::PathBuf| DevelopmentKey::open(path, &*ports.random);
        let development = config.development_key.as_ref().map(open).transpose()?;
        if let Some(development) = &development {
            trusted.add_for_every_name(development.id(), development.verifying_key());
        }
        let registry = Self {
            files: FileStore::new(config.file_cache_bytes),
            config,
            shell,
            ports,
            trusted,
            loaded: Mutex::new(Loaded {
                development,
                descriptions: Descriptions::default(),
                collected: Collected::default(),
            }),
            current: RwLock::default(),
        };
        registry.reload().await;
        Ok(registry)
    }

    /// What is loaded now. Cheap; hold it for the length of a request, so that the request sees one state.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.current.read())
    }

    /// Reads every source again. What is bad now and was good before stays in use as it was. One reload runs at a time;
    /// it reads directories on the calling thread, which takes milliseconds once files are verified.
    pub async fn reload(&self) -> ReloadReport {
        let mut loaded = self.loaded.lock().await;
        let mut found = Found::default();
        for directory in &self.config.directories {
            found.extend(in_directory(directory, self.config.fixtures));
        }
        let hosted = self.config.manifests.iter().map(|manifest| at_url(manifest, &*self.ports.http));
        join_all(hosted).await.into_iter().for_each(|hosted| found.extend(hosted));
        let Loaded { development, descriptions, collected: before } = &mut *loaded;
        let mut loader = Loader {
            trusted: &self.trusted,
            development: development.as_mut(),
            grants: &self.config.grants,
            flags: &self.config.flags,
            files: &self.files,
            descriptions: &mut *descriptions,
            clock: &*self.ports.clock,
        };
        let collected = collect(found, &mut loader, before);
        // Where nothing changed the snapshot stays, and with it what it remembers.
        if collected != *before {
            let settled = settle(&collected.remotes, &self.shell);
            let problems = collected.problems.clone();
            *self.current.write() = Arc::new(Snapshot::new(settled, problems, collected.incomplete));
            *before = collected;
            descriptions.forget_unused();
        }
        let snapshot = self.snapshot();
        ReloadReport {
            in_use: snapshot.remotes().len(),
            problems: snapshot.problems().to_vec(),
            incomplete: snapshot.is_incomplete(),
        }
    }

    /// A file that the portal serves for a remote, by its path as the manifest lists it. May read the disk.
    ///
    /// # Errors
    /// [`FileError::NotListed`] is not found; [`FileError::Changed`] is an alarm.
    pub fn file(&self, id: &str, version: &str, path: &str) -> Result<VerifiedFile, FileError> {
        let snapshot = self.snapshot();
        let remote = snapshot.version(id, version).ok_or(FileError::NotListed)?;
        let Serving::Portal { directory } = &remote.serving else { return Err(FileError::NotListed) };
        // Only what the manifest lists: a path is looked up, never joined from what was asked for.
        let hashed = |(listed, integrity): (_, Option<_>)| Some((listed, integrity?));
        // What a service can do is told to nobody who asks without a session.
        let openapi = remote.manifest.openapi.as_deref();
        let mut files = remote.files().filter_map(hashed).filter(|(listed, _)| Some(*listed) != openapi);
        let (listed, integrity) = files.find(|(listed, _)| *listed == path).ok_or(FileError::NotListed)?;
        let bytes = self.files.verified(&directory.join(listed), integrity)?;
        Ok(VerifiedFile { bytes, content_type: content_type(listed), integrity: integrity.to_owned() })
    }

    /// How often a file on disk had other bytes than were signed, since the start.
    pub fn file_alarms(&self) -> u64 {
        self.files.alarms()
    }
}
