// Starts the local network if need be, deploys the contract unless it is there already, and writes deployment.json: what
// the page pins.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { deploy, descriptor, start } from './network.mjs'

const FILE = 'deployment.json'

start()
const network = descriptor()
const before = existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : undefined
if (before?.network.network === network.network && !process.argv.includes('--again')) {
  console.log(`Guestbook is at ${before.address}; \`npm run deploy -- --again\` deploys a new one`)
} else {
  const address = deploy('contracts/Guestbook.sol:Guestbook')
  writeFileSync(FILE, `${JSON.stringify({ address, network }, null, 2)}\n`)
  console.log(`Guestbook is at ${address}`)
}
