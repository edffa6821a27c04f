// The explorer as a node of a real network serves it: what others may see of a task, and what its sender unlocks.
// biome-ignore-all lint/performance/useDomNodeTextContent: what a reader sees is asked for, line by line.
import { defineNetwork, enigmaActions } from 'enigma-js'
import type { Browser, Page } from 'playwright-core'
import { createWalletClient, http, parseAbi, publicActions } from 'viem'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openPage, overflows, startBrowser } from './browser'
import { type LocalNetwork, startNetwork } from './network'
import { type TestWallet, testWallet } from './wallet'

const AMOUNT = 1_234_567_891_011n
const ABI = parseAbi([
  'function declare(uint256 amount)',
  'function richer() view returns (address)',
  'function millionaires(uint256) view returns (address)',
  'error AlreadyDeclared()',
])

let network: LocalNetwork
let browser: Browser
let node: string

beforeAll(async () => {
  ;[network, browser] = await Promise.all([startNetwork(), startBrowser()])
  node = network.json.api[0] as string
})

afterAll(async () => {
  await browser?.close()
  await network?.stop()
})

/** A client whose results can be read again with a view key. */
const clientOf = ({ account }: TestWallet) =>
  createWalletClient({
    account,
    chain: foundry,
    transport: http(network.json.rpc),
    pollingInterval: 100,
  })
    .extend(publicActions)
    .extend(enigmaActions(defineNetwork(network.json, { allowSimulated: true })))

const until = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 100 })
const live = (page: Page) => page.locator('.chip.live', { hasText: 'live' }).waitFor()

test('a node serves the explorer, which shows its network as it is', async () => {
  const { page, shot, close } = await openPage(browser, node)
  await live(page)
  const main = page.locator('main')
  await until(async () => {
    const text = await main.innerText()
    expect(text).toContain(network.json.network)
    expect(text).toContain('healthy')
  })
  expect(await page.locator('.banner.simulated').innerText()).toContain('SIMULATED')
  await shot('explorer-overview')

  await page.getByRole('link', { name: 'Topology' }).click()
  await until(async () => expect(await page.locator('.topology .node').count()).toBe(7))
  expect(await page.locator('.topology .node.gone').count()).toBe(0)
  await shot('explorer-topology')

  await page.getByRole('link', { name: 'Workers' }).click()
  await until(async () =>
    expect(await page.getByRole('table', { name: 'Workers' }).locator('tbody tr').count()).toBe(3),
  )
  await close()
})

test('tasks appear by themselves, and a clicked unlock shows their sender what became of them', async () => {
  const contract = await network.deploy('examples/01-millionaires/Millionaires.sol:Millionaires')
  const wallet = testWallet(network.json.rpc, 3)
  const client = clientOf(wallet)
  const { page, shot, said, close } = await openPage(browser, `${node}/#/tasks?contract=${contract}`, {
    wallet,
  })
  await live(page)
  const rows = page.locator('main tbody tr')
  await until(async () => expect(await rows.count()).toBe(1))

  const call = async (functionName: 'declare' | 'richer', args: readonly [] | readonly [bigint]) => {
    const task = await client.writeSecretContract({
      address: contract,
      abi: ABI,
      functionName,
      args,
    } as never)
    return client.waitForTask({ ...task, abi: ABI }).catch((error: Error) => error)
  }
  await call('declare', [AMOUNT])
  await until(async () => expect(await rows.first().innerText()).toContain('committed'))
  expect(await call('declare', [AMOUNT])).toBeInstanceOf(Error)
  await until(async () => expect(await rows.count()).toBe(3))

  // In public, both tasks look the same.
  await rows.first().getByRole('link').first().click()
  await until(async () =>
    expect(await page.locator('.life').innerText()).toContain('executed and signed by worker'),
  )
  expect(await page.locator('main').innerText()).toContain('completed')
  await shot('explorer-task')

  await page.getByRole('link', { name: 'Your tasks' }).click()
  await page.getByRole('button', { name: 'Connect wallet' }).click()
  await page.getByRole('button', { name: /^Unlock/ }).click()
  const results = page.locator('.result')
  await until(async () => {
    expect(await results.count()).toBe(2)
    expect(await results.first().innerText()).toContain('reverted')
    expect(await results.last().innerText()).toContain('succeeded')
  })
  expect(wallet.count('eth_signTypedData_v4')).toBe(1)
  await page.getByText('Decode with the contract’s ABI').click()
  await page.getByRole('textbox', { name: /Paste an ABI/ }).fill(JSON.stringify(ABI))
  await until(async () => expect(await results.first().innerText()).toContain('AlreadyDeclared()'))
  await shot('explorer-unlocked')

  // Nothing of it has left the page.
  expect(said()).not.toContain('alreadydeclared')
  expect(said()).not.toContain(AMOUNT.toString(16))
  await close()
})

test('on a phone and in the dark it is the same page', async () => {
  const { page, shot, close } = await openPage(browser, `${node}/#/topology`, {
    width: 390,
    colorScheme: 'dark',
  })
  await until(async () => expect(await page.locator('.topology .node').count()).toBe(7))
  expect(await overflows(page)).toBe(false)
  await shot('explorer-phone')
  await close()
})
