//! Damaged files: never a panic, never a wrong document; cut at the very tail only, named everywhere else.

use super::*;

/// What opening and reading a folder gives: documents up to the first error, and whether there was one.
fn read(folder: &Path) -> (Option<usize>, bool) {
    let journal = match Journal::open_on(Arc::new(power::FaultyDisk::default()), folder, small()) {
        Ok(journal) => journal,
        Err(JournalError::Corrupt { .. } | JournalError::UnknownFormat { .. }) => return (None, true),
        Err(other) => panic!("expected damage to be named, found {other}"),
    };
    let expected = documents(1..=SAMPLE_DOCUMENTS);
    let (mut count, mut failed) = (0, false);
    for entry in journal.read_from(Seq(0)) {
        match entry {
            Ok(entry) => {
                assert_eq!(entry.documents, expected[count..count + entry.documents.len()]);
                count += entry.documents.len();
            }
            Err(JournalError::Corrupt { .. }) => failed = true,
            Err(other) => panic!("expected damage to be named, found {other}"),
        }
    }
    for seq in 1..=SAMPLE_DOCUMENTS {
        match journal.document(Seq(seq)) {
            Ok(found) => assert!(found.is_none_or(|found| found == expected[seq as usize - 1]), "document {seq}"),
            Err(JournalError::Corrupt { .. }) => assert!(failed, "document {seq}"),
            Err(other) => panic!("expected damage to be named, found {other}"),
        }
    }
    assert!(failed || journal.last().0 == count as u64);
    (Some(count), failed)
}

/// Puts files in the place of others. Removes them first: some file systems write a file out at once when it replaces its content.
fn fresh(folder: &Path, files: &[(String, Vec<u8>)]) {
    for (name, _) in super::files(folder) {
        fs::remove_file(folder.join(name)).expect("removes");
    }
    write(folder, files);
}

#[test]
fn every_flipped_byte_is_detected() {
    for (sealed, files) in [(false, &sample()[0]), (true, &sample()[1])] {
        let folder = TempDir::new().expect("a folder");
        assert!(files.len() > 3, "the sample has several segments");
        let last = files.iter().rposition(|(name, _)| name.ends_with(".log")).expect("a segment");
        for (place, (name, bytes)) in files.iter().enumerate() {
            if !sealed && place != last {
                // The rest is the same as in the sealed one.
                continue;
            }
            for at in 0..bytes.len() {
                let mut flipped = files.clone();
                flipped[place].1[at] ^= 1 << (at % 8);
                fresh(folder.path(), &flipped);
                let whole = name == "FORMAT" || verify(folder.path()).expect("reads").damage.is_some();
                assert!(whole, "byte {at} of `{name}` goes unseen");
                match read(folder.path()) {
                    (_, true) => {}
                    // The last batch was the last write, or the seal was.
                    (Some(count), false) => {
                        let lost = SAMPLE_DOCUMENTS as usize - count;
                        assert!(place == last && lost == if sealed { 0 } else { 2 }, "byte {at} of `{name}` loses {lost}");
                    }
                    (None, false) => unreachable!("what does not open is an error"),
                }
            }
        }
    }
}

#[test]
fn a_tail_cut_anywhere_loses_only_what_it_cuts() {
    for files in sample() {
        let folder = TempDir::new().expect("a folder");
        let last = files.iter().rposition(|(name, _)| name.ends_with(".log")).expect("a segment");
        let whole = files[last].1.len();
        for length in 0..=whole {
            let mut cut = files.clone();
            cut[last].1.truncate(length);
            fresh(folder.path(), &cut);
            let (count, failed) = read(folder.path());
            let count = count.expect("a torn tail is no corruption");
            assert!(!failed && count % 2 == 0, "cut at {length}: whole batches only");
            assert!(length < whole || count as u64 == SAMPLE_DOCUMENTS);
            // What was cut can be appended again.
            let journal = Journal::open_on(Arc::new(power::FaultyDisk::default()), folder.path(), small()).expect("opens");
            let rest = documents(count as u64 + 1..=SAMPLE_DOCUMENTS);
            journal.append(rest).expect("appends").wait().expect("durable");
            assert_eq!(all(&journal).expect("reads"), documents(1..=SAMPLE_DOCUMENTS));
        }
    }
}

