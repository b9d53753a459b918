import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { modelAccessOf } from '../../../../../adapters/local/model-access.ts';
import { createFolderArtifacts } from '../../../../../adapters/local/storage/artifacts.ts';
import { createVault, loadKey } from '../../../../../adapters/local/storage/vault.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drydock-unit-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const files = (): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((f) =>
    f.isFile() ? [join(f.parentPath, f.name)] : [],
  );

describe('artifacts in a folder', () => {
  it('are the bytes by their SHA-256, each once, also when put at the same time', async () => {
    const artifacts = createFolderArtifacts(folder);
    const bytes = new Uint8Array([0, 255, 10]);
    const digests = await Promise.all(Array.from({ length: 10 }, () => artifacts.put(bytes)));
    expect([...new Set(digests)]).toEqual(['712450d3c4a79eea9509e75dc1dacdeff58034df538536cfae2da882bd8a0c50']);
    expect(new Uint8Array(await artifacts.get(digests[0] ?? ''))).toEqual(bytes);
    expect(files()).toHaveLength(1);
    expect(await artifacts.put(new Uint8Array())).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
  });

  it('are not given out when unknown, damaged, or asked for by something else than a digest', async () => {
    const artifacts = createFolderArtifacts(folder);
    const digest = await artifacts.put(new Uint8Array([1]));
    for (const wrong of ['f'.repeat(64), '../../etc/passwd', '', digest.toUpperCase(), `${digest}\n`]) {
      await expect(artifacts.get(wrong)).rejects.toMatchObject({ name: 'FileUnreadable' });
    }
    chmodSync(files()[0] ?? '', 0o600);
    writeFileSync(files()[0] ?? '', 'damaged');
    await expect(artifacts.get(digest)).rejects.toMatchObject({
      name: 'FileUnreadable',
      message: expect.stringContaining('damaged'),
    });
  });
});

describe('the vault', () => {
  const key = Buffer.alloc(32, 7);

  it('gives back what was sealed, and never seals the same way twice', () => {
    const vault = createVault(key);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (token) => void expect(vault.open(vault.seal(token))).toBe(token)),
    );
    expect(vault.seal('x')).not.toBe(vault.seal('x'));
    expect(Buffer.from(vault.seal('token'), 'base64').includes('token')).toBe(false);
  });

  it('opens nothing that was changed, cut short, or sealed by another key', () => {
    const vault = createVault(key);
    const sealed = Buffer.from(vault.seal('token'), 'base64');
    for (let i = 0; i < sealed.length; i++) {
      const changed = Buffer.from(sealed);
      changed[i] = (changed[i] ?? 0) ^ 1;
      expect(() => vault.open(changed.toString('base64'))).toThrow();
      expect(() => vault.open(sealed.subarray(0, i).toString('base64'))).toThrow();
    }
    expect(() => createVault(Buffer.alloc(32, 8)).open(sealed.toString('base64'))).toThrow();
  });

  it('takes no shortened authentication tag', () => {
    const vault = createVault(key);
    const empty = Buffer.from(vault.seal(''), 'base64');
    expect(empty).toHaveLength(28);
    expect(() => vault.open(empty.subarray(0, 16).toString('base64'))).toThrow(/tag/i);
  });

  it('has a key of its own data folder, made once, for its owner only', () => {
    const file = join(folder, 'key');
    const first = loadKey(file);
    expect([first.length, loadKey(file).equals(first), statSync(file).mode & 0o777]).toEqual([32, true, 0o600]);
    expect(loadKey(join(folder, 'other')).equals(first)).toBe(false);
    expect(readdirSync(folder)).toEqual(['key', 'other']);
  });

  it('refuses a key that is not whole, and leaves it as it is', () => {
    writeFileSync(join(folder, 'key'), 'short');
    expect(() => loadKey(join(folder, 'key'))).toThrow(expect.objectContaining({ name: 'FileUnreadable' }));
    expect(readFileSync(join(folder, 'key'), 'utf8')).toBe('short');
  });
});

describe('access to a model (R16)', () => {
  it("takes the provider's own variables in their order, then a file, then the recorded session", async () => {
    const file = join(folder, 'k');
    writeFileSync(file, ' from-file\n');
    expect(await modelAccessOf('google', 's', { GEMINI_API_KEY: 'a', GOOGLE_API_KEY: 'b' })).toEqual({
      mode: 'live',
      key: 'a',
    });
    expect(await modelAccessOf('google', 's', { GEMINI_API_KEY: '', GOOGLE_API_KEY: 'b' })).toEqual({
      mode: 'live',
      key: 'b',
    });
    expect(await modelAccessOf('openai', undefined, { OPENAI_API_KEY_FILE: file })).toEqual({
      mode: 'live',
      key: 'from-file',
    });
    expect(await modelAccessOf('my-own', undefined, { MY_OWN_API_KEY: 'c' })).toEqual({ mode: 'live', key: 'c' });
    expect(await modelAccessOf('anthropic', 'session', { OPENAI_API_KEY: 'd' })).toEqual({
      mode: 'replay',
      session: 'session',
    });
  });

  it('names the variable that is missing, or whose file holds nothing', async () => {
    writeFileSync(join(folder, 'empty'), '\n');
    await expect(modelAccessOf('google', undefined, {})).rejects.toMatchObject({
      name: 'SecretMissing',
      remedy: expect.stringContaining('GEMINI_API_KEY'),
    });
    for (const file of [join(folder, 'empty'), join(folder, 'none')]) {
      await expect(modelAccessOf('openai', 's', { OPENAI_API_KEY_FILE: file })).rejects.toMatchObject({
        name: 'SecretMissing',
        message: expect.stringContaining('OPENAI_API_KEY_FILE'),
      });
    }
  });
});
