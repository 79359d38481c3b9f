//! [`EventLog`](crate::EventLog) over librdkafka.

mod admin;
mod config;
mod consumer;
mod context;
mod embedded;
mod log;
mod producer;
mod reader;
mod reports;
mod security;

pub use config::KafkaConfig;
pub use embedded::{EmbeddedKafka, EmbeddedKafkaError};
pub use log::KafkaLog;
pub use security::{KafkaSasl, KafkaSecurity, KafkaTls, SaslMechanism};
