const items = new Map([['a', 1], ['b', 2]]);

export function read(key, callback) {
  setImmediate(() => (items.has(key) ? callback(null, items.get(key)) : callback(new Error(`no ${key}`))));
}

export function write(key, value, callback) {
  setImmediate(() => {
    items.set(key, value);
    callback(null);
  });
}
