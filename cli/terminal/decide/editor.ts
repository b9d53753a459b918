import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DrydockError } from '../../../core/errors.ts';

/** A text that a person edits in a program of their choice. */
export interface Draft {
  path: string;
  text(): string;
  /** The person has written another text than the first one. */
  changed(): boolean;
  /** Opens the editor and resolves when the person leaves it. @throws ToolMissing. */
  edit(): Promise<void>;
  remove(): void;
}

/** Writes a text to a file that only this user may read, for `$VISUAL` or `$EDITOR`. */
export function createDraft(name: string, text: string, env = process.env): Draft {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-'));
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return {
    path,
    text: () => readFileSync(path, 'utf8'),
    changed: () => readFileSync(path, 'utf8') !== text,
    edit: () => edit(path, env),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function edit(path: string, env: NodeJS.ProcessEnv): Promise<void> {
  // The command is split at blanks and never given to a shell.
  const [command = '', ...args] = (env.VISUAL || env.EDITOR || 'vi').split(/\s+/).filter((word) => word !== '');
  return new Promise((resolve, reject) => {
    const editor = spawn(command, [...args, path], { stdio: 'inherit' });
    editor.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new DrydockError('ToolMissing', `The editor ${command} does not start: ${error.code ?? error.message}.`, {
          remedy: 'Set $EDITOR to an editor that is installed, such as nano.',
        }),
      ),
    );
    editor.once('close', () => resolve());
  });
}
