// Why the sealed world stopped a task: the one byte of a halted output, in words. The numbers are those of
// `HaltCode` in `crates/trusted/evm/src/outcome.rs`.
import { type Bytes, toBytes } from './bytes.js'

const REASONS: Readonly<Record<number, string>> = {
  1: 'out of gas',
  2: 'invalid opcode',
  3: 'invalid jump',
  4: 'the stack ran empty or over',
  5: 'a read past the end of the return data',
  6: 'a write in a static call',
  7: 'the creation failed',
  8: 'a precompile refused its input',
  9: 'not enough balance',
  10: 'calls nested deeper than 1,024',
  11: 'more memory than allowed',
  32: 'there is no contract to call',
  33: 'there is a contract already',
  34: 'the gas limit is above that of any task',
  35: 'the gas limit does not cover the intrinsic cost',
  36: 'the creation code is too long',
  37: 'value or balance is more wei than can exist',
  38: 'the output is larger than allowed',
  39: 'the logs are larger than allowed',
  40: 'the state change is larger than allowed',
  41: 'the state is larger than allowed',
  63: 'the machine gave up',
}

/** The reason that a halted output names. */
export function haltReason(data: Bytes): string {
  const code = toBytes(data)[0] ?? 0
  return REASONS[code] ?? `unknown reason ${code}`
}
