use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// How large a spool may become.
#[derive(Clone, Copy, Debug)]
pub struct SpoolLimits {
    /// A segment that has reached this many bytes is followed by another.
    pub segment_bytes: u64,
    /// With this many bytes in all, nothing more is taken.
    pub total_bytes: u64,
}

/// Why a record is not in the spool.
#[derive(Debug, Error)]
pub enum SpoolError {
    /// There is no room until something has been delivered.
    #[error("the audit spool is full")]
    Full,
    /// The disk failed.
    #[error("the audit spool cannot be written: {0}")]
    Io(#[from] io::Error),
}

/// A record in the spool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spooled {
    /// Its number: one more than that of the record before it.
    pub number: u64,
    /// The record, without a line break.
    pub line: String,
}

/// Records on disk in the order in which they came, each until it is acknowledged.
///
/// Segments are files of lines, named after the number of their first record; `acknowledged` holds the number of the next
/// record to deliver. Only [`Spool::sync`] makes what was appended safe. A line that a crash tore off was never
/// confirmed to anybody, and is dropped when the spool is opened.
#[derive(Debug)]
pub struct Spool {
    directory: PathBuf,
    limits: SpoolLimits,
    segments: VecDeque<Segment>,
    file: File,
    next: u64,
    /// Where reading goes on.
    delivered: u64,
    cursor: Option<(u64, u64)>,
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    first: u64,
    bytes: u64,
}

impl Spool {
    /// Opens the spool in `directory`, or makes one.
    ///
    /// # Errors
    /// When the directory or a file in it cannot be read or written.
    pub fn open(directory: &Path, limits: SpoolLimits) -> Result<Self, SpoolError> {
        fs::create_dir_all(directory)?;
        let mut segments = segments_in(directory)?;
        let acknowledged = fs::read_to_string(directory.join(ACKNOWLEDGED)).ok();
        let acknowledged = acknowledged.and_then(|text| text.trim().parse().ok());
        if segments.is_empty() {
            segments.push_back(Segment { first: acknowledged.unwrap_or(0), bytes: 0 });
        }
        let (first, last) = (segments[0].first, segments.len() - 1);
        let newest = &mut segments[last];
        let mut file =
            OpenOptions::new().create(true).read(true).append(true).open(path(directory, newest.first))?;
        let (lines, whole) = whole_lines(&file)?;
        file.set_len(whole)?;
        file.seek(SeekFrom::End(0))?;
        sync_directory(directory)?;
        newest.bytes = whole;
        let next = newest.first + lines;
        let delivered = acknowledged.unwrap_or(first).clamp(first, next);
        let mut spool =
            Self { directory: directory.to_owned(), limits, segments, file, next, delivered, cursor: None };
        spool.remove_delivered()?;
        Ok(spool)
    }

    /// Appends a record, which is safe after the next [`Spool::sync`].
    ///
    /// # Errors
    /// [`SpoolError::Full`] takes nothing; after another error, part of the record may be there, and is dropped.
    pub fn append(&mut self, line: &str) -> Result<(), SpoolError> {
        debug_assert!(!line.contains('\n'), "a record is one line");
        let size = line.len() as u64 + 1;
        if self.bytes() + size > self.limits.total_bytes {
            return Err(SpoolError::Full);
        }
        if self.newest().bytes >= self.limits.segment_bytes {
            self.begin_segment()?;
        }
        let before = self.newest().bytes;
        if let Err(error) = self.file.write_all(format!("{line}\n").as_bytes()) {
            // Half a line would make one of the next record and itself.
            self.file.set_len(before)?;
            return Err(error.into());
        }
        self.newest().bytes += size;
        self.next += 1;
        Ok(())
    }

    /// Returns once everything that was appended is on the disk.
    ///
    /// # Errors
    /// When the disk says so.
    pub fn sync(&self) -> Result<(), SpoolError> {
        Ok(self.file.sync_data()?)
    }

