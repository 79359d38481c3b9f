use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use portico_secrets::{Fetched, Kept, Secret, SecretError, SecretSource, Turn};

/// A source that says what the test wants.
#[derive(Clone, Default)]
struct Scripted(Arc<Mutex<Option<Fetched>>>);

impl Scripted {
    fn says(&self, value: &str, version: Option<u64>, valid_for: Option<Duration>) {
        let secret = Secret::new(value.to_owned());
        *self.0.lock().expect("no panic") = Some(Fetched { secret, version, valid_for });
    }

    fn fails(&self) {
        *self.0.lock().expect("no panic") = None;
    }
}

#[async_trait]
impl SecretSource for Scripted {
    fn name(&self) -> &str {
        "a script"
    }

    async fn fetch(&self) -> Result<Fetched, SecretError> {
        let said = self.0.lock().expect("no panic").clone();
        said.ok_or_else(|| SecretError::Absent { name: "a script".to_owned() })
    }
}

#[tokio::test]
async fn what_was_read_last_is_in_use_until_something_else_is() {
    let (one, other) = (Scripted::default(), Scripted::default());
    let used = Arc::new(Mutex::new(Vec::<String>::new()));
    let record = used.clone();
    let apply = Box::new(move |secrets: &[Secret]| {
        let text = secrets.iter().map(Secret::expose).collect::<Vec<_>>().join("+");
        if text.contains("unusable") {
            return Err("no pair".to_owned());
        }
        record.lock().expect("no panic").push(text);
        Ok(())
    });
    let hour = Duration::from_secs(3600);
    let mut kept = Kept::new(vec![Box::new(one.clone()), Box::new(other.clone())], hour, apply);
    let in_use = || used.lock().expect("no panic").last().cloned();

    one.says("a", Some(1), None);
    assert!(matches!(kept.turn().await, Turn::Failed(SecretError::Absent { .. })));
    assert_eq!(kept.turn().await, Turn::StillFailing, "told once");
    assert_eq!(kept.next(), Duration::from_secs(5), "and asked again soon");
    assert_eq!(in_use(), None);

    other.says("b", None, None);
    assert_eq!(kept.turn().await, Turn::Rotated { version: Some(1), first: true });
    assert_eq!(kept.turn().await, Turn::Same);
    assert_eq!((in_use().as_deref(), kept.next()), (Some("a+b"), hour));

    one.says("unusable", Some(2), None);
    assert!(matches!(kept.turn().await, Turn::Failed(SecretError::Unusable { .. })));
    other.fails();
    assert_eq!(kept.turn().await, Turn::StillFailing);
    assert_eq!(in_use().as_deref(), Some("a+b"));

    one.says("a", Some(1), None);
    other.says("b", None, None);
    assert_eq!(kept.turn().await, Turn::Recovered);
    one.says("c", Some(3), Some(Duration::from_secs(90)));
    assert_eq!(kept.turn().await, Turn::Rotated { version: Some(3), first: false });
    assert_eq!((in_use().as_deref(), kept.next()), (Some("c+b"), Duration::from_secs(60)));
    assert_eq!(used.lock().expect("no panic").len(), 2, "applied when they change, and only then");
}
