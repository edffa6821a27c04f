//! What a seed stands for: how many workers and contracts, on which terms, and how often what goes wrong.

use crate::{Bug, Dice, sim::Hostile};

/// How often each trouble begins, of a thousand blocks.
#[derive(Clone, Debug, Default)]
pub struct Troubles {
    /// A worker dies some calls from now; its disk may be torn, rewound or damaged meanwhile.
    pub crash: u64,
    /// A worker stands still.
    pub pause: u64,
    /// The network falls into two parts.
    pub partition: u64,
    /// Messages are lost or late.
    pub loss: u64,
    /// A worker's endpoint is down, slow, behind, or lies.
    pub endpoint: u64,
    /// The newest blocks are replaced.
    pub reorganisation: u64,
    /// The base fee is above what senders pay.
    pub fee: u64,
    /// A beacon comes late.
    pub beacon: u64,
    /// Key nodes do not answer.
    pub keys: u64,
    /// Transactions wait.
    pub congestion: u64,
}

/// One run.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Stakes of the workers, whole ENG.
    pub stakes: Vec<u64>,
    /// Signers and depth of each contract.
    pub contracts: Vec<(u8, u8)>,
    /// Workers of a group.
    pub group_size: u8,
    /// Blocks between turns.
    pub takeover: u64,
    /// Blocks of an epoch.
    pub epoch_length: u64,
    /// Blocks with tasks and troubles.
    pub troubled: u64,
    /// Of a thousand blocks, those with tasks for a contract.
    pub tasks: u64,
    /// KiB that make snapshots larger: of two or three chunks in some schedules.
    pub ballast: u8,
    /// Who is hostile.
    pub hostile: Vec<(u64, Hostile)>,
    /// Whether workers join and leave.
    pub is_moving: bool,
    /// What goes wrong.
    pub troubles: Troubles,
}

impl Schedule {
    /// What `dice` throw.
    pub fn new(dice: &mut Dice) -> Self {
        let workers = dice.between(3, 7).min(dice.between(3, 7));
        let group_size = dice.between(2, 3.min(workers)) as u8;
        let contracts =
            (0..dice.between(1, 3)).map(|_| (dice.between(1, group_size.into()) as u8, dice.below(3) as u8));
        let contracts = contracts.collect();
        let mut often = |most: u64| if dice.chance(500) { dice.between(most / 4, most) } else { 0 };
        let troubles = Troubles {
            crash: often(120),
            pause: often(60),
            partition: often(60),
            loss: often(60),
            endpoint: often(80),
            reorganisation: often(80),
            fee: often(40),
            beacon: often(60),
            keys: often(60),
            congestion: often(40),
        };
        let kinds = [
            Hostile::Mute,
            Hostile::SignsNothing,
            Hostile::SignsNonsense,
            Hostile::WrongChunks,
            Hostile::CriesLost,
            Hostile::RewindsState,
        ];
        let hostile = (0..workers).filter_map(|id| {
            let is_hostile = dice.chance(120);
            dice.pick(&kinds).copied().filter(|_| is_hostile).map(|kind| (id, kind))
        });
        let hostile = hostile.collect();
        Self {
            stakes: (0..workers).map(|_| dice.between(5, 200)).collect(),
            contracts,
            group_size,
            takeover: dice.between(3, 5),
            epoch_length: dice.between(16, 28),
            troubled: dice.between(24, 70),
            tasks: dice.between(40, 300),
            ballast: if dice.chance(60) { dice.pick(&[97, 97, 193]).copied().unwrap_or_default() } else { 0 },
            hostile,
            is_moving: dice.chance(300),
            troubles,
        }
    }

    /// Makes frequent what a mistake needs to show, if that is rare otherwise.
    pub fn aim(&mut self, at: Bug, dice: &mut Dice) {
        let workers = self.stakes.len() as u64;
        match at {
            // Somebody gives a state that is not the newest to an enclave that has none.
            Bug::EnclaveForgetsHead => {
                let rewinds = (0..workers).filter(|_| dice.chance(500));
                self.hostile = rewinds.map(|id| (id, Hostile::RewindsState)).collect();
                self.troubles.crash = dice.between(60, 120);
            }
            // Nobody can execute, so that inputs are skipped.
            Bug::RefundsTwice => {
                let only = dice.below(workers);
                self.hostile = (0..workers).filter(|id| *id != only).map(|id| (id, Hostile::Mute)).collect();
                self.contracts.iter_mut().for_each(|(signers, _)| *signers = self.group_size);
            }
            // Somebody's turn passes while the price is too high.
            Bug::HoldsBeginAnew => self.troubles.fee = dice.between(60, 120),
            _ => {}
        }
    }
}
