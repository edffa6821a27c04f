// A secret ballot: by its README, and by the page with an owner and two voters.
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { openPage, overflows } from './browser'
import { runReadme } from './readme'
import { click, connect, hears, setStage } from './stage'
import { testWallet } from './wallet'

const stage = setStage('examples/05-secret-ballot/web')

/** Votes and waits for the end of it. */
const vote = async (page: Page, choice: number) => {
  const tasks = await page.locator('.task').count()
  await page.getByLabel('Your choice').fill(String(choice))
  await click(page, 'Vote secretly')
  await page.locator('.task').nth(tasks).waitFor()
  await page.locator('.task').first().locator('.outcome:not(:empty)').waitFor()
}

test("the README's commands say what it promises", async () => {
  const { blocks, printed, stderr } = await runReadme(stage.network, '05-secret-ballot')
  expect(blocks).toBe(2)
  expect(printed).toEqual(['exit code 2\nexit code 2\n', '0\n[0, 2, 1]\n'])
  expect(stderr).toContain('reverted: NotRegistered()')
  expect(stderr).toContain('reverted: NotCounted()')
}, 120_000)

test('the last votes are summed after the end, and all votes look and cost the same', async () => {
  const [owner, first, second, third] = [4, 5, 6, 7].map((index) => testWallet(stage.network.json.rpc, index))
  if (!owner || !first || !second || !third) throw new Error('four wallets')
  const one = await openPage(stage.browser, stage.site.url, { wallet: owner })
  await connect(one.page)
  await click(one.page, 'Deploy a new one')
  await hears(one.page, 'Deployed.')
  await one.page
    .getByLabel('Voters, by address')
    .fill(`${first.address}, ${second.address}, ${first.address}`)
  await click(one.page, 'Register')
  await hears(one.page, 'Registered: 3.')
  await click(one.page, 'Open the vote')
  await hears(one.page, 'The vote is open.')
  const list = first.address.slice(2).toLowerCase()
  expect(one.said(), 'the list leaves encrypted').not.toContain(list)

  const { secretContract } = await stage.lastTask(owner)
  const link = `${stage.site.url}?contract=${secretContract}`
  const gas: number[] = []
  for (const [wallet, choices] of [
    [first, [1, 3, 3]],
    [second, [2]],
  ] as const) {
    const voter = await openPage(stage.browser, link, { wallet, colorScheme: 'dark', width: 390 })
    await connect(voter.page)
    for (const choice of choices) {
      await vote(voter.page, choice)
      await hears(voter.page, 'Your vote is in.')
      gas.push(await gasInside(voter.page))
    }
    expect(await overflows(voter.page)).toBe(false)
    if (wallet === first) await voter.shot('ballot-phone')
    await voter.close()
  }
  // A zero byte of calldata costs 12 less. What the chain sees is 32,768, the least that is charged.
  expect(Math.max(...gas) - Math.min(...gas), `gas of votes: ${gas.join(' ')}`).toBeLessThanOrEqual(12)
  expect(Math.max(...gas)).toBeLessThan(32_768)

  const stranger = await openPage(stage.browser, link, { wallet: third })
  await connect(stranger.page)
  await vote(stranger.page, 2)
  await hears(stranger.page, 'You are not on the list.')
  await click(stranger.page, 'Read the sums')
  await hears(stranger.page, 'The votes are not counted yet.')
  await stranger.close()

  await click(one.page, 'Close it')
  await hears(one.page, 'The vote is over.')
  await click(one.page, 'Count')
  await hears(one.page, 'All votes are counted.')
  await click(one.page, 'Read the sums')
  await hears(one.page, 'Choice 1: 0 · Choice 2: 1 · Choice 3: 1')
  await one.shot('ballot-light')
  await one.close()
}, 120_000)

const gasInside = async (page: Page) => {
  const shown = page.locator('.task').first().locator('dt', { hasText: 'gas inside' }).locator('+ dd')
  return Number((await shown.textContent())?.replace(',', ''))
}
