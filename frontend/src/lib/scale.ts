/** The ticks of an axis. */

export interface Scale {
  min: number
  max: number
  ticks: number[]
}

/** From 0 to a round number above `highest` in at most `count` steps of 1, 2, 2.5 or 5 times a power of ten. */
export function scaleFromZero(highest: number, count = 4): Scale {
  if (!Number.isFinite(highest) || highest <= 0) return { min: 0, max: 1, ticks: [0, 1] }
  const rough = highest / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough * 0.999_999) ?? 10) * power
  const steps = Math.ceil(highest / step - 1e-9)
  const ticks = Array.from({ length: steps + 1 }, (_, index) => Number((index * step).toPrecision(12)))
  return { min: 0, max: ticks.at(-1) ?? 1, ticks }
}
