// One headless Chromium for a suite, and pages in it that fail the test if anything goes wrong unseen.
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { TestWallet } from './wallet'

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Where screenshots go. */
export const shots = join(tmpdir(), 'enigma-browser-shots')

/** Starts Chromium. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
}

/** How a page is looked at. */
export type View = { wallet?: TestWallet; colorScheme?: 'light' | 'dark'; width?: number }

/** A page, watched. */
export type OpenPage = {
  page: Page
  /** Takes a screenshot of the whole page. */
  shot(name: string): Promise<void>
  /** All that has left the page: to its wallet, to the chain, to nodes; in lower case. */
  said(): string
  /** Closes it; throws if it logged an error, threw, or asked anything beyond loopback. */
  close(): Promise<void>
}

/** Opens `url` in a fresh profile. */
export async function openPage(browser: Browser, url: string, view: View = {}): Promise<OpenPage> {
  const { wallet, colorScheme = 'light', width = 1280 } = view
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } })
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
  await page.route(isForeign, (route) => {
    faults.push(`the page asked ${route.request().url()}`)
    return route.abort()
  })
  const bodies: (string | null)[] = []
  page.on('request', (request) => bodies.push(request.url(), request.postData()))
  page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => bodies.push(payload.toString())))
  page.setDefaultTimeout(20_000)
  await wallet?.install(page)
  await page.goto(url)
  return {
    page,
    async shot(name) {
      mkdirSync(shots, { recursive: true })
      await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true })
    },
    said: () => `${bodies.join('\n')}\n${JSON.stringify(wallet?.asked ?? [])}`.toLowerCase(),
    async close() {
      await context.close()
      if (faults.length > 0) throw new Error(`in the page: ${faults.join('\n')}`)
    },
  }
}

/** Whether the page is wider than the window, which on a phone means scrolling sideways. */
export function overflows(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth)
}

const isForeign = ({ protocol, hostname }: URL): boolean =>
  protocol !== 'data:' && protocol !== 'blob:' && hostname !== '127.0.0.1' && hostname !== 'localhost'
