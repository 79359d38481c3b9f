use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file of lines that never takes more than its share: when it is half full, it becomes the older one, and what was that
/// is gone.
pub(super) struct RecordFile {
    path: PathBuf,
    file: File,
    written: u64,
    half: u64,
}

impl RecordFile {
    pub(super) fn open(path: &Path, bytes: u64) -> io::Result<Self> {
        let file = appending(path)?;
        let written = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), file, written, half: bytes / 2 })
    }

    pub(super) fn write(&mut self, line: &str) -> io::Result<()> {
        let length = line.len() as u64 + 1;
        if self.written > 0 && self.written + length > self.half {
            std::fs::rename(&self.path, older(&self.path))?;
            self.file = appending(&self.path)?;
            self.written = 0;
        }
        self.file.write_all(format!("{line}\n").as_bytes())?;
        self.written += length;
        Ok(())
    }
}

/// The file that `path` becomes when it is full.
pub(super) fn older(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".1");
    name.into()
}

/// For the portal's own eyes: a record says who did what.
fn appending(path: &Path) -> io::Result<File> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_never_takes_more_than_its_share_and_keeps_the_latest() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("deep/decisions.jsonl");
        let mut file = RecordFile::open(&path, 200).expect("opens");
        for number in 0..100 {
            file.write(&format!("decision {number:>3}")).expect("is written");
        }
        let text = |path: &Path| std::fs::read_to_string(path).expect("is there");
        let (newest, before) = (text(&path), text(&older(&path)));
        assert!(newest.len() + before.len() <= 200);
        assert!(newest.ends_with("decision  99\n"), "{newest}");
        let all = before + &newest;
        let numbers: Vec<u32> = all.lines().map(|line| line[9..].trim().parse().expect("a number")).collect();
        assert!(numbers.len() > 7 && numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{numbers:?}");
    }

    #[test]
    fn a_record_goes_on_where_it_was() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("decisions.jsonl");
        for line in ["one", "two"] {
            RecordFile::open(&path, 1_000).expect("opens").write(line).expect("is written");
        }
        assert_eq!(std::fs::read_to_string(&path).expect("is there"), "one\ntwo\n");
    }
}
