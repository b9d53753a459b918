import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Base URLs of the registries in the configuration of the host's npm. */
export async function registryUrls(): Promise<Record<string, string>> {
  const { stdout } = await promisify(execFile)('npm', ['config', 'get', 'registry'], { cwd: '/' });
  const url = stdout.trim();
  return URL.canParse(url) ? { npm: url } : {};
}
