import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  appManifest,
  events,
  excessPermissions,
  maxName,
  missingEvents,
  missingPermissions,
  permissions,
} from '../../../../../adapters/github/api/app-manifest.ts';
import { faultPage, startPage } from '../../../../../cli/commands/github-setup/pages.ts';

const of = { name: 'drydock-acme', homepage: 'https://acme.example', redirectUrl: 'http://127.0.0.1:1/callback' };
const asked = Object.fromEntries(Object.entries(permissions).map(([name, { access }]) => [name, access]));

describe('the manifest of the app', () => {
  test('has the permissions that docs/github.md lists, with the same reasons', () => {
    const guide = readFileSync(join(import.meta.dirname, '../../../../../docs/github.md'), 'utf8');
    const rows = Object.entries(permissions).map(
      ([name, { access, reason }]) => `| ${name.replaceAll('_', ' ')}: ${access} | ${reason} |`,
    );
    expect(guide).toContain(`| permission | for |\n|---|---|\n${rows.join('\n')}\n\n`);
  });

  test('asks for what the product needs, and nobody else can install it', () => {
    expect(appManifest({ ...of, webhookUrl: 'https://d.example/webhooks/github' })).toEqual({
      name: 'drydock-acme',
      url: 'https://acme.example',
      description: expect.any(String),
      public: false,
      redirect_url: 'http://127.0.0.1:1/callback',
      hook_attributes: { url: 'https://d.example/webhooks/github', active: true },
      default_permissions: {
        metadata: 'read',
        contents: 'write',
        pull_requests: 'write',
        checks: 'write',
        statuses: 'write',
        issues: 'write',
        actions: 'read',
      },
      default_events: [
        'push',
        'pull_request',
        'pull_request_review',
        'issue_comment',
        'issues',
        'check_run',
        'check_suite',
        'status',
      ],
    });
  });

  test('has neither webhook nor events without an address: GitHub refuses one half alone', () => {
    expect(Object.keys(appManifest(of))).not.toEqual(expect.arrayContaining(['hook_attributes']));
    expect(Object.keys(appManifest(of))).not.toEqual(expect.arrayContaining(['default_events']));
  });

  test('every permission and event says why', () => {
    for (const { reason } of Object.values(permissions)) expect(reason.length).toBeGreaterThan(10);
    for (const why of Object.values(events)) expect(why.length).toBeGreaterThan(10);
  });

  test('what is granted is compared by how much it allows', () => {
    expect([missingPermissions(asked), excessPermissions(asked)]).toEqual([[], []]);
    expect(missingPermissions({ ...asked, contents: 'read', issues: undefined })).toEqual([
      'contents: write',
      'issues: write',
    ]);
    expect(missingPermissions({ ...asked, actions: 'write' })).toEqual([]);
    expect(excessPermissions({ ...asked, actions: 'write', administration: 'read' })).toEqual([
      'actions: write',
      'administration: read',
    ]);
    expect(missingEvents(['push', 'star'])).toEqual(Object.keys(events).filter((event) => event !== 'push'));
  });

  test('whatever is granted, nothing is both missing and too much', () => {
    const access = fc.constantFrom('read', 'write', 'admin', undefined);
    const names = fc.constantFrom(...Object.keys(permissions), 'administration', 'workflows');
    fc.assert(
      fc.property(fc.dictionary(names, access), (granted) => {
        const nameOf = (text: string): string => text.split(':')[0] ?? '';
        const missing = missingPermissions(granted).map(nameOf);
        const excess = excessPermissions(granted).map(nameOf);
        expect(missing.filter((name) => excess.includes(name))).toEqual([]);
        for (const name of Object.keys(permissions)) {
          if (granted[name] === undefined) expect(missing).toContain(name);
        }
      }),
    );
  });
});

describe('the pages of setup', () => {
  const action = 'https://github.com/settings/apps/new?state=abc';

  test('hold the manifest whole, whatever its texts are', () => {
    const hostile = fc.constantFrom('"><script>alert(1)</script>', "' onload=x", '&quot;', '</form><form>', 'a&b<c>');
    fc.assert(
      fc.property(fc.oneof(hostile, fc.string()), (name) => {
        const manifest = appManifest({ ...of, name: name.slice(0, maxName) });
        const page = String(startPage(manifest, action, name));
        const [, value = ''] = /name="manifest" value="([^"]*)"/.exec(page) ?? [];
        const text = value
          .replaceAll('&lt;', '<')
          .replaceAll('&gt;', '>')
          .replaceAll('&quot;', '"')
          .replaceAll('&#39;', "'")
          .replaceAll('&amp;', '&');
        expect(JSON.parse(text)).toEqual(manifest);
        expect(page).not.toContain('<script');
        expect(page.match(/<form/g)).toHaveLength(1);
      }),
    );
  });

  test('list each permission and reason, and say when no events will be received', () => {
    const page = String(startPage(appManifest(of), action, 'acme'));
    for (const name of Object.keys(permissions)) expect(page).toContain(`<td>${name}</td>`);
    expect(page).toContain('it does not receive reviews and comments');
    expect(String(faultPage('<b>', '&'))).toContain('&lt;b&gt;');
  });
});
