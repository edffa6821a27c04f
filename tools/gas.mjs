// Measures what users and workers pay, by `receipt.gasUsed` on a local chain with Osaka rules, and writes
// contracts/gas.json. `--check` compares instead: growth above 2 % fails. A figure above its target fails in any case. Everything is deterministic: keys, times, bytes.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeAbiParameters, encodeDeployData, encodeFunctionData, decodeFunctionResult, concat, keccak256, numberToHex, parseEther, stringToHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { startChain } from './gas/chain.mjs'
import { beacon, compressedKey, publicKey } from './gas/committee.mjs'
import { pack } from './gas/pack.mjs'
import { contracts } from './paths.mjs'

const TOLERANCE = 1.02
/** The most that these may take, whatever they took before: what the network promises. */
const TARGETS = {
  'createTask, ring slot used before': 60_000,
  'commit, 1 task, first of an epoch (lottery among 1,000)': 120_000,
  'commit, 50 tasks, 256 bytes out, each': 20_000,
  'bundle of 10 and its commit, ring slots used before, each': 51_000,
  beacon: 200_000,
  'beacon, its poster has no credit': 200_000,
}
/** The cap of EIP-7825, which anvil does not enforce. */
const TRANSACTION_CAP = 16_777_216n

const artifact = (name) => JSON.parse(readFileSync(join(contracts, 'artifacts', `${name}.json`), 'utf8'))
const { abi, bytecode } = artifact('Enigma')
const eng = artifact('EngToken')
const MEASUREMENT = keccak256(stringToHex('measurement'))
const ZERO = `0x${'00'.repeat(32)}`
const results = {}

/** `size` bytes without a pattern, so that calldata costs what ciphertext costs. */
function bytes(size, seed) {
  const words = []
  for (let i = 0; i * 32 < size; i += 1) words.push(keccak256(encodeAbiParameters([{ type: 'uint256' }, { type: 'uint256' }], [seed, BigInt(i)])))
  return concat(words).slice(0, 2 + 2 * size)
}

const H = (name, types, values) =>
  keccak256(encodeAbiParameters([{ type: 'bytes32' }, ...types.map((type) => ({ type }))], [keccak256(stringToHex(`enigma/v1/${name}`)), ...values]))

const INPUT_TYPES = ['uint8', 'address', 'uint64', 'address', 'bytes32', 'uint256', 'uint64', 'uint64', 'uint128', 'uint128', 'uint64', 'uint64', 'uint64', 'uint64', 'uint128', 'uint256', 'bytes32', 'bytes32']

function inputHash(account, index, i) {
  return H('input', INPUT_TYPES, [i.kind, account, index, i.sender, i.onBehalfOf, i.value, i.gasLimit, i.commitGas, i.priceCap, i.tip, i.epoch, i.inclusionEpoch, i.blockNumber, i.timestamp, i.baseFee, i.inflow, i.codeHash, i.envelopeHash])
}

const RECEIPT_TYPES = {
  Receipt: ['bytes32 network', 'uint64 ruleset', 'address secretContract', 'uint64 epoch', 'uint64 firstIndex', 'uint64 lastIndex', 'bytes32 inputHead', 'bytes32 stateHeadBefore', 'bytes32 stateHeadAfter', 'uint64 anchorNumber', 'bytes32 anchorHash', 'TaskResult[] results', 'bytes32 snapshotHash', 'bytes32 outboundHash'],
  TaskResult: ['uint8 status', 'uint64 gasCharged', 'bytes32 outputHash', 'bytes32 deltaHash'],
  KeyGeneration: ['uint32 era', 'bytes32 publicKeyHash', 'bytes32 commitmentsHash'],
}
const typesOf = (...names) => Object.fromEntries(names.map((name) => [name, RECEIPT_TYPES[name].map((field) => ({ type: field.split(' ')[0], name: field.split(' ')[1] }))]))

