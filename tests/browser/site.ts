// Builds a page as a developer would, for one network, and serves what came out.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { build } from 'vite'
import { type LocalNetwork, root } from './network'

/** A page that is served. */
export type Site = { url: string; stop(): Promise<void> }

const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }

/** `vite build` of `folder` (in the checkout) for this network, served at its page port. */
export async function serveSite(network: LocalNetwork, folder: string): Promise<Site> {
  const outDir = join(network.dataDir, '..', 'site')
  process.env.ENIGMA_DATA_DIR = network.dataDir
  await build({ root: join(root, folder), logLevel: 'warn', build: { outDir, emptyOutDir: true } })
  const server = createServer(async ({ url = '/' }, response) => {
    const path = normalize(new URL(url, 'http://localhost').pathname)
    const file = join(outDir, path === '/' ? 'index.html' : path)
    try {
      const body = await readFile(file)
      response
        .writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' })
        .end(body)
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((done) => server.listen(network.pagePort, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${network.pagePort}/`,
    stop: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}
