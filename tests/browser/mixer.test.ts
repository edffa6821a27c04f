// The coin mixer: by its README, and by the page, where a fresh account takes out what another paid in.
import { type Address, getAddress, parseEther } from 'viem'
import { expect, test } from 'vitest'
import { openPage, overflows } from './browser'
import { runReadme } from './readme'
import { click, connect, hears, setStage } from './stage'
import { testWallet } from './wallet'

const stage = setStage('examples/04-coin-mixer/web')

test("the README's commands say what it promises", async () => {
  const fresh = testWallet('', 3).address
  const before = await stage.balance(fresh)
  const { blocks, printed, stderr } = await runReadme(stage.network, '04-coin-mixer')
  expect(blocks).toBe(1)
  expect(printed).toEqual(['exit code 2\n2\n'])
  expect(stderr).toContain('reverted: NoSuchNote()')
  expect((await stage.balance(fresh)) - before, 'it paid nothing').toBe(parseEther('0.99'))
}, 120_000)

test('a fresh account without ether takes out, the relayer is paid, and the note leaves no page', async () => {
  const [payer, relayer] = [testWallet(stage.network.json.rpc, 4), testWallet(stage.network.json.rpc, 5)]
  const one = await openPage(stage.browser, stage.site.url, { wallet: payer })
  await connect(one.page)
  await click(one.page, 'Deploy a new one')
  await hears(one.page, 'Deployed.')
  await click(one.page, 'Pay in under a new note')
  await hears(one.page, 'Paid in 1 ETH, one of 1 deposits.')
  const note = (await one.page.locator('#note').textContent()) ?? ''
  expect(note).toMatch(/^0x[0-9a-f]{64}$/)
  expect(one.said()).not.toContain(note.slice(2))
  await click(one.page, 'Pay in under a new note')
  await hears(one.page, 'one of 2 deposits.')
  expect(await one.page.locator('#note').textContent(), 'no note is lost').toMatch(
    new RegExp(`^${note}\n0x[0-9a-f]{64}$`),
  )
  const cut = await one.page.locator('#note').evaluate((box) => box.scrollWidth > box.clientWidth)
  expect(cut, 'all of a note is seen').toBe(false)
  await one.shot('mixer-light')
  await one.close()

  const { secretContract } = await stage.lastTask(payer)
  const link = `${stage.site.url}?contract=${secretContract}`
  const two = await openPage(stage.browser, link, { wallet: relayer, colorScheme: 'dark', width: 390 })
  await connect(two.page)
  await two.page.getByLabel('Your note').fill(note)
  await click(two.page, 'Take out to a fresh account')
  await hears(two.page, /^Taken out to 0x/)
  const told = (await two.page.locator('#answer').textContent()) ?? ''
  const fresh = getAddress(told.match(/0x[0-9a-fA-F]{40}/)?.[0] ?? '')
  expect(await stage.balance(fresh)).toBe(parseEther('0.99'))
  expect(await stage.balance(secretContract)).toBe(parseEther('1'))
  const card = two.page.locator('.task').first()
  const seen = await card.getByLabel('What the chain sees').textContent()
  expect(seen).toContain('fromAccount 5')
  expect(seen).toContain(`0.99 ETH to ${fresh.slice(0, 6)}`)
  expect(await overflows(two.page)).toBe(false)
  expect(two.said()).not.toContain(note.slice(2))
  await two.shot('mixer-phone')

  await two.page.getByLabel('Your note').fill(note)
  await click(two.page, 'Take out to a fresh account')
  await hears(two.page, 'There is no money under this note, or no more.')
  const keys = ((await two.page.locator('#key').textContent()) ?? '').split('\n')
  expect(
    keys.map((line) => line.slice(0, 44)),
    'no key is lost',
  ).toEqual([`${fresh}: `, expect.anything()])
  for (const line of keys) expect(line).toMatch(/^0x[0-9a-fA-F]{40}: 0x[0-9a-f]{64}$/)
  const isCut = await two.page.locator('#key').evaluate((box) => box.scrollWidth > box.clientWidth)
  expect(isCut, 'all of a key is seen').toBe(false)
  expect(await overflows(two.page)).toBe(false)
  await two.close()
}, 120_000)
