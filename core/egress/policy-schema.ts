import { z } from 'zod';
import { isLoopback } from '../models/local-host.ts';
import * as field from '../task-spec/fields.ts';
import { registries } from '../task-spec/package-managers.ts';
import { isGitHost } from './git-hosts.ts';
import { pathPatternFault } from './path.ts';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
const ofReading: readonly string[] = ['GET', 'HEAD'];

export const egressRule = z
  .strictObject({
    host: field.host,
    methods: z.array(z.enum(methods)).min(1).max(methods.length),
    paths: z
      .array(field.refused(z.string().min(1).max(1_000), pathPatternFault))
      .min(1)
      .max(100)
      .default(['/**'])
      .describe('Paths: `*` stands for a segment or a part of one, `**` for any number of segments.'),
    body_limit: z
      .int()
      .nonnegative()
      .max(1_000_000_000)
      .default(1_000_000)
      .describe('Largest body of a request, in bytes.'),
    credential: field.name.optional().describe('A name under `credentials`.'),
  })
  .check(({ value, issues }) => {
    if (!isGitHost(value.host) || value.methods.every((method) => ofReading.includes(method))) return;
    const message = `${value.host} hosts git repositories, and a rule may only read: methods: [GET, HEAD].`;
    issues.push({ code: 'custom', message, path: ['methods'], input: value });
  });

function urlFault(text: string): string | undefined {
  if (!URL.canParse(text)) return 'Write a URL such as https://npm.acme.example/.';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return 'A URL may not contain a password; write credential.';
  if (url.search !== '' || url.hash !== '') return 'Write the URL without a query.';
  if (url.protocol === 'http:' && isLoopback(url.hostname)) return undefined;
  return url.protocol === 'https:' ? undefined : 'Use https://; http:// is for this machine only.';
}

/** What a scope is for each kind, for people. */
const scopes: Record<(typeof registries)[number], { pattern: RegExp; example: string } | undefined> = {
  npm: { pattern: /^@[a-z0-9][a-z0-9._~-]{0,213}$/, example: 'a scope such as "@acme"' },
  pypi: { pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,100}\*?$/, example: 'a project, or a beginning such as "acme-*"' },
  go: {
    pattern: /^[a-zA-Z0-9][\w.~-]*(?:\/[\w.~-]+){0,10}$/,
    example: 'the beginning of module paths such as "go.acme.example"',
  },
  maven: { pattern: /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){0,20}$/, example: 'a group such as "com.acme"' },
  crates: undefined,
};

export const privateRegistry = z
  .strictObject({
    kind: z.enum(registries),
    scope: z
      .string()
      .max(250)
      .optional()
      .describe('Whose packages it serves, which are then asked nowhere else; without it, all of this kind.'),
    url: field.refused(z.string().min(1).max(2_000), urlFault),
    credential: field.name.optional().describe('A name under `credentials`.'),
  })
  .check(({ value: { kind, scope }, issues }) => {
    const form = scopes[kind];
    if (scope === undefined || form?.pattern.test(scope)) return;
    const message = form === undefined ? `A registry of ${kind} has no scope.` : `Write ${form.example}.`;
    issues.push({ code: 'custom', message, path: ['scope'], input: scope });
  });

export const credential = z.strictObject({
  env: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'Write the name of a variable such as NPM_ACME_TOKEN.')
    .describe(
      'Variable of the process that runs Drydock, or with _FILE a file; on AWS a name in the credentials secret.',
    ),
  as: z
    .string()
    .regex(/^(?:bearer|basic|header [A-Za-z][A-Za-z0-9-]{0,99})$/, 'Write bearer, basic, or header NAME.')
    .describe('`bearer`; `basic`, whose value is USER:PASSWORD; or `header NAME`.'),
});