    /// The oldest records that are not acknowledged, at most `max`.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub fn pending(&mut self, max: usize) -> Result<Vec<Spooled>, SpoolError> {
        let mut found = Vec::new();
        for segment in &self.segments {
            if found.len() >= max {
                break;
            }
            let end = self.segments.iter().find(|other| other.first > segment.first);
            if end.is_some_and(|end| end.first <= self.delivered) {
                continue;
            }
            let mut file = File::open(path(&self.directory, segment.first))?;
            // Where the last reading of this segment ended, so that a long backlog is not read over and over.
            let (mut number, mut at) = self
                .cursor
                .filter(|(n, _)| (segment.first..=self.delivered).contains(n))
                .unwrap_or((segment.first, 0));
            file.seek(SeekFrom::Start(at))?;
            for line in BufReader::new(file).lines() {
                if found.len() >= max || number >= self.next {
                    break;
                }
                let line = line?;
                if number == self.delivered {
                    self.cursor = Some((number, at));
                }
                at += line.len() as u64 + 1;
                if number >= self.delivered {
                    found.push(Spooled { number, line });
                }
                number += 1;
            }
        }
        Ok(found)
    }

    /// Notes that the record with this number, and all before it, need not be delivered again.
    ///
    /// # Errors
    /// When that cannot be written: then they are, after a restart.
    pub fn acknowledge(&mut self, number: u64) -> Result<(), SpoolError> {
        self.delivered = self.delivered.max(number + 1).min(self.next);
        let draft = self.directory.join("acknowledged.draft");
        fs::write(&draft, self.delivered.to_string())?;
        fs::rename(draft, self.directory.join(ACKNOWLEDGED))?;
        self.remove_delivered()
    }

    /// How many records are not acknowledged.
    pub fn len(&self) -> u64 {
        self.next - self.delivered
    }

    /// Whether everything is acknowledged.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    fn newest(&mut self) -> &mut Segment {
        let last = self.segments.len() - 1;
        &mut self.segments[last]
    }

    fn begin_segment(&mut self) -> Result<(), SpoolError> {
        self.file.sync_data()?;
        self.file = OpenOptions::new().create(true).append(true).open(path(&self.directory, self.next))?;
        sync_directory(&self.directory)?;
        self.segments.push_back(Segment { first: self.next, bytes: 0 });
        Ok(())
    }

    /// Removes segments of which everything is acknowledged; the newest only once it has its size, so that a quiet portal
    /// does not make a file for each record.
    fn remove_delivered(&mut self) -> Result<(), SpoolError> {
        if self.is_empty() && self.newest().bytes >= self.limits.segment_bytes {
            self.begin_segment()?;
        }
        while self.segments.len() > 1 && self.segments[1].first <= self.delivered {
            if let Some(old) = self.segments.pop_front() {
                fs::remove_file(path(&self.directory, old.first))?;
            }
        }
        Ok(())
    }
}

const ACKNOWLEDGED: &str = "acknowledged";
const EXTENSION: &str = "ndjson";

/// Twenty digits: the order of names is that of numbers.
fn path(directory: &Path, first: u64) -> PathBuf {
    directory.join(format!("{first:020}.{EXTENSION}"))
}

fn segments_in(directory: &Path) -> io::Result<VecDeque<Segment>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().into_string().unwrap_or_default();
        let first = name.strip_suffix(EXTENSION).and_then(|name| name.strip_suffix('.')?.parse().ok());
        if let Some(first) = first {
            found.push(Segment { first, bytes: entry.metadata()?.len() });
        }
    }
    found.sort_by_key(|segment| segment.first);
    Ok(found.into())
}

/// How many lines are whole, and how many bytes they take.
fn whole_lines(file: &File) -> io::Result<(u64, u64)> {
    let (mut lines, mut bytes) = (0, 0);
    let (mut reader, mut line) = (BufReader::new(file), Vec::new());
    while reader.read_until(b'\n', &mut line)? > 0 {
        if line.last() == Some(&b'\n') {
            (lines, bytes) = (lines + 1, bytes + line.len() as u64);
        }
        line.clear();
    }
    Ok((lines, bytes))
}

/// A new file is safe once its directory is (fsync(2)).
fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}
