// Tasks that a forwarding contract sends on behalf of its caller: that of docs/relaying.md, and a broken one.
import { type Abi, type Address, decodeFunctionData, encodeDeployData, type Hex, pad, parseAbi } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { enigmaAbi } from '../src/abi.js'
import { TaskUnopenedError } from '../src/index.js'
import { connect, prepareTask, waitForSealedTask } from '../src/relay/index.js'
import { compile, compileDocumented } from './compile.js'
import { deploy } from './entry-point.js'
import { type LocalNetwork, startNetwork } from './local-network.js'

type Client = ReturnType<LocalNetwork['client']>
type Artifact = { abi: Abi; bytecode: Hex }

const members = compile('fixtures/Members.sol', 'Members')
const abi = parseAbi(['function visit() returns (address member, uint256 count)'])
const functionName = 'visit'
const forwarder = compileDocumented('relaying.md', 'Forwarder')
/** Planted: the word is whatever its caller says. */
const weak = compileDocumented('relaying.md', 'Forwarder', (text) => {
  const line = 'task.onBehalfOf = bytes32(uint256(uint160(msg.sender)));'
  expect(text).toContain(line)
  return text.replace(line, '')
})

let local: LocalNetwork
let author: Client
let thief: Client

beforeAll(async () => {
  local = await startNetwork()
  author = local.client(0)
  thief = local.client(1)
})

afterAll(() => local?.stop())

/** A forwarding contract, a secret contract that knows it, and a task of the author's, not sent yet. */
async function scene({ abi: forwarding, bytecode }: Artifact) {
  const at = await deploy(author, { abi: forwarding, bytecode }, [local.network.enigma])
  const initCode = encodeDeployData({ abi: members.abi, bytecode: members.bytecode, args: [at] })
  const { address, task: deployed } = await author.deploySecretContract({ abi: [], bytecode: initCode })
  await author.waitForTask({ task: deployed })
  const connection = connect(author, local.network)
  const onBehalfOf = pad(author.account.address)
  const prepared = await prepareTask(connection, { address, abi, functionName, sender: at, onBehalfOf })
  const { args } = decodeFunctionData({ abi: enigmaAbi, data: prepared.data })
  const forward = async (client: Client) => {
    const call = {
      address: at,
      abi: forwarding,
      functionName: 'forward',
      args,
      value: prepared.value,
    } as const
    const hash = await client.writeContract(call)
    await client.waitForTransactionReceipt({ hash })
    return hash
  }
  const outcome = async (hash: Hex) => {
    const wait = { hash, task: prepared.task, abi, functionName } as const
    return (await waitForSealedTask(connection, wait)).result as readonly [Address, bigint]
  }
  return { forward, outcome }
}

test('a forwarding contract says who called it, and a copied envelope opens for nobody else', async () => {
  const { forward, outcome } = await scene(forwarder)
  expect(await outcome(await forward(author))).toEqual([author.account.address, 1n])
  await expect(outcome(await forward(thief))).rejects.toThrow(TaskUnopenedError)
})

test('a forwarding contract that lets its caller say who it is runs a copied envelope again', async () => {
  const { forward, outcome } = await scene(weak)
  expect(await outcome(await forward(author))).toEqual([author.account.address, 1n])
  expect(await outcome(await forward(thief))).toEqual([author.account.address, 2n])
})
