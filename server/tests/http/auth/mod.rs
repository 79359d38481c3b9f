//! `/auth/*`

mod callback;
mod login;
mod logout;
