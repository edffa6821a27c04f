import { type Address, formatEther } from 'viem'
import { EnigmaError } from '../errors/base.js'

const docsPath = 'js/enigma-js/README.md#relayed-tasks'

export class WrongRelayerError extends EnigmaError {
  override name = 'WrongRelayerError'
  constructor({ relayer, account }: { relayer: Address; account: Address }) {
    super(`The task is made for the relayer ${relayer}, not for ${account}.`, {
      docsPath,
      metaMessages: [
        'Sent from another account its envelope would not open. Nothing was sent.',
        'Send it from that account, or have its author authorise it for this one.',
      ],
    })
  }
}

export class RelayedValueError extends EnigmaError {
  override name = 'RelayedValueError'
  /** Wei that the task wants. */
  readonly value: bigint
  constructor({ value, maxValue }: { value: bigint; maxValue: bigint }) {
    super(
      `The task sends ${formatEther(value)} ETH of its relayer's along, and ${formatEther(maxValue)} are allowed.`,
      {
        docsPath,
        metaMessages: [
          'They would go where its author wants them. Nothing was sent.',
          'If the author has paid for that, allow it with `maxValue`.',
        ],
      },
    )
    this.value = value
  }
}

export class InvalidRelayedTaskError extends EnigmaError {
  override name = 'InvalidRelayedTaskError'
  constructor({ why }: { why: string }) {
    super(`This relayed task cannot be sent: ${why}.`, {
      docsPath,
      metaMessages: ['Nothing was sent. Ask its author for a new one.'],
    })
  }
}
