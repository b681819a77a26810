//! All that other logs and their tables hold, taken over: once an object has proved sound, and where folds are merged.

use super::Logs;
use crate::addresses::Addresses;
use crate::error::FoldError;
use crate::facet;
use crate::memory::Memory;

impl<M: Memory> Logs<M> {
    /// Adds all groups of other logs and of their tables, which are left empty.
    pub(crate) fn take_over<N: Memory>(&mut self, other: &mut Logs<N>) -> Result<(), FoldError> {
        other.flush()?;
        other.tell_of_interfaces();
        if let Some(span) = other.span {
            self.widen(span);
        }
        let theirs = &other.shared;
        self.shared.spilling.adopt(&theirs.spilling);
        let facets = theirs.facets();
        let ours = |facet: &Vec<u8>| {
            let kept = if M::EDGES { facet } else { facet::parts(facet).0 };
            self.shared.facet(kept)
        };
        let facets: Vec<u32> = facets.iter().map(ours).collect::<Result<_, _>>()?;
        for known in theirs.take_interfaces() {
            let interface = self.interface(&known.account, &known.interface)?;
            if M::EDGES {
                let theirs = std::mem::take(&mut *known.standing());
                self.note_standing(interface, |standing| standing.merge(theirs));
            }
            let (entries, wide, addresses) = known.take().into_parts();
            let seeds = self.shared.seeds;
            for entry in entries {
                let key = |ours: &mut Addresses| {
                    let mut failed = false;
                    let key = entry.key.renumbered(
                        |number| {
                            let address = addresses.get(number).unwrap_or_default();
                            let number = ours.number(address, seeds);
                            failed |= number.is_none();
                            number.unwrap_or_default()
                        },
                        |facet| facets.get(facet as usize).copied().unwrap_or_default(),
                    );
                    (!failed).then_some(key)
                };
                let history = entry.memory.history(&wide);
                self.merge(interface, key, (entry.packets, entry.bytes), history.as_ref())?;
            }
        }
        Ok(())
    }
}
