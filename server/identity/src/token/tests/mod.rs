mod cache;
mod exchange;
mod world;
