//! The declared routes of one remote, compiled so that finding one costs the path's length and not their number.

mod method_set;
mod pattern;
mod table;
mod tree;

pub use method_set::MethodSet;
pub use pattern::PatternError;
pub use table::{Route, RouteError, RouteSpec, RouteTable, Unmatched};
