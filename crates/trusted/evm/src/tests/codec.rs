//! Encodings are canonical and decoders total.

use proptest::prelude::*;

use super::*;

/// A delta and a world with everything in them.
fn samples() -> (WorldDelta, World) {
    let mut life = Life::begun();
    life.inflow = 1 << 40;
    let calldata = spawnCall { number: U256::from(7) }.abi_encode().into();
    let kind = Kind::Call { calldata: &calldata };
    let outcome = life.run(Task { relayed: Some(0), ..task(kind, 1 << 40, 12) });
    life.ask(fillCall { from: U256::from(1), count: U256::from(5) });
    (outcome.delta, life.world)
}

fn samples_bytes() -> &'static [Vec<u8>; 2] {
    static BYTES: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
        let (delta, world) = samples();
        [delta.to_bytes(), world.to_bytes()]
    });
    &BYTES
}

#[test]
fn a_snapshot_comes_back_and_goes_on_alike() {
    let (_, world) = samples();
    let back = World::from_bytes(&world.to_bytes()).unwrap();
    assert_eq!(back, world);
    assert_eq!(back.size(), world.size());
    let calldata = spawnCall { number: U256::from(3) }.abi_encode().into();
    let task = task(Kind::Call { calldata: &calldata }, 1 << 41, 5);
    assert_eq!(execute(&back, &task), execute(&world, &task));
}

#[test]
fn an_empty_world_and_an_empty_delta_are_small() {
    assert_eq!(WorldDelta::default().to_bytes(), [2, 0, 0]);
    assert_eq!(World::empty(ROOT).to_bytes().len(), 25);
    let mut world = World::empty(ROOT);
    world.apply(&WorldDelta::default());
    assert_eq!(world, World::empty(ROOT));
}

#[test]
fn a_transfer_costs_few_bytes() {
    let mut life = Life::begun();
    life.ask(transferCall { to: BOB, amount: U256::from(1) });
    let delta = life.send(transferCall { to: BOB, amount: U256::from(1) }, 0).delta;
    assert!(delta.to_bytes().len() < 110, "{} bytes", delta.to_bytes().len());
}

#[test]
fn the_count_of_outbound_calls_travels_and_unknown_flags_do_not() {
    let counted = |calls| WorldDelta { outbound_calls: Some(calls), ..WorldDelta::default() };
    assert_eq!(counted(0).to_bytes(), [2, 2, 0, 0], "a change to zero is a change: an undo makes it");
    assert_eq!(counted(300).to_bytes(), [2, 2, 2, 1, 44, 0]);
    assert!(!counted(0).is_empty());
    let mut world = World::empty(ROOT);
    let undo = world.undo(&counted(300));
    world.apply(&counted(300));
    assert_eq!((world.outbound_calls(), world.size()), (300, 0));
    assert_eq!(World::from_bytes(&world.to_bytes()).as_ref(), Ok(&world));
    world.apply(&undo);
    assert_eq!(world, World::empty(ROOT));

    for refused in [&[1, 0, 0][..], &[2, 8, 0], &[2, 2, 1, 0, 0], &[2, 2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]] {
        assert!(WorldDelta::from_bytes(refused).is_err(), "{refused:?}");
    }
    let mut old = world.to_bytes();
    old[0] = 1;
    assert!(World::from_bytes(&old).is_err());
}

#[test]
fn every_truncation_is_refused() {
    let [delta, world] = samples_bytes();
    for len in 0..delta.len() {
        assert!(WorldDelta::from_bytes(&delta[..len]).is_err(), "delta of {len}");
    }
    for len in (0..world.len()).step_by(7) {
        assert!(World::from_bytes(&world[..len]).is_err(), "world of {len}");
    }
}

#[test]
fn states_that_no_execution_makes_are_refused() {
    let change = |storage, code| WorldDelta {
        accounts: vec![AccountDelta { address: BOB, code, storage, ..AccountDelta::default() }],
        ..WorldDelta::default()
    };
    let one = U256::from(1);
    let unsorted = change(vec![(one, one), (U256::ZERO, one)], None);
    let doubled = change(vec![(one, one), (one, one)], None);
    let delegation = change(vec![], Some(Bytes::from_static(&[0xef, 1, 0])));
    let long = change(vec![], Some(vec![0; 24_577].into()));
    let nothing = change(vec![], None);
    for delta in [unsorted, doubled, delegation, long, nothing] {
        assert!(WorldDelta::from_bytes(&delta.to_bytes()).is_err(), "{delta:?}");
    }
    let mut twice = change(vec![(one, one)], None);
    twice.accounts.push(twice.accounts[0].clone());
    assert!(WorldDelta::from_bytes(&twice.to_bytes()).is_err());

    // An account with a slot but no nonce.
    let mut world = World::empty(ROOT);
    world.apply(&WorldDelta {
        accounts: vec![AccountDelta {
            address: BOB,
            balance: Some(one),
            storage: vec![(one, one)],
            ..AccountDelta::default()
        }],
        ..WorldDelta::default()
    });
    assert!(World::from_bytes(&world.to_bytes()).is_err());
}

