/** Repositories with tests of JavaScript and TypeScript, small but of the usual form. */
import type { Files } from '../changes.ts';

export const jest: Files = {
  'src/cart.js': `const { taxOf } = require('./tax');

class Cart {
  constructor() {
    this.items = [];
  }
  add(item, count = 1) {
    if (count < 1) throw new RangeError('count must be positive');
    this.items.push({ ...item, count });
  }
  total() {
    const net = this.items.reduce((sum, { price, count }) => sum + price * count, 0);
    return net + taxOf(net);
  }
}
module.exports = { Cart };
`,
  'src/tax.js': `exports.taxOf = (net) => Math.round(net * 0.2);\n`,
  'src/__tests__/cart.test.js': `const { Cart } = require('../cart');

describe('Cart', () => {
  let cart;
  beforeEach(() => {
    cart = new Cart();
  });

  it('is empty at first', () => {
    expect(cart.items).toEqual([]);
    expect(cart.total()).toBe(0);
  });

  it('adds up prices with tax', () => {
    cart.add({ name: 'pen', price: 100 });
    cart.add({ name: 'ink', price: 250 }, 2);
    expect(cart.items).toHaveLength(2);
    expect(cart.total()).toBe(720);
  });

  it('refuses a count below one', () => {
    expect(() => cart.add({ name: 'pen', price: 100 }, 0)).toThrow(RangeError);
  });

  test.each([
    [100, 120],
    [5, 6],
    [0, 0],
  ])('costs %i without and %i with tax', (net, gross) => {
    cart.add({ name: 'x', price: net });
    expect(cart.total()).toBe(gross);
  });
});
`,
  'src/__tests__/receipt.test.js': `const { Cart } = require('../cart');
const { receipt } = require('../receipt');

test('prints a receipt', () => {
  const cart = new Cart();
  cart.add({ name: 'pen', price: 100 });
  expect(receipt(cart)).toMatchSnapshot();
});
`,
  'src/__tests__/__snapshots__/receipt.test.js.snap': `// Jest Snapshot v1, https://jestjs.io/docs/snapshot-testing

exports[\`prints a receipt 1\`] = \`
"pen        1.00
tax        0.20
total      1.20"
\`;
`,
  'src/receipt.js': `exports.receipt = (cart) => cart.items.map(({ name, price }) => name.padEnd(11) + (price / 100).toFixed(2)).join('\\n');\n`,
  'package.json': `{
  "name": "shop",
  "version": "1.4.0",
  "scripts": {
    "start": "node src/index.js",
    "lint": "eslint src",
    "test": "jest --coverage"
  },
  "devDependencies": {
    "eslint": "^9.0.0",
    "jest": "^29.7.0"
  }
}
`,
  'jest.config.js': `module.exports = {
  testEnvironment: 'node',
  collectCoverageFrom: ['src/**/*.js'],
  coverageThreshold: {
    global: { branches: 85, lines: 90 },
  },
};
`,
};

export const vitest: Files = {
  'src/slug.ts': `export function slug(title: string, max = 40): string {
  const words = title.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return words.join('-').slice(0, max);
}

export async function uniqueSlug(title: string, taken: (slug: string) => Promise<boolean>): Promise<string> {
  const base = slug(title);
  for (let i = 1; ; i++) {
    const candidate = i === 1 ? base : \`\${base}-\${i}\`;
    if (!(await taken(candidate))) return candidate;
    if (i === 100) throw new Error('too many');
  }
}
`,
  'src/slug.test.ts': `import { describe, expect, it, vi } from 'vitest';
import { slug, uniqueSlug } from './slug.ts';

describe('slug', () => {
  it('joins words with hyphens', () => {
    expect(slug('Hello, World!')).toBe('hello-world');
  });

  it('cuts long titles', () => {
    const long = slug('word '.repeat(30));
    expect(long.length).toBeLessThanOrEqual(40);
    expect(long.startsWith('word-word')).toBe(true);
  });
});

describe('uniqueSlug', () => {
  it('counts up while a slug is taken', async () => {
    const taken = vi.fn(async (name: string) => name === 'a' || name === 'a-2');
    await expect(uniqueSlug('A', taken)).resolves.toBe('a-3');
    expect(taken).toHaveBeenCalledTimes(3);
  });

  it('gives up after a hundred', async () => {
    await expect(uniqueSlug('A', async () => true)).rejects.toThrow('too many');
  });
});
`,
  'vitest.config.ts': `import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    coverage: {
      provider: 'v8',
      thresholds: { lines: 90, functions: 90 },
    },
  },
});
`,
  'package.json': `{
  "name": "slugs",
  "type": "module",
  "scripts": {
    "build": "tsc -p .",
    "test": "vitest run"
  },
  "devDependencies": {
    "vitest": "^3.2.0"
  }
}
`,
  '.github/workflows/ci.yml': `name: ci
on: [push, pull_request]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: 22
      - run: npm ci
      - run: npm test
`,
};

export const mocha: Files = {
  'lib/queue.js': `class Queue {
  constructor(limit) { this.limit = limit; this.jobs = []; }
  push(job) { if (this.jobs.length >= this.limit) return false; this.jobs.push(job); return true; }
  async drain(run) { const done = []; while (this.jobs.length) done.push(await run(this.jobs.shift())); return done; }
}
module.exports = Queue;
`,
  'test/queue.spec.js': `'use strict';
const { expect } = require('chai');
const sinon = require('sinon');
const Queue = require('../lib/queue');

describe('Queue', function () {
  context('with room', function () {
    it('takes a job', function () {
      const queue = new Queue(2);
      expect(queue.push('a')).to.equal(true);
      expect(queue.jobs).to.have.lengthOf(1);
    });
  });

  context('when full', function () {
    it('refuses a job', function () {
      const queue = new Queue(1);
      queue.push('a');
      expect(queue.push('b')).to.equal(false);
      expect(queue.jobs).to.deep.equal(['a']);
    });
  });

  it('drains in order', async function () {
    const queue = new Queue(3);
    ['a', 'b', 'c'].forEach((job) => queue.push(job));
    const run = sinon.stub().callsFake(async (job) => job.toUpperCase());
    const done = await queue.drain(run);
    expect(done).to.deep.equal(['A', 'B', 'C']);
    sinon.assert.calledThrice(run);
  });
});
`,
  '.mocharc.yml': `spec: test/**/*.spec.js
timeout: 2000
`,
  'package.json': `{
  "name": "queue",
  "scripts": {
    "pretest": "eslint lib",
    "test": "nyc mocha"
  },
  "nyc": {
    "check-coverage": true,
    "lines": 95
  }
}
`,
};

export const nodeTest: Files = {
  'parse.mjs': `export function parse(line) {
  const at = line.indexOf('=');
  if (at < 1) throw new SyntaxError(\`no name: \${line}\`);
  return { name: line.slice(0, at).trim(), value: line.slice(at + 1).trim() };
}
`,
  'test/parse.test.mjs': `import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { parse } from '../parse.mjs';

test('reads a pair', () => {
  assert.deepEqual(parse('a = 1'), { name: 'a', value: '1' });
});

test('keeps equal signs of a value', () => {
  const { value } = parse('a=b=c');
  assert.equal(value, 'b=c');
});

test('refuses a line without a name', async (t) => {
  await t.test('empty', () => {
    assert.throws(() => parse(''), SyntaxError);
  });
  await t.test('only a value', () => {
    assert.throws(() => parse('=1'), { message: 'no name: =1' });
  });
});
`,
  'package.json': `{
  "name": "parse",
  "type": "module",
  "scripts": {
    "test": "node --test"
  }
}
`,
};
