//! The facts that an interface's records told of it: of each the value that was told last, and whether it was another one
//! before.
//!
//! Of values that were told at the same second the greatest one stands. So nothing depends on the order in which records
//! are met.

use std::sync::Arc;

use crate::fact::facts;

/// Bytes that a fact takes beside its value, about.
const HELD_EACH: usize = 64;

/// What was told so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    /// The one set that every record told, up to this second: so it is of nearly every interface.
    set: Option<(Arc<[u8]>, i64)>,
    /// Where records told several, each fact by itself, in the order of their numbers.
    apart: Vec<Fact>,
}

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    pub(crate) number: u8,
    /// The latest start of a record that told the value.
    pub(crate) time: i64,
    /// Whether another value was told as well.
    pub(crate) is_several: bool,
    pub(crate) value: Box<[u8]>,
}

impl Told {
    /// What was read back.
    pub(crate) fn of(apart: Vec<Fact>) -> Self {
        Self { set: None, apart }
    }

    pub(crate) fn is_nothing(&self) -> bool {
        self.set.is_none() && self.apart.is_empty()
    }

    /// A record of this second told this. Gives the bytes that are held more, about.
    pub(crate) fn tell(&mut self, set: &Arc<[u8]>, time: i64) -> usize {
        if set.is_empty() {
            return 0;
        }
        match &mut self.set {
            Some((known, last)) if **known == **set => {
                *last = time.max(*last);
                return 0;
            }
            None if self.apart.is_empty() => {
                self.set = Some((Arc::clone(set), time));
                return set.len();
            }
            _ => {}
        }
        let known = self.set.take();
        let both = known.into_iter().chain([(Arc::clone(set), time)]);
        both.map(|(set, time)| facts_of(&set, time).map(|fact| self.add(fact)).sum::<usize>())
            .sum()
    }

    /// Adds what other records told. Gives the bytes that are held more, about.
    pub(crate) fn merge(&mut self, other: Self) -> usize {
        let mut more = other.set.map_or(0, |(set, time)| self.tell(&set, time));
        if !other.apart.is_empty() {
            let own = if self.set.is_some() {
                self.facts()
            } else {
                Vec::new()
            };
            self.set = None;
            let all = own.into_iter().chain(other.apart);
            more += all.map(|fact| self.add(fact)).sum::<usize>();
        }
        more
    }

    fn add(&mut self, fact: Fact) -> usize {
        match self
            .apart
            .binary_search_by_key(&fact.number, |known| known.number)
        {
            Err(at) => {
                let more = HELD_EACH + fact.value.len();
                self.apart.insert(at, fact);
                more
            }
            Ok(at) => {
                if let Some(known) = self.apart.get_mut(at) {
                    known.is_several |= fact.is_several || known.value != fact.value;
                    if (fact.time, &fact.value) > (known.time, &known.value) {
                        (known.time, known.value) = (fact.time, fact.value);
                    }
                }
                0
            }
        }
    }

    /// The facts, in the order of their numbers.
    pub(crate) fn facts(&self) -> Vec<Fact> {
        match &self.set {
            Some((set, time)) => facts_of(set, *time).collect(),
            None => self.apart.clone(),
        }
    }
}

/// The facts of a set that was told at this second.
fn facts_of(set: &[u8], time: i64) -> impl Iterator<Item = Fact> {
    facts(set).map(move |(number, value)| Fact {
        number,
        time,
        is_several: false,
        value: value.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact;

    fn set(facts: &[(u8, &str)]) -> Arc<[u8]> {
        let mut set = Vec::new();
        for (number, value) in facts {
            fact::push(&mut set, *number, value.as_bytes());
        }
        set.into()
    }

    fn shown(told: &Told) -> Vec<(u8, String, bool)> {
        let facts = told.facts().into_iter();
        facts
            .map(|fact| {
                (
                    fact.number,
                    String::from_utf8_lossy(&fact.value).into_owned(),
                    fact.is_several,
                )
            })
            .collect()
    }

    #[test]
    fn the_last_value_stands_whatever_the_order_and_the_parts() {
        let records = [
            (set(&[(0, "vpc-1"), (6, "i-1")]), 60),
            (set(&[(0, "vpc-1"), (6, "i-2")]), 120),
            (set(&[(0, "vpc-1"), (6, "i-0")]), 120),
            (set(&[(0, "vpc-1"), (6, "i-9")]), 0),
            (set(&[(0, "vpc-1")]), 500),
            (set(&[]), 900),
            (set(&[(16, "arn")]), 10),
            (set(&[(16, "arn")]), 20),
        ];
        let expected = [
            (0, "vpc-1".to_owned(), false),
            (6, "i-2".to_owned(), true),
            (16, "arn".to_owned(), false),
        ];
        for turn in 0..records.len() {
            for cut in 0..=records.len() {
                let (mut one, mut other) = (Told::default(), Told::default());
                for (at, (set, time)) in records.iter().cycle().skip(turn).take(records.len()).enumerate() {
                    if at < cut { &mut one } else { &mut other }.tell(set, *time);
                }
                one.merge(other);
                assert_eq!(shown(&one), expected);
            }
        }
    }

    #[test]
    fn one_set_is_held_once() {
        let (mut told, known) = (Told::default(), set(&[(0, "vpc-1")]));
        assert!(told.is_nothing());
        assert_eq!(told.tell(&known, 7), known.len());
        assert_eq!(
            (told.tell(&set(&[(0, "vpc-1")]), 9), told.tell(&set(&[]), 99)),
            (0, 0)
        );
        assert_eq!(told.facts()[0].time, 9);
        assert!(!told.is_nothing());
    }
}
