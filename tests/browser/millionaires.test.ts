// Two people with a wallet each compare what they own, in a browser.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { type OpenPage, openPage, overflows } from './browser'
import { root } from './network'
import { click, connect, hears, setStage } from './stage'
import { type TestWallet, testWallet } from './wallet'

const FOLDER = 'examples/01-millionaires/web'
const AMOUNT = 1_234_567_891_011n

const stage = setStage(FOLDER)

const declare = async (page: Page, amount: bigint) => {
  await page.getByLabel('What you own').fill(String(amount))
  await click(page, 'Declare secretly')
}

const declared = (page: Page) => page.getByText('Declared.', { exact: true }).waitFor()

const answer = async (page: Page, button: string): Promise<string | null> => {
  await page.locator('#answer').evaluate((output) => output.replaceChildren())
  await click(page, button)
  await page.locator('#answer:not(:empty):not(.pending)').waitFor()
  return page.locator('#answer').textContent()
}

/** The transaction that the wallet sent last was executed inside, and the page has told nobody of `secret`. */
const expectExecuted = async (wallet: TestWallet, { said }: OpenPage, secret: bigint) => {
  const task = await stage.lastTask(wallet)
  expect(task.status).toBe(0)
  expect(task.sender).toBe(wallet.address)
  expect(said(), 'the envelope').toContain(task.envelope.slice(2))
  expect(said()).not.toContain(secret.toString(16))
  expect(said()).not.toContain(secret.toString())
  return task
}

test('two millionaires learn who is richer, and a third is turned away', async () => {
  const [first, second, third] = [1, 2, 3].map((index) => testWallet(stage.network.json.rpc, index)) as [
    TestWallet,
    TestWallet,
    TestWallet,
  ]

  const one = await openPage(stage.browser, stage.site.url, { wallet: first })
  await connect(one.page)
  await click(one.page, 'Deploy a new one')
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

  const link = `${stage.site.url}?contract=${task.secretContract}`
  const two = await openPage(stage.browser, link, { wallet: second, colorScheme: 'dark' })
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

  const three = await openPage(stage.browser, link, { wallet: third })
  await connect(three.page)
  await declare(three.page, 5n)
  await three.page.locator('#declare-hint.bad').waitFor()
  const hint = await three.page.locator('#declare-hint').textContent()
  expect(hint).toBe('Two have declared already: a third is one too many.')
  await three.close()

  const told = await stage.network.enigma('call', task.secretContract, 'richer()(address)')
  expect(told.stdout.trim(), 'the CLI reads the same').toBe(second.address)
})

test('without a wallet the local accounts take its place, on a phone too', async () => {
  const contract = await stage.network.deploy('examples/01-millionaires/Millionaires.sol:Millionaires')
  const { page, shot, close } = await openPage(stage.browser, `${stage.site.url}?contract=${contract}`, {
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

test('a button that is pressed before the chain has answered waits for it', async () => {
  const contract = await stage.network.deploy('examples/01-millionaires/Millionaires.sol:Millionaires')
  const { page, close } = await openPage(stage.browser, `${stage.site.url}?contract=${contract}`)
  const chain = new URL(stage.network.json.rpc).origin
  let press = () => {}
  const pressed = new Promise<void>((resolve) => {
    press = resolve
  })
  await page.route(
    ({ origin }) => origin === chain,
    async (route) => {
      await pressed
      await route.continue()
    },
  )
  await page.reload({ waitUntil: 'domcontentloaded' })
  await click(page, 'Connect')
  press()
  await hears(page, /^You are /)
  expect(page.url().toLowerCase(), 'the form was not sent').toContain(contract.toLowerCase())
  await close()
})

test('a page says that nobody answers, and goes on when somebody does', async () => {
  const contract = await stage.network.deploy('examples/01-millionaires/Millionaires.sol:Millionaires')
  const { page } = await openPage(stage.browser, stage.site.url)
  const chain = new URL(stage.network.json.rpc).origin
  const isChain = ({ origin }: URL) => origin === chain
  await page.route(isChain, (route) => route.abort())
  await page.goto(`${stage.site.url}?contract=${contract}`)
  await page.locator('#account-hint.bad').waitFor()
  await page.locator('#account-hint').evaluate((hint) => hint.replaceChildren())
  await click(page, 'Connect')
  await hears(page, `Nobody answers at ${stage.network.json.rpc}`)
  await page.unroute(isChain)
  await connect(page)
  await declare(page, 10n)
  await declared(page)
  // Not `close`: requests that were cut off are errors in the console.
  await page.context().close()
})

test('a person who rejects is told so, and nothing is sent', async () => {
  const contract = await stage.network.deploy('examples/01-millionaires/Millionaires.sol:Millionaires')
  const wallet = testWallet(stage.network.json.rpc, 5)
  const { page, close } = await openPage(stage.browser, `${stage.site.url}?contract=${contract}`, { wallet })
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
  const env = { ...process.env, ENIGMA_DATA_DIR: join(stage.network.dataDir, 'nothing') }
  const built = promisify(execFile)(
    process.execPath,
    [vite, 'build', '--outDir', join(stage.network.dataDir, '../no')],
    {
      cwd: join(root, FOLDER),
      env,
    },
  )
  await expect(built).rejects.toThrow(/There is no network in .*Start one with `\.\/enigma up`/)
})
