// The coin mixer: by its README, and by the page, where a fresh account takes out what another paid in.
import type { Browser, Page } from 'playwright-core'
import { type Address, getAddress, parseEther } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPage, startBrowser } from './browser'
import { type LocalNetwork, startNetwork } from './network'
import { taskOf } from './onchain'
import { runReadme } from './readme'
import { type Site, serveSite } from './site'
import { testWallet } from './wallet'

let network: LocalNetwork
let site: Site
let browser: Browser

beforeAll(async () => {
  ;[network, browser] = await Promise.all([startNetwork(), startBrowser()])
  site = await serveSite(network, 'examples/04-coin-mixer/web')
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

const click = (page: Page, name: string) => page.getByRole('button', { name }).click()

const hears = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor()

const balance = async (account: Address) =>
  BigInt((await network.chain('eth_getBalance', account, 'latest')) as string)

test("the README's commands say what it promises", async () => {
  const fresh = testWallet('', 3).address
  const before = await balance(fresh)
  const { blocks, printed, stderr } = await runReadme(network, '04-coin-mixer')
  expect(blocks).toBe(1)
  expect(printed).toEqual(['exit code 2\n2\n'])
  expect(stderr).toContain('reverted: NoSuchNote()')
  expect((await balance(fresh)) - before, 'it paid nothing').toBe(parseEther('0.99'))
}, 120_000)

test('a fresh account without ether takes out, the relayer is paid, and the note leaves no page', async () => {
  const [payer, relayer] = [testWallet(network.json.rpc, 4), testWallet(network.json.rpc, 5)]
  const one = await openPage(browser, site.url, { wallet: payer })
  await connect(one.page)
  await click(one.page, 'Deploy a new one')
  await hears(one.page, 'Deployed.')
  await click(one.page, 'Pay in under a new note')
  await hears(one.page, 'Paid in 1 ETH, one of 1 deposits.')
  const note = (await one.page.locator('#note').textContent()) ?? ''
  expect(note).toMatch(/^0x[0-9a-f]{64}$/)
  expect(one.said()).not.toContain(note.slice(2))
  await one.shot('mixer-light')
  await one.close()

  const [hash] = payer.sent
  if (!hash) throw new Error('nothing was sent')
  const { secretContract } = await taskOf(network, hash)
  const link = `${site.url}?contract=${secretContract}`
  const two = await openPage(browser, link, { wallet: relayer, colorScheme: 'dark', width: 390 })
  await connect(two.page)
  await two.page.getByLabel('Your note').fill(note)
  await click(two.page, 'Take out to a fresh account')
  await hears(two.page, /^Taken out to 0x/)
  const told = (await two.page.locator('#answer').textContent()) ?? ''
  const fresh = getAddress(told.match(/0x[0-9a-fA-F]{40}/)?.[0] ?? '')
  expect(await balance(fresh)).toBe(parseEther('0.99'))
  expect(await balance(secretContract)).toBe(0n)
  expect(two.said()).not.toContain(note.slice(2))
  await two.shot('mixer-phone')

  await two.page.getByLabel('Your note').fill(note)
  await click(two.page, 'Take out to a fresh account')
  await hears(two.page, 'There is no money under this note, or no more.')
  await two.close()
}, 120_000)
