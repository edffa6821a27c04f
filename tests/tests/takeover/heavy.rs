//! Tasks that take long to execute, in a contract whose receipts need two signatures: whoever signs second executes all of
//! a receipt while the first one waits.

use alloy_primitives::U256;
use enigma_sdk::Limits;
use enigma_tests::network::watch::End;

use super::user::User;

const FURNACE: &str = "tests/tests/takeover/Furnace.sol:Furnace";
/// Signatures that a task recovers: about 9,000,000 gas, and some tenths of a second.
const ROUNDS: u64 = 2_600;
/// Fewer than a host once offered for one receipt.
const TASKS: u64 = 14;
const LIMITS: Limits = Limits { gas: 12_000_000, bytes: 1_000, outbound: 0 };

/// A receipt of all that wait would take longer than anybody waits for a signature, and so would the next try, until the
/// tasks are skipped.
#[test]
fn tasks_that_take_long_keep_no_second_signer_from_signing() {
    let user = User::of(FURNACE, 2);
    let sent: Vec<_> = (0..TASKS).map(|_| user.send("burn(uint256)", &[ROUNDS], LIMITS)).collect();
    for (sent, count) in sent.iter().zip(1..) {
        assert_eq!(user.result_of(sent), U256::from(count));
    }
    assert!(user.watch.ends(user.contract).iter().all(|end| *end == End::Committed));
}
