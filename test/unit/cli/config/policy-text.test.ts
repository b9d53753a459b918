import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { withRepository } from '../../../../cli/config/policy-text.ts';

const entry = '"local/b": {host: git, url: "/b"}';
const add = (text: string, protect: string[] = [], protectedPaths = ['.github/**']): string =>
  withRepository(text, { name: 'local/b', root: '/b', protect, protectedPaths });

describe('a repository that is added to a policy', () => {
  test.each([
    [
      'a map in lines, with its comments and its order',
      '# mine\nversion: 1\nrepositories:\n  # the first\n  local/a: {host: git, url: /a} # a\nlimits:   {cpu: 1}\n',
      `# mine\nversion: 1\nrepositories:\n  # the first\n  ${entry}\n  local/a: {host: git, url: /a} # a\nlimits:   {cpu: 1}\n`,
    ],
    [
      'a map in lines, one below the other',
      'repositories:\n    local/a:\n        host: git\n        url: /a\nversion: 1',
      `repositories:\n    ${entry}\n    local/a:\n        host: git\n        url: /a\nversion: 1`,
    ],
    [
      'a map in one line',
      'repositories: {local/a: {host: git, url: /a}}  # a\nversion: 1\n',
      `repositories: {local/a: {host: git, url: /a}, ${entry}}  # a\nversion: 1\n`,
    ],
    ['an empty map', 'repositories: {}\nversion: 1\n', `repositories: {${entry}}\nversion: 1\n`],
    ['no such key', 'version:   1', `version:   1\nrepositories:\n  ${entry}\n`],
  ])('leaves everything else as it is: %s', (_what, before, after) => {
    expect(add(before)).toBe(after);
  });

  test('is added to a policy in one line too', () => {
    expect(parse(add('{version: 1, repositories: {local/a: {host: git, url: /a,},},}'))).toEqual({
      version: 1,
      repositories: { 'local/a': { host: 'git', url: '/a' }, 'local/b': { host: 'git', url: '/b' } },
    });
  });

  test.each([
    ['one line', 'protected_paths: [.github/**] # x\n', 'protected_paths: [.github/**, "Jenkinsfile"] # x\n'],
    ['lines', 'protected_paths:\n- .github/** # x\n', 'protected_paths:\n- .github/** # x\n- "Jenkinsfile"\n'],
    ['no such key', '', 'protected_paths: [".github/**", "Jenkinsfile"]\n'],
  ])('protects the files of its CI: %s', (_what, before, after) => {
    const rest = 'repositories: {}\n';
    expect(add(rest + before, ['Jenkinsfile', '.github/workflows/a.yml'])).toBe(`repositories: {${entry}}\n${after}`);
  });
});
