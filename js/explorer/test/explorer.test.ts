// biome-ignore-all lint/performance/useDomNodeTextContent: what a reader sees is asked for, line by line.
// The built explorer in a real browser, under the policy of the real node, against a node of the test's own.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { encodeAbiParameters, encodeErrorResult, encodeEventTopics } from 'viem'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { Hex } from '../src/model/schema'
import { launch } from './chromium'
import { account, aTask, committed, type MockNode } from './mock'
import { lower, scene, TOKEN, USER, VAULT } from './scene'
import { sealedTask } from './sealed'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

let dist: string
let browser: Browser
let node: MockNode
let context: BrowserContext
let page: Page
/** What the page complained about: errors of scripts, and everything that its policy refused. */
let complaints: string[]

beforeAll(async () => {
  dist = mkdtempSync(join(tmpdir(), 'enigma-explorer-'))
  const vite = join(ROOT, '../../node_modules/vite/bin/vite.js')
  execFileSync(process.execPath, [vite, 'build', '--outDir', dist, '--emptyOutDir', '--logLevel', 'error'], {
    cwd: ROOT,
  })
  browser = await launch()
})

afterAll(async () => {
  await browser?.close()
  rmSync(dist, { recursive: true, force: true })
})

beforeEach(async () => {
  node = await scene(dist)
  await open()
})

afterEach(async () => {
  await context.close()
  await node.stop()
})

async function open(options: Parameters<Browser['newContext']>[0] = {}): Promise<void> {
  await context?.close()
  complaints = []
  context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  page = await context.newPage()
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
}

const visit = (hash = '', base = node.url) => page.goto(`${base}#/${hash}`)
const main = () => page.locator('main')
const live = () => page.locator('.chip.live', { hasText: 'live' }).waitFor()
const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 10_000, interval: 50 })

test('the overview shows network, epoch and health, and says SIMULATED on every view', async () => {
  await visit()
  await live()
  await until(async () => {
    const text = await main().innerText()
    expect(text).toContain(String(node.network.network))
    expect(text).toContain('dealt')
    expect(text).toContain('44 of 64 blocks')
    expect(text).toContain('worker-1 (worker)')
  })
  for (const view of [
    '',
    'topology',
    'epochs',
    'tasks',
    'contracts',
    'workers',
    'unlock',
    `task/${TOKEN}/3`,
    `contract/${TOKEN}`,
    'elsewhere',
  ]) {
    await visit(view)
    await page.locator('main h1').waitFor()
    expect(await page.locator('.banner.simulated').innerText()).toContain('SIMULATED')
  }
  expect(complaints).toEqual([])
})

test('a network that does not hash to its id is called out, and nothing can be unlocked', async () => {
  node.network = { ...node.network, chainId: 1 }
  await wallet(new Map())
  await visit('unlock')
  await page.getByRole('button', { name: 'Connect wallet' }).click()
  await expect
    .poll(() => page.locator('.banner.bad').innerText())
    .toContain('not the hash of its own descriptor')
  node.create(committed(aTask(TOKEN, 6, { sender: lower(USER.address) })))
  const button = page.getByRole('button', { name: /^Unlock/ })
  await button.waitFor()
  expect(await button.isDisabled()).toBe(true)
})

test('tasks appear and are committed by subscription alone, without touching other rows', async () => {
  await visit('tasks')
  await live()
  const rows = page.locator('main tbody tr')
  await until(async () => expect(await rows.count()).toBe(7))
  const oldest = await rows.last().elementHandle()
  // No answer of the node can be the source: it refuses.
  node.failing.set('enigma_tasks', 'no')
  const fresh = aTask(VAULT, 1, { sender: account(5) })
  node.create(fresh)
  await until(async () => expect(await rows.first().innerText()).toContain('executing'))
  expect(await rows.count()).toBe(8)
  node.commit(committed(fresh))
  await until(async () => expect(await rows.first().innerText()).toContain('committed'))
  expect(
    await oldest?.evaluate(
      (row) => row.isConnected && row === document.querySelector('main tbody tr:last-child'),
    ),
  ).toBe(true)
})

