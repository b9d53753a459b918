export const name = 'blog';
