//! Columns for people: aligned, numbers to the right, colours on a terminal only.

use std::env;
use std::io::{self, IsTerminal, Write};

/// Lines whose columns stand below each other.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Vec<Cell>>,
}

/// A text in a column.
#[derive(Debug)]
pub(crate) struct Cell {
    text: String,
    right: bool,
    colour: Option<Colour>,
}

/// What is shown in a colour where colours are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    Green,
    Red,
    Yellow,
}

impl Cell {
    /// To the left.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            right: false,
            colour: None,
        }
    }

    /// To the right.
    pub(crate) fn number(text: impl Into<String>) -> Self {
        Self {
            right: true,
            ..Self::text(text)
        }
    }

    pub(crate) fn coloured(self, colour: Colour) -> Self {
        Self {
            colour: Some(colour),
            ..self
        }
    }
}

impl Table {
    pub(crate) fn push(&mut self, row: Vec<Cell>) {
        self.rows.push(row);
    }

    /// Writes the lines, two blanks between columns and none at the end.
    pub(crate) fn write(&self, out: &mut impl Write, colours: bool) -> io::Result<()> {
        let mut widths = Vec::new();
        for row in &self.rows {
            for (at, cell) in row.iter().enumerate() {
                let width = cell.text.chars().count();
                match widths.get_mut(at) {
                    Some(widest) => *widest = width.max(*widest),
                    None => widths.push(width),
                }
            }
        }
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                let padding = " ".repeat(width - cell.text.chars().count());
                let text = cell.shown(colours);
                line.push_str("  ");
                line.push_str(&if cell.right {
                    padding + &text
                } else {
                    text + &padding
                });
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

impl Cell {
    fn shown(&self, colours: bool) -> String {
        let code = match self.colour.filter(|_| colours) {
            None => return self.text.clone(),
            Some(Colour::Green) => 32,
            Some(Colour::Red) => 31,
            Some(Colour::Yellow) => 33,
        };
        format!("\x1b[{code}m{}\x1b[0m", self.text)
    }
}

/// Whether stdout shows colours: a terminal whose person has not refused them.
pub(crate) fn colours() -> bool {
    io::stdout().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let mut table = Table::default();
        table.push(vec![Cell::text("a"), Cell::number("1"), Cell::text("x")]);
        table.push(vec![
            Cell::text("bcd").coloured(Colour::Red),
            Cell::number("1,000"),
            Cell::text(""),
        ]);
        let written = |colours| {
            let mut out = Vec::new();
            table.write(&mut out, colours).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written(false), "  a        1  x\n  bcd  1,000\n");
        assert_eq!(written(true), "  a        1  x\n  \x1b[31mbcd\x1b[0m  1,000\n");
    }
}
