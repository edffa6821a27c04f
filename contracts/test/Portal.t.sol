// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {IERC1155Receiver} from "@openzeppelin/contracts/token/ERC1155/IERC1155Receiver.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";
import {IPortal} from "../src/interfaces/IPortal.sol";
import {EnigmaTest} from "./EnigmaTest.sol";

/// @notice What a secret contract's account on Ethereum takes, and whom it obeys.
contract PortalTest is EnigmaTest {
    address private constant ALICE = address(0xa11ce);
    address payable private portal;

    function setUp() public override {
        super.setUp();
        portal = payable(_deploy(ALICE, "salt", 1));
    }

    function test_thePortalObeysTheEnigmaContractAlone() public {
        deal(portal, 1 ether);
        assertEq(IPortal(portal).enigma(), address(enigma));
        vm.expectRevert(IPortal.NotEnigma.selector);
        IPortal(portal).execute(ALICE, 1 ether, 0, "");
        vm.expectRevert(IPortal.NotEnigma.selector);
        IPortal(portal).transfer(ALICE, 1 ether);
        vm.prank(portal);
        vm.expectRevert(IPortal.NotEnigma.selector);
        IPortal(portal).transfer(ALICE, 1 ether);
        (bool success,) = portal.call(hex"12345678");
        assertFalse(success);
    }

    function test_plainEtherArrivesWithinTheGasOfATransfer() public {
        deal(address(this), 3 ether);
        // What `transfer` and `send` do.
        (bool success,) = portal.call{value: 2 ether, gas: 0}("");
        assertTrue(success);
        Weth weth = new Weth();
        weth.mint{value: 1 ether}(portal);
        vm.prank(portal);
        weth.withdraw(1 ether);
        assertEq(portal.balance, 3 ether);
        assertEq(_inflow(portal), 3 ether);
        _create(portal, ALICE, _task(0));
        assertEq(logged[portal][1].inflow, 3 ether, "the next input says so");
    }

    function test_forcedEtherArrives() public {
        deal(address(this), 1 ether);
        bytes memory selfdestructTo = abi.encodePacked(hex"73", portal, hex"ff");
        assembly ("memory-safe") {
            pop(create(selfbalance(), add(selfdestructTo, 0x20), mload(selfdestructTo)))
        }
        assertEq(_inflow(portal), 1 ether);
        deal(portal, 3 ether);
        assertEq(_inflow(portal), 3 ether);
        _create(portal, ALICE, _task(1 ether));
        assertEq(logged[portal][1].inflow, 3 ether);
        _commit(portal, 2);
        assertEq(portal.balance, 4 ether);
        assertEq(_inflow(portal), 3 ether, "a task's value is no inflow");
    }

    function test_tokensOfEveryKindArrive() public {
        assertTrue(token.transfer(portal, 7));
        assertEq(token.balanceOf(portal), 7);
        Picture picture = new Picture();
        picture.give(portal, 5);
        assertEq(picture.ownerOf(5), portal);
        Coins coins = new Coins();
        coins.give(portal, 3, 9);
        coins.giveTwo(portal);
        assertEq(coins.balanceOf(portal, 3), 9);
        assertEq(coins.balanceOf(portal, 1), 10);
        assertEq(coins.balanceOf(portal, 2), 20);
    }

    function test_thePortalSaysWhatItReceives() public view {
        assertTrue(IERC165(portal).supportsInterface(type(IERC165).interfaceId));
        assertTrue(IERC165(portal).supportsInterface(type(IERC721Receiver).interfaceId));
        assertTrue(IERC165(portal).supportsInterface(type(IERC1155Receiver).interfaceId));
        assertFalse(IERC165(portal).supportsInterface(0xffffffff));
    }
}

contract Weth {
    mapping(address => uint256) private balances;

    function mint(address to) external payable {
        balances[to] += msg.value;
    }

    function withdraw(uint256 amount) external {
        balances[msg.sender] -= amount;
        (bool success,) = msg.sender.call{value: amount, gas: 0}("");
        require(success);
    }
}

contract Picture is ERC721("Picture", "PIC") {
    function give(address to, uint256 id) external {
        _safeMint(to, id);
    }
}

contract Coins is ERC1155("") {
    function give(address to, uint256 id, uint256 amount) external {
        _mint(to, id, amount, "data");
    }

    function giveTwo(address to) external {
        uint256[] memory ids = new uint256[](2);
        uint256[] memory amounts = new uint256[](2);
        (ids[0], ids[1], amounts[0], amounts[1]) = (1, 2, 10, 20);
        _mintBatch(to, ids, amounts, "data");
    }
}
