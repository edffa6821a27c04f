// What every suite of an example's page begins with, and what its users do on any of them.
import type { Browser, Page } from 'playwright-core'
import type { Address, Hex } from 'viem'
import { afterAll, beforeAll } from 'vitest'
import { startBrowser } from './browser'
import { type LocalNetwork, startNetwork } from './network'
import { taskOf } from './onchain'
import { type Site, serveSite } from './site'
import type { TestWallet } from './wallet'

/** A network, a browser, and a page that is built for the one and served for the other; there while tests run. */
export class Stage {
  network!: LocalNetwork
  browser!: Browser
  site!: Site

  /** Wei that an account has on the chain. */
  async balance(account: Address): Promise<bigint> {
    return BigInt((await this.network.chain('eth_getBalance', account, 'latest')) as string)
  }

  /** What the chain says of the task that a wallet sent last. */
  lastTask(wallet: TestWallet) {
    const hash: Hex | undefined = wallet.sent.at(-1)
    if (!hash) throw new Error('the wallet has sent nothing')
    return taskOf(this.network, hash)
  }
}

/** The stage of a suite, for the page in `folder` (in the checkout). */
export function setStage(folder: string): Stage {
  const stage = new Stage()
  beforeAll(async () => {
    ;[stage.network, stage.browser] = await Promise.all([startNetwork(), startBrowser()])
    stage.site = await serveSite(stage.network, folder)
  })
  afterAll(async () => {
    await stage.browser?.close()
    await stage.site?.stop()
    await stage.network?.stop()
  })
  return stage
}

/** Connects the wallet. */
export async function connect(page: Page): Promise<void> {
  await click(page, 'Connect')
  await hears(page, /^You are /)
}

/** Presses a button. */
export const click = (page: Page, name: string) => page.getByRole('button', { name }).click()

/** Waits until the page says something. */
export const hears = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor()
