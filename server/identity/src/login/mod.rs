//! A login from the first redirect to the session it begins.

mod return_to;
mod transaction;

pub use return_to::ReturnTo;
pub use transaction::{LoginTransaction, TRANSACTION_LIFETIME, TransactionError};
