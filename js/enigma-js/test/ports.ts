// Ports for a local network of a test's own: the same for all suites here and in tests/browser.
import { createServer } from 'node:net'

/** Ports of one network: the chain's, key nodes', workers', their APIs'; what is left is the test's. */
const BLOCK = 100
const FIRST = 21_000
const LAST = 30_000

/** The first of so many free ports in a row. Begins where few others do, as two runs may look at the same time. */
export async function freeBlock(): Promise<number> {
  const blocks = (LAST - FIRST) / BLOCK
  for (let place = 0; place < blocks; place++) {
    const first = FIRST + ((process.pid + place) % blocks) * BLOCK
    const ports = Array.from({ length: BLOCK }, (_, port) => first + port)
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first
  }
  throw new Error(`no ${BLOCK} ports in a row are free between ${FIRST} and ${LAST}`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer()
    server.once('error', () => done(false))
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)))
  })
}