test('tasks are filtered by contract and by sender, with a link that can be shared', async () => {
  await visit('tasks')
  await page.getByLabel('Sender').fill(account(9))
  await page.getByRole('button', { name: 'Filter' }).click()
  await until(async () => expect(await page.locator('main tbody tr').count()).toBe(2))
  expect(page.url()).toContain(`#/tasks?sender=${account(9)}`)
  await visit(`tasks?contract=${VAULT}`)
  await until(async () => expect(await page.locator('main tbody tr').count()).toBe(1))
  // News of others stay out of a filtered list.
  await live()
  node.create(aTask(TOKEN, 7))
  node.create(aTask(VAULT, 1))
  await until(async () => expect(await page.locator('main tbody tr').count()).toBe(2))
})

test('older tasks come page by page', async () => {
  for (let index = 100; index < 170; index++) node.create(committed(aTask(VAULT, index)), false)
  await visit(`tasks?contract=${VAULT}`)
  const rows = page.locator('main tbody tr')
  await until(async () => expect(await rows.count()).toBe(50))
  await page.getByRole('button', { name: 'Older tasks' }).click()
  await until(async () => expect(await rows.count()).toBe(71))
  expect(await page.getByRole('button', { name: 'Older tasks' }).count()).toBe(0)
})

test('the life of a task is told, and goes on while one watches', async () => {
  await visit(`task/${TOKEN}/4`)
  const step = page.locator('[aria-current=step]')
  await until(async () => expect(await step.innerText()).toContain('Executing'))
  const text = await main().innerText()
  for (const part of ['3 000 000', '0.0031 ETH', '405 B'])
    expect(text.replaceAll('\u{202f}', ' ')).toContain(part)
  const refused = {
    kind: 'transfer',
    number: null,
    target: account(5),
    value: '3000000000000000',
    success: false,
  }
  node.commit(committed(aTask(TOKEN, 4), {}, [refused]))
  await until(async () =>
    expect(await page.locator('.life').innerText()).toContain('executed and signed by worker 2'),
  )
  const outside = page.getByRole('table', { name: 'What the contract did outside' })
  await until(async () => expect(await outside.innerText()).toContain('not taken: its credit'))
})

test('search finds contracts, accounts and transactions', async () => {
  await visit()
  const search = page.getByRole('searchbox')
  const find = async (text: string, hash: string) => {
    await search.fill(text)
    await search.press('Enter')
    await until(() => expect(page.url()).toContain(hash))
  }
  await find(TOKEN, `#/contract/${TOKEN}`)
  await find(account(7), `#/tasks?sender=${account(7)}`)
  await find(String((aTask(TOKEN, 2).created as { transaction: string }).transaction), `#/task/${TOKEN}/2`)
  await search.fill('hello')
  await search.press('Enter')
  await until(async () => expect(await page.locator('.notice').innerText()).toContain('Neither an address'))
})

test('epochs show the weights and the group of a contract by rank', async () => {
  await visit('epochs')
  await page.getByRole('combobox').selectOption(TOKEN)
  await until(async () => {
    const group = await page.getByRole('table', { name: 'Group by rank' }).innerText()
    expect(group).toMatch(/0, executes\s+2\s/)
  })
  expect(page.url()).toContain(`#/epochs?contract=${TOKEN}`)
  const text = (await main().innerText()).replaceAll('\u{202f}', ' ')
  expect(text).toContain('50 %')
})

test('the topology follows the messages and marks who is out of reach', async () => {
  await visit('topology')
  await until(async () => expect(await page.locator('.topology .node').count()).toBe(7))
  const flowing = page.locator('.topology .flow:not(.idle)')
  expect(await flowing.count()).toBe(0)
  const circle = await page.locator('.topology .node.worker circle.body').first().elementHandle()
  node.send('worker-1', 'key-2', 100)
  await until(async () => expect(await flowing.count()).toBe(1))
  const sick = node.nodes.find((other) => other.name === 'key-3')
  if (sick) sick.reachable = false
  await until(async () => expect(await page.locator('.topology .node.gone').textContent()).toContain('key-3'))
  // The picture was changed, not drawn anew.
  expect(await circle?.evaluate((element) => element.isConnected)).toBe(true)
  // By keyboard: one node and its neighbours.
  await page.getByRole('button', { name: 'worker-1' }).press('Enter')
  await until(async () => expect(await page.locator('.topology .node.chosen').count()).toBe(1))
  expect(complaints).toEqual([])
})

test('a lost subscription is taken up again, and what was missed is fetched', async () => {
  await visit('tasks')
  await live()
  node.dropSockets()
  node.create(aTask(VAULT, 1), false)
  await until(async () => expect(await page.locator('main tbody tr').count()).toBe(8))
  await until(() => expect(node.subscribers).toBe(4))
  await live()
})

