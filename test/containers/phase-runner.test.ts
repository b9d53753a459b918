import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, describe } from 'vitest';
import { phaseRunnerContract } from '../machine/contract/phase-runner-contract.ts';
import { containers } from '../support/containers/walls.ts';

// A temporary folder of this file alone, so that what is left in it was left by these tests.
const temporary = mkdtempSync(`${tmpdir()}/dd-`);
process.env.TMPDIR = temporary;
afterAll(() => rmSync(temporary, { recursive: true }));

describe('in containers', () => phaseRunnerContract(containers()));
