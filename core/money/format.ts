/** Money is integer micro-US-dollars everywhere (law 9). Only these functions convert it from and to decimals. */

/** `12.5` US dollars → `12500000` micros. Rounds half away from zero at the sixth decimal. */
export const microsOf = (usd: number): number => Math.round(usd * 1_000_000);

/** Micros as a JSON number of US dollars, exact to the micro. */
export const usdOf = (micros: number): number => micros / 1_000_000;

/** `1234500` → `$1.23`; amounts under a cent keep their significant digits: `$0.0012`. */
export function formatUsd(micros: number): string {
  const sign = micros < 0 ? '-' : '';
  const abs = Math.abs(micros);
  if (abs === 0 || abs >= 10_000) return `${sign}$${(abs / 1_000_000).toFixed(2)}`;
  return `${sign}$${(abs / 1_000_000).toFixed(6).replace(/(?<!0)0+$/, '')}`;
}
