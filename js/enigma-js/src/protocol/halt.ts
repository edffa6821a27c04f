// Why the sealed world stopped a task: the one byte of a halted output, in words. The numbers are those of
// `HaltCode` in `crates/trusted/evm/src/outcome.rs`.

const REASONS: Readonly<Record<number, string>> = {
  1: 'it ran out of gas: pass a higher `gas`',
  2: 'it met an invalid opcode (an `assert` of an old compiler, or INVALID)',
  3: 'it jumped to something that is no destination',
  4: 'its stack ran empty or over',
  5: 'it read past the end of the return data',
  6: 'it tried to write in a static call: reads cannot change state',
  7: 'a creation failed: the address is taken, or the code too long or starting with 0xEF',
  8: 'a precompile refused its input',
  9: 'there was not enough balance',
  10: 'calls nested deeper than 1,024',
  11: 'it used too much memory',
  32: 'nothing is deployed there',
  33: 'something is deployed there already',
  34: 'its gas limit is above 16,777,216',
  35: 'its gas limit does not cover the intrinsic cost: pass a higher `gas`',
  36: 'its creation code is longer than 49,152 bytes',
  37: 'its value is more wei than can exist',
  38: 'its output is too long',
  39: 'it emitted too many logs',
  40: 'it changed too much state at once',
  41: 'the contract holds too much state',
  63: 'the machine gave up',
}

/** What the code of a halted output means. */
export function haltReason(code: number): string {
  return REASONS[code] ?? `the EVM stopped it (code ${code})`
}
