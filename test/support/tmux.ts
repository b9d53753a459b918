import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { compileCache } from './child-env.ts';

/** A real terminal with a program in it: what a person sees, and the keys that they press. */
export interface Tmux {
  /** The lines on the screen and those above it, without the empty ones at the end. */
  screen(): string;
  /** Waits until the screen shows it. */
  shows(what: string | RegExp): Promise<string>;
  /** Keys by the names that tmux has for them: `Enter`, `Down`, `C-c`. */
  press(...keys: string[]): void;
  type(text: string): void;
  resize(columns: number): void;
  /** Waits until the program has ended, and gives its exit code. */
  ended(): Promise<number>;
  close(): void;
}

const patience = { timeout: 60_000, interval: 50 };
const program = join(import.meta.dirname, '../../bin/drydock.ts');

/** Prints the exit code, and stays: tmux itself may never tell it. A key that interrupts is for the program alone. */
const wrapper = 'trap : INT; "$@"; echo "[exit $?]"; while :; do sleep 600; done';

/** Starts the command line in a terminal. @param env Besides what every command needs. */
export function drydockIn(
  folder: string,
  args: readonly string[],
  { columns = 100, env = {} }: { columns?: number; env?: Record<string, string> } = {},
): Tmux {
  const own = mkdtempSync(join(tmpdir(), 'drydock-tmux-'));
  const config = join(own, 'tmux.conf');
  writeFileSync(config, 'set -g default-terminal tmux-256color\nset -g status off\n');
  const tmux = (...command: string[]): string =>
    execFileSync('tmux', ['-u', '-S', join(own, 'socket'), '-f', config, ...command], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: join(folder, 'home'), LANG: 'C.UTF-8', ...compileCache, ...env },
      encoding: 'utf8',
    });
  tmux(
    'new-session',
    '-d',
    '-x',
    String(columns),
    '-y',
    '45',
    'sh',
    '-c',
    wrapper,
    'sh',
    process.execPath,
    program,
    ...args,
  );
  const screen = (): string => tmux('capture-pane', '-p', '-J', '-S', '-').trimEnd();
  const shown = (what: string | RegExp): Promise<string> =>
    vi.waitFor(() => {
      const text = screen();
      if (typeof what === 'string' ? text.includes(what) : what.test(text)) return text;
      throw new Error(`The screen does not show ${what}:\n${text}`);
    }, patience);
  return {
    screen,
    shows: shown,
    press: (...keys) => void tmux('send-keys', ...keys),
    type: (text) => void tmux('send-keys', '-l', text),
    resize: (width) => void tmux('resize-window', '-x', String(width), '-y', '45'),
    async ended() {
      const [, code] = /\[exit (\d+)\]$/.exec(await shown(/\[exit \d+\]$/)) ?? [];
      return Number(code);
    },
    close() {
      try {
        tmux('kill-server');
      } catch {
        // It ended by itself.
      }
      rmSync(own, { recursive: true, force: true });
    },
  };
}
