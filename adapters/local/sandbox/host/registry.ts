import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { publicRegistries } from '../../../../gateway/registry/parts.ts';

/** Base URLs of the registries: npm's as the host's npm is configured, and the public ones of the others. */
export async function registryUrls(): Promise<Record<string, string>> {
  const { stdout } = await promisify(execFile)('npm', ['config', 'get', 'registry'], { cwd: '/' });
  const url = stdout.trim();
  return { ...publicRegistries, ...(URL.canParse(url) ? { npm: url } : {}) };
}
