import { deploy, descriptor, start, stop } from '../scripts/network.mjs'

/** What was not running before the tests does not run after them. */
export default function setup(project) {
  const started = start()
  try {
    const address = deploy('contracts/Guestbook.sol:Guestbook')
    project.provide('deployment', { address, network: descriptor() })
  } catch (error) {
    if (started) stop()
    throw error
  }
  return () => {
    if (started) stop()
  }
}
