import { expect, test } from 'vitest'
import { age, bytes, duration, ether, plural, rate, share, short, units, whole } from './format'

const plain = (text: string) => text.replaceAll('\u{202f}', ' ')

test('whole numbers are grouped by three', () => {
  expect([0, 999, 1_000, 1_234_567].map((n) => plain(whole(n)))).toEqual(['0', '999', '1 000', '1 234 567'])
})

test('both ends of a hash are shown, and short ones whole', () => {
  expect(short(`0x${'12'.repeat(32)}`)).toBe('0x1212…1212')
  expect(short('0x123456789')).toBe('0x123456789')
})

test('sizes', () => {
  expect([0, 999, 1_500, 2_000_000].map((n) => plain(bytes(n)))).toEqual(['0 B', '999 B', '1.5 kB', '2.0 MB'])
})

test('an amount is never rounded to zero nor given false precision', () => {
  expect(units(1n, 18)).toBe('0.000000000000000001')
  expect(units(1_234_567_890_123_456_789n, 18)).toBe('1.23456')
  expect(units(10n ** 18n, 18)).toBe('1')
  expect(plain(ether(0n))).toBe('0 ETH')
  expect(plain(ether(999_999n))).toBe('999 999 wei')
  expect(plain(ether(4_000_000_000n))).toBe('4 gwei')
  expect(plain(ether(312_500_000_000_000n))).toBe('0.0003125 ETH')
})

test('times are told coarsely, and never as negative', () => {
  expect([0, 59, 60, 61, 3_599, 3_600, 90_000].map((s) => plain(duration(s)))).toEqual([
    '0 s',
    '59 s',
    '1 min',
    '1 min 1 s',
    '59 min',
    '1 h 0 min',
    '1 d 1 h',
  ])
  expect(age(100, 90)).toBe('now')
  expect(plain(age(100, 103))).toBe('3 s ago')
})

test('shares and rates', () => {
  expect([share(1, 3), share(1, 250), share(0, 5), share(1, 0)].map(plain)).toEqual([
    '33 %',
    '0.4 %',
    '0 %',
    '0 %',
  ])
  expect([rate(0), rate(0.25), rate(12.4)]).toEqual(['–', '0.3/s', '12/s'])
  expect(plain(plural(1, 'block'))).toBe('1 block')
  expect(plain(plural(1_000, 'block'))).toBe('1 000 blocks')
})
