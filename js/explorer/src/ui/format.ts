// How figures are written. One style everywhere: units after a thin space, groups of three, no false precision.

const THIN = '\u{202f}'

/** 12 345 678 */
export function whole(value: number | bigint): string {
  return value.toString().replace(/\B(?=(\d{3})+(?!\d))/g, THIN)
}

/** 0x1234…cdef, so that both ends can be compared. */
export function short(hex: string, head = 6, tail = 4): string {
  return hex.length <= head + tail + 1 ? hex : `${hex.slice(0, head)}…${hex.slice(-tail)}`
}

/** 512 B, 1.5 kB, 2.0 MB */
export function bytes(value: number): string {
  if (value < 1_000) return `${value}${THIN}B`
  if (value < 1_000_000) return `${(value / 1_000).toFixed(1)}${THIN}kB`
  return `${(value / 1_000_000).toFixed(1)}${THIN}MB`
}

/** A fixed-point amount with at most `digits` significant digits after the leading zeros; never rounded to zero. */
export function units(value: bigint, decimals: number, digits = 5): string {
  const scale = 10n ** BigInt(decimals)
  const integer = value / scale
  const fraction = (value % scale).toString().padStart(decimals, '0')
  const leading = integer > 0n ? 0 : (fraction.match(/^0*/)?.[0].length ?? 0)
  const kept = fraction.slice(0, Math.min(decimals, leading + digits)).replace(/0+$/, '')
  return kept ? `${whole(integer)}.${kept}` : whole(integer)
}

/** 0.0012 ETH; small amounts in gwei or wei. */
export function ether(value: bigint): string {
  if (value === 0n) return `0${THIN}ETH`
  if (value < 1_000_000n) return `${whole(value)}${THIN}wei`
  if (value < 10_000_000_000_000n) return `${units(value, 9)}${THIN}gwei`
  return `${units(value, 18)}${THIN}ETH`
}

/** A stake, of 18 decimals. */
export const eng = (value: bigint): string => `${units(value, 18)}${THIN}ENG`

/** 3 s, 4 min, 2 h, 5 d */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds))
  if (s < 60) return `${s}${THIN}s`
  if (s < 3_600) return `${Math.floor(s / 60)}${THIN}min${s % 60 && s < 600 ? ` ${s % 60}${THIN}s` : ''}`
  if (s < 86_400) return `${Math.floor(s / 3_600)}${THIN}h ${Math.floor((s % 3_600) / 60)}${THIN}min`
  return `${Math.floor(s / 86_400)}${THIN}d ${Math.floor((s % 86_400) / 3_600)}${THIN}h`
}

/** How long ago, as of `now` (both unix seconds). A chain's clock may run a little ahead of ours. */
export function age(time: number, now: number): string {
  const seconds = Math.max(0, now - time)
  return seconds < 1 ? 'now' : `${duration(seconds)} ago`
}

/** 2026-11-25 12:47:39 of the reader's zone. */
export function moment(time: number): string {
  const date = new Date(time * 1_000)
  if (Number.isNaN(date.getTime())) return String(time)
  const two = (n: number) => String(n).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

/** 33 %, 0.4 % */
export function share(part: number, all: number): string {
  if (all <= 0) return `0${THIN}%`
  const percent = (100 * part) / all
  return `${percent !== 0 && percent < 10 ? percent.toFixed(1) : Math.round(percent)}${THIN}%`
}

/** 12/s, 0.5/s */
export function rate(perSecond: number): string {
  if (perSecond === 0) return '–'
  return `${perSecond < 10 ? perSecond.toFixed(1) : whole(Math.round(perSecond))}/s`
}

export const plural = (n: number, one: string, many = `${one}s`) => `${whole(n)} ${n === 1 ? one : many}`
