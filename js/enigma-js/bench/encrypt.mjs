// How long it takes to encrypt a task of 512 bytes of calldata in Node: the first of a process, the first of a session, and
// later ones. `--write` keeps the figures in bench/figures.json, `--check` fails if a warm one takes more than 0.1 ms.
import { existsSync } from 'node:fs'
import { report } from './figures.mjs'

const LIMIT_MS = 0.1
const built = new URL('../dist/protocol/index.js', import.meta.url)
if (!existsSync(built)) throw new Error('build the package first: npm run build -w enigma-js')
const { createSession, parsePublicKey, randomNonce, randomSecret, replyKeyFor, sealEnvelope, Secret } =
  await import(built)
const { bls12_381 } = await import('@noble/curves/bls12-381.js')

const network = `0x${'11'.repeat(32)}`
const contract = `0x${'22'.repeat(20)}`
const sender = `0x${'33'.repeat(20)}`
const body = new Uint8Array(512).fill(0xa5)
const bytes = bls12_381.G2.Point.BASE.multiply(7n).toBytes(true)

const time = (work) => {
  const start = performance.now()
  work()
  return performance.now() - start
}
const times = (count, work) =>
  Array.from({ length: count }, (_, i) => time(() => work(i))).sort((a, b) => a - b)
const round = (ms) => Number(ms.toPrecision(3))
const at = (sorted, part) => round(sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)])
const spread = (sorted) => ({ median: at(sorted, 0.5), p99: at(sorted, 0.99) })

let session
const seal = (replyKey = randomSecret(), nonce = randomNonce()) =>
  sealEnvelope(session, { kind: 'task', sender, replyKey, nonce, body })

const first = time(() => {
  session = createSession({ network, publicKey: bytes, contract, epoch: 1 })
  seal()
})
const publicKey = parsePublicKey(bytes)
const sessions = times(100, (epoch) => {
  session = createSession({ network, publicKey, contract, epoch })
  seal()
})
for (let i = 0; i < 3_000; i += 1) seal()
const warm = times(20_000, () => seal())
const view = new Secret(new Uint8Array(32).fill(7))
const recoverable = times(20_000, () => {
  const nonce = randomNonce()
  seal(replyKeyFor(view, nonce), nonce)
})

const figures = {
  about: 'milliseconds to encrypt a task with 512 bytes of calldata, in Node',
  node: process.version,
  firstOfProcess: round(first),
  firstOfSession: spread(sessions),
  warm: spread(warm),
  warmRecoverable: spread(recoverable),
}
report('encrypt', figures, [
  ['a warm encryption, median', figures.warm.median, LIMIT_MS, 'ms'],
  ['with a recoverable reply key, median', figures.warmRecoverable.median, LIMIT_MS, 'ms'],
])
