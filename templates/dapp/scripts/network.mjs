// The local network: where it is, and the `enigma` command that speaks to it.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The launcher of the checkout that made this project. */
const ENIGMA = process.env.ENIGMA ?? '{{enigma}}'
/** The checkout's own network, unless you name another. */
const DATA = process.env.ENIGMA_DATA_DIR ?? join(dirname(ENIGMA), '.enigma')

/** Runs a command; its standard error is shown. `allowed` are exit codes that are no failure. */
export function enigma(args, allowed = [0]) {
  const { status, stdout, error } = spawnSync(ENIGMA, [...args, '--data-dir', DATA], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (error) throw new Error(`${ENIGMA} does not start: ${error.message}`)
  if (!allowed.includes(status)) throw new Error(`enigma ${args[0]} failed (exit code ${status}): ${stdout}`)
  return { status, stdout }
}

/** Whether it runs. */
export function isRunning() {
  // 3: stopped, 1: there is none yet.
  return enigma(['status', '--json'], [0, 1, 3]).status === 0
}

/** Starts it if it does not run. Whether it was started. */
export function start() {
  if (isRunning()) return false
  console.log('starting the local network')
  enigma(['up', '--detach'])
  return true
}

/** Stops it; its data stays. */
export const stop = () => enigma(['down'])

/** Its descriptor, which clients pin. */
export const descriptor = () => JSON.parse(readFileSync(join(DATA, 'network.json'), 'utf8'))

/** Compiles and deploys; the address. */
export function deploy(contract) {
  return JSON.parse(enigma(['deploy', contract, '--json']).stdout).address
}
