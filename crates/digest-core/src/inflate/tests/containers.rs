//! Zstandard frames, and what rows are delivered in.

use std::io::Write;

use super::*;

fn zstd(text: &[u8]) -> Vec<u8> {
    zstd_by(text, |_| ())
}

fn zstd_by(text: &[u8], set: impl Fn(&mut zstd::Encoder<'_, Vec<u8>>)) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    set(&mut encoder);
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn any_number_of_zstd_frames_are_read_and_frames_to_skip_are_skipped() {
    let skip = b"\x5f\x2a\x4d\x18\x04\x00\x00\x00skip";
    let frames = [&zstd(b"one ")[..], skip, &zstd(b""), &zstd(b"two"), skip].concat();
    assert_eq!(text_of(&frames).unwrap(), b"one two");
    assert_eq!(text_of(skip).unwrap(), b"");
    let long: Vec<u8> = (0..300_000u32).flat_map(u32::to_le_bytes).collect();
    assert!(text_of(&zstd(&long)).unwrap() == long);
}

#[test]
fn zstd_that_is_cut_flipped_or_followed_by_anything_is_refused() {
    let text: Vec<u8> = (0..600u32).flat_map(|at| at.to_string().into_bytes()).collect();
    let frame = zstd(&text);
    for cut in 4..frame.len() {
        assert!(text_of(&frame[..cut]).is_err(), "cut at {cut}");
    }
    for at in 4..frame.len() {
        for bit in 0..8 {
            let mut flipped = frame.clone();
            flipped[at] ^= 1 << bit;
            // A reserved bit of the header may be ignored; the text may not change.
            assert!(
                text_of(&flipped).is_ok_and(|read| read == text)
                    == (read_by_zstd(&flipped) == Some(text.clone()))
            );
            assert!(
                text_of(&flipped).map_or(true, |read| read == text),
                "byte {at}, bit {bit}"
            );
        }
    }
    for behind in [&b"\0"[..], b"\x28\xb5", b"text", &gzip(b"text")] {
        corrupt(&[&frame, behind].concat(), "follow its last frame");
    }
}

/// What the library makes of it by itself.
fn read_by_zstd(object: &[u8]) -> Option<Vec<u8>> {
    let mut decoder = zstd::Decoder::new(object).unwrap();
    decoder.window_log_max(23).unwrap();
    let mut text = Vec::new();
    decoder.read_to_end(&mut text).ok().map(|_| text)
}

#[test]
fn a_zstd_frame_that_needs_more_than_8_mib_is_refused() {
    let of_window = |log: u32| {
        zstd_by(b"text", |encoder| {
            encoder.include_contentsize(false).unwrap();
            encoder.window_log(log).unwrap();
        })
    };
    // Streaming, so that the frame does not shrink to its text.
    assert_eq!(text_of(&of_window(23)).unwrap(), b"text");
    corrupt(&of_window(24), "too much memory");
}

#[test]
fn a_zstd_bomb_goes_in_pieces() {
    let zeros = vec![0; 1 << 20];
    let bomb: Vec<u8> = (0..200).flat_map(|_| zstd(&zeros)).collect();
    let mut scratch = Scratch::default();
    let mut source = bomb.as_slice();
    let mut length = 0;
    match Text::open(&mut source, &mut scratch).unwrap() {
        Text::Whole(_) => panic!("it was inflated at once"),
        Text::Pieces { mut text, .. } => {
            let mut block = vec![0; 100_000];
            while let Ok(read @ 1..) = text.read(&mut block) {
                length += read;
            }
        }
    }
    assert_eq!(length, 200 << 20);
}

#[test]
fn an_envelope_is_taken_off_whatever_it_is_compressed_with() {
    let export =
        b"2024-02-29T23:59:59.999Z 2 one\n2024-02-29T23:59:59Z\t2 two\n\n2 three\n2024-02-29T23:59:59Z";
    let documents = br#"{"message": "2 one"}{"a": ["}"], "message": "2 two\n"} {"message": "2 three"}"#;
    let rows = b"2 one\n2 two\n\n2 three\n";
    let far = [&[b' '; 33][..], b"{"].concat();
    for (text, rows) in [
        (&export[..], &rows[..]),
        (
            &[b"\n\r\n", &export[..]].concat(),
            &[b"\n\r\n", &rows[..]].concat(),
        ),
        (documents, rows),
        (&[&[b' '; 32], &documents[..]].concat(), rows),
        (&[b"\xef\xbb\xbf", &documents[..]].concat(), rows),
        (b"\xef\xbb\xbf\xef\xbb\xbf2 one", b"\xef\xbb\xbf2 one"),
        (b"2024-02-29 2 one", b"2024-02-29 2 one"),
        (&far, &far),
    ] {
        for object in [text.to_vec(), gzip(text), zstd(text)] {
            assert_eq!(text_of(&object).unwrap(), rows);
        }
    }
}

#[test]
fn a_json_document_is_held_up_to_its_bound_and_no_further() {
    let document = |length: usize| format!("{{\"message\": \"{}\"}}", "x".repeat(length));
    let read = |json: String| {
        let mut scratch = Scratch::default();
        read_all(&mut json.as_bytes(), &mut scratch, 100_000)
    };
    let most = (16 << 20) - document(0).len();
    assert_eq!(read(document(most)).unwrap().len(), most + 1);
    match read(document(16 << 20)) {
        Err(TextFailure::Corrupt(reason)) => {
            assert_eq!(reason, "its JSON document 1 is longer than 16 MiB");
        }
        other => panic!("{:?}", other.map(|text| text.len())),
    }
}

#[test]
fn a_failing_source_is_told_from_the_document_that_it_cuts() {
    struct Failing(&'static [u8]);
    impl Read for Failing {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            match self.0.read(out)? {
                0 => Err(io::ErrorKind::ConnectionReset.into()),
                read => Ok(read),
            }
        }
    }
    for begin in [
        &b"{\"message\": \"2 "[..],
        b"2024-02-29T23:59:59Z 2 one\n2 t",
        b"\x28\xb5\x2f\xfd",
    ] {
        let mut scratch = Scratch::default();
        let failure = read_all(&mut Failing(begin), &mut scratch, 7).unwrap_err();
        assert!(matches!(failure, TextFailure::Source(_)), "{failure:?}");
    }
}

/// Texts in their envelopes, some bytes of which are others, left out or cut off.
fn odd_envelopes() -> impl Strategy<Value = Vec<u8>> {
    let sound = proptest::sample::select(vec![
        &br#"{"message": "2 one"} {"message": "2 \"two\"\n", "a": [1, {"b": "}"}]}{"message": ""}"#[..],
        br#"{"messageType": "DATA_MESSAGE", "logEvents": [{"id": "1", "message": "2 \u0041"}, {"message": "x"}]}"#,
        br#"{"messageType": "CONTROL_MESSAGE", "logEvents": []}{"logEvents": [{"message": "2"}]}"#,
        b"2024-02-29T23:59:59.999Z 2 one\n2024-02-29T23:59:59Z\t2 two\n\r\n2 three\n2024-02-29T23:59:59Z",
    ]);
    let other = proptest::sample::select(b"{}[]\",:\\ 0aZT.\n\r\xc3".to_vec());
    let edits = proptest::collection::vec((any::<prop::sample::Index>(), proptest::option::of(other)), 0..4);
    (sound, edits, proptest::option::of(any::<prop::sample::Index>())).prop_map(|(sound, edits, cut)| {
        let mut text = sound.to_vec();
        for (at, other) in edits {
            let at = at.index(text.len());
            match other {
                Some(other) => text[at] = other,
                None => {
                    text.remove(at);
                }
            }
        }
        text.truncate(cut.map_or(usize::MAX, |cut| cut.index(text.len())));
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn odd_envelopes_are_refused_or_read_as_the_oracle_reads_them(text in odd_envelopes(), piece in 1..80_usize) {
        let mut scratch = Scratch::default();
        match read_all(&mut Given(&text, piece), &mut scratch, piece) {
            Ok(read) => if let Some(expected) = crate::oracle::containers::unwrapped(&text) {
                prop_assert_eq!(String::from_utf8_lossy(&read), String::from_utf8_lossy(&expected));
            },
            Err(TextFailure::Corrupt(_)) => {
                prop_assert!(text.first() == Some(&0x7b), "only JSON can be unsound");
            }
            Err(other) => prop_assert!(false, "{:?}", other),
        }
    }
}