/** A network of its own with `workers` equal workers, at the start of its first lottery. */
async function network(chain, workers) {
  const at = {}
  const domain = () => ({ name: 'Enigma', version: '1', chainId: chain.id, verifyingContract: at.enigma })
  const call = (functionName, ...args) => chain.send(at.enigma, encodeFunctionData({ abi, functionName, args }))
  const pay = (value, functionName, ...args) => chain.send(at.enigma, encodeFunctionData({ abi, functionName, args }), value)
  const read = async (functionName, ...args) => decodeFunctionResult({ abi, functionName, data: await chain.read(at.enigma, encodeFunctionData({ abi, functionName, args })) })
  const worker = (id) => privateKeyToAccount(numberToHex(0xa000 + id, { size: 32 }))

  at.token = (await chain.send(null, encodeDeployData({ abi: eng.abi, bytecode: eng.bytecode }))).contractAddress
  const created = await chain.send(null, encodeDeployData({ abi, bytecode, args: [{ epochLength: 64, groupSize: 3, takeover: 3, skipEpochs: 2, window: 16, minStake: 100 }, at.token, keccak256(stringToHex('SIMULATED')), 1, [MEASUREMENT]] }))
  at.enigma = created.contractAddress

  await chain.send(at.token, encodeFunctionData({ abi: eng.abi, functionName: 'approve', args: [at.enigma, parseEther('1000000')] }))
  const many = []
  for (let id = 0; id < workers; id += 1) {
    many.push(['admit', [worker(id).address, chain.account, MEASUREMENT, keccak256(numberToHex(id)), 2_000_000_000]], ['stake', [id, parseEther('100')]], ['login', [id]])
  }
  const registered = await chain.sendMany(at.enigma, many.map(([functionName, args]) => encodeFunctionData({ abi, functionName, args })))

  const members = [1, 2, 3].map((i) => privateKeyToAccount(numberToHex(0xc000 + i, { size: 32 })))
  const generation = { era: 1, publicKeyHash: keccak256(compressedKey), commitmentsHash: ZERO }
  const signatures = await Promise.all(members.map((m) => m.signTypedData({ domain: domain(), types: typesOf('KeyGeneration'), primaryType: 'KeyGeneration', message: generation })))
  const genesis = await call('genesis', publicKey, ZERO, 3, members.map((m) => m.address), members.map(() => chain.account), signatures)
  const networkHash = await read('network')

  async function nextEpoch() {
    const epoch = BigInt(await read('currentEpoch')) + 1n
    const posted = await call('postBeacon', epoch, publicKey, beacon(networkHash, epoch))
    const [, , nextStart] = await read('epochWord')
    await chain.mineTo(BigInt(nextStart))
    return posted
  }

  const log = {}
  const terms = { onBehalfOf: ZERO, value: 0n, gasLimit: 1_000_000n, commitGas: 200_000n, priceCap: 100n * 10n ** 9n, tip: 10n ** 9n }
  const due = (terms.commitGas + terms.gasLimit / 8n) * terms.priceCap

  async function remember(account, receipt, kind, epoch, envelopes, code) {
    const block = await chain.block(receipt.blockNumber)
    for (const envelope of envelopes) {
      log[account].push({ kind, sender: chain.account, ...terms, epoch, inclusionEpoch: epoch, blockNumber: BigInt(block.number), timestamp: BigInt(block.timestamp), baseFee: BigInt(block.baseFeePerGas), inflow: 0n, codeHash: code === undefined ? ZERO : keccak256(code), envelopeHash: keccak256(envelope) })
    }
    return receipt
  }

  async function deploy(salt) {
    const epoch = BigInt(await read('currentEpoch'))
    const account = await read('portalAddress', chain.account, salt)
    log[account] = []
    const envelope = bytes(277, 1n)
    const code = bytes(2048, 2n)
    return { account, receipt: await remember(account, await pay(due, 'deploy', { salt, signers: 1, depth: 0 }, terms, epoch, code, envelope), 2, epoch, [envelope], code) }
  }

  async function createTask(account) {
    const epoch = BigInt(await read('currentEpoch'))
    const envelope = bytes(277, BigInt(log[account].length + 10))
    return remember(account, await pay(due, 'createTask', account, epoch, envelope, terms), 1, epoch, [envelope])
  }

  async function createTasks(account, count) {
    const epoch = BigInt(await read('currentEpoch'))
    const envelopes = Array.from({ length: count }, (_, i) => bytes(277, BigInt(log[account].length + i + 10)))
    const requests = envelopes.map((envelope) => ({ secretContract: account, epoch, envelope, parameters: terms }))
    return remember(account, await pay(due * BigInt(count), 'createTasks', requests), 1, epoch, envelopes)
  }

  /** Commits the next `count` inputs with `size` bytes of output and as many of delta each, signed by `rank`. */
  async function commit(account, count, size = 144, rank = 0) {
    const record = await read('secretContract', account)
    const epoch = BigInt(await read('currentEpoch'))
    const first = record.cursor
    const inputs = log[account].slice(Number(first), Number(first) + count)
    const outputs = inputs.map((_, i) => bytes(size, 1000n + first + BigInt(i)))
    const deltas = inputs.map((_, i) => bytes(size, 2_000_000n + first + BigInt(i)))
    const taskResults = inputs.map((_, i) => ({ status: 0, gasCharged: 65_536n, outputHash: keccak256(outputs[i]), deltaHash: keccak256(deltas[i]) }))
    const snapshotHash = BigInt(record.sealedEpoch) === epoch ? ZERO : keccak256(numberToHex(epoch, { size: 32 }))
    let state = record.stateHead
    if (snapshotHash !== ZERO) state = H('state-head-snapshot', ['bytes32', 'bytes32'], [state, snapshotHash])
    inputs.forEach((input, i) => {
      state = H('state-head', ['bytes32', 'bytes32', 'bytes32'], [state, inputHash(account, first + BigInt(i), input), taskResults[i].deltaHash])
    })
    const last = first + BigInt(count) - 1n
    const anchor = await chain.block('latest')
    const receipt = { network: networkHash, ruleset: 1n, secretContract: account, epoch, firstIndex: first, lastIndex: last, inputHead: await read('inputHead', account, last), stateHeadBefore: record.stateHead, stateHeadAfter: state, anchorNumber: BigInt(anchor.number), anchorHash: anchor.hash, results: taskResults, snapshotHash, outboundHash: keccak256('0x') }
    const id = (await read('group', account))[rank]
    const signature = await worker(Number(id)).signTypedData({ domain: domain(), types: typesOf('Receipt', 'TaskResult'), primaryType: 'Receipt', message: receipt })
    return call('commit', [pack({ receipt, inputs, outputs, deltas, signatures: [signature] })])
  }

  const firstBeacon = await nextEpoch()
  const skip = async (account) => call('skip', account, log[account][Number((await read('secretContract', account)).cursor)])

  const collectUpkeep = () => call('collectUpkeep', [chain.account])
  const claimSeat = () => call('claimSeat', 0n)
  const withdraw = () => call('withdraw')

  return { created, registered, genesis, firstBeacon, nextEpoch, deploy, createTask, createTasks, commit, skip, collectUpkeep, claimSeat, withdraw }
}

