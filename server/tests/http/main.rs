//! The portal as its users meet it: over HTTP, as a whole, each module named after the URLs it asks.

mod test_app;

//anti_forgery
//api
mod auth;
//bff
//documentation
//domain_crates
//events
//health
//limits
//pages
//remotes
//start
//stream
