use std::collections::HashMap;

use async_trait::async_trait;
use parking_lot::Mutex;
use tower_sessions_core::SessionStore;
use tower_sessions_core::session::{Id, Record};
use tower_sessions_core::session_store::{Error, Result};

/// Sessions in memory, for tests of everything above a store. Saves only what still exists, as every store must.
#[derive(Debug, Default)]
pub struct MemorySessionStore {
    records: Mutex<HashMap<Id, Record>>,
}

#[async_trait]
impl SessionStore for MemorySessionStore {
    async fn create(&self, record: &mut Record) -> Result<()> {
        self.records.lock().insert(record.id, record.clone());
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let mut records = self.records.lock();
        let existing =
            records.get_mut(&record.id).ok_or_else(|| Error::Backend("the session has ended".into()))?;
        *existing = record.clone();
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        Ok(self.records.lock().get(id).cloned())
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.records.lock().remove(id);
        Ok(())
    }
}
