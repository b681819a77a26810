//! JSON documents, one after another, with or without blanks between them: `{"message": "…"}` as Firehose writes it, and
//! what subscriptions of CloudWatch Logs deliver, whose `logEvents` have a message each. Each message is a row.

use serde::Deserialize;

use crate::inflate::TextFailure;
use crate::inflate::inflated::Inflated;

/// Most bytes of one document: it is held as a whole.
const MOST_DOCUMENT: usize = 16 << 20;
/// Bytes read at a time, at first.
const BUFFER: usize = 64 * 1024;
/// What CloudWatch Logs sends to see whether anybody listens.
const CONTROL: &str = "CONTROL_MESSAGE";

/// Takes messages out of documents.
pub(crate) struct Documents {
    /// What has been read and not taken apart stands from `start` to `end`; a document begins at `start`.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// How far the document has been looked through, and where in it that is.
    seen: usize,
    place: Place,
    ended: bool,
    /// Documents so far.
    count: u64,
    /// Rows that are handed out up to `given`.
    rows: Vec<u8>,
    given: usize,
}

/// Where in a document a byte stands.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// Open braces and brackets.
    depth: usize,
    in_string: bool,
    escaped: bool,
}

#[derive(Deserialize)]
struct Document {
    message: Option<String>,
    #[serde(rename = "messageType")]
    message_type: Option<String>,
    #[serde(rename = "logEvents")]
    log_events: Option<Vec<Event>>,
}

#[derive(Deserialize)]
struct Event {
    message: String,
}

impl Documents {
    /// Documents of which the first bytes have been read.
    pub(crate) fn after(begin: Vec<u8>) -> Self {
        let end = begin.len();
        let mut buffer = begin;
        buffer.resize(BUFFER, 0);
        Self {
            buffer,
            start: 0,
            end,
            seen: 0,
            place: Place::default(),
            ended: false,
            count: 0,
            rows: Vec::new(),
            given: 0,
        }
    }

    /// Reads rows; 0 is the end.
    pub(crate) fn read(&mut self, bytes: &mut Inflated<'_>, out: &mut [u8]) -> Result<usize, TextFailure> {
        loop {
            let rows = self.rows.get(self.given..).unwrap_or_default();
            if !rows.is_empty() {
                let count = rows.len().min(out.len());
                let to = out.get_mut(..count).unwrap_or_default();
                to.copy_from_slice(rows.get(..count).unwrap_or_default());
                self.given += count;
                return Ok(count);
            }
            if !self.next_document(bytes)? {
                return Ok(0);
            }
        }
    }

    /// Takes the next document apart; `false` at the end of the object.
    fn next_document(&mut self, bytes: &mut Inflated<'_>) -> Result<bool, TextFailure> {
        loop {
            if let Some(stop) = self.look_through()? {
                let document = self.buffer.get(self.start..stop).unwrap_or_default();
                (self.rows, self.given) = (rows_of(document, self.count)?, 0);
                self.start = stop;
                self.seen = stop;
                return Ok(true);
            }
            if self.ended {
                return if self.start == self.end {
                    Ok(false)
                } else {
                    Err(fault(self.count, "ends in the middle"))
                };
            }
            self.fill(bytes)?;
        }
    }

    /// Looks for the end of the document at hand in what has been read.
    fn look_through(&mut self) -> Result<Option<usize>, TextFailure> {
        while let Some(&byte) = self.buffer.get(self.seen).filter(|_| self.seen < self.end) {
            self.seen += 1;
            if self.place.depth == 0 {
                match byte {
                    b'{' => {
                        self.place.depth = 1;
                        self.count += 1;
                    }
                    b' ' | b'\t' | b'\r' | b'\n' => self.start = self.seen,
                    _ => return Err(fault(self.count + 1, "does not begin with {")),
                }
            } else if self.place.pass(byte) {
                return Ok(Some(self.seen));
            }
        }
        Ok(None)
    }

    /// Reads once behind the document at hand, which moves to the front.
    fn fill(&mut self, bytes: &mut Inflated<'_>) -> Result<(), TextFailure> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.seen -= self.start;
        self.start = 0;
        if self.end == self.buffer.len() {
            if self.end >= MOST_DOCUMENT {
                return Err(fault(self.count, "is longer than 16 MiB"));
            }
            self.buffer.resize(2 * self.end, 0);
        }
        let read = bytes.read(self.buffer.get_mut(self.end..).unwrap_or_default())?;
        self.end += read;
        self.ended = read == 0;
        Ok(())
    }
}

impl Place {
    /// Goes past a byte inside a document; whether that was its last.
    #[inline]
    fn pass(&mut self, byte: u8) -> bool {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth -= 1,
            _ => {}
        }
        self.depth == 0
    }
}

/// The messages of a document, a line each.
fn rows_of(document: &[u8], number: u64) -> Result<Vec<u8>, TextFailure> {
    // What is skipped must be UTF-8 too.
    let text = str::from_utf8(document).map_err(|error| unsound(number, error))?;
    let document: Document = serde_json::from_str(text).map_err(|error| unsound(number, error))?;
    let mut rows = Vec::new();
    let mut add = |message: &str| {
        rows.extend_from_slice(message.as_bytes());
        rows.push(b'\n');
    };
    match (document.log_events, document.message) {
        (Some(_), _) if document.message_type.as_deref() == Some(CONTROL) => {}
        (Some(events), _) => events.iter().for_each(|event| add(&event.message)),
        (None, Some(message)) => add(&message),
        (None, None) => return Err(fault(number, "has neither message nor logEvents")),
    }
    Ok(rows)
}

fn unsound(number: u64, error: impl std::fmt::Display) -> TextFailure {
    fault(number, &format!("is not sound: {error}"))
}

fn fault(number: u64, what: &str) -> TextFailure {
    TextFailure::Corrupt(format!("its JSON document {number} {what}"))
}
