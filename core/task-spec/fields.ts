/** Field formats shared by specs and policies. Every message tells the author what to write. */
import { z } from 'zod';
import { globCost } from '../text/glob-cost.ts';

/** Names of tasks, agents, teams and checks: safe as a file name, in a URL, in a branch and as a key. */
export const name = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'Use 1 to 64 letters, digits, dots, dashes and underscores, beginning with a letter or digit.',
  )
  .refine((value) => !value.includes('..'), 'Two dots in a row are not allowed.')
  .refine((value) => !(value in Object.prototype), 'This word is reserved; use another one.');

export const repositoryName = z
  .string()
  .max(200)
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*){0,3}$/,
    'Write OWNER/NAME in letters, digits, dots, dashes and underscores.',
  )
  .refine((value) => !value.includes('..'), 'Two dots in a row are not allowed.');

/** The reason why git (git-check-ref-format) or Drydock refuses a branch name; undefined if it is valid. */
export function branchFault(branch: string): string | undefined {
  if (branch.startsWith('-')) return 'A branch may not begin with a dash: it would be read as an option.';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: git's own rule
  if (/[\u0000-\u0020\u007f~^:?*[\\]/.test(branch)) {
    return 'A branch may not contain spaces, control characters or any of ~ ^ : ? * [ \\.';
  }
  if (branch.includes('..') || branch.includes('@{')) return 'A branch may not contain ".." or "@{".';
  if (branch === '@' || branch === 'HEAD') return `"${branch}" is not a valid branch name.`;
  if (branch.startsWith('refs/')) return 'Write the short name of the branch, without refs/heads/.';
  if (branch.endsWith('.')) return 'A branch may not end with a dot.';
  for (const part of branch.split('/')) {
    if (part === '') return 'A branch may not begin or end with a slash or contain two slashes in a row.';
    if (part.startsWith('.') || part.endsWith('.lock'))
      return 'No part of a branch may begin with a dot or end with ".lock".';
  }
  return undefined;
}

/** Adds a check to a schema: `fault` returns the reason for a refusal, or undefined. */
export const refused = <T extends z.ZodType<string>>(schema: T, fault: (value: string) => string | undefined) =>
  schema.check((context) => {
    const message = fault(context.value);
    if (message !== undefined) context.issues.push({ code: 'custom', message, input: context.value });
  });

export const branch = refused(z.string().min(1).max(200), branchFault);

/** Stricter than a branch: branch names are built from it, and people paste these into shells. */
export const branchPrefix = refused(
  z.string().min(1).max(200),
  (value) =>
    branchFault(value) ??
    (/^[A-Za-z0-9][A-Za-z0-9._/-]*$/.test(value)
      ? undefined
      : 'Use letters, digits, dots, dashes, underscores and slashes, beginning with a letter or digit.'),
);

/** The reason why a path or glob is not a valid one inside the repository; undefined if it is. */
export function pathFault(path: string): string | undefined {
  if (/[\n\r\t]/.test(path)) return 'A path may not contain line ends or tabs.';
  if (path.includes('\\')) return 'Write the path with forward slashes.';
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path) || path.startsWith('~')) {
    return 'Write the path from the root of the repository, without a leading slash.';
  }
  if (path.startsWith('-') || path.startsWith('!')) return 'A path may not begin with a dash or an exclamation mark.';
  const parts = path.replace(/\/$/, '').split('/');
  if (parts.includes('..')) return 'A path may not leave the repository: ".." is not allowed.';
  if (parts.includes('.') || parts.includes(''))
    return 'Write the path from the root of the repository, without "." or "//".';
  if (parts.some((part) => part.toLowerCase() === '.git')) return 'The folder .git is not part of the repository.';
  // Matching some extended globs and ranges takes exponential time.
  if (/[@?!+*]\(|\{[^}]*\.\.[^}]*\}/.test(path)) return 'Use * ** ? and {a,b} only.';
  if ((path.match(/\*/g) ?? []).length > 8) return 'At most 8 asterisks are allowed.';
  return globCost(path);
}

/** A path from the root of the repository, or a glob (`*`, `**`, `?`, `[…]`, `{a,b}`). */
export const repositoryPath = refused(z.string().min(1).max(500), pathFault);

/** A folder of the repository; `.` is its root. */
export const folder = refused(z.string().min(1).max(500), (path) => {
  if (path === '.') return undefined;
  return pathFault(path) ?? (/[*?[\]{}]/.test(path) ? 'Write the name of a folder, without wildcards.' : undefined);
});

/** The reason why a text is not the exact name of one public host; undefined if it is. */
function hostFault(host: string): string | undefined {
  if (host.includes('*')) return 'A wildcard is not allowed; list each host by its full name.';
  if (/[/:@\s]/.test(host)) return 'Write the host name alone, without scheme, port or path; the port is always 443.';
  if (/^[\d.]+$/.test(host)) return 'Write a host name, not an address.';
  if (
    host.length > 253 ||
    !/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/.test(host)
  ) {
    return 'Write a full host name such as docs.example.com.';
  }
  if (/(?:^|\.)(?:localhost|local|internal|localdomain|arpa|onion)$/.test(host))
    return 'A private host name is not allowed.';
  return undefined;
}

export const host = refused(z.string().toLowerCase(), hostFault);

/** A shell command that runs inside the sandbox; it may have several lines. */
export const command = z.string().max(4_000).regex(/\S/, 'Write a command.');

/** Text that people read; `limit` in UTF-16 code units. */
export const prose = (limit: number) => z.string().max(limit).regex(/\S/, 'Write a text here, or remove the field.');

export const line = (limit: number) => prose(limit).regex(/^[^\n]*$/, 'Write it on one line.');

/** A container image reference, without the registry's credentials: `node:20-slim`. */
export const image = z
  .string()
  .max(255)
  .regex(
    /^[a-z0-9]+(?:[._/-][a-z0-9]+)*(?::[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/,
    'Write a runtime such as "node:20-slim".',
  );

/** A package of a registry: `vitest@^1.6.0`. Other locations are refused. */
export const dependency = refused(
  z
    .string()
    .max(300)
    .regex(/^[A-Za-z0-9@][A-Za-z0-9@/._+~^<>=!,:|*[\] -]*$/, 'Write a package and version, such as "vitest@^1.6.0".'),
  (value) =>
    /:\/\/|^(?:git|file|link|http|https|github):|\.\.\//i.test(value)
      ? 'Name a package of the registry, not a URL or path.'
      : undefined,
);

/** An amount in US dollars; stored in micros. */
export const usd = z.number().positive().max(1_000_000);
