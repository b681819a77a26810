//! Listings that survive foreign keys. The store crate fails a whole page of 1,000 keys for one that its path
//! type refuses, such as `a//b`; here such entries are taken out of the answer's XML and counted.

use object_store::path::Path;
use quick_xml::Reader;
use quick_xml::events::Event;

/// The page without the entries whose key or prefix no path can name, and how many those were.
pub(super) fn without_unaddressable(page: &[u8]) -> Result<(Vec<u8>, u64), quick_xml::Error> {
    let mut reader = Reader::from_reader(page);
    let (mut kept, mut dropped) = (Vec::with_capacity(page.len()), 0);
    // Where the entry that is being read begins, and whether its key can be named.
    let (mut copied, mut entry, mut in_name, mut name) = (0, None, false, String::new());
    loop {
        let before = position(&reader);
        match reader.read_event()? {
            Event::Start(tag) if matches!(tag.name().as_ref(), b"Contents" | b"CommonPrefixes") => {
                entry = Some(before);
                name.clear();
            }
            Event::Start(tag) if entry.is_some() => {
                in_name = matches!(tag.name().as_ref(), b"Key" | b"Prefix");
            }
            Event::Text(text) if in_name => {
                name.push_str(&String::from_utf8_lossy(&text));
            }
            Event::GeneralRef(reference) if in_name => push_reference(&mut name, &reference),
            Event::End(tag) if matches!(tag.name().as_ref(), b"Contents" | b"CommonPrefixes") => {
                let after = position(&reader);
                if let Some(begun) = entry.take()
                    && Path::parse(&name).is_err()
                {
                    kept.extend_from_slice(page.get(copied..begun).unwrap_or_default());
                    copied = after;
                    dropped += 1;
                }
            }
            Event::End(_) => in_name = false,
            Event::Eof => break,
            _ => {}
        }
    }
    kept.extend_from_slice(page.get(copied..).unwrap_or_default());
    Ok((kept, dropped))
}

fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

/// `&amp;` and `&#x1f;` inside a key.
fn push_reference(name: &mut String, reference: &quick_xml::events::BytesRef<'_>) {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => name.push(character),
        _ => match &**reference {
            b"amp" => name.push('&'),
            b"lt" => name.push('<'),
            b"gt" => name.push('>'),
            b"quot" => name.push('"'),
            b"apos" => name.push('\''),
            _ => name.push('?'),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filtered(page: &str) -> (String, u64) {
        let (kept, dropped) = without_unaddressable(page.as_bytes()).unwrap();
        (String::from_utf8(kept).unwrap(), dropped)
    }

    #[test]
    fn entries_that_no_path_names_are_taken_out_and_counted() {
        let page = "<?xml version=\"1.0\"?><R><Name>b</Name><Contents><Key>a/b</Key><Size>1</Size></Contents>\
            <Contents><Key>a//b</Key><Size>1</Size></Contents><Contents><Key>c&amp;d</Key></Contents>\
            <CommonPrefixes><Prefix>x//</Prefix></CommonPrefixes></R>";
        let (kept, dropped) = filtered(page);
        assert_eq!(dropped, 2);
        assert_eq!(
            kept,
            "<?xml version=\"1.0\"?><R><Name>b</Name><Contents><Key>a/b</Key><Size>1</Size></Contents>\
             <Contents><Key>c&amp;d</Key></Contents></R>"
        );
    }

    #[test]
    fn a_page_without_such_entries_stays_as_it_is() {
        let page = "<R><Prefix>p/</Prefix><Contents><Key>a</Key></Contents></R>";
        assert_eq!(filtered(page), (page.to_owned(), 0));
    }
}
