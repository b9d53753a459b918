import { good } from './inside.mjs';

good();
process.exit(7);
