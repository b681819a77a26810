//! What a digest knows of its interfaces, in its order: held, or merged from runs whenever it is read.

use std::cmp::Ordering;
use std::io::{self, BufReader, Read, Write};
use std::sync::Arc;

use crate::spill::SpilledRun;
use crate::standing::{Named, bytes};

/// Bytes that are written at once, and read of each run at a time.
const BUFFER: usize = 32 * 1024;

/// What is known of all interfaces.
#[derive(Debug)]
pub(crate) enum Standings {
    /// The digest was made without.
    None,
    Held(Vec<Named>),
    Spilled(Vec<Arc<dyn SpilledRun>>),
}

impl Standings {
    pub(crate) fn held(is_kept: bool, standings: Vec<Named>) -> Self {
        if is_kept {
            Self::Held(standings)
        } else {
            Self::None
        }
    }

    pub(crate) fn spilled(is_kept: bool, runs: Vec<Arc<dyn SpilledRun>>) -> Self {
        if is_kept { Self::Spilled(runs) } else { Self::None }
    }

    /// Hands out each interface once, in the order of the digest. False where none is known.
    pub(crate) fn for_each(&self, mut take: impl FnMut(&Named) -> io::Result<()>) -> io::Result<bool> {
        match self {
            Self::None => return Ok(false),
            Self::Held(standings) => standings.iter().try_for_each(take)?,
            Self::Spilled(runs) => {
                let opened = runs.iter().map(Cursor::open);
                let mut cursors: Vec<Cursor> = opened.collect::<io::Result<_>>()?;
                while let Some(named) = next(&mut cursors)? {
                    take(&named)?;
                }
            }
        }
        Ok(true)
    }
}

/// Writes standings that are in order.
pub(crate) fn write(out: &mut dyn Write, standings: &[Named]) -> io::Result<()> {
    let mut some = Vec::with_capacity(BUFFER);
    for named in standings {
        bytes::push(&mut some, named);
        if some.len() >= BUFFER {
            out.write_all(&some)?;
            some.clear();
        }
    }
    out.write_all(&some)
}

/// One run, at the place where the merge is.
struct Cursor {
    input: BufReader<Box<dyn Read + Send>>,
    named: Option<Named>,
}

impl Cursor {
    fn open(run: &Arc<dyn SpilledRun>) -> io::Result<Self> {
        let mut input = BufReader::with_capacity(BUFFER, run.open()?);
        let named = bytes::read(&mut input)?;
        Ok(Self { input, named })
    }

    fn take(&mut self) -> io::Result<Option<Named>> {
        let next = bytes::read(&mut self.input)?;
        Ok(std::mem::replace(&mut self.named, next))
    }
}

/// The next interface, with what all runs know of it.
fn next(cursors: &mut [Cursor]) -> io::Result<Option<Named>> {
    let least = cursors
        .iter()
        .filter_map(|cursor| cursor.named.as_ref())
        .min_by(|one, other| one.order(other))
        .cloned();
    let Some(mut all) = least else {
        return Ok(None);
    };
    all.standing = Default::default();
    for cursor in cursors {
        let is_one = |named: &Named| named.order(&all) == Ordering::Equal;
        if cursor.named.as_ref().is_some_and(is_one)
            && let Some(named) = cursor.take()?
        {
            all.standing.merge(*named.standing);
        }
    }
    Ok(Some(all))
}
