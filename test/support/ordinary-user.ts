import { execFileSync } from 'node:child_process';

/**
 * Runs a module's text as a user without capabilities and with the id 1000, also where the tests run as root, whom no
 * mode of a file binds. The files of the user who runs the tests are its own. Returns what it prints.
 */
export const asOrdinaryUser = (text: string): string =>
  execFileSync(
    'bwrap',
    [
      ...['--unshare-user', '--uid', '1000', '--gid', '1000', '--dev-bind', '/', '/', '--die-with-parent', '--'],
      ...[process.execPath, '--input-type=module', '--eval', text],
    ],
    { encoding: 'utf8' },
  );
