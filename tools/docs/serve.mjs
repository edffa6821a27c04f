// Runs a development server until it names its address and serves a page there, then ends it: `node serve.mjs COMMAND…`.
// So a page of the book can start a server that, by itself, would never return.
import { spawn } from 'node:child_process'

/** Milliseconds until the server must have answered. */
const PATIENCE = 60_000

const [command, ...args] = process.argv.slice(2)
// A group of its own, so that what npm starts ends with it.
const server = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
const end = (code) => {
  try {
    process.kill(-server.pid, 'SIGTERM')
  } catch {
    // It has ended by itself.
  }
  process.exit(code)
}
setTimeout(() => {
  console.error(`no page was served in ${PATIENCE / 1000} s`)
  end(1)
}, PATIENCE)
server.on('exit', (code) => {
  console.error(`the server ended with ${code}`)
  process.exit(1)
})

let said = ''
for await (const text of server.stdout.setEncoding('utf8')) {
  process.stdout.write(text)
  said += text
  const address = /https?:\/\/(?:localhost|127\.0\.0\.1):\d+\//.exec(said.replaceAll(/\x1b\[\d+m/g, ''))
  if (address) {
    const answer = await fetch(address[0])
    console.log(`${address[0]} answers ${answer.status}`)
    end(answer.ok ? 0 : 1)
  }
}