test('a hostile node writes no HTML, and what is malformed is refused by name', async () => {
  const evil = '<img src=x onerror="document.title=1">\u{202e}'
  const first = node.nodes[0]
  if (first) first.name = evil
  await visit('topology')
  await until(async () => expect(await page.getByRole('table').innerText()).toContain('<img src=x'))
  expect(await page.locator('main img').count()).toBe(0)
  expect(await main().innerText()).not.toContain('\u{202e}')
  node.workers = [{ ...node.workers[0], signer: 'javascript:alert(1)' }] as typeof node.workers
  await visit('workers')
  await until(async () =>
    expect(await main().innerText()).toContain('enigma_workers[0].signer should be 20 bytes'),
  )
  expect(complaints).toEqual([])
})

test('?node= shows another node, and says so', async () => {
  const other = await scene(dist)
  try {
    other.addContract(account(0x999), { inputs: 77, committed: 77 })
    await page.goto(`${node.url}?node=${encodeURIComponent(other.url)}#/contracts`)
    await until(async () => expect(await main().innerText()).toContain('77 of 77'))
    expect(await page.locator('.banners').innerText()).toContain(other.url)
    await live()
  } finally {
    await other.stop()
  }
})

test('the theme follows the system, and a choice is remembered', async () => {
  await open({ colorScheme: 'dark' })
  await visit()
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  await page.locator('main h1').waitFor()
  const dark = await ground()
  await page.getByRole('button', { name: 'Theme: as the system' }).click()
  await until(async () => expect(await ground()).not.toBe(dark))
  const light = await ground()
  await page.reload()
  await page.getByRole('button', { name: 'Theme: light' }).waitFor()
  expect(await ground()).toBe(light)
})

test('on a phone nothing is wider than the screen', async () => {
  await open({ viewport: { width: 390, height: 844 } })
  for (const view of [
    '',
    'topology',
    `epochs?contract=${TOKEN}`,
    'tasks',
    'contracts',
    'workers',
    'unlock',
    `task/${TOKEN}/3`,
    `contract/${TOKEN}`,
  ]) {
    await visit(view)
    await page.locator('main h1').waitFor()
    await page.locator('main [aria-busy]').first().waitFor({ state: 'detached' })
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), view).toBe(true)
  }
})

test('text has a contrast of at least 4.5 to 1, in light and in dark', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    await open({ colorScheme, reducedMotion: 'reduce' })
    for (const view of [
      '',
      'topology',
      'tasks',
      'workers',
      'unlock',
      `task/${TOKEN}/4`,
      `contract/${TOKEN}`,
    ]) {
      await visit(view)
      await page.locator('main h1').waitFor()
      await page.locator('main [aria-busy]').first().waitFor({ state: 'detached' })
      expect(await page.evaluate(weakTexts), `${colorScheme} ${view}`).toEqual([])
    }
  }
})

