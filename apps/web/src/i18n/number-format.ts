/** Formats a number with a fixed number of decimals, 0 by default. */
type NumberFormat = (value: number, decimals?: number) => string;

export function numberFormat(locale: string): NumberFormat {
  return (value, decimals = 0) =>
    value.toLocaleString(locale, { maximumFractionDigits: decimals, minimumFractionDigits: decimals });
}
