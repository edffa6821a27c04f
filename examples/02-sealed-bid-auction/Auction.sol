// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// A first-price auction of one thing. Everybody pays the same deposit, bids in secret at most that, and may change the bid
/// until the auction is closed. Losers get their deposits back. What the winner bid is the seller's, the rest of its
/// deposit the winner's: both stay inside as balances, and leave in pieces that their owners choose.
contract Auction {
    error Entered();
    error NotEntered();
    error WrongDeposit();
    error BeyondDeposit();
    error Closed();
    error StillOpen();
    error NotSettled();
    error NotEnough();
    error NobodysAddress();

    struct Bid {
        uint128 amount;
        /// Its place among all bids, so that the earlier of two equal ones is known; zero for who has not entered.
        uint128 place;
    }

    /// How many bids one task counts, so that no number of bidders makes it run out of gas.
    uint256 private constant COUNTED_AT_ONCE = 200;

    // What the deployment says is known to all. Nothing else has a getter.
    address public immutable seller = msg.sender;
    uint256 public immutable deposit;
    uint256 public immutable latestEnd;

    // In one word: a bid then stays below 32,768 gas, the least that is charged, and looks like a refused one.
    bool private closed;
    uint128 private places;
    address[] private bidders;
    mapping(address => Bid) private bids;

    uint256 private counted;
    uint256 private refunded;
    bool private decided;
    address private best;
    mapping(address => uint256) private balances;

    /// The seller may close before `duration` seconds are over: it sees no bid that could make it want to.
    constructor(uint256 deposit_, uint256 duration) {
        require(deposit_ <= type(uint128).max);
        (deposit, latestEnd) = (deposit_, block.timestamp + duration);
    }

    /// Pays the deposit. It tells nobody how much one will bid, nor whether one will.
    function enter() external payable {
        if (ended()) revert Closed();
        if (bids[msg.sender].place != 0) revert Entered();
        if (msg.value != deposit) revert WrongDeposit();
        // Written now, so that a first bid costs no more gas than a changed one.
        bids[msg.sender] = Bid(0, ++places);
        bidders.push(msg.sender);
    }

    /// The last bid counts; zero takes it back. It carries no value: a task that does shows on the chain when it reverts.
    function bid(uint256 amount) external {
        if (ended()) revert Closed();
        if (bids[msg.sender].place == 0) revert NotEntered();
        if (amount > deposit) revert BeyondDeposit();
        bids[msg.sender] = Bid(uint128(amount), ++places);
    }

    /// Ends the auction: the seller at any time, anybody once its time is over.
    function close() external {
        if (msg.sender != seller && block.timestamp < latestEnd) revert StillOpen();
        closed = true;
    }

    /// Counts the bids, then sends at most `most` losers their deposits. By anybody, until it answers 0.
    /// First all is counted and then paid, in the order of entering: paying while counting would tell who outbid whom.
    function settle(uint256 most) external returns (uint256 left) {
        if (!ended()) revert StillOpen();
        if (!decided) count();
        if (decided) refund(most);
        return bidders.length - refunded;
    }

    /// Takes `amount` of one's own to `to`. It shows on Ethereum, so take round sums, and not all at once.
    function withdraw(address to, uint256 amount) external {
        if (to == address(0)) revert NobodysAddress();
        if (amount > balances[msg.sender]) revert NotEnough();
        balances[msg.sender] -= amount;
        pay(to, amount);
    }

    /// Who won; zero if nobody bid. For everybody, once all bids are counted.
    function winner() external view returns (address) {
        if (!decided) revert NotSettled();
        return best;
    }

    /// The bid of whoever asks.
    function myBid() external view returns (uint256) {
        return bids[msg.sender].amount;
    }

    /// What whoever asks may withdraw.
    function myBalance() external view returns (uint256) {
        return balances[msg.sender];
    }

    /// Where the auction stands: how many entered, whether it is over, how many are not settled. The chain shows as much.
    function progress() external view returns (uint256 all, bool isClosed, uint256 left) {
        return (bidders.length, ended(), bidders.length - refunded);
    }

    function ended() private view returns (bool) {
        return closed || block.timestamp >= latestEnd;
    }

    /// Counts some more bids. A task decides who won, never the clock of a read.
    function count() private {
        (address leader, uint256 next) = (best, counted);
        uint256 end = next + COUNTED_AT_ONCE < bidders.length ? next + COUNTED_AT_ONCE : bidders.length;
        for (; next < end; next++) {
            if (beats(bids[bidders[next]], bids[leader])) leader = bidders[next];
        }
        (best, counted) = (leader, next);
        if (next < bidders.length) return;
        decided = true;
        if (leader == address(0)) return;
        uint256 price = bids[leader].amount;
        balances[seller] += price;
        balances[leader] += deposit - price;
    }

    /// Of equal bids the earlier wins.
    function beats(Bid memory a, Bid memory b) private pure returns (bool) {
        return a.amount > b.amount || (a.amount == b.amount && a.amount > 0 && a.place < b.place);
    }

    function refund(uint256 most) private {
        uint256 next = refunded;
        for (uint256 paid = 0; next < bidders.length; next++) {
            address bidder = bidders[next];
            if (bidder == best) continue;
            if (paid == most) break;
            paid++;
            pay(bidder, deposit);
        }
        refunded = next;
    }

    /// Ether for an account on Ethereum. It leaves here at once; one who does not take it is credited outside.
    function pay(address to, uint256 amount) private {
        (bool ok,) = to.call{value: amount}("");
        require(ok);
    }
}
