//! States in pieces: each fits a frame, whatever an epoch brought, and they lead where the state leads.

use alloy_primitives::B256;
use enigma_primitives::Encode;
use enigma_protocol::{
    door::{MAX_STEPS, UntrustedBase, UntrustedDelta, UntrustedFold, UntrustedSkip, UntrustedStep},
    peer::MAX_SNAPSHOT,
    state::UntrustedState,
};

/// What an enclave's door takes, less a mebibyte for the facts around a piece.
const ROOM: usize = 31 << 20;

fn delta(n: u8, size: usize) -> UntrustedStep {
    let word = B256::repeat_byte(n);
    let delta = vec![n; size].into();
    UntrustedStep::Delta(UntrustedDelta { input_hash: word, input_head: word, block_hash: word, delta })
}

fn skip(n: u8) -> UntrustedStep {
    UntrustedStep::Skipped(UntrustedSkip { input_hash: B256::repeat_byte(n) })
}

fn check(state: &UntrustedState, room: usize) -> usize {
    let genesis = B256::repeat_byte(9);
    let pieces = state.clone().pieces(genesis, room).expect("epochs rise");
    let whole = state.lead(genesis).expect("epochs rise");
    let (mut steps, mut opening) = (Vec::new(), Vec::new());
    let mut after = None;
    for (place, piece) in pieces.iter().enumerate() {
        assert!(piece.to_bytes().len() <= ROOM);
        assert_eq!(piece.after.as_ref().map(|p| (p.state_head, p.epoch)), after, "piece {place}");
        assert_eq!(piece.base, state.base.clone().filter(|_| place == 0));
        assert_eq!(piece.is_last, place + 1 == pieces.len());
        let led = piece.lead(genesis).expect("epochs rise");
        after = Some((led.head, led.epoch));
        opening.extend(led.opening);
        steps.extend(piece.steps.0.clone());
    }
    opening.dedup();
    assert_eq!(after, Some((whole.head, whole.epoch)));
    assert_eq!(opening, whole.opening.into_iter().collect::<Vec<_>>());
    assert_eq!(steps, state.steps);
    pieces.len()
}

#[test]
fn the_largest_snapshot_and_any_number_of_deltas_fit_frames() {
    let snapshot = vec![7; MAX_SNAPSHOT].into();
    let base = Some(UntrustedBase { head_before: B256::ZERO, epoch: 4, snapshot });
    let mut steps: Vec<UntrustedStep> = (0..200).map(|n| delta(n, 262_160)).collect();
    steps.insert(120, UntrustedStep::Folded(UntrustedFold { epoch: 6, snapshot_hash: B256::repeat_byte(8) }));
    assert_eq!(check(&UntrustedState { base, steps }, 12 << 20), 5);
}

#[test]
fn any_number_of_tasks_is_cut() {
    let fold = UntrustedStep::Folded(UntrustedFold { epoch: 1, snapshot_hash: B256::ZERO });
    let steps = std::iter::once(fold).chain((0..=255).cycle().take(2 * MAX_STEPS).map(skip)).collect();
    assert_eq!(check(&UntrustedState { base: None, steps }, usize::MAX), 3);
}

#[test]
fn epochs_that_do_not_rise_lead_nowhere() {
    let fold = |epoch| UntrustedStep::Folded(UntrustedFold { epoch, snapshot_hash: B256::ZERO });
    let state = UntrustedState { base: None, steps: vec![fold(2), delta(1, 144), fold(2)] };
    assert_eq!(state.lead(B256::ZERO), None);
    assert_eq!(state.pieces(B256::ZERO, 0), None);
}

#[test]
fn a_piece_begins_once() {
    let snapshot = vec![7; 144].into();
    let base = Some(UntrustedBase { head_before: B256::ZERO, epoch: 4, snapshot });
    let state = UntrustedState { base, steps: vec![delta(1, 144), delta(2, 144)] };
    let mut pieces = state.pieces(B256::ZERO, 0).unwrap();
    pieces[1].base = pieces[0].base.clone();
    assert_eq!(pieces[1].lead(B256::ZERO), None);
}