/** Texts whose colour is too near to what lies behind them. Runs in the page. */
function weakTexts(): string[] {
  const parse = (colour: string) => {
    const [r = 0, g = 0, b = 0, a = 1] = (colour.match(/[\d.]+/g) ?? []).map(Number)
    return colour.startsWith('color(srgb') ? [r * 255, g * 255, b * 255, a] : [r, g, b, a]
  }
  const light = (colour: number[]) => {
    const [r = 0, g = 0, b = 0] = colour.map((part) => {
      const c = part / 255
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const behind = (element: Element | null): number[] => {
    if (!element) return [255, 255, 255, 1]
    const colour = parse(getComputedStyle(element).backgroundColor)
    return (colour[3] ?? 1) > 0.99 ? colour : behind(element.parentElement)
  }
  const weak: string[] = []
  for (const element of document.querySelectorAll('#app *')) {
    const own = [...element.childNodes].some((child) => child.nodeType === 3 && child.textContent?.trim())
    if (!own || element.closest('svg, .skip, :disabled') || !(element as HTMLElement).offsetParent) continue
    const [text, ground] = [light(parse(getComputedStyle(element).color)), light(behind(element))]
    const ratio = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05)
    if (ratio < 4.5) weak.push(`${ratio.toFixed(2)} ${element.textContent?.slice(0, 40)}`)
  }
  return weak
}

/** A wallet in the page, whose account, signatures and chain are the test's. Returns what was asked of it. */
async function wallet(
  receipts: ReadonlyMap<Hex, unknown>,
  options: { readonly decline?: boolean; readonly chainId?: number } = {},
) {
  const asked: string[] = []
  await page.exposeFunction('askWallet', async (method: string, params: unknown[]) => {
    asked.push(method)
    switch (method) {
      case 'eth_requestAccounts':
        return { result: [USER.address] }
      case 'eth_chainId':
        return { result: `0x${(options.chainId ?? 31_337).toString(16)}` }
      case 'eth_signTypedData_v4':
        if (options.decline) return { error: { code: 4001, message: 'User rejected' } }
        return { result: await USER.signTypedData(JSON.parse(String(params[1]))) }
      case 'eth_getTransactionReceipt':
        return { result: receipts.get(params[0] as Hex) ?? null }
      default:
        return { error: { code: 4200, message: 'unsupported' } }
    }
  })
  await page.addInitScript(() => {
    const provider = {
      request: async ({ method, params = [] }: { method: string; params?: unknown[] }) => {
        const answer = await (
          window as unknown as {
            askWallet: (m: string, p: unknown[]) => Promise<{ result?: unknown; error?: unknown }>
          }
        ).askWallet(method, params)
        if (answer.error) throw answer.error
        return answer.result
      },
      on: () => undefined,
      removeListener: () => undefined,
    }
    Object.assign(window, { ethereum: provider })
  })
  return asked
}

const ABI = [
  {
    type: 'function',
    name: 'balanceOf',
    stateMutability: 'view',
    inputs: [{ name: 'account', type: 'address' }],
    outputs: [{ name: 'wei', type: 'uint256' }],
  },
  { type: 'error', name: 'TooPoor', inputs: [{ name: 'missing', type: 'uint256' }] },
  {
    type: 'event',
    name: 'Paid',
    inputs: [
      { name: 'to', type: 'address', indexed: true },
      { name: 'amount', type: 'uint256', indexed: false },
    ],
  },
] as const

/** Committed tasks of the user: a return value with a log, a custom revert, a revert with text, one of another key. */
async function ownTasks(): Promise<Map<Hex, unknown>> {
  const outputs = [
    {
      status: 'success' as const,
      gasUsed: 54_321n,
      data: encodeAbiParameters([{ type: 'uint256' }], [123_456_789n]),
      logs: [
        {
          address: TOKEN,
          topics: encodeEventTopics({ abi: ABI, eventName: 'Paid', args: { to: account(5) } }) as Hex[],
          data: encodeAbiParameters([{ type: 'uint256' }], [42n]),
        },
      ],
    },
    {
      status: 'reverted' as const,
      gasUsed: 30_000n,
      data: encodeErrorResult({ abi: ABI, errorName: 'TooPoor', args: [7n] }),
      logs: [],
    },
    {
      status: 'reverted' as const,
      gasUsed: 30_000n,
      data: `0x08c379a0${encodeAbiParameters([{ type: 'string' }], ['not yours']).slice(2)}` as Hex,
      logs: [],
    },
    { status: 'success' as const, gasUsed: 1n, data: '0x' as Hex, logs: [] },
  ]
  const receipts = new Map<Hex, unknown>()
  for (const [i, output] of outputs.entries()) {
    const index = 10 + i
    const sealed = await sealedTask(USER, TOKEN, index, output, { ephemeral: i === 3 })
    const task = committed(
      aTask(TOKEN, index, { sender: lower(USER.address), inputHead: sealed.inputHead }),
      { firstIndex: index - 1 },
    )
    receipts.set((task.created as { transaction: Hex }).transaction, sealed.created)
    receipts.set((task.committed as { transaction: Hex }).transaction, sealed.committed)
    node.create(task, false)
  }
  return receipts
}

test('a wallet unlocks its own tasks with one signature, in the browser alone', async () => {
  const receipts = await ownTasks()
  const asked = await wallet(receipts)
  await visit('unlock')
  await page.getByRole('button', { name: 'Connect wallet' }).click()
  await page.getByRole('button', { name: /^Unlock/ }).click()
  const results = page.locator('.result')
  await until(async () => {
    expect(await results.count()).toBe(4)
    expect(await results.locator('.chip', { hasText: 'opening' }).count()).toBe(0)
  })
  const texts = (await results.allInnerTexts()).map((text) => text.replaceAll('\u{202f}', ' '))
  // Newest first.
  expect(texts[0]).toContain('closed')
  expect(texts[0]).toContain('does not open with this account’s view key')
  expect(texts[1]).toContain('“not yours”')
  expect(texts[2]).toContain('reverted')
  expect(texts[2]).toContain('Reverted with:')
  expect(texts[3]).toContain('succeeded')
  expect(texts[3]).toContain('54 321 gas used')
  expect(texts[3]).toContain(BigInt(123_456_789).toString(16))
  expect(asked.filter((method) => method === 'eth_signTypedData_v4')).toHaveLength(1)

  // With the ABI: values, custom errors and events have names.
  await page.getByText('Decode with the contract’s ABI').click()
  const field = page.getByRole('textbox', { name: /Paste an ABI/ })
  await field.fill('{"abi": 3}')
  await until(async () => expect(await page.getByRole('alert').innerText()).toContain('no ABI'))
  await field.fill(JSON.stringify({ abi: ABI }))
  await until(async () => {
    expect(await results.nth(2).innerText()).toContain('TooPoor(missing: 7)')
    const first = await results.nth(3).innerText()
    expect(first).toContain('balanceOf(address)')
    expect(first).toContain('123456789')
    expect(first).toMatch(/Paid[\s\S]*amount\s+42/)
  })

  // On the task's own page as well.
  await results.nth(3).getByRole('link', { name: 'Task #10' }).click()
  await until(async () => expect(await page.locator('.card.own').innerText()).toContain('123456789'))

  // Neither the node nor the browser's storage has seen a signature or a result.
  expect(new Set(node.calls.filter((method) => !/^enigma_[a-z]+$/.test(method)))).toEqual(new Set())
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).toBe('{}')

  // Locked, it is all gone.
  await page.getByRole('link', { name: 'Your tasks' }).click()
  await page.getByRole('button', { name: 'Lock' }).click()
  await until(async () => expect(await page.locator('.result').count()).toBe(0))
  expect(await main().innerText()).not.toContain('123456789')
  expect(complaints).toEqual([])
})

test('a task of one’s own that is committed while unlocked opens by itself', async () => {
  const receipts = await ownTasks()
  await wallet(receipts)
  await visit('unlock')
  await live()
  await page.getByRole('button', { name: 'Connect wallet' }).click()
  await page.getByRole('button', { name: /^Unlock/ }).click()
  await page.locator('.result').first().waitFor()
  const sealed = await sealedTask(USER, TOKEN, 30, {
    status: 'success',
    gasUsed: 5n,
    data: '0xfeed',
    logs: [],
  })
  const task = aTask(TOKEN, 30, { sender: lower(USER.address) })
  node.create(task)
  await until(async () => expect(await page.locator('.result').first().innerText()).toContain('executing'))
  receipts.set((task.created as { transaction: Hex }).transaction, sealed.created)
  const done = committed(task, { firstIndex: 29 })
  receipts.set((done.committed as { transaction: Hex }).transaction, sealed.committed)
  node.commit(done)
  await until(async () => expect(await page.locator('.result').first().innerText()).toContain('0xfeed'))
})

test('a declined signature and a wallet on another chain are said plainly', async () => {
  await wallet(await ownTasks(), { decline: true })
  await visit('unlock')
  await page.getByRole('button', { name: 'Connect wallet' }).click()
  await page.getByRole('button', { name: /^Unlock/ }).click()
  await until(async () =>
    expect(await page.getByRole('alert').innerText()).toContain('You declined in the wallet.'),
  )
  await open()
  await wallet(new Map(), { chainId: 1 })
  await visit('unlock')
  await page.getByRole('button', { name: 'Connect wallet' }).click()
  await until(async () =>
    expect(await main().innerText()).toContain('The wallet is on chain 1, the network on chain 31337.'),
  )
  expect(await page.getByRole('button', { name: /^Unlock/ }).isDisabled()).toBe(true)
})

test('the page stays small', async () => {
  const { gzipSync } = await import('node:zlib')
  const { readdirSync, readFileSync } = await import('node:fs')
  const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const size = files.reduce(
    (sum, file) => sum + gzipSync(readFileSync(join(file.parentPath, file.name))).length,
    0,
  )
  expect(size).toBeLessThan(60_000)
})
