//! Layouts of headers and formats, and what is refused.

use super::*;
use crate::flow_record::judge;

#[test]
fn columns_are_found_by_name_in_any_order() {
    let layout = Layout::from_header(b"bytes packets x-new protocol dstaddr srcaddr end").unwrap();
    let row = layout.split(b"1  2\t3 4 5 6 7\r").unwrap();
    assert_eq!(row.get(Field::Bytes), b"1");
    assert_eq!(row.get(Field::SrcAddr), b"6");
    assert_eq!(row.get(Field::End), b"7");
    assert_eq!(row.get(Field::Start), b"");
    assert!(!layout.has_ports() && !layout.has(Field::Action));
    assert_eq!(layout.unknown(), ["x-new"]);
}

#[test]
fn missing_columns_are_named() {
    let refused = Layout::from_header(b"version srcaddr packets bytes").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "its header lacks dstaddr, protocol, start, end"
    );
    let twice = Layout::from_header(b"srcaddr dstaddr protocol packets bytes start bytes").unwrap_err();
    assert_eq!(twice, LayoutFault::Twice("header", "bytes"));
}

#[test]
fn a_format_is_read_as_aws_shows_it() {
    let format = "${srcaddr} ${dstaddr}  ${protocol} ${packets} ${bytes} ${end} ${x-new}";
    let layout = Layout::of_format(format).unwrap();
    let header = Layout::from_header(b"srcaddr dstaddr protocol packets bytes end x-new").unwrap();
    assert_eq!((&layout.columns, layout.fields), (&header.columns, header.fields));
    assert_eq!(layout.unknown(), ["x-new"]);
    assert_eq!(layout.format(), Some(format.replace("  ", " ").as_str()));
    let bare = "srcaddr dstaddr protocol packets bytes end x-new";
    assert_eq!(Layout::of_format(bare), Ok(layout));
    for (format, fault) in [
        (
            "${srcaddr} ${dstaddr}",
            "it lacks protocol, packets, bytes, start, end",
        ),
        (
            "${srcaddr ${dstaddr} ${protocol} ${packets} ${bytes} ${end}",
            "it lacks srcaddr",
        ),
        (
            "srcaddr dstaddr protocol packets bytes end tgw-attachment-id tgw-attachment-id",
            "it names tgw-attachment-id twice",
        ),
    ] {
        assert_eq!(Layout::of_format(format).unwrap_err().of_format(), fault);
    }
}

#[test]
fn an_attachment_stands_in_for_the_interface_only_where_there_is_none() {
    let names = "srcaddr dstaddr protocol packets bytes start tgw-attachment-id";
    let layout = Layout::from_header(names.as_bytes()).unwrap();
    assert_eq!(layout.column(Field::InterfaceId), Some(6));
    let both = Layout::from_header(format!("{names} interface-id").as_bytes()).unwrap();
    assert_eq!(both.column(Field::InterfaceId), Some(7));
    assert_eq!(both.sightings(), Sightings::Apart);
}

#[test]
fn a_gateways_layout_that_cannot_tell_two_sightings_apart_is_refused() {
    let names = "tgw-id srcaddr dstaddr protocol packets bytes start";
    let refused = Layout::from_header(names.as_bytes()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "its header has neither tgw-attachment-id nor flow-direction, so that flows which two attachments saw \
         would count twice"
    );
    assert!(Layout::from_header(format!("{names} flow-direction").as_bytes()).is_ok());
}

#[test]
fn a_header_has_mostly_known_names_and_no_value() {
    assert!(is_header(b"version account-id"));
    assert!(is_header(b"srcaddr dstaddr new-field"));
    assert!(!is_header(b"srcaddr new-field"));
    assert!(!is_header(b"srcaddr dstaddr bytes 2"));
    assert!(!is_header(b"srcaddr dstaddr bytes ::1"));
    assert!(!is_header(b"bogus line") && !is_header(b""));
}

#[test]
fn a_header_of_too_few_known_names_is_told_from_a_row() {
    let told = |line: &str| strange_header(line.as_bytes()).map(|fault| fault.to_string());
    assert_eq!(
        told("srcaddr src_port dstaddr dst_port rule bytes").unwrap(),
        "it looks like a header, but only 3 of its 6 names are fields of flow logs (not \"src_port\", \"dst_port\", \
         \"rule\"): a log of another kind, which VPC_FLOW_LOGS_FORMAT does not help to read; leave it out"
    );
    // As wide as the rows, too.
    let layout = Layout::from_header(b"srcaddr dstaddr protocol packets bytes end").unwrap();
    let judged = judge(b"srcaddr src_port dstaddr dst_port bytes rule", &layout, None);
    assert!(matches!(
        judged,
        Err(RowFault::StrangeHeader { known: 3, all: 6, .. })
    ));
    // A header; words that two fields have by chance; a number, an address.
    for line in [
        "srcaddr dstaddr bytes a b",
        "the start and the end",
        "srcaddr dstaddr bytes a b c 2",
        "srcaddr dstaddr bytes a b c ::1",
    ] {
        assert_eq!(told(line), None, "{line}");
    }
}

#[test]
fn a_row_of_another_width_says_how_wide_it_is() {
    let layout = Layout::default();
    assert_eq!(layout.split(b"bogus line").err(), Some(2));
    assert_eq!(layout.split(b"a b c d e f g h i j k l m n o").err(), Some(15));
}