#[test]
fn zeros_and_noise_behind_the_end_are_cut() {
    let [crashed, _] = sample();
    for tail in [vec![0; 5000], b"noise".repeat(300), vec![0xff; 40]] {
        let folder = TempDir::new().expect("a folder");
        let mut files = crashed.clone();
        let place = files.iter().rposition(|(name, _)| name.ends_with(".log")).expect("a segment");
        files[place].1.extend(tail);
        write(folder.path(), &files);
        assert_eq!(read(folder.path()), (Some(SAMPLE_DOCUMENTS as usize), false));
    }
}

#[test]
fn a_document_cannot_pass_for_a_record() {
    // A sender who knows an older segment byte for byte gives it as a document, and the write of that is interrupted.
    let [crashed, _] = sample();
    let folder = TempDir::new().expect("a folder");
    let journal = Journal::open(folder.path(), Options::default()).expect("opens");
    journal.append(documents([1])).expect("appends").wait().expect("durable");
    let before = files(folder.path()).into_iter().find(|(name, _)| name.ends_with(".log")).expect("a segment").1.len();
    let mut evil = document(2);
    evil.raw = crashed.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect();
    journal.append(vec![evil]).expect("appends").wait().expect("durable");
    let mut files = files(folder.path());
    journal.close().expect("closes");
    let place = files.iter().rposition(|(name, _)| name.ends_with(".log")).expect("a segment");
    files[place].1[before] ^= 1;
    let other = TempDir::new().expect("a folder");
    write(other.path(), &files);
    assert_eq!(Journal::open(other.path(), small()).expect("opens").last(), Seq(1));
}

#[test]
fn a_missing_segment_is_named() {
    let [_, closed] = sample();
    let names: Vec<&String> = closed.iter().map(|(name, _)| name).filter(|name| name.ends_with(".log")).collect();
    for missing in &names[..names.len() - 1] {
        let folder = TempDir::new().expect("a folder");
        let rest: Vec<_> = closed.iter().filter(|(name, _)| name != *missing).cloned().collect();
        write(folder.path(), &rest);
        assert_eq!(read(folder.path()), (None, true), "{missing}");
    }
}

#[test]
fn repair_cuts_before_the_damage_and_keeps_the_rest() {
    let [_, closed] = sample();
    let segments: Vec<usize> = (0..closed.len()).filter(|place| closed[*place].0.ends_with(".log")).collect();
    for damaged in &segments {
        for at in [0, 20, 40, 200, 400] {
            let folder = TempDir::new().expect("a folder");
            let mut files = closed.clone();
            let Some(byte) = files[*damaged].1.get_mut(at) else { continue };
            *byte ^= 0x10;
            write(folder.path(), &files);
            let report = repair(folder.path()).expect("repairs");
            let damage = report.damage.clone().expect("there is damage");
            assert_eq!(damage.segment, folder.path().join(&files[*damaged].0));
            assert!(damage.offset <= at as u64);
            let behind = segments.iter().filter(|place| *place > damaged).count();
            assert_eq!(report.kept.len(), behind + 1);
            let kept: usize = report.kept.iter().map(|path| fs::read(path).expect("is kept").len()).sum();
            let cut: usize = segments.iter().filter(|place| *place > damaged).map(|place| files[*place].1.len()).sum();
            assert_eq!(kept, cut + files[*damaged].1.len() - damage.offset as usize);
            assert_eq!(read(folder.path()), (Some(report.last.0 as usize), false));
            assert_eq!(verify(folder.path()).expect("reads").damage, None);
        }
    }
}

#[test]
fn verify_counts_what_is_there() {
    let folder = TempDir::new().expect("a folder");
    let [_, closed] = sample();
    write(folder.path(), &closed);
    let report = verify(folder.path()).expect("reads");
    let logs = || closed.iter().filter(|(name, _)| name.ends_with(".log"));
    assert_eq!((report.segments, report.batches, report.last), (logs().count(), 6, Seq(SAMPLE_DOCUMENTS)));
    assert_eq!(report.bytes, logs().map(|(_, bytes)| bytes.len() as u64).sum::<u64>());
    assert_eq!(report.damage, None);
}
