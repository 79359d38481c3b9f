//! `/auth/*`

mod backchannel_logout;
mod callback;
mod login;
mod logout;
mod providers;
mod renewal;
