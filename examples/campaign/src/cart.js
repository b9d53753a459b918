/** Lines of a cart: an article, its price in cents, and how many. */
export const addLine = (cart, article, cents, count = 1) => [...cart, { article, cents, count }];
export const removeLine = (cart, article) => cart.filter((line) => line.article !== article);
export const countOf = (cart) => cart.reduce((sum, line) => sum + line.count, 0);
export const totalOf = (cart) => ({
  cents: cart.reduce((sum, line) => sum + line.cents * line.count, 0),
  currency: 'EUR',
});
export const isEmpty = (cart) => cart.length === 0;
