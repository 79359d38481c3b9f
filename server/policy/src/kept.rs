use std::fmt;
use std::sync::OnceLock;

/// Something that is made from a value when it is first needed, and kept beside it. It belongs to that one value: a clone, which may
/// be changed, has none yet, and it does not count where values are compared.
pub(crate) struct Kept<T>(OnceLock<T>);

impl<T> Kept<T> {
    /// What is kept, made by `make` where nothing is.
    pub(crate) fn get_or_try_make<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        if let Some(kept) = self.0.get() {
            return Ok(kept);
        }
        // Two who make it at once make the same; one of them is kept.
        let made = make()?;
        Ok(self.0.get_or_init(|| made))
    }
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<T> PartialEq for Kept<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T> Eq for Kept<T> {}

impl<T> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.get().is_some() { "Kept(…)" } else { "Kept" })
    }
}
