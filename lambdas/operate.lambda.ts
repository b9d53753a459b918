import { operate } from '../pipeline/wire/operate.ts';
import { composeDeps } from './compose.ts';
import { frontDoor } from './front.ts';
import { operatorPolicy } from './operator-policy.ts';
import { routes } from './variables.ts';

/** The command line of somebody outside: sees runs, starts them, decides gates. */
export const handler = frontDoor(routes.operate, async (caller, body) =>
  operate(await composeDeps(), operatorPolicy(), caller, body),
);
