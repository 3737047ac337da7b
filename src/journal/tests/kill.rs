//! `kill -9` in the middle of writing: the test runs itself as a child, reads what it acknowledges, and kills it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use super::*;

const FOLDER: &str = "CLEW_TEST_KILL_FOLDER";

/// The child: appends batches on two threads and prints the number of each as soon as it is durable. A test like any other that
/// finds nothing to do.
#[test]
fn child_that_writes_until_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let options = Options { segment_bytes: 20_000, ..Options::default() };
    let journal = Journal::open(Path::new(&folder), options).expect("opens");
    // Numbers tell what to append, so the document with number n is always the same.
    let turn = std::sync::Mutex::new(journal.last().0 + 1);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let ticket = {
                        let mut next = turn.lock().expect("no panic");
                        let count = 1 + *next % 7;
                        *next += count;
                        journal.append(documents(*next - count..*next)).expect("appends")
                    };
                    let seq = ticket.wait().expect("durable");
                    // Fails when the parent is gone, and ends the child.
                    writeln!(io::stdout().lock(), "\nacknowledged {seq}").expect("the parent listens");
                }
            });
        }
    });
}

#[test]
fn a_killed_process_loses_nothing_that_was_acknowledged() {
    let folder = TempDir::new().expect("a folder");
    let options = Options { segment_bytes: 20_000, ..Options::default() };
    for cycle in 1..=10usize {
        let mut child = Command::new(std::env::current_exe().expect("a test program"))
            .args(["--exact", "journal::tests::kill::child_that_writes_until_killed", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("runs");
        let mut lines = BufReader::new(child.stdout.take().expect("is piped")).lines();
        let mut acknowledged = 0;
        let mut note = |line: io::Result<String>| -> bool {
            let line = line.expect("text");
            let number = line.strip_prefix("acknowledged ").and_then(|number| number.parse::<u64>().ok());
            acknowledged = acknowledged.max(number.unwrap_or(0));
            number.is_some()
        };
        let mut count = 0;
        while count < 7 * cycle {
            count += usize::from(note(lines.next().expect("the child goes on")));
        }
        child.kill().expect("is killed");
        child.wait().expect("is gone");
        // What stands in the pipe was acknowledged too; the last line may be cut short, and then it was not.
        lines.for_each(|line| {
            note(line);
        });
        let journal = Journal::open(folder.path(), options.clone()).unwrap_or_else(|error| panic!("cycle {cycle}: {error}"));
        assert!(journal.last().0 >= acknowledged, "cycle {cycle}: {} of {acknowledged}", journal.last());
        assert_eq!(all(&journal).expect("reads"), documents(1..=journal.last().0), "cycle {cycle}");
    }
}
