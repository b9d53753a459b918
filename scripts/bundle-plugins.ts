/** esbuild plugins that remove unused code of libraries from the bundles of functions. */
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Plugin } from 'esbuild';

const root = resolve(import.meta.dirname, '..');

const formats = [
  ...['email', 'url', 'jwt', 'emoji', 'guid', 'uuid', 'uuidv4', 'uuidv6', 'uuidv7', 'nanoid', 'cuid', 'cuid2', 'ulid'],
  ...['base64', 'base64url', 'xid', 'ksuid', 'ipv4', 'ipv6', 'cidrv4', 'cidrv6', 'e164'],
  ...['datetime', 'date', 'time', 'duration'],
];
/** A format called as a method, as in `z.string().email()`. */
const formatCall = new RegExp(`\\)\\s*\\.(${formats.join('|')})\\(`);
const formatMethods = /(export const ZodString = .*?\n\}, \{)\n(.*?)\n\}\);/s;

/**
 * `z` is an object with all of zod in it, its messages in fifty languages too; as a namespace, what is not named is left
 * out. Not in the sources: esbuild then forgets to start a module that something else imports when needed, as the runner
 * does and no function.
 */
const usedSchemas: Plugin = {
  name: 'used-schemas',
  setup(bundling) {
    bundling.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      if (/\bz\.lazy\(/.test(text)) throw new Error(`${path} has a schema of a form that holds itself.`);
      const [, method] = formatCall.exec(text) ?? [];
      if (method !== undefined)
        throw new Error(`${path} calls .${method}() of a string; functions have z.${method}() only.`);
      return { contents: text.replace("import { z } from 'zod'", "import * as z from 'zod'"), loader: 'ts' };
    });
  },
};

/** Strings have a method for each of twenty formats, and each brings its schema; schemas of the formats are called by name. */
const withoutFormatMethods: Plugin = {
  name: 'without-format-methods',
  setup(bundling) {
    bundling.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]classic[\\/]schemas\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const [whole, kept, methods] = formatMethods.exec(text) ?? [];
      if (whole === undefined || methods === undefined)
        throw new Error(`${path} does not define ZodString as expected.`);
      const names = [...methods.matchAll(/^ {4}(\w+)\(params\)/gm)].map(([, name]) => name);
      if (formats.some((name) => !names.includes(name)) || names.length !== formats.length)
        throw new Error(`The methods of ZodString in ${path} are ${names.join(', ')}.`);
      return { contents: text.replace(whole, `${kept}});`) };
    });
  },
};

/** Functions check data against schemas; none of them writes a JSON Schema, which every schema of zod can. */
const withoutJsonSchema: Plugin = {
  name: 'without-json-schema',
  setup(bundling) {
    bundling.onLoad(
      { filter: /[\\/]zod[\\/]v4[\\/]core[\\/](?:to-json-schema|json-schema-processors)\.js$/ },
      async ({ path }) => {
        const names = Object.keys((await import(path)) as object).filter((name) => name !== 'default');
        const refuse = "const refuse = () => { throw new Error('JSON Schemas are not part of a function.'); };";
        return { contents: `${refuse}export { ${names.map((name) => `refuse as ${name}`).join(', ')} };` };
      },
    );
  },
};

/**
 * What zod needs for data that holds itself: functions read JSON and items of tables, which cannot, and have no schema of a
 * form that holds itself.
 */
const withoutCycles: Plugin = {
  name: 'without-cycles',
  setup(bundling) {
    bundling.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]core[\\/]memoizer\.js$/ }, async ({ path }) => {
      const names = Object.keys((await import(path)) as object).sort();
      if (names.join() !== '$ZodCyclicError,isBackEdge,isRecursiveSchema,memoizer')
        throw new Error(`${path} exports ${names.join(', ')}.`);
      return {
        contents:
          'export class $ZodCyclicError extends Error {} export const isBackEdge = () => false; export const isRecursiveSchema = () => false; export const memoizer = () => undefined;',
      };
    });
  },
};

/** Octokit has a method for each of GitHub's thousand endpoints; those that our adapter names are enough. */
const usedEndpoints: Plugin = {
  name: 'used-endpoints',
  setup(bundling) {
    bundling.onLoad(
      { filter: /plugin-rest-endpoint-methods\/dist-src\/generated\/endpoints\.js$/ },
      async ({ path }) => {
        const { default: all } = (await import(path)) as { default: Record<string, Record<string, unknown>> };
        const adapter = join(root, 'adapters/github');
        const sources = readdirSync(adapter, { recursive: true, encoding: 'utf8' })
          .filter((file) => file.endsWith('.ts'))
          .map((file) => readFileSync(join(adapter, file), 'utf8'))
          .join('\n');
        const kept = Object.entries(all).map(([scope, methods]) => [
          scope,
          Object.fromEntries(Object.entries(methods).filter(([method]) => sources.includes(`.${scope}.${method}`))),
        ]);
        return { contents: `export default ${JSON.stringify(Object.fromEntries(kept))}` };
      },
    );
  },
};

/** A client that nothing uses is not loaded: the SDK's modules have no side effects. */
const usedClients: Plugin = {
  name: 'used-clients',
  setup(bundling) {
    bundling.onResolve({ filter: /^@(?:aws-sdk|smithy)\// }, ({ path }) => ({
      path,
      external: true,
      sideEffects: false,
    }));
  },
};

/**
 * Octokit reads integers above 2^53 as BigInt, which no schema of ours takes: the ids of GitHub that a function reads are
 * smaller, so the JSON of the language does.
 */
const plainJson: Plugin = {
  name: 'plain-json',
  setup(bundling) {
    bundling.onLoad({ filter: /[\\/]json-with-bigint[\\/]json-with-bigint\.js$/ }, async ({ path }) => {
      const names = Object.keys((await import(path)) as object).sort();
      if (names.join() !== 'JSONParse,JSONStringify') throw new Error(`${path} exports ${names.join(', ')}.`);
      return { contents: 'export const JSONParse = JSON.parse; export const JSONStringify = JSON.stringify;' };
    });
  },
};

/** What people wrote about each model of the price list; only its prices and matches are used. */
const prose =
  /^\s*(?:description|price_comments): (?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\$]|\$(?!\{)|\\[\s\S])*`),?\n/gm;
const withoutProse: Plugin = {
  name: 'without-prose',
  setup(bundling) {
    bundling.onLoad({ filter: /[\\/]genai-prices[\\/]dist[\\/]index\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const left = text.replace(prose, '');
      if (/^\s*(?:description|price_comments): /m.test(left))
        throw new Error(`${path} has its descriptions in another form.`);
      return { contents: left };
    });
  },
};

/** What a function leaves out. */
export const plugins = [
  withoutProse,
  usedSchemas,
  withoutFormatMethods,
  withoutJsonSchema,
  withoutCycles,
  usedEndpoints,
  usedClients,
  plainJson,
];
