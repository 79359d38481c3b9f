//! Events: Kafka in, one hub, SSE out.
