//! Which addresses an upstream may have.

mod classes;
mod policy;

pub use classes::AddressClass;
pub use policy::{AddressPolicy, AddressRefused};