fn slot_changes() -> impl Strategy<Value = Vec<(U256, U256)>> {
    prop::collection::btree_map(0u64..6, 0u64..4, 0..5)
        .prop_map(|map| map.into_iter().map(|(k, v)| (U256::from(k), U256::from(v))).collect())
}

fn any_delta() -> impl Strategy<Value = WorldDelta> {
    let account = (any::<Option<u8>>(), any::<Option<u64>>(), prop::option::of(0usize..4), slot_changes());
    let accounts = prop::collection::btree_map(0u8..4, account, 0..4);
    let numbers = (any::<Option<u64>>(), any::<Option<u64>>(), any::<Option<(u8, u64)>>());
    (numbers, accounts).prop_map(|((inflow, outbound_calls, nonce), accounts)| {
        let accounts = accounts.into_iter().map(|(n, (nonce, balance, code, storage))| AccountDelta {
            address: Address::repeat_byte(n),
            nonce: nonce.map(u64::from),
            balance: balance.map(U256::from),
            code: code.map(|len| vec![0x5b; len].into()),
            storage,
        });
        let accounts = accounts.filter(|a| !a.is_empty()).collect();
        let task_nonce = nonce.map(|(author, nonce)| (Address::repeat_byte(author % 4), nonce % 3));
        WorldDelta { inflow_seen: inflow.map(U256::from), outbound_calls, task_nonce, accounts }
    })
}

proptest! {
    #[test]
    fn deltas_come_back(delta in any_delta()) {
        prop_assert_eq!(WorldDelta::from_bytes(&delta.to_bytes()), Ok(delta));
    }

    #[test]
    fn the_size_is_kept_whatever_is_applied(deltas in prop::collection::vec(any_delta(), 1..6)) {
        let mut world = World::empty(ROOT);
        for delta in &deltas {
            world.apply(delta);
            if let Ok(back) = World::from_bytes(&world.to_bytes()) {
                prop_assert_eq!(back.size(), world.size());
            }
        }
    }

    #[test]
    fn whatever_is_applied_can_be_taken_back(deltas in prop::collection::vec(any_delta(), 1..8)) {
        let mut world = World::empty(ROOT);
        let (mut before, mut undo) = (Vec::new(), Vec::new());
        for delta in &deltas {
            before.push((world.to_bytes(), world.size()));
            undo.push(world.undo(delta));
            world.apply(delta);
        }
        for (before, undo) in before.iter().zip(&undo).rev() {
            world.apply(undo);
            prop_assert_eq!(&(world.to_bytes(), world.size()), before);
        }
    }

    #[test]
    fn flipped_bits_never_panic_and_have_no_second_form(at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let [delta, world] = samples_bytes();
        let mut bytes = delta.clone();
        bytes[at.index(delta.len())] ^= 1 << bit;
        if let Ok(other) = WorldDelta::from_bytes(&bytes) {
            prop_assert_eq!(other.to_bytes(), bytes);
        }
        let mut bytes = world.clone();
        bytes[at.index(world.len())] ^= 1 << bit;
        if let Ok(other) = World::from_bytes(&bytes) {
            prop_assert_eq!(other.to_bytes(), bytes);
        }
    }

    #[test]
    fn any_bytes_are_decoded_or_refused(mut bytes: Vec<u8>) {
        let _ = (WorldDelta::from_bytes(&bytes), World::from_bytes(&bytes));
        if let Some(first) = bytes.first_mut() {
            *first = 2;
        }
        let _ = WorldDelta::from_bytes(&bytes);
        if let Some(first) = bytes.first_mut() {
            *first = 3;
        }
        let _ = World::from_bytes(&bytes);
    }

    #[test]
    fn any_calldata_and_any_code_end_somehow(bytes: Vec<u8>, gas_limit in 0u64..200_000, value: u64) {
        let bytes = Bytes::from(bytes);
        let mut life = Life::unborn(3);
        let kind = Kind::Deploy { init_code: &bytes };
        let outcome = execute(&life.world, &Task { gas_limit, ..task(kind, 3, value) });
        prop_assert!(outcome.gas_used <= gas_limit);
        life.world.apply(&outcome.delta);
        let kind = Kind::Call { calldata: &bytes };
        let outcome = execute(&life.world, &Task { gas_limit, ..task(kind, 3, value) });
        prop_assert!(outcome.gas_used <= gas_limit);
    }
}
