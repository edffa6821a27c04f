// The confidential token, clicked through: the same for ethers and for viem.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { getAddress, type Hex } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPage, overflows, startBrowser } from './browser'
import { type LocalNetwork, root, startNetwork } from './network'
import { taskOf } from './onchain'
import { type Site, serveSite } from './site'
import { testWallet } from './wallet'

const SUPPLY = '1000000000000000000000000'
const RECEIVER = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const NOBODY = '0x0000000000000000000000000000000000000000'
const AMOUNT = '25.5'
const WEI = 25_500_000_000_000_000_000n

/** The suite of one library. */
export function tokenSuite(lib: 'ethers' | 'viem'): void {
  let network: LocalNetwork
  let site: Site
  let browser: Browser

  beforeAll(async () => {
    ;[network, browser] = await Promise.all([startNetwork(), startBrowser()])
    site = await serveSite(network, 'examples/03-confidential-token/web')
  })

  afterAll(async () => {
    await browser?.close()
    await site?.stop()
    await network?.stop()
  })

  const address = (token: string, isPublic = false) =>
    `${site.url}?lib=${lib}&token=${token}${isPublic ? '&public=1' : ''}`

  const deploySecret = () =>
    network.deploy(
      'examples/03-confidential-token/Token.sol:Token',
      '--args',
      'Quiet Dollar',
      'QUIET',
      SUPPLY,
    )

  const deployPublic = async () => {
    const script = join(root, 'examples/03-confidential-token/web/deploy-public.mjs')
    const env = { ...process.env, ETH_RPC_URL: network.json.rpc }
    const told = await promisify(execFile)(process.execPath, [script, 'Loud Dollar', 'LOUD', SUPPLY], { env })
    return getAddress(told.stdout.trim() as Hex)
  }

  test('amounts and receivers stay secret, and the page knows them', async () => {
    const token = await deploySecret()
    const wallet = testWallet(network.json.rpc)
    const { page, shot, close, said } = await openPage(browser, address(token), { wallet })
    await connect(page, 'Quiet Dollar')
    expect(await text(page, 'network')).toContain('SIMULATED')
    expect(await text(page, 'balance')).toBe('1,000,000 QUIET')

    await transfer(page, RECEIVER, AMOUNT)
    await page.getByText(/^Sent 25.5 QUIET to 0x7099…79C8/).waitFor()
    expect(await text(page, 'balance')).toBe('999,974.5 QUIET')
    const row = page.getByRole('row').filter({ hasText: '0x7099…79C8' })
    expect(await row.getByRole('cell').allTextContents()).toEqual([
      '0xf39F…2266',
      '0x7099…79C8',
      '25.5 QUIET',
    ])

    await page.getByLabel('Whose').fill(RECEIVER)
    await page.getByRole('button', { name: 'Look up' }).click()
    await page.locator('#found:not(:empty):not(.pending)').waitFor()
    expect(await text(page, 'found')).toBe('25.5 QUIET')
    await shot(`token-${lib}-light`)

    const [hash] = wallet.sent
    if (!hash) throw new Error('nothing was sent')
    const task = await taskOf(network, hash)
    expect(task.status, 'executed').toBe(0)
    expect(task.secretContract).toBe(getAddress(token))
    expect(wallet.sent.length, 'one transaction').toBe(1)
    expect(
      wallet.count('eth_signTypedData_v4'),
      'one signature to read, one for the view key',
    ).toBeLessThanOrEqual(2)
    expect(said()).not.toContain(RECEIVER.slice(2).toLowerCase())
    expect(said()).not.toContain(WEI.toString(16))

    const told = await network.enigma('call', token, 'balanceOf(address)(uint256)', RECEIVER)
    expect(told.stdout.trim(), 'the CLI reads the same').toBe(String(WEI))
    await close()
  })

  test('a transfer beyond the balance is not sent, and that of a refused one is known to its sender alone', async () => {
    const token = await deploySecret()
    const wallet = testWallet(network.json.rpc, 6)
    const { page, shot, close } = await openPage(browser, address(token), {
      wallet,
      colorScheme: 'dark',
      width: 390,
    })
    await connect(page, 'Quiet Dollar')
    expect(await text(page, 'balance')).toBe('0 QUIET')
    await transfer(page, RECEIVER, AMOUNT)
    await page.getByText('You have less than that.').waitFor()
    expect(wallet.sent).toEqual([])

    // OpenZeppelin refuses this receiver: the page is told, the chain is not.
    await transfer(page, NOBODY, '0')
    await page
      .locator('#progress.bad')
      .filter({ hasText: /revert/ })
      .waitFor()
    const [hash] = wallet.sent
    if (!hash) throw new Error('nothing was sent')
    expect((await taskOf(network, hash)).status, 'completed, as far as anybody sees').toBe(0)
    expect(await overflows(page)).toBe(false)
    await shot(`token-${lib}-phone`)
    await close()
  })

  test('the same front end without its line serves a public token', async () => {
    const token = await deployPublic()
    const wallet = testWallet(network.json.rpc)
    const { page, close, said } = await openPage(browser, address(token, true), { wallet })
    await connect(page, 'Loud Dollar')
    expect(await text(page, 'network'), 'it is on no network of ours').toBe('')
    await transfer(page, RECEIVER, AMOUNT)
    await page.getByText(/^Sent 25.5 LOUD to 0x7099…79C8/).waitFor()
    expect(wallet.count('eth_signTypedData_v4')).toBe(0)
    // What the confidential one must not say, this one does: the check above can fail.
    expect(said()).toContain(RECEIVER.slice(2).toLowerCase())
    expect(said()).toContain(WEI.toString(16))
    await close()
  })
}

async function connect(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Connect' }).click()
  await page.getByText(`Connected to ${name}.`).waitFor()
}

async function transfer(page: Page, to: string, amount: string): Promise<void> {
  // Key by key: ethers caches what it has read in the last quarter of a second.
  await page.getByLabel('To', { exact: true }).clear()
  await page.getByLabel('To', { exact: true }).pressSequentially(to, { delay: 8 })
  await page.getByLabel('Amount').fill(amount)
  await page.getByRole('button', { name: 'Send' }).click()
}

const text = (page: Page, id: string) => page.locator(`#${id}`).textContent()
