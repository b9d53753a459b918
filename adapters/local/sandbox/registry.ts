import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Base URLs of the registries a job may use, as the host's own tools are configured. */
export async function registryUrls(names: readonly string[]): Promise<Record<string, string>> {
  if (!names.includes('npm')) return {};
  const { stdout } = await promisify(execFile)('npm', ['config', 'get', 'registry'], { cwd: '/' });
  const url = stdout.trim();
  return URL.canParse(url) ? { npm: url } : {};
}
