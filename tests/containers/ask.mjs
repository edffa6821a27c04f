// Questions of the containers' test to a node's API: `node ask.mjs API QUESTION [ARGUMENT]…`. Exit code 1 if the answer is not
// what was asked for.
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

const [api, question, ...rest] = process.argv.slice(2)

async function call(method, params = []) {
  const answer = await fetch(api, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    signal: AbortSignal.timeout(10_000),
  })
  const { result, error } = await answer.json()
  if (error) throw new Error(`${method}: ${error.message}`)
  return result
}

/** Asks again until `done` says so, at most `seconds` long. */
async function until(seconds, what, ask, done) {
  const deadline = Date.now() + seconds * 1000
  for (;;) {
    const told = await ask()
    if (done(told)) return told
    if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds} s; the last answer: ${JSON.stringify(told)}`)
    await pause(300)
  }
}

/** The service whose enclave has this signing key, by a node's own list of peers. */
function serviceOf(signer, config) {
  const { peers } = JSON.parse(readFileSync(config, 'utf8'))
  const peer = peers.find((each) => each.signer?.toLowerCase() === signer.toLowerCase())
  if (!peer) throw new Error(`no peer signs as ${signer}`)
  return peer.name
}

const QUESTIONS = {
  /** So many nodes, each connected with all others. */
  async connected(count) {
    const others = Number(count) - 1
    const full = ({ nodes }) =>
      nodes.length === Number(count) &&
      nodes.every((node) => node.peers.filter(({ connected }) => connected).length >= others)
    const { nodes } = await until(60, `${count} nodes, all connected`, () => call('enigma_topology'), full)
    return `${nodes.length} nodes, each connected with the ${others} others`
  },
  async epoch() {
    return (await call('enigma_epoch')).epoch
  },
  /** Waits until the epoch goes on for so many blocks. */
  async 'until-blocks-left'(count) {
    const left = ({ start, length, height }) => start + length - height
    const told = await until(120, `${count} blocks left`, () => call('enigma_epoch'), (each) => left(each) >= count)
    return `epoch ${told.epoch} goes on for ${left(told)} blocks at least`
  },
  /** The service of the worker that is drawn first for a contract. */
  async first(contract, config) {
    const { workers } = await call('enigma_group', [contract])
    return serviceOf(workers[0].signer, config)
  },
  /** The task was committed in this epoch, by another than this service. */
  async 'taken-over'(contract, index, epoch, absent, config) {
    const task = await until(20, 'the commit', () => call('enigma_task', [contract, Number(index)]), ({ committed }) => committed)
    const by = serviceOf(task.worker.signer, config)
    if (task.committed.epoch !== Number(epoch)) throw new Error(`committed in epoch ${task.committed.epoch}, not in ${epoch}`)
    if (by === absent) throw new Error(`committed by ${by}, which was away`)
    const blocks = task.committed.block - task.created.block
    return `${by} took over in epoch ${epoch}, ${blocks} blocks after the task`
  },
  /** The explorer. */
  async page() {
    const answer = await fetch(api, { signal: AbortSignal.timeout(10_000) })
    const text = await answer.text()
    if (!answer.ok || !/<html/i.test(text)) throw new Error(`no page at ${api}: ${answer.status}`)
    return `a page of ${text.length} bytes at ${api}`
  },
}

try {
  console.log(await QUESTIONS[question](...rest))
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
