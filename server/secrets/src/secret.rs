use std::fmt;

use zeroize::Zeroizing;

/// A value that nobody may see. It leaves memory when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Keeps `value`; white space around it is an editor's.
    pub fn new(value: String) -> Self {
        let value = Zeroizing::new(value);
        Self(Zeroizing::new(value.trim().to_owned()))
    }

    /// The value, for whoever has to send it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