function record(name, receipt, share = 1) {
  const gas = BigInt(receipt.gasUsed)
  if (gas > TRANSACTION_CAP) throw new Error(`${name} takes ${gas} gas, a transaction takes ${TRANSACTION_CAP}`)
  results[name] = Math.round(Number(gas) / share)
}

async function measure(chain) {
  const n = await network(chain, 3)
  record('create Enigma', n.created)
  record('genesis, 3 members', n.genesis)
  record('admit a worker', n.registered.at(-3))
  record('stake', n.registered.at(-2))
  record('login', n.registered.at(-1))
  const { account, receipt } = await n.deploy(keccak256('0x01'))
  record('deploy, 2,048 bytes of clear code', receipt)
  record('createTask, first of a contract', await n.createTask(account))
  record('createTask, ring slot new', await n.createTask(account))
  record('bundle of 10, ring slots new, each', await n.createTasks(account, 10), 10)
  record('commit, 1 task, first of the epoch (lottery among 3)', await n.commit(account, 1))
  await n.commit(account, 2)
  record('commit, 1 task, 288 bytes out', await n.commit(account, 1))
  record('commit, 1 task, 2,048 bytes out', await n.commit(account, 1, 1024))
  await n.commit(account, 8)
  for (let round = 0; round < 5; round += 1) {
    await n.createTasks(account, 50)
    record('commit, 50 tasks, 256 bytes out, each', await n.commit(account, 50, 128), 50)
  }
  record('createTask, ring slot used before', await n.createTask(account))
  const bundle = await n.createTasks(account, 10)
  record('bundle of 10, ring slots used before, each', bundle, 10)
  await n.commit(account, 1)
  const { gasUsed } = await n.commit(account, 10, 128)
  record('bundle of 10 and its commit, ring slots used before, each', { gasUsed: BigInt(bundle.gasUsed) + BigInt(gasUsed) }, 10)
  // The pool pays for it, and has enough for the committee too.
  await n.collectUpkeep()
  await n.nextEpoch()
  await n.createTask(account)
  await n.commit(account, 1)
  record('collect the share of a worker', await n.collectUpkeep())
  record('beacon', await n.nextEpoch())
  record('claim a seat', await n.claimSeat())
  await n.withdraw()
  record('beacon, its poster has no credit', await n.nextEpoch())

  const large = await network(chain, 1000)
  record('login among 1,000', large.registered.at(-1))
  const other = await large.deploy(keccak256('0x02'))
  record('commit, 1 task, first of a contract (lottery among 1,000)', await large.commit(other.account, 1))
  await large.createTask(other.account)
  await large.nextEpoch()
  record('commit, 1 task, first of an epoch (lottery among 1,000)', await large.commit(other.account, 1))
  const { blockNumber } = await large.createTask(other.account)
  await chain.mineTo(BigInt(blockNumber) + 3n)
  record('commit, 1 task, a takeover with a slash (among 1,000)', await large.commit(other.account, 1, 144, 1))
  const { blockNumber: silentFrom } = await large.createTask(other.account)
  await chain.mineTo(BigInt(silentFrom) + 128n)
  record('skip, two workers slashed (among 1,000)', await large.skip(other.account))
}

const chain = await startChain()
try {
  await measure(chain)
} finally {
  chain.stop()
}

for (const [name, target] of Object.entries(TARGETS)) {
  if (results[name] <= target) continue
  console.error(`${name}: ${results[name]}, and ${target} was promised`)
  process.exitCode = 1
}

const file = join(contracts, 'gas.json')
if (process.argv.includes('--check')) {
  const golden = JSON.parse(readFileSync(file, 'utf8'))
  const grown = Object.entries(results).filter(([name, gas]) => !(gas <= golden[name] * TOLERANCE))
  for (const [name, gas] of grown) console.error(`${name}: ${golden[name] ?? 'not recorded'} -> ${gas}`)
  if (grown.length > 0) {
    console.error('gas grew by more than 2 %: if that is worth it, run `npm run gas`')
    process.exitCode = 1
  } else console.log(`gas: ${Object.keys(results).length} figures within 2 %`)
} else {
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`)
  console.table(results)
}
