import { expect, test } from 'vitest'
import { bytesToInteger, concatBytes, integerToBytes, Reader, toBytes, toInteger, Writer } from './bytes.js'
import { InvalidArgumentError, MalformedBytesError } from './errors.js'
import { gasClass, pad, sealedLength, sizeClass, unpad, zeroFill } from './size.js'

test('what is written is read', () => {
  const encoded = new Writer()
    .int(7, 1)
    .int(65_535, 2)
    .int(2n ** 64n - 1n, 8)
    .bytes(Uint8Array.of(1, 2, 3))
    .raw('0xabcd', 2)
    .finish()
  const reader = new Reader(encoded)
  expect(reader.int(1)).toBe(7)
  expect(reader.int(2)).toBe(65_535)
  expect(reader.u64()).toBe(2n ** 64n - 1n)
  expect(reader.bytes(3)).toEqual(Uint8Array.of(1, 2, 3))
  expect(reader.hex(2)).toBe('0xabcd')
  expect(reader.rest()).toEqual(new Uint8Array())
})

test('integers out of range are refused', () => {
  for (const value of [-1, -1n, 256, 256n, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])
    expect(() => integerToBytes(value, 1)).toThrow(InvalidArgumentError)
  expect(() => toInteger(2n ** 64n, 64)).toThrow(InvalidArgumentError)
  expect(integerToBytes(255, 1)).toEqual(Uint8Array.of(255))
  expect(integerToBytes(258n, 4)).toEqual(Uint8Array.of(0, 0, 1, 2))
  expect(bytesToInteger(new Uint8Array())).toBe(0n)
})

test('hex has one form and the size that is asked for', () => {
  for (const value of ['', 'ab', '0xa', '0xzz', '0x 1'] as const)
    expect(() => toBytes(value as `0x${string}`)).toThrow(InvalidArgumentError)
  expect(() => toBytes('0xabcd', 'word', 32)).toThrow('Invalid word: expected 32 bytes')
  expect(() => toBytes(undefined as unknown as Uint8Array)).toThrow(InvalidArgumentError)
  expect(toBytes('0xAbcD')).toEqual(Uint8Array.of(0xab, 0xcd))
})

test('a reader stays in its bounds', () => {
  const announced = new Writer().int(1_000, 4).raw('0x0102').finish()
  expect(() => new Reader(announced).bytes(2_000)).toThrow(MalformedBytesError)
  expect(() => new Reader(announced).bytes(999)).toThrow('at most 999 bytes')
  expect(() => new Reader(Uint8Array.of(0, 0, 1)).zeros()).toThrow('zeros as padding')
  expect(() => new Reader(new Uint8Array(3)).int(4)).toThrow(MalformedBytesError)
})

test('padding doubles from the smallest class and comes off again', () => {
  for (const length of [0, 1, 124, 125, 300, 5_000]) {
    const bytes = new Uint8Array(length).fill(9)
    const padded = pad(bytes)
    expect(padded.length).toBe(sizeClass(length + 4))
    expect(padded.length + 16).toBe(sealedLength(length))
    expect(unpad(padded)).toEqual(bytes)
  }
  expect(zeroFill(new Uint8Array(129)).length).toBe(256)
  expect(() => unpad(concatBytes(pad(Uint8Array.of(1)), Uint8Array.of(1)))).toThrow('zeros as padding')
  expect(gasClass(2n ** 63n + 1n)).toBe(2n ** 64n)
})
