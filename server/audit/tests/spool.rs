//! The spool on a real disk.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use portico_audit::{Spool, SpoolError, SpoolLimits};

const LIMITS: SpoolLimits = SpoolLimits { segment_bytes: 64, total_bytes: 1024 };

fn open(directory: &Path) -> Spool {
    Spool::open(directory, LIMITS).expect("it opens")
}

fn pending(spool: &mut Spool) -> Vec<String> {
    spool.pending(100).expect("it is read").into_iter().map(|record| record.line).collect()
}

fn segments(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("read").map(|entry| entry.expect("entry").path());
    let mut segments: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "ndjson")).collect();
    segments.sort();
    segments
}

fn lines(range: std::ops::Range<u64>) -> Vec<String> {
    range.map(|n| format!("{{\"record\":{n:010}}}")).collect()
}

fn fill(spool: &mut Spool, range: std::ops::Range<u64>) {
    for line in lines(range) {
        spool.append(&line).expect("room");
    }
    spool.sync().expect("synced");
}

#[test]
fn records_come_out_in_order_across_segments_and_restarts() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut spool = open(directory.path());
    fill(&mut spool, 0..10);
    assert!(segments(directory.path()).len() > 2);
    assert_eq!(pending(&mut spool), lines(0..10));
    drop(spool);
    let mut spool = open(directory.path());
    fill(&mut spool, 10..20);
    assert_eq!(pending(&mut spool), lines(0..20));
    assert_eq!(spool.pending(3).expect("read").len(), 3);
}

#[test]
fn what_is_acknowledged_is_not_delivered_again_and_leaves_the_disk() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut spool = open(directory.path());
    fill(&mut spool, 0..20);
    for number in 0..15 {
        assert_eq!(spool.pending(1).expect("read")[0].number, number);
        spool.acknowledge(number).expect("noted");
    }
    assert_eq!((pending(&mut spool), spool.len()), (lines(15..20), 5));
    let before = segments(directory.path()).len();
    let mut spool = open(directory.path());
    assert_eq!(pending(&mut spool), lines(15..20));
    spool.acknowledge(19).expect("noted");
    assert!(spool.is_empty() && segments(directory.path()).len() < before);
    let mut spool = open(directory.path());
    assert!(pending(&mut spool).is_empty());
    fill(&mut spool, 20..21);
    assert_eq!(spool.pending(9).expect("read")[0].number, 20, "numbers go on");
}

#[test]
fn a_line_that_a_crash_tore_off_is_dropped_and_nothing_else_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut spool = open(directory.path());
    fill(&mut spool, 0..4);
    drop(spool);
    let newest = segments(directory.path()).pop().expect("a segment");
    let mut file = OpenOptions::new().append(true).open(newest).expect("opened");
    file.write_all(b"{\"record\":00000").expect("torn");
    let mut spool = open(directory.path());
    fill(&mut spool, 4..6);
    assert_eq!(pending(&mut spool), lines(0..6));
}

#[test]
fn a_full_spool_takes_nothing_until_something_is_delivered() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut spool = open(directory.path());
    let mut count = 0;
    while spool.append(&lines(count..count + 1)[0]).is_ok() {
        count += 1;
    }
    assert!(matches!(spool.append("x".repeat(64).as_str()), Err(SpoolError::Full)));
    assert_eq!(pending(&mut spool), lines(0..count), "what was taken is all there");
    spool.acknowledge(count / 2).expect("noted");
    fill(&mut spool, count..count + 1);
}
