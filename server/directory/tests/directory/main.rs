//! The in-memory directory does what every directory does.

mod behaviour;

macro_rules! in_memory {
    ($($name:ident),+ $(,)?) => {
        $(#[tokio::test]
        async fn $name() {
            behaviour::$name(std::sync::Arc::new(portico_directory::MemoryDirectory::default())).await;
        })+
    };
}

behaviour::all!(in_memory);
