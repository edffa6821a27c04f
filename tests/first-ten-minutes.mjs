// Opens the built page of a new dApp in a browser, clicks, and sees what its owner and its guests should see:
// `node tests/first-ten-minutes.mjs DIST`. The local network that the page was built for runs.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { chromium } from 'playwright-core'

const dist = process.argv[2] ?? fail('usage: node tests/first-ten-minutes.mjs DIST')
/** Milliseconds that a click may take until the page tells its end: a task, on a busy machine. */
const PATIENCE = 60_000
const ENTRY = 'Read by nobody but us.'
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json' }

function fail(message) {
  console.error(message)
  process.exit(1)
}

/** Any web server will do. */
const server = createServer(async (request, response) => {
  const path = normalize(new URL(request.url, 'http://page').pathname)
  const file = join(dist, path === '/' ? 'index.html' : path)
  try {
    const body = await readFile(file)
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(body)
  } catch {
    response.writeHead(404).end()
  }
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
})
try {
  const page = await browser.newPage()
  page.on('pageerror', (error) => fail(`the page threw: ${error.stack}`))
  await page.goto(`http://127.0.0.1:${server.address().port}/`)

  /** Waits until the page has done what it was asked, and returns what it shows. */
  const outcome = async () => {
    await page.locator('#stage', { hasText: /^(done|failed)$/ }).waitFor({ timeout: PATIENCE })
    return `${await page.textContent('#stage')}: ${await page.textContent('#result')}`
  }
  const expect = async (what, shown) => {
    const found = await outcome()
    if (!shown.test(found)) throw new Error(`${what}: expected ${shown}, the page shows \`${found}\``)
    console.log(`${what}: ${found}`)
  }
  const as = (account) => page.selectOption('#account', String(account))

  await expect('the page loads', /^done: $/)
  await as(1)
  await page.fill('#text', ENTRY)
  await page.click('#sign button')
  await expect('guest 1 signs', /^done: You are number 1\.$/)
  if ((await page.textContent('#count')) !== '1') throw new Error('the page does not count one entry')
  await page.click('#mine')
  await expect('guest 1 reads its own', new RegExp(`^done: ${ENTRY}$`))
  await as(2)
  await page.click('#all')
  await expect('guest 2 is refused the book', /^failed: .*OnlyTheOwner\(\)/)
  await as(0)
  await page.click('#all')
  await expect('the owner reads the book', new RegExp(`^done: 0x\\w+…  ${ENTRY}$`))
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  await browser.close()
  server.close()
}
