/** Price in cents with tax. */
export function priceOf({ net }) {
  return Math.round(net * 1.2);
}
