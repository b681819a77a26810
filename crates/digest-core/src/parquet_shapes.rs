//! What a Parquet file says of itself, field by field: numbers and types as in
//! <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>.
//!
//! The crate `parquet` reads a field that it knows as what it should be, whatever it says that it is, and goes on behind it.
//! Only where each is what it says do its bytes mean to the crate what they mean to whoever has checked them.

use crate::parquet_claims::{ClaimFault, fault};
use crate::thrift::{
    BINARY, BYTE, Compact, DEEPEST, DOUBLE, FALSE, INTEGER, LIST, LONG, SHORT, STRUCT, TRUE,
};

/// What a field holds.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// Of 16 bits and more, which are all written alike.
    Number,
    Byte,
    Bool,
    Double,
    Bytes,
    Struct(&'static Shape),
    List(&'static Kind),
}

use Further::{Anything, Structs};
use Kind::{Bool, Byte, Bytes, Double, List, Number, Struct};

/// A struct's fields, and what fields that are not among them may be.
#[derive(Debug)]
pub(crate) struct Shape(&'static [(i16, Kind)], Further);

/// What fields of no known number may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Further {
    Anything,
    /// As each of a union does, whose members have come one by one.
    Structs,
}

pub(crate) static FOOTER: Shape = Shape(
    &[
        (1, Number),
        (2, List(&Struct(&ELEMENT))),
        (3, Number),
        (4, List(&Struct(&GROUP))),
        (5, List(&Struct(&PAIR))),
        (6, Bytes),
        (7, List(&Struct(&CHOICE))),
        (8, Struct(&CHOICE)),
        (9, Bytes),
    ],
    Anything,
);

static ELEMENT: Shape = Shape(
    &[
        (1, Number),
        (2, Number),
        (3, Number),
        (4, Bytes),
        (5, Number),
        (6, Number),
        (7, Number),
        (8, Number),
        (9, Number),
        (10, Struct(&LOGICAL_TYPE)),
    ],
    Anything,
);

static LOGICAL_TYPE: Shape = Shape(
    &[
        (1, Struct(&NOTHING)),
        (2, Struct(&NOTHING)),
        (3, Struct(&NOTHING)),
        (4, Struct(&NOTHING)),
        (5, Struct(&DECIMAL)),
        (6, Struct(&NOTHING)),
        (7, Struct(&TIME)),
        (8, Struct(&TIME)),
        (10, Struct(&INTEGER_TYPE)),
        (11, Struct(&NOTHING)),
        (12, Struct(&NOTHING)),
        (13, Struct(&NOTHING)),
        (14, Struct(&NOTHING)),
        (15, Struct(&NOTHING)),
        (16, Struct(&VARIANT)),
        (17, Struct(&GEOMETRY)),
        (18, Struct(&GEOGRAPHY)),
        (19, Struct(&NOTHING)),
    ],
    Structs,
);

static NOTHING: Shape = Shape(&[], Anything);
static DECIMAL: Shape = Shape(&[(1, Number), (2, Number)], Anything);
static TIME: Shape = Shape(&[(1, Bool), (2, Struct(&CHOICE))], Anything);
static INTEGER_TYPE: Shape = Shape(&[(1, Byte), (2, Bool)], Anything);
static VARIANT: Shape = Shape(&[(1, Byte)], Anything);
static GEOMETRY: Shape = Shape(&[(1, Bytes)], Anything);
static GEOGRAPHY: Shape = Shape(&[(1, Bytes), (2, Number)], Anything);
/// One of several things that say no more.
static CHOICE: Shape = Shape(
    &[
        (1, Struct(&NOTHING)),
        (2, Struct(&NOTHING)),
        (3, Struct(&NOTHING)),
    ],
    Structs,
);

static GROUP: Shape = Shape(
    &[
        (1, List(&Struct(&COLUMN))),
        (2, Number),
        (3, Number),
        (4, List(&Struct(&SORTING))),
        (5, Number),
        (6, Number),
        (7, Number),
    ],
    Anything,
);

static SORTING: Shape = Shape(&[(1, Number), (2, Bool), (3, Bool)], Anything);
static PAIR: Shape = Shape(&[(1, Bytes), (2, Bytes)], Anything);

static COLUMN: Shape = Shape(
    &[
        (1, Bytes),
        (2, Number),
        (3, Struct(&COLUMN_DATA)),
        (4, Number),
        (5, Number),
        (6, Number),
        (7, Number),
        (8, Struct(&CHOICE)),
        (9, Bytes),
    ],
    Anything,
);

static COLUMN_DATA: Shape = Shape(
    &[
        (1, Number),
        (2, List(&Number)),
        (3, List(&Bytes)),
        (4, Number),
        (5, Number),
        (6, Number),
        (7, Number),
        (8, List(&Struct(&PAIR))),
        (9, Number),
        (10, Number),
        (11, Number),
        (12, Struct(&STATISTICS)),
        (13, List(&Struct(&ENCODED))),
        (14, Number),
        (15, Number),
        (16, Struct(&SIZES)),
        (17, Struct(&GEOSPATIAL)),
    ],
    Anything,
);

static STATISTICS: Shape = Shape(
    &[
        (1, Bytes),
        (2, Bytes),
        (3, Number),
        (4, Number),
        (5, Bytes),
        (6, Bytes),
        (7, Bool),
        (8, Bool),
        (9, Number),
    ],
    Anything,
);

static ENCODED: Shape = Shape(&[(1, Number), (2, Number), (3, Number)], Anything);
static SIZES: Shape = Shape(&[(1, Number), (2, List(&Number)), (3, List(&Number))], Anything);
static GEOSPATIAL: Shape = Shape(&[(1, Struct(&BOX)), (2, List(&Number))], Anything);
static BOX: Shape = Shape(
    &[
        (1, Double),
        (2, Double),
        (3, Double),
        (4, Double),
        (5, Double),
        (6, Double),
        (7, Double),
        (8, Double),
    ],
    Anything,
);

/// Where the pages of a column are.
pub(crate) static PLACES: Shape = Shape(&[(1, List(&Struct(&PLACE))), (2, List(&Number))], Anything);
static PLACE: Shape = Shape(&[(1, Number), (2, Number), (3, Number)], Anything);

/// A page's header.
pub(crate) static PAGE: Shape = Shape(
    &[
        (1, Number),
        (2, Number),
        (3, Number),
        (4, Number),
        (5, Struct(&ROWS)),
        (6, Struct(&NOTHING)),
        (7, Struct(&DICTIONARY)),
        (8, Struct(&ROWS_V2)),
    ],
    Anything,
);

static ROWS: Shape = Shape(
    &[
        (1, Number),
        (2, Number),
        (3, Number),
        (4, Number),
        (5, Struct(&STATISTICS)),
    ],
    Anything,
);
static DICTIONARY: Shape = Shape(&[(1, Number), (2, Number), (3, Bool)], Anything);
static ROWS_V2: Shape = Shape(
    &[
        (1, Number),
        (2, Number),
        (3, Number),
        (4, Number),
        (5, Number),
        (6, Number),
        (7, Bool),
        (8, Struct(&STATISTICS)),
    ],
    Anything,
);

/// A bloom filter's header.
pub(crate) static FILTER: Shape = Shape(
    &[
        (1, Number),
        (2, Struct(&CHOICE)),
        (3, Struct(&CHOICE)),
        (4, Struct(&CHOICE)),
    ],
    Anything,
);

impl Shape {
    /// Passes over a struct of this shape.
    ///
    /// # Errors
    /// [`ClaimFault`] where a field is not of the type that it has in the shape, and what passing over the others finds.
    pub(crate) fn check(&self, bytes: &mut Compact<'_>) -> Result<(), ClaimFault> {
        let mut id = 0;
        while let Some(kind) = bytes.field(&mut id)? {
            match self.0.iter().find(|field| field.0 == id) {
                Some((_, known)) => known.check(kind, bytes)?,
                None if self.1 == Structs && kind != STRUCT => return Err(other_type()),
                None => bytes.skip(kind, DEEPEST)?,
            }
        }
        Ok(())
    }
}

impl Kind {
    /// Passes over a value of this kind, which is said to be of that type.
    fn check(self, kind: u8, bytes: &mut Compact<'_>) -> Result<(), ClaimFault> {
        match (self, kind) {
            (Number, SHORT | INTEGER | LONG) | (Byte, BYTE) | (Double, DOUBLE) | (Bytes, BINARY) => {
                bytes.skip(kind, DEEPEST)
            }
            // It stands in the field's type, and no list here has any.
            (Bool, TRUE | FALSE) => Ok(()),
            (Struct(shape), STRUCT) => shape.check(bytes),
            (List(of), LIST) => {
                let (kind, count) = bytes.list()?;
                (0..count).try_for_each(|_| of.check(kind, bytes))
            }
            _ => Err(other_type()),
        }
    }
}

fn other_type() -> ClaimFault {
    fault("a field of another type than it has")
}
