//! Random programs of transfers, calls, self-destructs and reverts, against a model that knows only money.

use proptest::prelude::*;

use super::{purse::*, *};

const SALT: Address = address!("000000000000000000000000000000000000005a");
const OUTSIDE: [Address; 3] = [BOB, ALICE, address!("00000000000000000000000000000000000ca401")];

/// One step of a program. Insiders are the root and its clone.
#[derive(Clone, Debug)]
enum Act {
    Note,
    Send { to: usize, value: u64 },
    Call { to: usize, value: u64, gas: u64, len: usize },
    Give { to: usize, value: u64 },
    Frame { to: usize, value: u64, acts: Vec<Act> },
    Die { heir: usize },
    Fail,
}

fn any_acts() -> impl Strategy<Value = Vec<Act>> {
    let value = || 0u64..40;
    let leaf = prop_oneof![
        2 => Just(Act::Note),
        6 => (0usize..3, value()).prop_map(|(to, value)| Act::Send { to, value }),
        6 => (0usize..3, value(), any::<u64>(), 0usize..70)
            .prop_map(|(to, value, gas, len)| Act::Call { to, value, gas, len }),
        3 => (0usize..2, value()).prop_map(|(to, value)| Act::Give { to, value }),
        1 => (0usize..5).prop_map(|heir| Act::Die { heir }),
        2 => Just(Act::Fail),
    ];
    let act = leaf.prop_recursive(3, 40, 6, move |act| {
        (0usize..2, value(), prop::collection::vec(act, 0..6)).prop_map(|(to, value, acts)| Act::Frame {
            to,
            value,
            acts,
        })
    });
    prop::collection::vec(act, 0..8)
}

/// What the contracts of the world hold, and what left.
#[derive(Clone, Debug, PartialEq)]
struct Model {
    insiders: [Address; 2],
    balances: [u64; 2],
    outbound: Vec<OutboundCall>,
    notes: usize,
}

impl Model {
    /// The acts of one frame of insider `me`; false if it reverts.
    fn play(&mut self, me: usize, acts: &[Act]) -> bool {
        for act in acts {
            match act {
                Act::Note => self.notes += 1,
                Act::Fail => return false,
                Act::Send { value: 0, .. } => {}
                Act::Send { to, value } => {
                    if self.take(me, *value) {
                        self.outbound.push(transfer(OUTSIDE[*to], *value));
                    }
                }
                Act::Call { to, value, gas, len } => {
                    if self.take(me, *value) {
                        self.outbound.push(call(OUTSIDE[*to], *value, *gas, &vec![1; *len]));
                    }
                }
                Act::Give { to, value } => {
                    if self.take(me, *value) {
                        self.balances[*to] += value;
                    }
                }
                Act::Frame { to, value, acts } => {
                    let before = self.clone();
                    let done = self.take(me, *value) && {
                        self.balances[*to] += value;
                        self.play(*to, acts)
                    };
                    if !done {
                        *self = before;
                    }
                }
                Act::Die { heir } => {
                    let rest = core::mem::take(&mut self.balances[me]);
                    match heir {
                        0..2 => self.balances[*heir] += rest,
                        _ if rest > 0 => self.outbound.push(transfer(OUTSIDE[heir - 2], rest)),
                        _ => {}
                    }
                    return true;
                }
            }
        }
        true
    }

    fn take(&mut self, from: usize, value: u64) -> bool {
        self.balances[from].checked_sub(value).map(|rest| self.balances[from] = rest).is_some()
    }

    fn steps(&self, acts: &[Act]) -> Vec<Step> {
        let step = |act: &Act| match act {
            Act::Note => note(),
            Act::Fail => fail(),
            Act::Send { to, value } => give(OUTSIDE[*to], *value),
            Act::Call { to, value, gas, len } => ask_out(OUTSIDE[*to], *value, *gas, &vec![1; *len]),
            Act::Give { to, value } => give(self.insiders[*to], *value),
            Act::Frame { to, value, acts } => frame(self.insiders[*to], *value, self.steps(acts)),
            Act::Die { heir } => die(self.insiders.iter().chain(&OUTSIDE).copied().nth(*heir).unwrap()),
        };
        acts.iter().map(step).collect()
    }
}

proptest! {
    // A failure prints the program, and its seed goes to `proptest-regressions`.
    #[test]
    fn money_and_calls_are_those_of_the_model(
        programs in prop::collection::vec((any_acts(), 0u64..30, 0u64..30), 1..5),
    ) {
        let mut life = purse_with(100);
        life.play(vec![clone(SALT, 40)]);
        let insiders = [ROOT, clone_of(&life, ROOT, SALT)];
        let mut model = Model { insiders, balances: [60, 40], outbound: vec![], notes: 0 };
        for (acts, value, deposit) in programs {
            life.inflow += deposit;
            model.balances[0] += deposit;
            (model.outbound, model.notes) = (vec![], 0);
            let before = model.clone();
            model.balances[0] += value;
            let success = model.play(0, &acts);
            if !success {
                model = before;
            }
            // The sum of balances, the counter and the undo are checked in here.
            let outcome = life.steps(model.steps(&acts), value);
            prop_assert_eq!(outcome.status, if success { Status::Success } else { Status::Revert });
            prop_assert_eq!(&outcome.outbound, &model.outbound);
            prop_assert_eq!(outcome.logs.len(), model.notes);
            for (at, balance) in insiders.into_iter().zip(model.balances) {
                prop_assert_eq!(life.world.balance(at), U256::from(balance));
            }
        }
    }
}
