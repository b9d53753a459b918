import { describe } from 'vitest';
import { phaseRunnerContract } from '../machine/contract/phase-runner-contract.ts';
import { containers, fargate } from '../support/containers/walls.ts';

describe('in containers', () => phaseRunnerContract(containers()));
describe('in a container as on Fargate', () => phaseRunnerContract(fargate()));
