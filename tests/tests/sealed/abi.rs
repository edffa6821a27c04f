//! The contract under test: `crates/trusted/evm/fixtures/Root.sol`.

use alloy_sol_types::sol;

sol! {
    error Refused(uint256 code, string why);
    event Moved(address indexed from, address indexed to, uint256 amount);
    function start() returns (uint256);
    function slots(uint256 slot) returns (uint256);
    function balanceOf(address who) returns (uint256);
    function deposit() returns (uint256);
    function transfer(address to, uint256 amount) returns (bool);
    function put(uint256 slot, uint256 value);
    function putAndFail(uint256 slot, uint256 value);
    function look(address at) returns (uint256 balance, uint256 size, bytes32 hash);
    function env() returns (uint256[9]);
    function raw(uint256 kind, address target, uint256 value, bytes data) returns (bool ok, bytes back);
    function who() returns (address sender, address origin);
    function hashOf(uint256 number) returns (bytes32);
    function long(uint256 size) returns (bytes);
    function spin();
    function random(uint256 size, bytes pers) returns (bytes);
}
