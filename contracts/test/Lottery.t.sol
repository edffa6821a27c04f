// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {Lottery} from "../src/libraries/Lottery.sol";
import {StakeTree} from "../src/libraries/StakeTree.sol";

contract LotteryTest is Test {
    using StakeTree for mapping(uint256 => uint256);

    struct Change {
        uint256 epoch;
        uint256 seat;
        uint256 weight;
    }

    mapping(uint256 => uint256) private tree;
    uint256 private root;
    Change[] private changes;

    function test_treeAndSequencesAreThoseOfTheVectors() public {
        string memory json = vm.readFile("vectors/lottery.json");
        uint256 next = 0;
        uint256 checked = 0;
        for (uint256 made = 0; vm.keyExistsJson(json, _at(".operations", made, ".epoch"));) {
            _set(
                vm.parseJsonUint(json, _at(".operations", made, ".epoch")),
                vm.parseJsonUint(json, _at(".operations", made, ".seat")),
                vm.parseJsonUint(json, _at(".operations", made, ".weight"))
            );
            ++made;
            for (; _isRead(json, next, made); ++next) {
                _checkRead(json, _at(".reads", next, ""));
                ++checked;
            }
        }
        assertEq(checked, 80);
        assertEq(root, vm.parseJsonUint(json, ".treeRoot"));
        for (uint256 i = 0; vm.keyExistsJson(json, _at(".words", i, ".key")); ++i) {
            uint256 key = vm.parseJsonUint(json, _at(".words", i, ".key"));
            assertEq(tree[key], vm.parseJsonUint(json, _at(".words", i, ".value")));
        }
    }

    function testFuzz_changesCountFromTheEpochAfterTheNext(uint256 random, uint8 count) public {
        uint256 epoch = random % 5;
        for (uint256 i = 0; i < uint256(count) % 40 + 1; ++i) {
            random = uint256(keccak256(abi.encode(random)));
            epoch += random % 4 == 0 ? random % 5 : 0;
            uint256 seat = (random >> 16) % 3 == 0 ? (random >> 32) % StakeTree.SEATS : (random >> 32) % 20;
            uint256 weight = (random >> 64) % 4 == 0 ? 0 : (random >> 96) % 1_000_000;
            changes.push(Change(epoch, seat, weight));
            _set(epoch, seat, weight);
            // What was closed before must not move: check all three epochs after every change.
            for (uint256 x = epoch; x < epoch + 3; ++x) {
                _checkAgainstTable(x, bytes32(random));
            }
        }
        _checkAgainstTable(epoch + 7, bytes32(random));
    }

    function test_theSumOfAllWeightsStaysBelowTheLane() public {
        _set(1, 3, StakeTree.MAX_WEIGHT - 5);
        _set(1, 9, 5);
        vm.expectRevert(StakeTree.StakeTooLarge.selector);
        this.set(1, 9, 6);
        vm.expectRevert(StakeTree.StakeTooLarge.selector);
        this.set(9, 32_767, 1);
    }

    function test_noWeightNoSequence() public view {
        assertEq(Lottery.draw(tree, StakeTree.entry(root, 5), "seed", address(1), 3).length, 0);
    }

    function set(uint256 epoch, uint256 seat, uint256 weight) external {
        _set(epoch, seat, weight);
    }

    function _set(uint256 epoch, uint256 seat, uint256 weight) private {
        root = tree.set(root, epoch, seat, weight);
    }

    function _checkRead(string memory json, string memory read) private view {
        uint256 entry = StakeTree.entry(root, vm.parseJsonUint(json, string.concat(read, ".epoch")));
        assertEq(StakeTree.weightOf(entry), vm.parseJsonUint(json, string.concat(read, ".total")));
        uint256[] memory ids = Lottery.draw(
            tree,
            entry,
            vm.parseJsonBytes32(json, string.concat(read, ".seed")),
            vm.parseJsonAddress(json, string.concat(read, ".contract")),
            vm.parseJsonUint(json, string.concat(read, ".count"))
        );
        assertEq(ids, vm.parseJsonUintArray(json, string.concat(read, ".ids")));
    }

    /// @dev The same draw from a plain list: the last change of a seat made two epochs before counts.
    function _checkAgainstTable(uint256 epoch, bytes32 seed) private view {
        (uint256[] memory seats, uint256[] memory weights, uint256 left) = _table(epoch);
        uint256 entry = StakeTree.entry(root, epoch);
        assertEq(StakeTree.weightOf(entry), left);
        uint256[] memory ids = Lottery.draw(tree, entry, seed, address(this), 5);
        for (uint256 j = 0; j < ids.length; ++j) {
            uint256 point = uint256(keccak256(abi.encode(keccak256("enigma/v1/draw"), seed, address(this), j))) % left;
            uint256 place = 0;
            for (; point >= weights[place]; ++place) {
                point -= weights[place];
            }
            assertEq(ids[j], seats[place]);
            left -= weights[place];
            weights[place] = 0;
        }
        assertTrue(ids.length == 5 || left == 0);
    }

    /// @dev Seats in rising order with their weights in an epoch.
    function _table(uint256 epoch)
        private
        view
        returns (uint256[] memory seats, uint256[] memory weights, uint256 sum)
    {
        seats = new uint256[](changes.length);
        weights = new uint256[](changes.length);
        uint256 count = 0;
        for (uint256 i = 0; i < changes.length; ++i) {
            Change memory change = changes[i];
            uint256 place = 0;
            while (place < count && seats[place] < change.seat) ++place;
            if (place == count || seats[place] != change.seat) {
                for (uint256 k = count; k > place; --k) {
                    (seats[k], weights[k]) = (seats[k - 1], weights[k - 1]);
                }
                (seats[place], weights[place]) = (change.seat, 0);
                ++count;
            }
            if (change.epoch + 2 <= epoch) weights[place] = change.weight;
        }
        for (uint256 i = 0; i < count; ++i) {
            sum += weights[i];
        }
    }

    function _isRead(string memory json, uint256 next, uint256 made) private view returns (bool) {
        string memory read = _at(".reads", next, ".after");
        return vm.keyExistsJson(json, read) && vm.parseJsonUint(json, read) == made;
    }

    function _at(string memory list, uint256 place, string memory field) private pure returns (string memory) {
        return string.concat(list, "[", vm.toString(place), "]", field);
    }
}
