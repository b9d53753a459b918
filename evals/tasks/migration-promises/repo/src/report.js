import { read } from './store.js';

export function total(keys, callback) {
  let sum = 0;
  const next = (at) => {
    if (at === keys.length) return callback(null, sum);
    read(keys[at], (error, value) => {
      if (error) return callback(error);
      sum += value;
      next(at + 1);
    });
  };
  next(0);
}
