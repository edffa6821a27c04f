// A sealed-bid auction: by its README, and by the page with three bidders.
import type { Page } from 'playwright-core'
import { type Address, parseEther } from 'viem'
import { expect, test } from 'vitest'
import { openPage, overflows } from './browser'
import { runReadme } from './readme'
import { click, connect, hears, setStage } from './stage'
import { testWallet } from './wallet'

const BIDS = ['0.312345678901', '0.712345678901', '0.512345678901'] as const

const stage = setStage('examples/02-sealed-bid-auction/web')

test("the README's commands say what it promises", async () => {
  const before = await Promise.all([1, 3].map((index) => stage.balance(testWallet('', index).address)))
  const { blocks, printed, stderr } = await runReadme(stage.network, '02-sealed-bid-auction')
  const after = await Promise.all([1, 3].map((index) => stage.balance(testWallet('', index).address)))
  expect(blocks).toBe(3)
  expect(printed).toEqual([
    '',
    '0\n0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC\n',
    '500000000000000000\n300000000000000000\nexit code 2\n',
  ])
  expect(stderr).toContain('reverted: NotEnough()')
  for (const [place, was] of before.entries()) {
    expect(was - (after[place] ?? 0n), 'losers paid fees alone').toBeLessThan(parseEther('0.5'))
  }
}, 120_000)

/** What tasks did not use is told, and leaves by one click. */
const expectPaidOut = async (page: Page, account: Address) => {
  await hears(page, /^The network owes you 0\.0/)
  const before = await stage.balance(account)
  await click(page, 'Pay it out')
  await page.locator('#owed').waitFor({ state: 'hidden' })
  expect(await stage.balance(account)).toBeGreaterThan(before)
}

test('the highest bid wins, losers are paid on Ethereum, and no bid leaves a page', async () => {
  const seller = testWallet(stage.network.json.rpc, 4)
  const owner = await openPage(stage.browser, stage.site.url, { wallet: seller })
  await connect(owner.page)
  await click(owner.page, 'Deploy a new one')
  await hears(owner.page, 'Deployed.')
  const { secretContract } = await stage.lastTask(seller)
  const link = `${stage.site.url}?contract=${secretContract}`

  const bidders = [5, 6, 7].map((index) => testWallet(stage.network.json.rpc, index))
  for (const [place, wallet] of bidders.entries()) {
    const bid = BIDS[place] as string
    const bidder = await openPage(
      stage.browser,
      link,
      place === 1 ? { wallet, width: 390 } : { wallet, colorScheme: 'dark' },
    )
    await connect(bidder.page)
    await click(bidder.page, 'Enter: pay the deposit')
    await hears(bidder.page, 'You have entered with 1 ETH.')
    await bidder.page.getByLabel('Your bid').fill('1.5')
    await click(bidder.page, 'Bid secretly')
    await hears(bidder.page, 'A bid cannot be more than the deposit.')
    const refused = await stage.lastTask(wallet)
    expect(refused.status, 'a refused bid looks like another').toBe(0)
    const card = bidder.page.locator('.task').first()
    await card.locator('[aria-current]', { hasText: 'committed' }).waitFor()
    expect(await card.getByLabel('What the chain sees').textContent()).toContain(refused.output)
    expect(await card.getByLabel('What you see').textContent()).toMatch(/paid0\.0/)
    await bidder.page.getByLabel('Your bid').fill(bid)
    await click(bidder.page, 'Bid secretly')
    await hears(bidder.page, 'Your bid is in.')
    expect((await stage.lastTask(wallet)).status).toBe(0)
    const gas = bidder.page.locator('.task').first().locator('dt', { hasText: 'gas inside' }).locator('+ dd')
    const used = Number((await gas.textContent())?.replace(',', ''))
    expect(used, 'charged like the least of tasks').toBeLessThan(32_768)
    await click(bidder.page, 'What is mine?')
    await hears(bidder.page, `Your bid is ${bid} ETH, your balance 0 ETH.`)
    expect(bidder.said()).not.toContain(parseEther(bid).toString(16))
    expect(bidder.said()).not.toContain(parseEther(bid).toString())
    if (place === 1) expect(await overflows(bidder.page)).toBe(false)
    await expectPaidOut(bidder.page, wallet.address)
    if (place < 2) await bidder.shot(place === 1 ? 'auction-phone' : 'auction-dark')
    await bidder.close()
  }

  const [first, winner, third] = bidders.map(({ address }) => address) as [Address, Address, Address]
  const before = await Promise.all([first, winner, third].map((account) => stage.balance(account)))
  await click(owner.page, 'Who won?')
  await hears(owner.page, 'Nothing is settled yet.')
  await click(owner.page, 'Close (the seller)')
  await hears(owner.page, 'Closed.')
  await click(owner.page, 'Settle: losers are paid')
  await hears(owner.page, 'Settled: every loser has its deposit back.')
  const after = await Promise.all([first, winner, third].map((account) => stage.balance(account)))
  expect(after.map((now, place) => now - (before[place] ?? 0n))).toEqual([
    parseEther('1'),
    0n,
    parseEther('1'),
  ])
  await click(owner.page, 'Who won?')
  await hears(owner.page, /^Account 6 .* has won\.$/)
  await click(owner.page, 'What is mine?')
  await hears(owner.page, `your balance ${BIDS[1]} ETH.`)
  await owner.page.getByLabel('Withdraw from').fill('0.7')
  await click(owner.page, 'Withdraw')
  await hears(owner.page, '0.7 ETH are yours on Ethereum.')
  const seen = owner.page.locator('.task').first().getByLabel('What the chain sees')
  expect(await seen.textContent()).toContain('0.7 ETH to Account 4')
  expect(await stage.balance(secretContract)).toBe(parseEther('0.3'))
  await owner.shot('auction-light')
  await owner.close()
}, 120_000)
