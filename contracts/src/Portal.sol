// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {IERC1155Receiver} from "@openzeppelin/contracts/token/ERC1155/IERC1155Receiver.sol";
import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";
import {ICredits} from "./interfaces/ICredits.sol";
import {IPortal} from "./interfaces/IPortal.sol";
import {FeeSchedule} from "./libraries/FeeSchedule.sol";

/// @dev See IPortal. One for each secret contract, created by the Enigma contract, at an address known beforehand.
contract Portal is IPortal {
    /// Bytes of return data that are looked at: whoever is called cannot make the commit dearer.
    uint256 private constant MAX_RETURN = 1024;
    /// More than a call costs beside the gas that it hands on: cold, delegated, with value, to a new account.
    uint256 private constant CALL_OVERHEAD = 50_000;

    /// @inheritdoc IPortal
    address public immutable enigma = msg.sender;

    /// @dev Within the 2,300 gas of a plain transfer.
    receive() external payable {}

    /// @inheritdoc IPortal
    function execute(
        address target,
        uint256 value,
        uint64 gasLimit,
        bytes calldata data
    ) external returns (bytes32 outcome) {
        if (msg.sender != enigma) revert NotEnigma();
        return _call(target, value, gasLimit, data);
    }

    /// @inheritdoc IPortal
    function transfer(address target, uint256 value) external returns (bool success) {
        if (msg.sender != enigma) revert NotEnigma();
        // Honest enclaves never ask for it; and nothing may block the commit.
        if (value > address(this).balance) return false;
        success = uint256(_call(target, value, FeeSchedule.TRANSFER_STIPEND, msg.data[0:0])) & 1 == 1;
        if (!success) ICredits(enigma).deposit{value: value}(target);
    }

    /// @dev The receivers' hooks answer with the selector that they are called by, whatever came. One place for all three:
    /// every secret contract pays for this code.
    fallback() external {
        bytes4 hook = msg.sig;
        bool known = hook == IERC721Receiver.onERC721Received.selector
            || hook == IERC1155Receiver.onERC1155Received.selector
            || hook == IERC1155Receiver.onERC1155BatchReceived.selector;
        if (!known) revert NoSuchFunction();
        assembly ("memory-safe") {
            mstore(0, hook)
            return(0, 32)
        }
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == type(IERC165).interfaceId || id == type(IERC721Receiver).interfaceId
            || id == type(IERC1155Receiver).interfaceId;
    }

    /// @dev A call hands on at most 63/64 of what is left. All memory is paid for before that is looked at.
    function _call(
        address target,
        uint256 value,
        uint256 gasLimit,
        bytes calldata data
    ) private returns (bytes32 outcome) {
        uint256 ptr;
        assembly ("memory-safe") {
            ptr := mload(0x40)
            calldatacopy(ptr, data.offset, data.length)
        }
        if (gasleft() < gasLimit + gasLimit / 63 + CALL_OVERHEAD) revert NotEnoughGas();
        assembly ("memory-safe") {
            let success := call(gasLimit, target, value, ptr, data.length, 0, 0)
            let size := returndatasize()
            if gt(size, MAX_RETURN) { size := MAX_RETURN }
            returndatacopy(ptr, 0, size)
            outcome := or(and(keccak256(ptr, size), not(1)), success)
        }
    }
}
