// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// A vote among registered people. Each may vote again until the ballot is closed, and only the last vote counts. After the
/// end everybody reads the sums. Who voted what is read by nobody, not even by the voter, who so has nothing to sell.
contract Ballot {
    error NotOwner();
    error NotRegistered();
    error NoSuchChoice();
    error Begun();
    error NotOpen();
    error StillOpen();
    error NotCounted();

    /// Registered, and has not voted.
    uint256 private constant NONE = 255;

    address private immutable owner = msg.sender;
    uint256 public immutable choices;
    uint256 public immutable latestEnd;

    bool private begun;
    bool private closed;
    address[] private voters;
    /// Of a voter: 256 times how often, plus one, and the choice. Zero for those who are none; never zero for voters, and
    /// another word after every vote, so that all votes cost the same gas.
    mapping(address => uint256) private ballots;
    uint256 private counted;
    uint256[] private sums;

    /// The owner may close before `duration` seconds are over: it sees no vote that could make it want to.
    constructor(uint256 choices_, uint256 duration) {
        require(choices_ > 1 && choices_ < NONE);
        (choices, latestEnd) = (choices_, block.timestamp + duration);
        sums = new uint256[](choices_);
    }

    /// Adds voters; who is on the list already is not counted twice. The list travels encrypted. It ends with `open`, so
    /// that nobody is added to a vote that has begun.
    function register(address[] calldata people) external {
        if (msg.sender != owner) revert NotOwner();
        if (begun) revert Begun();
        for (uint256 i = 0; i < people.length; i++) {
            if (ballots[people[i]] != 0) continue;
            ballots[people[i]] = 256 + NONE;
            voters.push(people[i]);
        }
    }

    /// Ends the list and begins the vote.
    function open() external {
        if (msg.sender != owner) revert NotOwner();
        begun = true;
    }

    /// Votes, or votes anew: the last vote counts.
    function vote(uint256 choice) external {
        if (!begun || ended()) revert NotOpen();
        uint256 ballot = ballots[msg.sender];
        if (ballot == 0) revert NotRegistered();
        if (choice >= choices) revert NoSuchChoice();
        ballots[msg.sender] = (ballot / 256 + 1) * 256 + choice;
    }

    /// Ends the vote: the owner at any time, anybody once its time is over.
    function close() external {
        if (msg.sender != owner && block.timestamp < latestEnd) revert StillOpen();
        closed = true;
    }

    /// Counts at most `most` more voters, by anybody, until it answers 0.
    function count(uint256 most) external returns (uint256 left) {
        if (!closed) revert StillOpen();
        uint256 end = most < voters.length - counted ? counted + most : voters.length;
        for (uint256 i = counted; i < end; i++) {
            uint256 choice = ballots[voters[i]] % 256;
            if (choice != NONE) sums[choice]++;
        }
        counted = end;
        return voters.length - end;
    }

    /// The votes for each choice. Only when all are counted: a sum on its way would tell single votes.
    function tally() external view returns (uint256[] memory) {
        if (!closed || counted < voters.length) revert NotCounted();
        return sums;
    }

    /// Whether whoever asks may vote.
    function mayVote() external view returns (bool) {
        return begun && !ended() && ballots[msg.sender] != 0;
    }

    function ended() private view returns (bool) {
        return closed || block.timestamp >= latestEnd;
    }
}
