//! Which faults happen, when, and to whom: all of it follows from a seed.

use std::time::Duration;

use crate::dice::Dice;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// SIGKILL to the node that leads a partition.
    LeaderKilled,
    /// SIGKILL to the node that is the cluster's active controller.
    ControllerKilled,
    /// SIGKILL to a portal that has streams open; it starts again.
    PortalKilled,
    /// SIGSTOP to a node, and SIGCONT after a while.
    NodeStalled,
    /// Not a byte left on a node's disk.
    DiskFull,
    /// Each node ended in order (SIGTERM) and started again, one after the other.
    RollingRestart,
}

impl Fault {
    pub const ALL: [Self; 6] = [
        Self::LeaderKilled,
        Self::ControllerKilled,
        Self::PortalKilled,
        Self::NodeStalled,
        Self::DiskFull,
        Self::RollingRestart,
    ];

    /// As reports call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::LeaderKilled => "leader killed",
            Self::ControllerKilled => "controller killed",
            Self::PortalKilled => "portal killed",
            Self::NodeStalled => "node stalled",
            Self::DiskFull => "disk full",
            Self::RollingRestart => "rolling restart",
        }
    }
}

/// One fault of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub fault: Fault,
    /// How long events flow undisturbed before it.
    pub after: Duration,
    /// How long what was killed stays away, and what stalls stalls.
    pub lasts: Duration,
    /// Which node, where the fault does not say; and which partition's leader.
    pub victim: usize,
    /// A portal that is killed in the middle of it.
    pub portal: Option<usize>,
}

/// How long and how wild a schedule is.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How long a node stalls.
    pub stall: Duration,
    /// Whether a portal may die while a broker is away.
    pub at_once: bool,
}

/// The schedule of a seed: every fault once, in an order, at moments and to victims of chance.
pub fn schedule(seed: u64, pace: Pace) -> Vec<Step> {
    let mut dice = Dice::new(seed);
    let mut faults = Fault::ALL;
    dice.shuffle(&mut faults);
    let step = |fault| {
        let after = dice.millis(500..2500);
        let lasts = match fault {
            Fault::NodeStalled => pace.stall,
            _ => dice.millis(200..2500),
        };
        let victim = dice.below(usize::from(u8::MAX));
        let alone = fault == Fault::PortalKilled || !pace.at_once;
        let portal = dice.below(4);
        let portal = (portal < 2 && !alone).then_some(portal);
        Step { fault, after, lasts, victim, portal }
    };
    faults.map(step).into()
}

#[test]
fn a_seed_decides_a_schedule_which_has_every_fault() {
    let pace = Pace { stall: Duration::from_secs(4), at_once: true };
    assert_eq!(schedule(7, pace), schedule(7, pace));
    assert_ne!(schedule(7, pace), schedule(8, pace));
    let mut faults: Vec<_> = schedule(7, pace).iter().map(|step| step.fault).collect();
    faults.sort_unstable();
    assert_eq!(faults, Fault::ALL);
}
