/** Runs the program of an image from the image's own files, as Fargate does: read-only, as nobody, volumes empty. */
import { spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { unprivileged, unprivilegedId } from '../../adapters/local/sandbox/isolation/unprivileged.ts';
import type { Built } from '../../scripts/images/run.ts';

export function runImage(image: Built, env: Record<string, string>, command = image.entrypoint) {
  const writable = mkdtempSync(path.join(tmpdir(), 'dd-volumes-'));
  chmodSync(writable, 0o755);
  const volumes = image.volumes.flatMap((volume, at) => {
    const folder = path.join(writable, String(at));
    mkdirSync(folder);
    if (process.getuid?.() === 0) chownSync(folder, unprivilegedId, unprivilegedId);
    return ['--bind', folder, volume];
  });
  const [uid = '', gid = ''] = image.user.split(':');
  const child = spawn(
    'bwrap',
    [
      ...[
        '--unshare-user',
        '--unshare-pid',
        '--unshare-ipc',
        '--die-with-parent',
        '--new-session',
        '--cap-drop',
        'ALL',
      ],
      ...['--uid', uid, '--gid', gid, '--clearenv'],
      ...Object.entries({ PATH: '/usr/local/bin:/usr/bin:/bin', ...image.env, ...env }).flatMap(([k, v]) => [
        '--setenv',
        k,
        v,
      ]),
      ...['--ro-bind', image.root, '/', '--proc', '/proc', '--dev', '/dev', ...volumes],
      ...['--chdir', image.workdir, '--', ...command],
    ],
    { ...unprivileged(), env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise<{ code: number | null; said: string }>((resolve) => {
    child.once('close', (code) => {
      rmSync(writable, { recursive: true, force: true });
      resolve({ code, said });
    });
  });
  return { child, ended };
}
