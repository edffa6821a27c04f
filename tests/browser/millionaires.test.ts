// Two people with a wallet each compare what they own, in a browser.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OpenPage, openPage, overflows, startBrowser } from './browser'
import { type LocalNetwork, root, startNetwork } from './network'
import { taskOf } from './onchain'
import { type Site, serveSite } from './site'
import { type TestWallet, testWallet } from './wallet'

const FOLDER = 'examples/01-millionaires/web'
const AMOUNT = 1_234_567_891_011n

let network: LocalNetwork
let site: Site
let browser: Browser

beforeAll(async () => {
  ;[network, browser] = await Promise.all([startNetwork(), startBrowser()])
  site = await serveSite(network, FOLDER)
})

afterAll(async () => {
  await browser?.close()
  await site?.stop()
  await network?.stop()
})

const connect = async (page: Page) => {
  await page.getByRole('button', { name: 'Connect' }).click()
  await page.getByText(/^You are /).waitFor()
}

const declare = async (page: Page, amount: bigint) => {
  await page.getByLabel('What you own').fill(String(amount))
  await page.getByRole('button', { name: 'Declare secretly' }).click()
}

const declared = (page: Page) => page.getByText('Declared.', { exact: true }).waitFor()

const answer = async (page: Page, button: string): Promise<string | null> => {
  await page.locator('#answer').evaluate((output) => output.replaceChildren())
  await page.getByRole('button', { name: button }).click()
  await page.locator('#answer:not(:empty)').waitFor()
  return page.locator('#answer').textContent()
}

/** The transaction that the wallet sent last was executed inside, and the page has told nobody of `secret`. */
const expectExecuted = async (wallet: TestWallet, { said }: OpenPage, secret: bigint) => {
  const hash = wallet.sent.at(-1)
  if (!hash) throw new Error('the wallet has sent nothing')
  const task = await taskOf(network, hash)
  expect(task.status).toBe(0)
  expect(task.sender).toBe(wallet.address)
  expect(said(), 'the envelope').toContain(task.envelope.slice(2))
  expect(said()).not.toContain(secret.toString(16))
  expect(said()).not.toContain(secret.toString())
  return task
}

test('two millionaires learn who is richer, and a third is turned away', async () => {
  const [first, second, third] = [1, 2, 3].map((index) => testWallet(network.json.rpc, index)) as [
    TestWallet,
    TestWallet,
    TestWallet,
  ]

  const one = await openPage(browser, site.url, { wallet: first })
  await connect(one.page)
  await one.page.getByRole('button', { name: 'Deploy a new one' }).click()
  await one.page.getByText('Deployed.').waitFor()
  await declare(one.page, AMOUNT)
  await declared(one.page)
  const task = await expectExecuted(first, one, AMOUNT)
  expect(await answer(one.page, 'Read privately')).toBe('Not both have declared yet.')

  const card = one.page.locator('.task').first()
  expect(await card.getByRole('heading', { level: 3 }).textContent()).toBe('declare(1,234,567,891,011)')
  expect(await card.locator('[aria-current]').textContent()).toBe('committed')
  const seen = await card.getByLabel('What the chain sees').textContent()
  expect(seen).toContain(task.envelope.slice(2))
  expect(seen).toContain(task.output)
  await one.shot('millionaires-light')
  await one.close()

  const link = `${site.url}?contract=${task.secretContract}`
  const two = await openPage(browser, link, { wallet: second, colorScheme: 'dark' })
  await connect(two.page)
  await declare(two.page, AMOUNT + 1n)
  await declared(two.page)
  await expectExecuted(second, two, AMOUNT + 1n)
  const before = second.sent.length
  expect(await answer(two.page, 'Read privately')).toBe('Account 2 (0x3C44…93BC) is richer.')
  expect(second.sent.length, 'a private read sends nothing').toBe(before)
  expect(await answer(two.page, 'Ask by a task')).toBe('Account 2 (0x3C44…93BC) is richer.')
  await two.shot('millionaires-dark')
  await two.close()

  const three = await openPage(browser, link, { wallet: third })
  await connect(three.page)
  await declare(three.page, 5n)
  await three.page.locator('#declare-hint.bad').waitFor()
  const hint = await three.page.locator('#declare-hint').textContent()
  expect(hint).toBe('Two have declared already: a third is one too many.')
  await three.close()

  const told = await network.enigma('call', task.secretContract, 'richer()(address)')
  expect(told.stdout.trim(), 'the CLI reads the same').toBe(second.address)
})

test('without a wallet the local accounts take its place, on a phone too', async () => {
  const contract = await network.deploy('examples/01-millionaires/Millionaires.sol:Millionaires')
  const { page, shot, close } = await openPage(browser, `${site.url}?contract=${contract}`, {
    colorScheme: 'dark',
    width: 390,
  })
  await page.getByLabel('Account').selectOption({ label: 'Account 4 (0x15d3…6A65)' })
  await connect(page)
  await declare(page, 10n)
  await declared(page)
  expect(await overflows(page)).toBe(false)
  await shot('millionaires-phone')
  await close()
})

test('a person who rejects is told so, and nothing is sent', async () => {
  const contract = await network.deploy('examples/01-millionaires/Millionaires.sol:Millionaires')
  const wallet = testWallet(network.json.rpc, 5)
  const { page, close } = await openPage(browser, `${site.url}?contract=${contract}`, { wallet })
  await connect(page)
  wallet.rejectNext('eth_sendTransaction')
  await declare(page, 10n)
  await page.locator('#declare-hint.bad').waitFor()
  expect(await page.locator('#declare-hint').textContent()).toMatch(/rejected/i)
  expect(wallet.sent).toEqual([])
  await close()
})

test('a page is not built for no network', async () => {
  const vite = join(root, 'node_modules/vite/bin/vite.js')
  const env = { ...process.env, ENIGMA_DATA_DIR: join(network.dataDir, 'nothing') }
  const built = promisify(execFile)(
    process.execPath,
    [vite, 'build', '--outDir', join(network.dataDir, '../no')],
    {
      cwd: join(root, FOLDER),
      env,
    },
  )
  await expect(built).rejects.toThrow(/There is no network in .*Start one with `\.\/enigma up`/)
})
