// The wrapped provider over a real local network, with the libraries that dApps use.
import { afterAll, beforeAll, describe } from 'vitest'
import { withEthers } from './ethers.suite.js'
import { compileToken, type LocalNetwork, type Setting, startNetwork } from './network.js'
import { theSameFrontEnd } from './same.suite.js'
import { withViem } from './viem.suite.js'

let local: LocalNetwork
let token: Setting['token']
beforeAll(async () => {
  ;[local, token] = await Promise.all([startNetwork(), compileToken()])
}, 120_000)
afterAll(() => local?.stop(), 60_000)

const setting = (): Setting => ({ ...local, token })
describe('ethers v6', () => withEthers(setting))
describe('viem', () => withViem(setting))
describe('one front end', () => theSameFrontEnd(setting))
