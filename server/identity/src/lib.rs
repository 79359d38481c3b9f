//! Login, sessions and token exchange.
