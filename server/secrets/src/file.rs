use std::path::PathBuf;

use async_trait::async_trait;

use super::{Fetched, SecretError, SecretSource};

/// The largest secret, in bytes: a chain of certificates is far below it.
const MOST: u64 = 256 * 1024;

/// A secret in a file, as container platforms mount them. Replacing the file is rotating the secret.
#[derive(Debug)]
pub struct FileSecret {
    path: PathBuf,
    name: String,
}

impl FileSecret {
    /// In `path`.
    pub fn new(path: PathBuf) -> Self {
        Self { name: format!("file {}", path.display()), path }
    }
}

#[async_trait]
impl SecretSource for FileSecret {
    fn name(&self) -> &str {
        &self.name
    }

    async fn fetch(&self) -> Result<Fetched, SecretError> {
        let unreadable = |reason: String| SecretError::Unreadable { name: self.name.clone(), reason };
        let length =
            tokio::fs::metadata(&self.path).await.map_err(|error| unreadable(error.to_string()))?.len();
        if length > MOST {
            return Err(unreadable(format!("it is {length} bytes long")));
        }
        let text = tokio::fs::read_to_string(&self.path).await;
        Fetched::plain(&self.name, text.map_err(|error| unreadable(error.to_string()))?)
    }
}
