// `enigma-js/relay`: tasks that somebody else sends. A relayer pays for what an account has signed; or the sender is a
// contract, a wallet of several owners or an ERC-4337 account. Every function takes a `Connection` (see `connect`).
export { connect } from '../connection.js'
export { type AuthoriseTaskParameters, authoriseTask } from './authorise.js'
export { InvalidRelayedTaskError, RelayedValueError, WrongRelayerError } from './errors.js'
export { type GetAccountNonceParameters, getAccountNonce } from './nonce.js'
export { type PrepareTaskParameters, prepareTask, prepareWithdraw } from './prepare.js'
export { prepareRelay, type RelayTaskParameters, relayTask } from './relay.js'
export type { Prepared, RelayedTask, SealedTask } from './types.js'
export { type WaitForSealedTaskParameters, waitForSealedTask } from './wait.js'
