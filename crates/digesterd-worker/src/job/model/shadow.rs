//! The marker in the model: written behind the record, and now and then behind the job's end.

use super::{Step, World};

/// The marker, and a write of it that has not taken effect yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Marker {
    is_there: bool,
    is_late: bool,
    /// What the step did that has led here.
    touched: Touched,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
enum Touched {
    #[default]
    Not,
    Written,
    Removed,
}

impl Marker {
    /// A process writes it.
    pub(super) fn write(&mut self) {
        (self.is_there, self.touched) = (true, Touched::Written);
    }

    /// A process removes it.
    pub(super) fn remove(&mut self) {
        (self.is_there, self.touched) = (false, Touched::Removed);
    }

    /// Whether it is not there and will not come.
    pub(super) fn is_gone(self) -> bool {
        !self.is_there && !self.is_late
    }
}

impl World {
    /// What else can become of steps that wrote or removed the marker, and a late write that takes effect.
    pub(super) fn marker_steps(&self, steps: &mut Vec<Step>) {
        let mut others = Vec::new();
        for step in steps.iter_mut() {
            let touched = std::mem::take(&mut step.to.marker.touched);
            let mut to = step.to.clone();
            to.marker = self.marker;
            let name = match touched {
                Touched::Written if to.faults.lates > 0 => {
                    to.faults.lates -= 1;
                    to.marker.is_late = true;
                    "a marker is on its way"
                }
                Touched::Removed if to.faults.crashes > 0 && self.marker.is_there => {
                    to.faults.crashes -= 1;
                    "a process dies before it removes the marker"
                }
                _ => continue,
            };
            others.push(Step {
                to,
                is_fault: true,
                name,
            });
        }
        steps.append(&mut others);
        if self.marker.is_late {
            let mut to = self.clone();
            to.marker.write();
            (to.marker.is_late, to.marker.touched) = (false, Touched::Not);
            steps.push(Step {
                to,
                is_fault: false,
                name: "a late marker is written",
            });
        }
    }
}
