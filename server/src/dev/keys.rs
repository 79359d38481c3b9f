use std::io::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portico_ports::Random;
use thiserror::Error;

/// Why a key cannot be used.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("the key file {0}: {1}")]
    File(String, std::io::Error),
    /// It does not hold 32 bytes in base64.
    #[error("the key file {0} must hold 32 bytes in base64; `openssl rand -base64 32` makes such a key")]
    Form(String),
}

/// A 32-byte key from a file that an operator made.
pub fn key_from_file(path: &Path) -> Result<[u8; 32], KeyError> {
    let text =
        std::fs::read_to_string(path).map_err(|error| KeyError::File(path.display().to_string(), error))?;
    let bytes = STANDARD.decode(text.trim()).ok();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| KeyError::Form(path.display().to_string()))
}

/// A key that is generated at first run and kept, so that sessions and stream ids survive a restart in development.
pub fn generated_key(path: &Path, random: &dyn Random) -> Result<[u8; 32], KeyError> {
    if path.exists() {
        return key_from_file(path);
    }
    let problem = |error| KeyError::File(path.display().to_string(), error);
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory).map_err(problem)?;
    }
    let mut key = [0_u8; 32];
    random.fill(&mut key);
    let mut file = private_file(path).map_err(problem)?;
    file.write_all(STANDARD.encode(key).as_bytes()).map_err(problem)?;
    Ok(key)
}

/// Makes a file, or empties one, that its owner alone may read.
pub fn private_file(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
