/** Rounds an amount to whole cents, halves to the even neighbour, as invoices must. */
export function roundHalfEven(value) {
  return Math.round(value);
}
