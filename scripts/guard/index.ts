// node scripts/guard/index.ts secrets FOLDER…: what looks like a secret in folders, by 1,000 files.
// node scripts/guard/index.ts history [--commits N] [--list] REPOSITORY…: what the guard says of their commits.
import { history } from './history.ts';
import { secrets } from './secrets.ts';

const [command, ...args] = process.argv.slice(2);
if (command === 'secrets') secrets(args);
else if (command === 'history') history(args);
else {
  console.error('Write secrets FOLDER… or history [--commits N] [--list] REPOSITORY…');
  process.exitCode = 2;
}
