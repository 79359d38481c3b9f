use std::fmt;

use http::Method;

/// A set of the methods that a route can declare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MethodSet(u8);

/// In the order in which `Allow` lists them; the position is the bit.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

impl MethodSet {
    /// The set of one method by its name, which is case-sensitive (RFC 9110, section 9.1); none for a method that
    /// cannot be declared, such as `CONNECT` and `TRACE`. Who declares `GET` answers `HEAD` as well.
    pub fn named(name: &str) -> Option<Self> {
        let bit = METHODS.iter().position(|known| *known == name)?;
        let head = if name == "GET" { 0b10 } else { 0 };
        Some(Self(1 << bit | head))
    }

    /// Both sets together.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The methods in both sets.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether `method` is in the set.
    pub fn contains(self, method: &Method) -> bool {
        let bit = match *method {
            Method::GET => 0,
            Method::HEAD => 1,
            Method::POST => 2,
            Method::PUT => 3,
            Method::PATCH => 4,
            Method::DELETE => 5,
            Method::OPTIONS => 6,
            _ => return false,
        };
        self.0 & (1 << bit) != 0
    }

    /// Whether nothing is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// As the `Allow` header lists them (RFC 9110, section 10.2.1).
impl fmt::Display for MethodSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (bit, name) in METHODS.iter().enumerate() {
            if self.0 & (1 << bit) != 0 {
                write!(f, "{separator}{name}")?;
                separator = ", ";
            }
        }
        Ok(())
    }
}
