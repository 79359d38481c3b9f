use std::sync::mpsc;

use super::*;

/// Keeps what each `write` brought, and waits for a permit before each of them.
struct Sink {
    writes: Arc<Mutex<Vec<Vec<u8>>>>,
    permits: Option<mpsc::Receiver<()>>,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(permits) = &self.permits {
            // A sender that is gone holds nobody up.
            let _ = permits.recv();
        }
        self.writes.lock().push(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn text(writes: &Mutex<Vec<Vec<u8>>>) -> String {
    String::from_utf8(writes.lock().concat()).expect("UTF-8")
}

#[test]
fn lines_are_written_in_order_many_at_a_time_and_all_of_them_at_the_end() {
    let writes = Arc::new(Mutex::new(Vec::new()));
    let (writer, guard) =
        BatchWriter::start(Sink { writes: writes.clone(), permits: None }).expect("a thread starts");
    let lines: Vec<String> = (0..5_000).map(|number| format!("line {number}\n")).collect();
    for line in &lines {
        (&writer).write_all(line.as_bytes()).expect("never fails");
    }
    drop(guard);
    assert_eq!(text(&writes), lines.concat());
    let count = writes.lock().len();
    assert!(count < lines.len() / 100, "{count} writes for {} lines", lines.len());
    assert_eq!(writer.dropped(), 0);
}

#[test]
fn a_single_line_does_not_wait_for_others() {
    let writes = Arc::new(Mutex::new(Vec::new()));
    let (writer, _guard) =
        BatchWriter::start(Sink { writes: writes.clone(), permits: None }).expect("a thread starts");
    (&writer).write_all(b"alone\n").expect("never fails");
    let deadline = Instant::now() + Duration::from_secs(10);
    while writes.lock().is_empty() {
        assert!(Instant::now() < deadline, "it was never written");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn while_nobody_reads_nothing_waits_and_what_is_dropped_is_counted_and_told() {
    let writes = Arc::new(Mutex::new(Vec::new()));
    let (permit, permits) = mpsc::channel();
    let sink = Sink { writes: writes.clone(), permits: Some(permits) };
    let (tell, told) = mpsc::channel();
    let tell = move |dropped| tell.send(dropped).expect("the test listens");
    let (writer, guard) = BatchWriter::with_backlog(sink, 1_000, tell).expect("a thread starts");
    let line = format!("{}\n", "x".repeat(99)).into_bytes();
    // The first is taken by the thread, which then waits for its reader; ten fit; the rest does not.
    (&writer).write_all(&line).expect("never fails");
    while !writer.shared.pending.lock().writing {
        std::thread::sleep(Duration::from_millis(1));
    }
    let started = Instant::now();
    for _ in 0..1_000 {
        (&writer).write_all(&line).expect("never fails");
    }
    assert!(started.elapsed() < Duration::from_secs(1), "a full log holds nobody up");
    assert_eq!(writer.dropped(), 990);
    drop(permit);
    writer.flush();
    assert_eq!(text(&writes).matches("xxx\n").count(), 11);
    assert_eq!(told.recv_timeout(Duration::from_secs(10)), Ok(990));
    drop(guard);
}
